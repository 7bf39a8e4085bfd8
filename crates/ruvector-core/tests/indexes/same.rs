//! Goal: two spellings of one filter find the same points, at default settings, with and without indexes. Method: pairs
//! of filters over clustered vectors, in a sealed segment that is walked, every answer compared to the last score, and its points with
//! the numbers they were written with.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx};
use ruvector_io::MemIo;
use ruvector_testkit::{Clusters, Random};

use crate::{integer, open, path, write};

const POINTS: u64 = 4_000;
const DIM: usize = 24;

fn on(name: &str, test: FieldTest) -> Condition {
    Condition::Field(FieldCondition {
        path: path(name),
        test,
    })
}

fn range(first: i64, last: i64) -> Condition {
    let bounds = Bounds {
        gte: Some(first as f64),
        lte: Some(last as f64),
        ..Bounds::default()
    };
    on("n", FieldTest::Range(bounds))
}

fn any(first: i64, last: i64) -> Condition {
    on(
        "n",
        FieldTest::MatchAny((first..=last).map(Match::Integer).collect()),
    )
}

fn not(condition: Condition) -> Condition {
    Condition::Filter(Box::new(Filter {
        must_not: vec![condition],
        ..Filter::default()
    }))
}

/// All spellings of *`n` is an integer between these*.
fn spellings(first: i64, last: i64) -> Vec<Filter> {
    let single = |value| on("n", FieldTest::Match(Match::Integer(value)));
    vec![
        Filter::must(range(first, last)),
        Filter::must(any(first, last)),
        Filter::must(Condition::Filter(Box::new(Filter::must(range(first, last))))),
        Filter::must(not(not(any(first, last)))),
        Filter {
            should: (first..=last).map(single).collect(),
            ..Filter::default()
        },
        Filter {
            must: vec![range(first, 1_000_000)],
            must_not: vec![range(last + 1, 1_000_000)],
            ..Filter::default()
        },
        Filter {
            min_should: Some(MinShould {
                conditions: vec![range(first, last), any(first, last), range(5_000, 6_000)],
                min_count: 2,
            }),
            ..Filter::default()
        },
    ]
}

/// Points, and the `n` of each.
fn collection_of(points: u64) -> (ruvector_core::Database, Collection, Clusters, Vec<i64>) {
    let database = open(Arc::new(MemIo::new())).unwrap();
    database
        .create_collection("c", CollectionConfig::single(DIM as u32, Distance::Cosine))
        .unwrap();
    let collection = database.collection("c").unwrap();
    let mut clusters = Clusters::new(11, 20, DIM, 0.7);
    let mut random = Random::new(11);
    let mut numbers = Vec::new();
    let mut point = |id| {
        // Whole numbers in both spellings.
        let n = random.below(100) as i64;
        numbers.push(n);
        let n = if random.one_in(3) {
            Value::Float(n as f64)
        } else {
            Value::Int(n)
        };
        Point {
            id: PointId::Num(id),
            vectors: NamedVectors::from([(String::new(), clusters.draw().0.into())]),
            payload: Map::from([("n".to_owned(), n)]),
        }
    };
    let points: Vec<Point> = (0..points).map(&mut point).collect();
    for part in points.chunks(500) {
        let points = part.to_vec();
        write(
            &collection,
            WriteOp::Upsert(Upsert {
                points,
                ..Upsert::default()
            }),
        )
        .unwrap();
    }
    collection.optimize().unwrap();
    (database, collection, clusters, numbers)
}

fn found(collection: &Collection, query: &[f32], filter: &Filter, exact: bool) -> Vec<(PointId, f32)> {
    let mut request = SearchRequest::nearest(query.to_vec(), 10);
    request.filter = Some(filter.clone());
    request.params.exact = exact;
    let found = collection.search(&Ctx::default(), &request).unwrap();
    found.into_iter().map(|hit| (hit.id, hit.score)).collect()
}

#[test]
fn every_spelling_finds_the_same() {
    let (database, collection, mut clusters, numbers) = collection_of(POINTS);
    let queries: Vec<Vec<f32>> = (0..25).map(|_| clusters.draw().0).collect();
    let shares = [(1, 10), (7, 7), (0, 49), (0, 98), (20, 22)];
    let mut counts = Vec::new();
    for indexed in [false, true] {
        if indexed {
            database.create_index("c", &path("n"), integer()).unwrap();
            while database.step().unwrap() {}
            assert_eq!(collection.indexes()[&path("n")].points, POINTS);
        }
        for (first, last) in shares {
            let spellings = spellings(first, last);
            for spelling in &spellings {
                let filter = Some(spelling.clone());
                counts.push(
                    collection
                        .count(&Ctx::default(), &CountRequest { filter })
                        .unwrap(),
                );
            }
            for query in &queries {
                let expected = found(&collection, query, &spellings[0], false);
                let exact = found(&collection, query, &spellings[0], true);
                assert_eq!(expected.len(), 10);
                for (id, _) in expected.iter().chain(&exact) {
                    let PointId::Num(id) = id else { panic!("{id}") };
                    let n = numbers[*id as usize];
                    assert!((first..=last).contains(&n), "indexed: {indexed}, {id} has {n}");
                }
                for spelling in &spellings[1..] {
                    let found = found(&collection, query, spelling, false);
                    assert_eq!(found, expected, "indexed: {indexed}, {spelling:?}");
                }
            }
        }
    }
    let (without, with) = counts.split_at(counts.len() / 2);
    assert_eq!(without, with);
    for counts in with.chunks(counts.len() / 2 / shares.len()) {
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    }
}
