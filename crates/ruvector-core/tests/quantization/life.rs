//! Goal: codes come, change and go while searches go on; power may go off at every sync of that. Method: the files on a
//! simulated disk tell whether there are codes.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, Error, Status, Wait};
use ruvector_io::MemIo;
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_testkit::Clusters;

use crate::{ALL, DIM, compare, config, fill, open, request};

/// Names of the codes' files.
fn code_files(disk: &SimDisk) -> Vec<String> {
    let files = disk.files().into_iter().map(|(name, _)| name);
    files.filter(|name| name.contains(".codes.")).collect()
}

fn change(database: &Database, codes: Option<Codes>) -> Result<(), Error> {
    let quantization = codes.map(QuantizationConfig::of);
    database.update_quantization("c", &BTreeMap::from([(String::new(), quantization)]))
}

#[test]
fn codes_come_change_and_go_while_searches_go_on() {
    let disk = SimDisk::new(1);
    let database = open(Arc::new(disk.clone())).unwrap();
    let shape = (16, GraphProfile::Compact);
    database
        .create_collection("c", config(None, shape, Distance::Dot))
        .unwrap();
    let collection = database.collection("c").unwrap();
    let queries = fill(&collection, 2_500).unwrap();
    collection.optimize().unwrap();
    assert!(code_files(&disk).is_empty());
    let mut before = Vec::new();
    for (n, codes) in (0..).zip(ALL.map(Some).into_iter().chain([None])) {
        change(&database, codes).unwrap();
        // Points deleted and payloads changed while codes are written stay so.
        let selector = PointSelector::Ids(vec![PointId::Num(n)]);
        let delete = WriteOp::Delete(selector);
        let mut steps = 0;
        while collection.step().unwrap() {
            steps += 1;
            if steps == 1 {
                collection
                    .write(&Ctx::default(), delete.clone(), Wait::Durable)
                    .unwrap();
            }
            let (recall, off) = compare(&collection, &queries[..3], QuantizationSearch::default());
            assert!(
                recall >= 0.6 && off < 1e-4,
                "{codes:?} at step {steps}: {recall} {off}"
            );
        }
        let files = code_files(&disk);
        assert_eq!(files.len(), usize::from(codes.is_some()), "{codes:?}: {files:?}");
        assert_ne!(files, before, "{codes:?}");
        assert_eq!(
            collection.config().vectors[""].quantization,
            codes.map(QuantizationConfig::of)
        );
        assert_eq!(
            collection
                .count(&Ctx::default(), &CountRequest::default())
                .unwrap(),
            2_500 - n - 1
        );
        before = files;
    }
    drop((collection, database));
    let database = open(Arc::new(disk)).unwrap();
    let quantization = database.collection("c").unwrap().config().vectors[""].quantization;
    assert_eq!(quantization, None);
}

#[test]
fn codes_that_cannot_be_learned_hold_nothing_up() {
    let disk = SimDisk::new(2);
    let database = open(Arc::new(disk.clone())).unwrap();
    let shape = (16, GraphProfile::Fast);
    database
        .create_collection("c", config(None, shape, Distance::Euclid))
        .unwrap();
    let collection = database.collection("c").unwrap();
    let point = |id: u64| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vec![1e15 * id as f32; DIM].into())]),
        payload: Map::new(),
    };
    let upsert = WriteOp::Upsert(Upsert {
        points: (0..1_500).map(point).collect(),
        ..Upsert::default()
    });
    collection.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
    collection.optimize().unwrap();
    let steps = || (0..1_000).position(|_| !collection.step().unwrap());
    let payloads = || {
        let files = disk.files().into_iter().map(|(name, _)| name);
        files
            .filter(|name| name.contains(".payload."))
            .collect::<Vec<_>>()
    };
    let before = payloads();
    change(&database, Some(ALL[6])).unwrap();
    let edit = WriteOp::SetPayload {
        payload: Map::from([("n".to_owned(), Value::Int(1))]),
        path: None,
        points: PointSelector::Ids((0..1_500).map(PointId::Num).collect()),
    };
    collection.write(&Ctx::default(), edit, Wait::Durable).unwrap();
    assert!(steps().is_some(), "it is not tried again and again");
    assert_ne!(payloads(), before, "the payloads are written again");
    let info = collection.info();
    assert!(info.damages[0].contains("cannot be learned"), "{info:?}");
    assert!(code_files(&disk).is_empty() && info.status == Status::Red);
    change(&database, None).unwrap();
    assert!(steps().is_some());
    assert_eq!(collection.info().status, Status::Green);
}

