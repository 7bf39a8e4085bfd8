//! Goal: a filter asked again and again is answered for the points as they are, or as they were when a view was taken: what is
//! kept of its answers is never stale and never outgrows its budget. Method: the same filters after every change of points,
//! payloads and indexes, on the collection and on views held over, compared with the model of that moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Snapshot};
use ruvector_io::MemIo;
use ruvector_testkit::{Generator, Model};

use crate::{index, integer, open, path, write};

/// A view and what it is to answer to each filter.
struct Held {
    view: Snapshot,
    expected: Vec<Vec<PointId>>,
}

fn found(view: &Snapshot, filter: &Filter) -> Vec<PointId> {
    let request = ScrollRequest {
        from: None,
        order_by: None,
        limit: 5_000,
        filter: Some(filter.clone()),
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    };
    let page = view.scroll(&Ctx::default(), &request).unwrap();
    page.points.into_iter().map(|record| record.id).collect()
}

fn field(name: &str, test: FieldTest) -> Filter {
    let path = path(name);
    Filter::must(Condition::Field(FieldCondition { path, test }))
}

/// Random ones; and some that one condition on a number, or an id, decides.
fn filters(random: &mut Generator) -> Vec<Filter> {
    let below = |below: f64| {
        let lt = Some(below);
        field(
            "n",
            FieldTest::Range(Bounds {
                lt,
                ..Bounds::default()
            }),
        )
    };
    let mut filters: Vec<Filter> = (0..16).map(|_| random.filter(2)).collect();
    filters.extend([2.0, 4.0].map(below));
    filters.extend((0..4).map(|_| Filter::must(Condition::HasId(random.ids(30)))));
    filters
}

impl Held {
    fn new(collection: &Collection, model: &Model, filters: &[Filter]) -> Held {
        Held {
            view: collection.snapshot().unwrap(),
            expected: filters
                .iter()
                .map(|filter| model.matching(Some(filter)))
                .collect(),
        }
    }

    /// Thrice, so that what the first two leave behind is asked.
    fn check(&self, filters: &[Filter], step: &str) {
        for (filter, expected) in filters.iter().zip(&self.expected) {
            for time in 0..3 {
                let found = found(&self.view, filter);
                assert_eq!(&found, expected, "{step}, time {time}: {filter:?}");
            }
            let request = CountRequest {
                filter: Some(filter.clone()),
            };
            let count = self.view.count(&Ctx::default(), &request).unwrap();
            assert_eq!(count, expected.len() as u64, "{step}: {filter:?}");
        }
    }
}

#[test]
fn what_is_kept_is_never_stale() {
    let config = CollectionConfig::single(4, Distance::Euclid);
    let database = open(Arc::new(MemIo::new())).unwrap();
    database.create_collection("c", config.clone()).unwrap();
    let collection = database.collection("c").unwrap();
    let mut random = Generator::new(5, &config);
    random.ids_max = 240;
    let mut model = Model::new(config);
    let mut kinds = BTreeMap::from([
        ("tag", index(IndexKind::Keyword { prefix: false })),
        ("u", index(IndexKind::Float)),
    ]);
    kinds.insert("n", integer());
    for (name, kind) in &kinds {
        database.create_index("c", &path(name), kind.clone()).unwrap();
    }
    let filters = filters(&mut random);
    let mut held: Vec<Held> = Vec::new();
    for round in 0..24 {
        let step = match round % 6 {
            0 | 1 => {
                let points = (0..60).map(|_| random.point()).collect();
                WriteOp::Upsert(Upsert {
                    points,
                    ..Upsert::default()
                })
            }
            2 | 3 => WriteOp::Delete(PointSelector::Ids(random.ids(12))),
            _ => random.edit(),
        };
        model.apply(&step);
        write(&collection, step).unwrap();
        let now = Held::new(&collection, &model, &filters);
        now.check(&filters, &format!("round {round}"));
        // What the newer view has left behind must not answer for the older ones.
        let older = held.iter().enumerate();
        older.for_each(|(at, view)| view.check(&filters, &format!("round {round}, view {at}")));
        held.push(now);
        held.truncate(4);
        match round % 4 {
            1 => while database.step().unwrap() {},
            3 => collection.optimize().unwrap(),
            _ => {}
        }
        Held::new(&collection, &model, &filters).check(&filters, &format!("round {round}, tended"));
        if round % 5 == 4 {
            // Views made before are asked for other filters from now on.
            held.clear();
            let (name, kind) = kinds.iter().nth(round / 5 % kinds.len()).unwrap();
            assert!(database.drop_index("c", &path(name)).unwrap());
            Held::new(&collection, &model, &filters).check(&filters, "dropped");
            database.create_index("c", &path(name), kind.clone()).unwrap();
            Held::new(&collection, &model, &filters).check(&filters, "made again");
        }
    }
    assert!(collection.info().filter_cache_bytes > 0);
}

