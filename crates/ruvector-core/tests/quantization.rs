//! Goal: codes change how fast a search is and nothing else: rescored answers carry exact scores and find what an exact
//! search finds; codes come, change and go while searches go on; power may go off at every sync of that.
//! Method: clustered points against exact answers for every family, profile and no graph at all; the files on a
//! simulated disk tell whether there are codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Error, Status, Wait};
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_io::{Io, MemIo};
use ruvector_testkit::Clusters;

const DIM: usize = 48;
const ALL: [Codes; 10] = [
    Codes::Rotated(CodeWidth::One),
    Codes::Rotated(CodeWidth::OneAndHalf),
    Codes::Rotated(CodeWidth::Two),
    Codes::Rotated(CodeWidth::Four),
    Codes::Rotated(CodeWidth::Eight),
    Codes::Binary(CodeWidth::One),
    Codes::Scalar { quantile: Some(0.99) },
    Codes::Product { compression: 8 },
    Codes::Neural { bits: 96 },
    Codes::Lsh { bits: 192 },
];

fn open(io: Arc<dyn Io>) -> Result<Database, Error> {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(io, options)
}

fn config(codes: Option<Codes>, (m, profile): (u32, GraphProfile), distance: Distance) -> CollectionConfig {
    let mut config = CollectionConfig::single(DIM as u32, distance);
    for vector in config.vectors.values_mut() {
        (vector.hnsw.m, vector.hnsw.profile) = (m, profile);
        vector.quantization = codes.map(QuantizationConfig::of);
    }
    config
}

fn fill(collection: &Collection, points: u64) -> Result<Vec<Vec<f32>>, Error> {
    let mut clusters = Clusters::new(5, 40, DIM, 0.6);
    let point = |id| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), clusters.draw().0.into())]),
        payload: Map::from([("n".to_owned(), Value::Int(id as i64))]),
    };
    let points: Vec<Point> = (0..points).map(point).collect();
    for part in points.chunks(500) {
        let points = part.to_vec();
        let upsert = WriteOp::Upsert(Upsert {
            points,
            ..Upsert::default()
        });
        collection.write(&Ctx::default(), upsert, Wait::Durable)?;
    }
    Ok((0..40).map(|_| clusters.draw().0).collect())
}

fn request(vector: &[f32], exact: bool, quantization: QuantizationSearch) -> SearchRequest {
    let mut request = SearchRequest::nearest(vector.to_vec(), 10);
    request.params = SearchParams {
        hnsw_ef: Some(96),
        exact,
        quantization,
    };
    request
}

/// The share of the exact answers found, and the largest difference of a score from the exact one.
fn compare(collection: &Collection, queries: &[Vec<f32>], quantization: QuantizationSearch) -> (f64, f32) {
    let (mut hits, mut wanted, mut off) = (0, 0, 0.0f32);
    let requests: Vec<SearchRequest> = queries
        .iter()
        .map(|query| request(query, false, quantization))
        .collect();
    let together = collection.search_batch(&Ctx::default(), &requests).unwrap();
    for (request, together) in requests.iter().zip(together) {
        let alone = collection.search(&Ctx::default(), request).unwrap();
        assert_eq!(together, alone, "several at once");
    }
    for query in queries {
        let search = |exact| {
            let request = request(query, exact, quantization);
            collection.search(&Ctx::default(), &request).unwrap()
        };
        let (exact, found) = (search(true), search(false));
        let everything = {
            let mut request = request(query, true, QuantizationSearch::default());
            request.limit = 3_000;
            collection.search(&Ctx::default(), &request).unwrap()
        };
        let scores: BTreeMap<PointId, f32> = everything.into_iter().map(|hit| (hit.id, hit.score)).collect();
        assert_eq!(found.len(), exact.len());
        for hit in &found {
            off = off.max((hit.score - scores[&hit.id]).abs());
        }
        wanted += exact.len();
        hits += found
            .iter()
            .filter(|hit| exact.iter().any(|e| e.id == hit.id))
            .count();
    }
    (hits as f64 / wanted as f64, off)
}

