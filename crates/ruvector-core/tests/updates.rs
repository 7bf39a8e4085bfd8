//! Goal: single vectors change without the rest of their point, survive a reopen, and several writes in one call are
//! refused before the first of them if one is not well formed.
//! Method: one small collection of two fields on the memory backend, read back whole after each change and a reopen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, ErrorKind, Wait};
use ruvector_io::MemIo;

const IDS: u64 = 30;

fn open(io: &MemIo) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(Arc::new(io.clone()), options).unwrap()
}

fn named(title: Option<f32>, body: Option<f32>) -> NamedVectors {
    let field = |name: &str, number: Option<f32>| Some((name.to_owned(), vec![number?, 1.0].into()));
    field("title", title)
        .into_iter()
        .chain(field("body", body))
        .collect()
}

fn filled(database: &Database) -> Collection {
    let mut config = CollectionConfig::single(2, Distance::Dot);
    let field = config.vectors[""];
    config.vectors = [("title".to_owned(), field), ("body".to_owned(), field)].into();
    config.shards = 2;
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let point = |id: u64| Point {
        id: PointId::Num(id),
        vectors: named(Some(id as f32), Some(-(id as f32))),
        payload: Map::from([("n".to_owned(), Value::Int(id as i64))]),
    };
    let points = (0..IDS).map(point).collect();
    let upsert = Upsert {
        points,
        ..Upsert::default()
    };
    write(&collection, WriteOp::Upsert(upsert)).unwrap();
    collection
}

fn write(collection: &Collection, operation: WriteOp) -> Result<u64, ErrorKind> {
    let outcome = collection.write(&Ctx::default(), operation, Wait::Durable);
    outcome
        .map(|outcome| outcome.points_touched)
        .map_err(|error| error.kind())
}

fn update(ids: &[u64], vectors: NamedVectors, condition: Option<Filter>) -> WriteOp {
    let point = |id: &u64| PointVectors {
        id: PointId::Num(*id),
        vectors: vectors.clone(),
    };
    WriteOp::UpdateVectors {
        points: ids.iter().map(point).collect(),
        condition,
    }
}

fn read(collection: &Collection, id: u64) -> (NamedVectors, Map) {
    let ids = [PointId::Num(id)];
    let found = collection.get(&Ctx::default(), &ids, &PayloadSelector::All, &VectorSelector::All);
    let record = found.unwrap().remove(0);
    (record.vectors.unwrap(), record.payload.unwrap())
}

#[test]
fn vectors_change_alone() {
    let io = MemIo::new();
    let database = open(&io);
    let collection = filled(&database);
    collection.optimize().unwrap();
    assert_eq!(
        write(&collection, update(&[1, 2], named(Some(9.0), None), None)),
        Ok(2)
    );
    let even = Filter::must(Condition::HasId(vec![PointId::Num(4)]));
    let changed = update(&[3, 4, 99], named(None, Some(7.0)), Some(even));
    assert_eq!(write(&collection, changed), Ok(1));
    // Nothing of an update is carried out if one of its points is absent.
    let absent = update(&[5, 99], named(Some(5.5), None), None);
    assert_eq!(write(&collection, absent), Err(ErrorKind::NotFound));
    let removal = WriteOp::DeleteVectors {
        names: vec!["body".to_owned()],
        points: PointSelector::Ids(vec![PointId::Num(6), PointId::Num(99)]),
    };
    assert_eq!(write(&collection, removal.clone()), Ok(1));
    assert_eq!(write(&collection, removal), Ok(0), "nothing is left to remove");
    let expected = [
        (1, named(Some(9.0), Some(-1.0))),
        (2, named(Some(9.0), Some(-2.0))),
        (3, named(Some(3.0), Some(-3.0))),
        (4, named(Some(4.0), Some(7.0))),
        (5, named(Some(5.0), Some(-5.0))),
        (6, named(Some(6.0), None)),
    ];
    let check = |collection: &Collection| {
        for (id, vectors) in &expected {
            let payload = Map::from([("n".to_owned(), Value::Int(*id as i64))]);
            assert_eq!(read(collection, *id), (vectors.clone(), payload));
        }
        assert_eq!(collection.info().points, IDS);
    };
    check(&collection);
    database.close().unwrap();
    let database = open(&io);
    check(&database.collection("c").unwrap());
}

#[test]
fn batches_are_checked_whole() {
    let database = open(&MemIo::new());
    let collection = filled(&database);
    let ctx = Ctx::default();
    let clear = |id| WriteOp::ClearPayload {
        points: PointSelector::Ids(vec![PointId::Num(id)]),
    };
    let malformed = update(
        &[2],
        NamedVectors::from([("title".to_owned(), vec![1.0].into())]),
        None,
    );
    let refused = collection
        .write_batch(&ctx, vec![clear(1), malformed], Wait::Durable)
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("operations[1].points[0].vector.title"),
        "{refused}"
    );
    assert_eq!(read(&collection, 1).1.len(), 1, "nothing was written");
    let absent = update(&[99], named(Some(1.0), None), None);
    let refused = collection.write_batch(&ctx, vec![clear(1), absent, clear(2)], Wait::Durable);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
    let left = [1, 2].map(|id| read(&collection, id).1.len());
    assert_eq!(
        left,
        [0, 1],
        "what came before stands, what came after is not carried out"
    );
    let outcomes = collection
        .write_batch(&ctx, vec![clear(3), clear(4)], Wait::Durable)
        .unwrap();
    assert_eq!(outcomes.len(), 2);
    assert_eq!([3, 4].map(|id| read(&collection, id).1.len()), [0, 0]);
}