/// Goal: a point deleted after a view was taken is in that view, also where its ids were first asked for without it.
#[test]
fn ids_of_an_older_view_are_found() {
    let (database, collection) = with_texts(DatabaseOptions::default().filter_cache_bytes_max);
    let old = collection.snapshot().unwrap();
    let ids = vec![PointId::Num(3), PointId::Num(4)];
    write(
        &collection,
        WriteOp::Delete(PointSelector::Ids(ids[..1].to_vec())),
    )
    .unwrap();
    let filter = Filter::must(Condition::HasId(ids.clone()));
    let new = collection.snapshot().unwrap();
    for _ in 0..3 {
        assert_eq!(found(&new, &filter), ids[1..]);
    }
    for _ in 0..3 {
        assert_eq!(found(&old, &filter), ids);
    }
    drop(database);
}

/// 2,000 points whose texts are `Fox` and `fox` in turn and whose `n` are their ids, sealed.
fn with_texts(filter_cache_bytes_max: u64) -> (Database, Collection) {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        filter_cache_bytes_max,
        ..DatabaseOptions::default()
    };
    let database = Database::open(Arc::new(MemIo::new()), options).unwrap();
    let config = CollectionConfig::single(2, Distance::Euclid);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let point = |id: u64| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vec![id as f32, 1.0].into())]),
        payload: Map::from([
            ("n".to_owned(), Value::Int(id as i64)),
            (
                "text".to_owned(),
                Value::String(["Fox", "fox"][id as usize % 2].to_owned()),
            ),
        ]),
    };
    let points = (0..2_000).map(point).collect();
    let upsert = WriteOp::Upsert(Upsert {
        points,
        ..Upsert::default()
    });
    write(&collection, upsert).unwrap();
    database.create_index("c", &path("n"), integer()).unwrap();
    collection.optimize().unwrap();
    (database, collection)
}

/// Goal: a filter compiled for an index that is no more is compiled anew. Method: a text index that tells cases apart after one
/// that does not.
#[test]
fn words_are_cut_as_the_index_of_now_says() {
    let (database, collection) = with_texts(DatabaseOptions::default().filter_cache_bytes_max);
    let filter = field("text", FieldTest::Text(Text::All("fox".to_owned())));
    for lowercase in [true, false, true, false] {
        let options = TextOptions {
            lowercase,
            ..TextOptions::default()
        };
        let kind = index(IndexKind::Text(options));
        database.create_index("c", &path("text"), kind).unwrap();
        for is_built in [false, true] {
            for time in 0..3 {
                let found = found(&collection.snapshot().unwrap(), &filter);
                let expected = if lowercase { 2_000 } else { 1_000 };
                assert_eq!(found.len(), expected, "{lowercase}, {is_built}, {time}");
            }
            collection.optimize().unwrap();
        }
        assert!(database.drop_index("c", &path("text")).unwrap());
    }
}

/// Two conditions on `n`, which no check of single rows answers.
fn pair(bounds: Bounds<f64>) -> Filter {
    let condition = |bounds| {
        let (path, test) = (path("n"), FieldTest::Range(bounds));
        Condition::Field(FieldCondition { path, test })
    };
    let all = Bounds {
        gte: Some(0.0),
        ..Bounds::default()
    };
    Filter {
        must: [bounds, all].map(condition).to_vec(),
        ..Filter::default()
    }
}

/// Goal: the budget holds, nothing is kept without one or of a filter met once, and filters that come seldom do not push out one
/// that comes often. Method: many filters twice each, one of them between all others.
#[test]
fn the_budget_holds() {
    let below = |below: u32| {
        let lt = Some(f64::from(below));
        pair(Bounds {
            lt,
            ..Bounds::default()
        })
    };
    for budget in [0, 64, 20_000, 1 << 20] {
        let (_database, collection) = with_texts(budget);
        let view = collection.snapshot().unwrap();
        (1..50).for_each(|at| assert_eq!(found(&view, &below(at)).len(), at as usize));
        assert_eq!(collection.info().filter_cache_bytes, 0, "met once");
        for at in (1..200).flat_map(|at| [at, at, 777]) {
            assert_eq!(found(&view, &below(at)).len(), at as usize);
            assert!(collection.info().filter_cache_bytes <= budget);
        }
        let kept = collection.info().filter_cache_bytes;
        assert_eq!(kept > 0, budget >= 20_000, "{kept} of {budget}");
    }
}
