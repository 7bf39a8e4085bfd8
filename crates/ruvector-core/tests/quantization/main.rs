//! Goal: codes change how fast a search is and nothing else: rescored answers carry exact scores and find what an exact
//! search finds. Method: clustered points against exact answers for every family, profile and no graph at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod life;

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Error, Status, Trace, Wait, Way};
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

/// Visits of a search in each segment, in the order of the walks.
fn visits(collection: &Collection, query: &[f32], quantization: QuantizationSearch) -> Vec<u64> {
    let ctx = Ctx {
        trace: Some(Arc::new(Trace::detailed())),
        ..Ctx::default()
    };
    collection
        .search(&ctx, &request(query, false, quantization))
        .unwrap();
    let segments = ctx.trace.as_ref().unwrap().segments();
    assert!(segments.iter().all(|segment| segment.ways == [Way::FastGraph]));
    segments.iter().map(|segment| segment.visited).collect()
}

/// Codes that hold only the middle of what numbers are make everything near. What they say of the first segment must not
/// end the walk in the second, which measures better: it goes at least as far as one that knows the true distances.
#[test]
fn distances_by_codes_bound_no_walk() {
    let codes = Codes::Scalar { quantile: Some(0.5) };
    let mut config = config(Some(codes), (16, GraphProfile::Fast), Distance::Euclid);
    config.shards = 2;
    let database = open(Arc::new(MemIo::new())).unwrap();
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let queries = fill(&collection, 5_000).unwrap();
    collection.optimize().unwrap();
    let by_codes = raw_of(QuantizationSearch::default());
    let measured = QuantizationSearch {
        ignore: true,
        ..by_codes
    };
    for query in &queries {
        let (by_codes, measured) = (
            visits(&collection, query, by_codes),
            visits(&collection, query, measured),
        );
        assert_eq!(by_codes.len(), 2);
        assert!(by_codes[1] >= measured[1], "{by_codes:?} {measured:?}");
    }
}
