//! Goal: a scan of the rows that an index lists finds the nearest live ones that match, and only these. Method: one sealed
//! segment with the fast layout and its short codes; points near the queries are deleted and others changed, few enough for
//! single rows to be asked about, then too many; every search is compared with one that measures all points.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Trace, Way};
use ruvector_io::MemIo;
use ruvector_testkit::Clusters;

use crate::{integer, open, path, write};

const DIM: usize = 64;
/// Enough for short codes.
const POINTS: u64 = 9_000;
/// Values of `n`: each is kept by some 560 points.
const VALUES: u64 = 16;

fn point(id: u64, vector: Vec<f32>) -> Point {
    Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vector.into())]),
        payload: Map::from([("n".to_owned(), Value::Int((id % VALUES) as i64))]),
    }
}

fn request(vector: &[f32], value: u64, exact: bool) -> SearchRequest {
    let field = FieldCondition {
        path: path("n"),
        test: FieldTest::Match(Match::from_u64(value)),
    };
    let mut request = SearchRequest::nearest(vector.to_vec(), 10);
    request.filter = Some(Filter::must(Condition::Field(field)));
    request.params.exact = exact;
    request
}

/// The ids found, and whether the only segment was scanned in its fast layout.
fn found(collection: &Collection, request: &SearchRequest) -> (Vec<PointId>, bool) {
    let trace = Arc::new(Trace::detailed());
    let ctx = Ctx {
        trace: Some(trace.clone()),
        ..Ctx::default()
    };
    let hits = collection.search(&ctx, request).unwrap();
    let sealed = trace.segments().into_iter().filter(|segment| segment.sealed);
    let is_scanned = sealed.map(|segment| segment.ways.contains(&Way::FastScan));
    (
        hits.into_iter().map(|hit| hit.id).collect(),
        is_scanned.fold(false, |any, scanned| any | scanned),
    )
}

/// Asks for what is nearest to each query under each value.
fn check(collection: &Collection, queries: &[Vec<f32>], stage: &str) {
    let (mut hits, mut wanted, mut scanned) = (0, 0, 0);
    for (number, query) in queries.iter().enumerate() {
        let value = number as u64 % VALUES;
        let (truth, _) = found(collection, &request(query, value, true));
        let (ids, is_scanned) = found(collection, &request(query, value, false));
        assert_eq!(ids.len(), truth.len(), "{stage}, query {number}");
        hits += ids.iter().filter(|id| truth.contains(id)).count();
        wanted += truth.len();
        scanned += usize::from(is_scanned);
    }
    assert!(
        scanned * 2 > queries.len(),
        "{stage}: {scanned} of {} were scans",
        queries.len()
    );
    // What is deleted or does not match is not among the truth: one such hit in a hundred is one too many.
    assert!(hits as f64 >= 0.99 * wanted as f64, "{stage}: {hits} of {wanted}");
}

#[test]
fn listed_rows_are_live_and_the_nearest() {
    let database = open(Arc::new(MemIo::new())).unwrap();
    let mut config = CollectionConfig::single(DIM as u32, Distance::Euclid);
    for vector in config.vectors.values_mut() {
        (vector.hnsw.m, vector.hnsw.ef_construct) = (8, 32);
    }
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let mut clusters = Clusters::new(5, 40, DIM, 0.4);
    let vectors: Vec<Vec<f32>> = (0..POINTS).map(|_| clusters.draw().0).collect();
    let points = (0..).zip(&vectors).map(|(id, vector)| point(id, vector.clone()));
    let upsert = Upsert {
        points: points.collect(),
        ..Upsert::default()
    };
    write(&collection, WriteOp::Upsert(upsert)).unwrap();
    database.create_index("c", &path("n"), integer()).unwrap();
    collection.optimize().unwrap();
    let queries: Vec<Vec<f32>> = vectors.iter().step_by(100).cloned().collect();
    check(&collection, &queries, "as sealed");

    // The nearest of each query go, those that match among them.
    let nearest = |count: usize| -> Vec<PointId> {
        let of = |(number, query): (usize, &Vec<f32>)| {
            let mut request = request(query, number as u64 % VALUES, true);
            request.limit = count;
            found(&collection, &request).0
        };
        queries.iter().enumerate().flat_map(of).collect()
    };
    let gone = nearest(4);
    write(&collection, WriteOp::Delete(PointSelector::Ids(gone))).unwrap();
    check(&collection, &queries, "few deleted");
    let gone = nearest(20);
    write(&collection, WriteOp::Delete(PointSelector::Ids(gone))).unwrap();
    check(&collection, &queries, "many deleted");
    let changed = WriteOp::SetPayload {
        payload: Map::from([("n".to_owned(), Value::Int(-1))]),
        path: None,
        points: PointSelector::Ids(nearest(2)),
    };
    write(&collection, changed).unwrap();
    check(&collection, &queries, "payloads changed");
}
