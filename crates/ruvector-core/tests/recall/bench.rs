//! The collection under test, the exact answers, and the filters. Never touches a graph but through searches.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::MemIo;
use ruvector_testkit::{Clusters, Random};

const SEED: u64 = 7;
pub(crate) const POINTS: u64 = 6_000;
const DIM: u32 = 48;
const CLUSTERS: usize = 20;
const QUERIES: usize = 50;
const K: usize = 10;
const FLOOR: f64 = 0.95;

/// A stored point: its vector of length 1, its cluster, and a number below 1,000 that depends on nothing.
struct Row {
    vector: Vec<f64>,
    cluster: usize,
    number: i64,
}

struct Query {
    vector: Vec<f32>,
    cluster: usize,
}

/// Which points a filtered search may find: clusters at these distances from the query's, numbers below a bound.
#[derive(Clone, Copy, Debug)]
struct Allowed {
    name: &'static str,
    first: usize,
    clusters: usize,
    numbers: i64,
}

/// Shares of 50, 10 and 1 %: with the query's own cluster, without it, and independent of it.
const FILTERS: [Allowed; 9] = [
    Allowed {
        name: "50 % correlated",
        first: 0,
        clusters: 10,
        numbers: 1_000,
    },
    Allowed {
        name: "10 % correlated",
        first: 0,
        clusters: 2,
        numbers: 1_000,
    },
    Allowed {
        name: "1 % correlated",
        first: 0,
        clusters: 1,
        numbers: 200,
    },
    Allowed {
        name: "50 % anti-correlated",
        first: 3,
        clusters: 10,
        numbers: 1_000,
    },
    Allowed {
        name: "10 % anti-correlated",
        first: 9,
        clusters: 2,
        numbers: 1_000,
    },
    Allowed {
        name: "1 % anti-correlated",
        first: 9,
        clusters: 1,
        numbers: 200,
    },
    Allowed {
        name: "50 % independent",
        first: 0,
        clusters: CLUSTERS,
        numbers: 500,
    },
    Allowed {
        name: "10 % independent",
        first: 0,
        clusters: CLUSTERS,
        numbers: 100,
    },
    Allowed {
        name: "1 % independent",
        first: 0,
        clusters: CLUSTERS,
        numbers: 10,
    },
];

impl Allowed {
    fn clusters(&self, query: usize) -> Vec<usize> {
        (0..self.clusters)
            .map(|at| (query + self.first + at) % CLUSTERS)
            .collect()
    }

    fn filter(&self, query: usize) -> Filter {
        let field = |name: &str, test| {
            Condition::Field(FieldCondition {
                path: PayloadPath::key(name),
                test,
            })
        };
        let clusters = self
            .clusters(query)
            .into_iter()
            .map(|cluster| Match::Integer(cluster as i64))
            .collect();
        let below = Range {
            lt: Some(self.numbers as f64),
            ..Range::default()
        };
        let must = vec![
            field("cluster", FieldTest::MatchAny(clusters)),
            field("number", FieldTest::Range(below)),
        ];
        Filter {
            must,
            ..Filter::default()
        }
    }

    fn admits(&self, row: &Row, query: usize) -> bool {
        row.number < self.numbers && self.clusters(query).contains(&row.cluster)
    }
}

/// The collection, what is in it, and what is asked.
pub(crate) struct Bench {
    pub(crate) io: MemIo,
    database: Database,
    pub(crate) collection: Collection,
    clusters: Clusters,
    random: Random,
    rows: BTreeMap<u64, Row>,
    queries: Vec<Query>,
}

fn options() -> DatabaseOptions {
    DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    }
}

impl Bench {
    pub(crate) fn new(optimizer: OptimizerConfig) -> Bench {
        let io = MemIo::new();
        let database = Database::open(Arc::new(io.clone()), options()).unwrap();
        let mut config = CollectionConfig::single(DIM, Distance::Cosine);
        config.optimizer = optimizer;
        database.create_collection("c", config).unwrap();
        let collection = database.collection("c").unwrap();
        let mut clusters = Clusters::new(SEED, CLUSTERS, DIM as usize, 0.9);
        let query = |(vector, cluster)| Query { vector, cluster };
        let queries = (0..QUERIES).map(|_| query(clusters.draw())).collect();
        let random = Random::new(SEED);
        Bench {
            io,
            database,
            collection,
            clusters,
            random,
            rows: BTreeMap::new(),
            queries,
        }
    }

