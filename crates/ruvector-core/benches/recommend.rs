//! What recommendations by examples cost beside a search: 100,000 vectors of 128 numbers, loaded, optimized, reopened and
//! a fiftieth of them replaced. Prints the median of each; `cargo bench -p ruvector-core --bench recommend`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench stops at the first surprise"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::MemIo;
use ruvector_testkit::Clusters;

const POINTS: u64 = 100_000;
const REPLACED: u64 = 2_000;
const DIM: usize = 128;
const QUERIES: usize = 101;

fn open(io: &MemIo) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(Arc::new(io.clone()), options).unwrap()
}

fn upsert(database: &Database, ids: std::ops::Range<u64>, clusters: &mut Clusters) {
    let collection = database.collection("c").unwrap();
    let ids: Vec<u64> = ids.collect();
    for ids in ids.chunks(500) {
        let point = |id: &u64| Point {
            id: PointId::Num(*id),
            vectors: NamedVectors::from([(String::new(), clusters.draw().0.into())]),
            payload: Map::new(),
        };
        let points = ids.iter().map(point).collect();
        let upsert = WriteOp::Upsert(Upsert {
            points,
            ..Upsert::default()
        });
        collection.write(&Ctx::default(), upsert, Wait::Accepted).unwrap();
    }
}

fn request(query: Query, exact: bool) -> QueryRequest {
    QueryRequest {
        stage: QueryStage {
            prefetch: Vec::new(),
            query: Some(query),
            using: String::new(),
            filter: None,
            score_threshold: None,
            params: SearchParams {
                exact,
                ..SearchParams::default()
            },
            limit: 10,
            lookup_from: None,
        },
        offset: 0,
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    }
}

fn examples(clusters: &mut Clusters, counts: (usize, usize), strategy: RecommendStrategy) -> Query {
    let mut of = |cluster: usize, count: usize| -> Vec<VectorInput> {
        let mut vector = || VectorInput::Vector(clusters.draw_near(cluster).into());
        (0..count).map(|_| vector()).collect()
    };
    Query::Recommend {
        positive: of(3, counts.0),
        negative: of(7, counts.1),
        strategy,
    }
}

fn median(database: &Database, mut draw: impl FnMut() -> QueryRequest) -> Duration {
    let mut times: Vec<Duration> = (0..QUERIES)
        .map(|_| {
            let request = draw();
            let begun = Instant::now();
            let found = database.query(&Ctx::default(), "c", &request).unwrap();
            assert_eq!(found.len(), 10);
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[QUERIES / 2]
}

fn main() {
    let (io, mut clusters) = (MemIo::new(), Clusters::new(1, 200, DIM, 0.7));
    let database = open(&io);
    let config = CollectionConfig::single(DIM as u32, Distance::Cosine);
    database.create_collection("c", config).unwrap();
    upsert(&database, 0..POINTS, &mut clusters);
    database.collection("c").unwrap().optimize().unwrap();
    database.close().unwrap();
    let database = open(&io);
    upsert(&database, 0..REPLACED, &mut clusters);

    for exact in [false, true] {
        let nearest = median(&database, || {
            let vector = VectorInput::Vector(clusters.draw().0.into());
            request(Query::Nearest(vector), exact)
        });
        println!("nearest, exact {exact}: {nearest:?}");
        for strategy in [
            RecommendStrategy::AverageVector,
            RecommendStrategy::BestScore,
            RecommendStrategy::SumScores,
        ] {
            for counts in [(1, 0), (2, 2), (8, 8)] {
                let took = median(&database, || {
                    request(examples(&mut clusters, counts, strategy), exact)
                });
                println!("{strategy:?} of {counts:?} examples, exact {exact}: {took:?}");
            }
        }
    }
}