#[test]
fn every_family_and_profile_finds_what_exact_search_finds() {
    let shapes = [
        (16, GraphProfile::Fast),
        (16, GraphProfile::Compact),
        (0, GraphProfile::Fast),
    ];
    for (at, codes) in ALL.into_iter().enumerate() {
        let distance = [Distance::Cosine, Distance::Euclid][at % 2];
        for shape in shapes {
            let database = open(Arc::new(MemIo::new())).unwrap();
            database
                .create_collection("c", config(Some(codes), shape, distance))
                .unwrap();
            let collection = database.collection("c").unwrap();
            let queries = fill(&collection, 2_000).unwrap();
            collection.optimize().unwrap();
            assert_eq!(collection.info().status, Status::Green, "{codes:?} {shape:?}");
            let plain = QuantizationSearch::default();
            let (recall, off) = compare(&collection, &queries, plain);
            assert!(recall > 0.9 && off < 1e-5, "{codes:?} {shape:?}: {recall} {off}");
            let more = QuantizationSearch {
                oversampling: Some(8.0),
                ..plain
            };
            let (more, _) = compare(&collection, &queries, more);
            assert!(
                more >= recall - 0.01 && more > 0.97,
                "{codes:?} {shape:?}: {more} after {recall}"
            );
            let (raw, off) = compare(&collection, &queries, raw_of(plain));
            assert!(
                raw < recall + 0.01 && off > 1e-5,
                "{codes:?} {shape:?}: {raw} {off}"
            );
            let ignored = QuantizationSearch {
                ignore: true,
                ..raw_of(plain)
            };
            let (ignored, off) = compare(&collection, &queries, ignored);
            assert!(
                ignored > 0.95 && off < 1e-5,
                "{codes:?} {shape:?}: {ignored} {off}"
            );
        }
    }
}

#[test]
fn scans_and_walks_of_codes_honour_filters_and_deletes() {
    for shape in [
        (16, GraphProfile::Fast),
        (16, GraphProfile::Compact),
        (0, GraphProfile::Fast),
    ] {
        let database = open(Arc::new(MemIo::new())).unwrap();
        let codes = Some(Codes::Rotated(CodeWidth::Two));
        database
            .create_collection("c", config(codes, shape, Distance::Cosine))
            .unwrap();
        let collection = database.collection("c").unwrap();
        let queries = fill(&collection, 2_000).unwrap();
        collection.optimize().unwrap();
        let gone = PointSelector::Ids((0..2_000).step_by(3).map(PointId::Num).collect());
        collection
            .write(&Ctx::default(), WriteOp::Delete(gone), Wait::Durable)
            .unwrap();
        for below in [2_000u32, 900, 120, 6] {
            let path = PayloadPath::parse("n").unwrap();
            let test = FieldTest::Range(Bounds {
                lt: Some(f64::from(below)),
                ..Bounds::default()
            });
            let filter = Filter::must(Condition::Field(FieldCondition { path, test }));
            for query in &queries {
                let search = |exact| {
                    let mut request = request(query, exact, QuantizationSearch::default());
                    request.filter = Some(filter.clone());
                    collection.search(&Ctx::default(), &request).unwrap()
                };
                let (exact, found) = (search(true), search(false));
                assert_eq!(found.len(), exact.len(), "{shape:?} {below}");
                for hit in found {
                    let PointId::Num(id) = hit.id else { panic!() };
                    assert!(id < below.into() && id % 3 != 0, "{shape:?} {below}: {id}");
                }
            }
        }
    }
}

fn raw_of(plain: QuantizationSearch) -> QuantizationSearch {
    QuantizationSearch {
        rescore: Some(false),
        ..plain
    }
}

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
fn a_sharper_query_is_closer_to_the_truth() {
    let database = open(Arc::new(MemIo::new())).unwrap();
    let shape = (0, GraphProfile::Fast);
    let codes = Codes::Rotated(CodeWidth::Two);
    database
        .create_collection("c", config(Some(codes), shape, Distance::Cosine))
        .unwrap();
    let collection = database.collection("c").unwrap();
    let queries = fill(&collection, 1_000).unwrap();
    collection.optimize().unwrap();
    let off = [QueryPrecision::Same, QueryPrecision::Four, QueryPrecision::Full].map(|precision| {
        let quantization = QuantizationConfig {
            precision,
            ..QuantizationConfig::of(codes)
        };
        let changes = BTreeMap::from([(String::new(), Some(quantization))]);
        database.update_quantization("c", &changes).unwrap();
        compare(&collection, &queries, raw_of(QuantizationSearch::default())).1
    });
    assert!(off[0] > off[1] && off[1] > off[2], "{off:?}");
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
