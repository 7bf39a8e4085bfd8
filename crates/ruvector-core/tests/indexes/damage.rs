//! Goal: flipped bits in the file of an index never change an answer, and the optimizer builds it again. Method: seeded
//! flips, one at a time, in each index of a segment with changed and deleted rows on the simulated disk.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Status};
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_testkit::{Generator, Model};

use crate::answers::{are_right, matching};
use crate::{index, integer, open, path, write};

/// Flips in each file, besides its first and last byte.
const FLIPS: usize = 4;

/// So many that indexes have several checksummed regions.
const POINTS: usize = 5_000;

/// A point without vectors and with two fields whose values are all different.
fn point(random: &mut Generator, number: usize) -> Point {
    let mut point = random.point();
    point.vectors.clear();
    let payload = &mut point.payload;
    payload.insert(
        "number".to_owned(),
        Value::Int((number * 7_919 % 1_000_003) as i64),
    );
    payload.insert("long".to_owned(), Value::String(long(number)));
    point
}

fn long(number: usize) -> String {
    format!("{number:060}")
}

/// A disk at rest with an index of every kind, and what it holds.
fn sample(random: &mut Generator, config: &CollectionConfig) -> (SimDisk, Model) {
    let disk = SimDisk::new(1);
    let database = open(Arc::new(disk.clone())).unwrap();
    database.create_collection("c", config.clone()).unwrap();
    let collection = database.collection("c").unwrap();
    let mut model = Model::new(config.clone());
    let mut apply = |op: WriteOp| {
        model.apply(&op);
        write(&collection, op).unwrap();
    };
    for first in (0..POINTS).step_by(500) {
        apply(WriteOp::Upsert(Upsert {
            points: (first..first + 500).map(|number| point(random, number)).collect(),
            ..Upsert::default()
        }));
    }
    for (name, index) in [
        ("n", integer()),
        ("u", index(IndexKind::Float)),
        ("tag", index(IndexKind::Keyword { prefix: false })),
        ("flag", index(IndexKind::Bool)),
        ("when", index(IndexKind::Datetime)),
        ("number", integer()),
        ("long", index(IndexKind::Keyword { prefix: false })),
        ("place", index(IndexKind::Geo)),
        ("text", index(IndexKind::Text(TextOptions::default()))),
        ("list", index(IndexKind::Null)),
        ("a.b[].c", integer()),
    ] {
        database.create_index("c", &path(name), index).unwrap();
    }
    collection.optimize().unwrap();
    apply(WriteOp::ClearPayload {
        points: PointSelector::Ids(random.ids(9)),
    });
    apply(WriteOp::Delete(PointSelector::Ids(random.ids(9))));
    while database.step().unwrap() {}
    database.close().unwrap();
    (disk, model)
}

#[test]
fn a_damaged_index_changes_no_answer_and_is_built_again() {
    let mut config = CollectionConfig::single(4, Distance::Euclid);
    config.optimizer.deleted_share_max = 0.9;
    let mut random = Generator::new(9, &config);
    random.ids_max = 10_000;
    let (whole, model) = sample(&mut random, &config);
    let mut files = whole.files();
    files.retain(|(name, _)| name.contains(".index."));
    assert_eq!(files.len(), 11, "{files:?}");
    let mut met = 0;
    for (name, len) in files {
        let anywhere: Vec<u64> = (0..FLIPS)
            .map(|_| random.random.below(len as usize) as u64)
            .collect();
        for byte in [0, len - 1].into_iter().chain(anywhere) {
            let what = format!("{name} of {len} bytes, byte {byte}");
            println!("{what}");
            let disk = whole.power_loss(1, PowerLoss::DurableOnly);
            disk.flip_bit(&name, byte, (byte % 8) as u8).unwrap();
            let database = open(Arc::new(disk.clone())).unwrap();
            let collection = database.collection("c").unwrap();
            are_right(&collection, &model, &mut random, 6);
            long_and_number(&collection, &model, &mut random);
            let _ = collection.indexes();
            met += usize::from(collection.info().status == Status::Red);
            while database.step().unwrap() {}
            are_right(&collection, &model, &mut random, 4);
            while database.step().unwrap() {}
            collection.optimize().unwrap();
            are_right(&collection, &model, &mut random, 4);
            assert_eq!(collection.info().status, Status::Green, "{what}");
            let infos = collection.indexes();
            let all = infos.iter().all(|(path, info)| {
                info.points_waiting == 0 && info.points == model.indexed(path, &info.index.kind)
            });
            assert!(infos.len() == 11 && all, "{what}: {infos:?}");
        }
    }
    assert!(met > 0, "no answer met the damage");
}

/// Filters of the fields whose values are all different.
fn long_and_number(collection: &Collection, model: &Model, random: &mut Generator) {
    let mut number = || random.random.below(POINTS + 9);
    let longs = (0..3).map(|_| Match::Keyword(long(number()))).collect();
    let from = number() as f64;
    let bounds = Bounds {
        gte: Some(from),
        lt: Some(from * 150.0),
        ..Bounds::default()
    };
    for (name, test) in [
        ("long", FieldTest::MatchAny(longs)),
        ("number", FieldTest::Range(bounds)),
    ] {
        let path = path(name);
        let filter = Filter::must(Condition::Field(FieldCondition { path, test }));
        let expected = model.matching(Some(&filter));
        assert_eq!(matching(collection, Some(&filter)), expected, "{filter:?}");
    }
}
