//! Goal: a filtered search at default settings finds at least 95 % of the ten nearest points that match, whether the
//! filter keeps half of the points or a thousandth, those near the query, those far from it or any; with an index and
//! without; for vectors in clusters as for such without any structure, which take a much broader search. Method: 20,000 vectors
//! in one sealed segment and exact answers in f64.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Trace, Wait, Way};
use ruvector_io::MemIo;
use ruvector_testkit::{Clusters, Random};

const POINTS: usize = 20_000;
const DIM: usize = 64;
const CLUSTERS: usize = 40;
const QUERIES: usize = 40;
const K: usize = 10;
const FLOOR: f64 = 0.95;

/// Vectors in clusters, and such that lie as if drawn without any: how far they scatter.
const SCATTERS: [f64; 2] = [0.9, 40.0];

/// Which clusters a filter keeps: so many in the order of their distance from the query, and numbers below a bound.
const FILTERS: [(&str, usize, i64); 4] = [
    ("50 %", 20, 500),
    ("10 %", 4, 100),
    ("1 %", 1, 10),
    ("0.1 %", 1, 1),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kept {
    Any,
    Near,
    Far,
}

struct Row {
    vector: Vec<f32>,
    cluster: usize,
    number: i64,
}

struct Sample {
    rows: Vec<Row>,
    centers: Vec<Vec<f32>>,
    queries: Vec<Vec<f32>>,
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let sum =
        |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
    sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
}

impl Sample {
    fn new(scatter: f64) -> Sample {
        let (mut clusters, mut random) = (Clusters::new(3, CLUSTERS, DIM, scatter), Random::new(3));
        let row = |clusters: &mut Clusters, random: &mut Random| {
            let (vector, cluster) = clusters.draw();
            let number = random.below(1_000) as i64;
            Row {
                vector,
                cluster,
                number,
            }
        };
        let rows: Vec<Row> = (0..POINTS).map(|_| row(&mut clusters, &mut random)).collect();
        let mean = |cluster| {
            let mut sum = vec![0.0; DIM];
            for row in rows.iter().filter(|row| row.cluster == cluster) {
                sum.iter_mut().zip(&row.vector).for_each(|(sum, x)| *sum += x);
            }
            sum
        };
        let centers = (0..CLUSTERS).map(mean).collect();
        let queries = (0..QUERIES).map(|_| clusters.draw().0).collect();
        Sample {
            rows,
            centers,
            queries,
        }
    }

    /// The clusters and the bound of numbers that a filter keeps for a query.
    fn kept(
        &self,
        query: &[f32],
        (_, clusters, numbers): (&str, usize, i64),
        kept: Kept,
    ) -> (Vec<usize>, i64) {
        let mut all: Vec<usize> = (0..CLUSTERS).collect();
        let closeness = |cluster: &usize| cosine(query, &self.centers[*cluster]);
        all.sort_by(|a, b| closeness(b).total_cmp(&closeness(a)));
        if kept == Kept::Far {
            all.reverse();
        }
        if kept == Kept::Any {
            return (all, numbers);
        }
        all.truncate(clusters);
        // A cluster is 2.5 % of the points.
        let share = numbers * CLUSTERS as i64 / clusters as i64;
        (all, share.min(1_000))
    }

    fn recall(&self, collection: &Collection, filter: (&str, usize, i64), kept: Kept) -> f64 {
        let (mut hits, mut wanted) = (0, 0);
        for query in &self.queries {
            let (clusters, numbers) = self.kept(query, filter, kept);
            let rows = self.rows.iter().enumerate();
            let rows = rows.filter(|(_, row)| row.number < numbers && clusters.contains(&row.cluster));
            let mut ranked: Vec<(f64, usize)> =
                rows.map(|(id, row)| (cosine(query, &row.vector), id)).collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
            ranked.truncate(K);
            let mut request = SearchRequest::nearest(query.clone(), K);
            request.filter = Some(conditions(&clusters, numbers));
            let found = collection.search(&Ctx::default(), &request).unwrap();
            assert_eq!(
                found.len(),
                ranked.len(),
                "{filter:?} {kept:?}: results are missing"
            );
            let is_found = |id: usize| found.iter().any(|hit| hit.id == PointId::Num(id as u64));
            hits += ranked.iter().filter(|(_, id)| is_found(*id)).count();
            wanted += ranked.len();
        }
        hits as f64 / wanted as f64
    }
}

fn conditions(clusters: &[usize], numbers: i64) -> Filter {
    let field = |name: &str, test| {
        let path = PayloadPath::key(name);
        Condition::Field(FieldCondition { path, test })
    };
    let below = Range {
        lt: Some(numbers as f64),
        ..Range::default()
    };
    let mut must = vec![field("number", FieldTest::Range(below))];
    if clusters.len() < CLUSTERS {
        let any = clusters.iter().map(|cluster| Match::Integer(*cluster as i64));
        must.push(field("cluster", FieldTest::MatchAny(any.collect())));
    }
    Filter {
        must,
        ..Filter::default()
    }
}

fn filled(sample: &Sample) -> (Database, Collection) {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let database = Database::open(Arc::new(MemIo::new()), options).unwrap();
    let config = CollectionConfig::single(DIM as u32, Distance::Cosine);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let point = |(id, row): (usize, &Row)| Point {
        id: PointId::Num(id as u64),
        vectors: NamedVectors::from([(String::new(), row.vector.clone().into())]),
        payload: Map::from([
            ("cluster".to_owned(), Value::Int(row.cluster as i64)),
            ("number".to_owned(), Value::Int(row.number)),
        ]),
    };
    let points: Vec<Point> = sample.rows.iter().enumerate().map(point).collect();
    for points in points.chunks(500) {
        let points = points.to_vec();
        let upsert = WriteOp::Upsert(Upsert {
            points,
            ..Upsert::default()
        });
        collection.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
    }
    collection.optimize().unwrap();
    (database, collection)
}

#[test]
fn filtered_recall_holds_with_and_without_an_index() {
    SCATTERS.into_iter().for_each(recall_holds);
}

fn recall_holds(scatter: f64) {
    let sample = Sample::new(scatter);
    let (database, collection) = filled(&sample);
    let mut low = Vec::new();
    for indexed in [false, true] {
        if indexed {
            let kind = IndexKind::Integer {
                lookup: true,
                range: true,
            };
            let index = FieldIndex {
                kind,
                on_disk: false,
                is_principal: false,
            };
            for name in ["cluster", "number"] {
                database
                    .create_index("c", &PayloadPath::key(name), index.clone())
                    .unwrap();
            }
            while database.step().unwrap() {}
            let built = |info: &ruvector_core::IndexInfo| info.points == POINTS as u64;
            assert!(collection.indexes().values().all(built));
        }
        for filter in FILTERS {
            for kept in [Kept::Any, Kept::Near, Kept::Far] {
                let recall = sample.recall(&collection, filter, kept);
                println!(
                    "scatter: {scatter}, indexed: {indexed}, {} {kept:?}: {recall:.4}",
                    filter.0
                );
                if recall < FLOOR {
                    low.push((indexed, filter.0, kept, recall));
                }
            }
        }
    }
    assert!(low.is_empty(), "scatter {scatter}, recall below {FLOOR}: {low:?}");
    many_are_compared_in_full(&collection, &sample.queries[0]);
}

/// Keeping thousands of the best in order would cost more than to compare them all: such a search is exact.
fn many_are_compared_in_full(collection: &Collection, query: &[f32]) {
    let all: Vec<usize> = (0..CLUSTERS).collect();
    let mut request = SearchRequest::nearest(query.to_vec(), 1_100);
    request.filter = Some(conditions(&all, 100));
    let trace = Arc::new(Trace::detailed());
    let context = Ctx {
        trace: Some(trace.clone()),
        ..Ctx::default()
    };
    let found = collection.search(&context, &request).unwrap();
    assert_eq!(trace.segments()[0].ways.last(), Some(&Way::Scan));
    request.params.exact = true;
    assert_eq!(found, collection.search(&Ctx::default(), &request).unwrap());
}