#[test]
fn short_codes_that_nobody_asked_for_are_given_up_in_silence() {
    let disk = SimDisk::new(2);
    let database = open(Arc::new(disk.clone())).unwrap();
    let mut config = CollectionConfig::single(4, Distance::Euclid);
    for vector in config.vectors.values_mut() {
        (vector.hnsw.m, vector.hnsw.ef_construct) = (4, 8);
    }
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    // Sums of their squares overflow, so no encoder can be trained.
    let point = |id: u64| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vec![1e18 * (1 + id % 7) as f32; 4].into())]),
        payload: Map::new(),
    };
    let upsert = WriteOp::Upsert(Upsert {
        points: (0..9_000).map(point).collect(),
        ..Upsert::default()
    });
    collection.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
    let steps = (0..20_000).position(|_| !collection.step().unwrap());
    assert!(steps.is_some(), "the optimizer comes to rest");
    collection.optimize().unwrap();
    let info = collection.info();
    assert_eq!(info.status, Status::Green, "{info:?}");
    assert!(code_files(&disk).is_empty(), "{:?}", code_files(&disk));
}

#[test]
fn refused_changes_change_nothing() {
    let database = open(Arc::new(MemIo::new())).unwrap();
    let shape = (16, GraphProfile::Fast);
    let before = config(Some(ALL[3]), shape, Distance::Manhattan);
    assert!(database.create_collection("c", before.clone()).is_err());
    let before = config(Some(Codes::Scalar { quantile: None }), shape, Distance::Manhattan);
    database.create_collection("c", before.clone()).unwrap();
    for codes in ALL
        .into_iter()
        .filter(|codes| !matches!(codes, Codes::Scalar { .. }))
    {
        assert!(change(&database, Some(codes)).is_err(), "{codes:?}");
    }
    for codes in [Codes::Product { compression: 5 }, Codes::Neural { bits: 0 }] {
        assert!(change(&database, Some(codes)).is_err(), "{codes:?}");
    }
    let unknown = BTreeMap::from([("other".to_owned(), None)]);
    assert!(database.update_quantization("c", &unknown).is_err());
    assert!(database.update_quantization("d", &BTreeMap::new()).is_err());
    let collection = database.collection("c").unwrap();
    assert_eq!(collection.config(), before);
    for oversampling in [0.5, f32::NAN, f32::INFINITY, 1e9] {
        let quantization = QuantizationSearch {
            oversampling: Some(oversampling),
            ..QuantizationSearch::default()
        };
        let request = request(&[0.0; DIM], false, quantization);
        let error = collection.search(&Ctx::default(), &request).unwrap_err();
        assert!(error.to_string().contains("oversampling"), "{error}");
    }
}

/// Everything that syncs in the life of codes.
fn script(disk: &SimDisk) -> Result<(), Error> {
    let database = open(Arc::new(disk.clone()))?;
    let shape = (4, GraphProfile::Compact);
    database.create_collection("c", config(Some(ALL[3]), shape, Distance::Dot))?;
    let collection = database.collection("c")?;
    fill(&collection, 300)?;
    collection.optimize()?;
    change(&database, Some(ALL[0]))?;
    collection.optimize()?;
    change(&database, None)?;
    collection.optimize()
}

#[test]
fn power_may_go_off_at_every_sync() {
    let disk = SimDisk::new(1);
    script(&disk).unwrap();
    assert!(code_files(&disk).is_empty());
    for stop in 1..=disk.sync_points() {
        for style in [PowerLoss::DurableOnly, PowerLoss::KeepAll, PowerLoss::Torn] {
            let disk = SimDisk::new(1);
            disk.stop_at(stop);
            // The last syncs are those of closing, whose errors nobody is left to hear of.
            let _ = script(&disk);
            let disk = disk.power_loss(stop, style);
            let database = open(Arc::new(disk.clone())).unwrap();
            let Ok(collection) = database.collection("c") else {
                continue;
            };
            collection.optimize().unwrap();
            let count = collection
                .count(&Ctx::default(), &CountRequest::default())
                .unwrap();
            let coded = collection.config().vectors[""].quantization.is_some();
            let files = code_files(&disk);
            assert_eq!(
                files.len(),
                usize::from(coded && count >= 256),
                "sync {stop} {style:?}: {files:?}"
            );
            let mut clusters = Clusters::new(6, 1, DIM, 1.0);
            let queries = [clusters.draw().0];
            if count > 0 {
                let (recall, off) = compare(&collection, &queries, QuantizationSearch::default());
                assert!(
                    recall >= 0.7 && off < 1e-4,
                    "sync {stop} {style:?}: {recall} {off}"
                );
            }
        }
    }
}