    pub(crate) fn upsert(&mut self, ids: &[u64]) {
        for batch in ids.chunks(500) {
            let points = batch.iter().map(|id| self.point(*id)).collect();
            self.write(WriteOp::Upsert(Upsert {
                points,
                ..Upsert::default()
            }));
        }
    }

    fn point(&mut self, id: u64) -> Point {
        let (vector, cluster) = self.clusters.draw();
        let number = self.random.below(1_000) as i64;
        let payload = Map::from([
            ("cluster".to_owned(), Value::Int(cluster as i64)),
            ("number".to_owned(), Value::Int(number)),
        ]);
        self.rows.insert(
            id,
            Row {
                vector: unit(&vector),
                cluster,
                number,
            },
        );
        Point {
            id: PointId::Num(id),
            vectors: NamedVectors::from([(String::new(), vector.into())]),
            payload,
        }
    }

    pub(crate) fn delete(&mut self, ids: &[u64]) {
        ids.iter().for_each(|id| drop(self.rows.remove(id)));
        let ids = ids.iter().map(|id| PointId::Num(*id)).collect();
        self.write(WriteOp::Delete(PointSelector::Ids(ids)));
    }

    pub(crate) fn write(&self, write: WriteOp) -> u64 {
        self.collection
            .write(&Ctx::default(), write, Wait::Durable)
            .unwrap()
            .points_touched
    }

    pub(crate) fn steps(&self, count: usize) {
        for _ in 0..count {
            self.database.step().unwrap();
        }
    }

    pub(crate) fn settle(&self) {
        while self.database.step().unwrap() {}
    }

    pub(crate) fn reopen(&mut self) {
        self.database.close().unwrap();
        self.database = Database::open(Arc::new(self.io.clone()), options()).unwrap();
        self.collection = self.database.collection("c").unwrap();
    }

    /// Recall without a filter and with each.
    pub(crate) fn check(&self, state: &str) {
        let sorted: Vec<Vec<u64>> = self
            .queries
            .iter()
            .map(|query| self.sorted(&query.vector))
            .collect();
        let info = self.collection.info();
        println!(
            "{state}: {} of {} vectors indexed, {} segments",
            info.indexed_vectors, info.vectors, info.segments
        );
        self.check_filter(state, None, &sorted);
        FILTERS
            .iter()
            .for_each(|filter| self.check_filter(state, Some(filter), &sorted));
    }

    /// Every id, nearest first.
    fn sorted(&self, query: &[f32]) -> Vec<u64> {
        let query = unit(query);
        let dot = |row: &Row| -> f64 { row.vector.iter().zip(&query).map(|(a, b)| a * b).sum() };
        let mut scored: Vec<(f64, u64)> = self.rows.iter().map(|(id, row)| (dot(row), *id)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.into_iter().map(|(_, id)| id).collect()
    }

    fn check_filter(&self, state: &str, allowed: Option<&Allowed>, sorted: &[Vec<u64>]) {
        let (mut found, mut expected) = (0, 0);
        for (query, sorted) in self.queries.iter().zip(sorted) {
            let admitted =
                |id: &&u64| allowed.is_none_or(|allowed| allowed.admits(&self.rows[*id], query.cluster));
            let nearest: Vec<u64> = sorted.iter().filter(admitted).take(K).copied().collect();
            let mut request = SearchRequest::nearest(query.vector.clone(), K);
            request.filter = allowed.map(|allowed| allowed.filter(query.cluster));
            let answer = self.collection.search(&Ctx::default(), &request).unwrap();
            assert_eq!(
                answer.len(),
                nearest.len(),
                "{state}, {allowed:?}: results are missing"
            );
            found += nearest
                .iter()
                .filter(|id| answer.iter().any(|hit| hit.id == PointId::Num(**id)))
                .count();
            expected += nearest.len();
        }
        let recall = found as f64 / expected as f64;
        let name = allowed.map_or("unfiltered", |allowed| allowed.name);
        println!("    {name}: {recall:.4}");
        assert!(recall >= FLOOR, "seed {SEED}, {state}, {name}: recall {recall}");
    }
}

fn unit(vector: &[f32]) -> Vec<f64> {
    let length = vector
        .iter()
        .map(|x| f64::from(*x) * f64::from(*x))
        .sum::<f64>()
        .sqrt();
    vector.iter().map(|x| f64::from(*x) / length).collect()
}
