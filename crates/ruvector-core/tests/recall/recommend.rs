//! Goal: recommendations by the best and by the sum of scores find what a comparison with every point finds, at least 98 %,
//! and mostly by searches. Method: 20,000 clustered vectors in one sealed and one active segment, some replaced, some
//! deleted; examples near each other, apart, and negative ones in the midst of positive ones; `exact` is the answer. Where
//! more points are equally good than are wanted, the answer is the same to the last id.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Trace, Wait, Way};
use ruvector_io::MemIo;
use ruvector_testkit::{Clusters, Random};

const POINTS: usize = 20_000;
const DIM: usize = 24;
const CLUSTERS: usize = 40;
const QUERIES: usize = 30;
const K: usize = 10;
const FLOOR: f64 = 0.98;

/// The positive and negative examples of a query.
type Examples = (Vec<Vec<f32>>, Vec<Vec<f32>>);

fn filled(distance: Distance, clusters: &mut Clusters) -> (Database, Collection) {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let database = Database::open(Arc::new(MemIo::new()), options).unwrap();
    let config = CollectionConfig::single(DIM as u32, distance);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let write = |write| collection.write(&Ctx::default(), write, Wait::Durable).unwrap();
    let mut upsert = |ids: &[u64]| {
        let mut point = |id: &u64| Point {
            id: PointId::Num(*id),
            vectors: NamedVectors::from([(String::new(), clusters.draw().0.into())]),
            payload: Map::from([("n".to_owned(), Value::Int(*id as i64))]),
        };
        for ids in ids.chunks(500) {
            let points = ids.iter().map(&mut point).collect();
            write(WriteOp::Upsert(Upsert {
                points,
                ..Upsert::default()
            }));
        }
    };
    let ids: Vec<u64> = (0..POINTS as u64).collect();
    upsert(&ids);
    collection.optimize().unwrap();
    upsert(&ids[..1_000]);
    let gone = (2_000..2_500).map(PointId::Num).collect();
    write(WriteOp::Delete(PointSelector::Ids(gone)));
    (database, collection)
}

fn draw_examples(case: usize, clusters: &mut Clusters, random: &mut Random) -> Examples {
    let near = random.below(CLUSTERS);
    let far = random.below(CLUSTERS);
    let mut of = |cluster, count: usize| -> Vec<Vec<f32>> {
        (0..count).map(|_| clusters.draw_near(cluster)).collect()
    };
    match case {
        0 => (of(near, 1), vec![]),
        1 => (of(near, 2), of(far, 2)),
        2 => ([of(near, 2), of(far, 2)].concat(), of((far + 7) % CLUSTERS, 1)),
        _ => (of(near, 3), of(near, 2)),
    }
}

fn request((positive, negative): &Examples, strategy: RecommendStrategy, share: Option<i64>) -> QueryRequest {
    let inputs = |vectors: &[Vec<f32>]| -> Vec<VectorInput> {
        let input = |vector: &Vec<f32>| VectorInput::Vector(vector.clone().into());
        vectors.iter().map(input).collect()
    };
    let filter = share.map(|share| {
        let test = FieldTest::Range(Range {
            lt: Some((POINTS as i64 * share / 100) as f64),
            ..Range::default()
        });
        let path = PayloadPath::key("n");
        Filter::must(Condition::Field(FieldCondition { path, test }))
    });
    let query = Query::Recommend {
        positive: inputs(positive),
        negative: inputs(negative),
        strategy,
    };
    QueryRequest {
        stage: QueryStage {
            prefetch: Vec::new(),
            query: Some(query),
            using: String::new(),
            filter,
            score_threshold: None,
            params: SearchParams::default(),
            limit: K,
            lookup_from: None,
        },
        offset: 0,
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    }
}

/// The ids found, and whether every point was compared.
fn found(database: &Database, request: &QueryRequest) -> (Vec<PointId>, bool) {
    let ctx = Ctx {
        trace: Some(Arc::new(Trace::detailed())),
        ..Ctx::default()
    };
    let found = database.query(&ctx, "c", request).unwrap();
    let trace = ctx.trace.unwrap();
    let segments = trace.segments();
    // A search reads every segment for every example.
    let scans = segments.len() == 2 && segments.iter().all(|segment| segment.ways == [Way::Scan]);
    (found.into_iter().map(|point| point.id).collect(), scans)
}

#[test]
fn recommendations_are_those_of_a_scan() {
    for distance in [Distance::Cosine, Distance::Dot, Distance::Euclid] {
        let (mut clusters, mut random) = (Clusters::new(5, CLUSTERS, DIM, 0.6), Random::new(5));
        let (database, _collection) = filled(distance, &mut clusters);
        for strategy in [RecommendStrategy::BestScore, RecommendStrategy::SumScores] {
            let (mut hits, mut wanted, mut scans) = (0, 0, 0);
            for number in 0..QUERIES {
                let examples = draw_examples(number % 4, &mut clusters, &mut random);
                let share = [None, Some(50), Some(5)][number % 3];
                let mut request = request(&examples, strategy, share);
                let (near, scanned) = found(&database, &request);
                request.stage.params.exact = true;
                let (exact, compared) = found(&database, &request);
                assert!(compared && exact.len() == K);
                hits += exact.iter().filter(|id| near.contains(id)).count();
                (wanted, scans) = (wanted + K, scans + usize::from(scanned));
            }
            let recall = hits as f64 / wanted as f64;
            println!("{distance:?} {strategy:?}: {recall:.4}, {scans} of {QUERIES} by a scan");
            assert!(recall >= FLOOR, "{distance:?} {strategy:?}: {recall}");
            assert!(scans * 2 < QUERIES, "{distance:?} {strategy:?}: {scans} scans");
        }
        // What is far from all is nowhere near anything.
        let negative = vec![clusters.draw().0, clusters.draw().0];
        let request = request(&(vec![], negative), RecommendStrategy::BestScore, None);
        assert!(found(&database, &request).1);
    }
}

#[test]
fn equal_points_go_by_id() {
    let mut clusters = Clusters::new(6, CLUSTERS, DIM, 0.6);
    let (database, collection) = filled(Distance::Dot, &mut clusters);
    let place: Vec<f32> = clusters.draw_near(0).iter().map(|number| number * 3.0).collect();
    let point = |id| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), place.clone().into())]),
        payload: Map::new(),
    };
    collection.optimize().unwrap();
    // In memory, in another order than that of their ids, and most of them in the graph.
    let points = (0..700)
        .map(|number| point(5_000 + 17 * (number * 37 % 700)))
        .collect();
    let upsert = Upsert {
        points,
        ..Upsert::default()
    };
    collection
        .write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)
        .unwrap();
    while collection.step().unwrap() {}
    // Beside the second example, every product on its side of the origin is 1 in single precision, once it is squeezed.
    let far: Vec<f32> = place.iter().map(|number| number * 1e12).collect();
    for (example, strategy) in [
        (&place, RecommendStrategy::BestScore),
        (&place, RecommendStrategy::SumScores),
        (&far, RecommendStrategy::BestScore),
    ] {
        let mut request = request(&(vec![example.clone()], vec![]), strategy, None);
        let (near, _) = found(&database, &request);
        request.stage.params.exact = true;
        assert_eq!(near, found(&database, &request).0, "{strategy:?}");
    }
}
