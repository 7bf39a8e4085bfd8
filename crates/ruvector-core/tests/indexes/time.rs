//! Goal: no read goes on for long after its time is up, fetching what was found included. Method: reads that return many
//! points, on a clock that counts how often it is asked; then the same with their time over once all is found.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Error, ErrorKind};
use ruvector_io::MemIo;

use crate::{index, integer, open, path, write};

const POINTS: usize = 2_000;
/// Points between two looks at the clock, at most.
const POINTS_PER_LOOK: u32 = 64;
/// Conditions of one filter.
const CONDITIONS: u32 = 1_000;

/// Files in memory, and a clock that is a nanosecond later at each reading.
#[derive(Debug)]
struct Clock {
    files: MemIo,
    readings: AtomicU32,
}

impl Clock {
    fn before_create(&self, _path: &str) {}

    fn clock(&self, _now: Duration) -> Duration {
        Duration::from_nanos(self.readings.fetch_add(1, Ordering::Relaxed).into())
    }
}

ruvector_testkit::hooked_io!(Clock.files);

type Read<'a> = (&'a str, Box<dyn Fn(&Ctx) -> Result<usize, Error> + 'a>);

/// Reads of all points, each of which says how many it found.
fn reads(collection: &Collection) -> Vec<Read<'_>> {
    let page = |order_by| ScrollRequest {
        from: None,
        order_by,
        limit: POINTS,
        filter: None,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::None,
    };
    let by_value = OrderBy {
        path: path("n"),
        descending: true,
        start_from: None,
    };
    let words = TextSearchRequest {
        path: path("text"),
        text: "word".to_owned(),
        limit: POINTS,
        offset: 0,
        filter: None,
        score_threshold: None,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::None,
    };
    let mut nearest = SearchRequest::nearest(vec![0.5; 4], POINTS);
    nearest.with_payload = PayloadSelector::All;
    let ids: Vec<PointId> = (0..POINTS as u64).map(PointId::Num).collect();
    let (pages, ordered) = (page(None), page(Some(by_value)));
    vec![
        (
            "scroll",
            Box::new(move |ctx| Ok(collection.scroll(ctx, &pages)?.points.len())),
        ),
        (
            "scroll by value",
            Box::new(move |ctx| Ok(collection.scroll(ctx, &ordered)?.points.len())),
        ),
        (
            "search",
            Box::new(move |ctx| Ok(collection.search(ctx, &nearest)?.len())),
        ),
        (
            "search of words",
            Box::new(move |ctx| Ok(collection.search_text(ctx, &words)?.len())),
        ),
        (
            "get",
            Box::new(move |ctx| {
                let found = collection.get(ctx, &ids, &PayloadSelector::All, &VectorSelector::None)?;
                Ok(found.len())
            }),
        ),
    ]
}

#[test]
fn reads_look_at_the_clock_while_they_fetch() {
    let clock = Arc::new(Clock {
        files: MemIo::new(),
        readings: AtomicU32::new(0),
    });
    let database = open(clock.clone()).unwrap();
    let config = CollectionConfig::single(4, Distance::Euclid);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let points = (0..POINTS as u64).map(|id| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vec![id as f32, 1.0, 2.0, 3.0].into())]),
        payload: Map::from([
            ("n".to_owned(), Value::Int(id as i64 % 7)),
            ("text".to_owned(), Value::String("a word".to_owned())),
        ]),
    });
    let upsert = Upsert {
        points: points.collect(),
        ..Upsert::default()
    };
    write(&collection, WriteOp::Upsert(upsert)).unwrap();
    database.create_index("c", &path("n"), integer()).unwrap();
    let text = index(IndexKind::Text(TextOptions::default()));
    database.create_index("c", &path("text"), text).unwrap();
    collection.optimize().unwrap();
    for (name, read) in reads(&collection) {
        let in_time = Ctx {
            deadline: Some(Duration::MAX),
            ..Ctx::default()
        };
        let before = clock.readings.load(Ordering::Relaxed);
        assert_eq!(read(&in_time).unwrap(), POINTS, "{name}");
        let after = clock.readings.load(Ordering::Relaxed);
        let needed = POINTS as u32 / POINTS_PER_LOOK;
        assert!(after - before >= needed, "{name}: {} looks", after - before);
        // As long as before, but for the last points.
        let late = Ctx {
            deadline: Some(Duration::from_nanos((after + (after - before) - 1).into())),
            ..Ctx::default()
        };
        let error = read(&late).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{name}");
    }
    many_conditions_are_given_up(&collection, &clock);
}

/// Indexes answer a condition at once, whatever it costs, but are not asked about the next once the time is up.
fn many_conditions_are_given_up(collection: &Collection, clock: &Clock) {
    let condition = |number: u32| {
        let range = Range {
            gte: Some(f64::from(1 + number % 6)),
            ..Range::default()
        };
        Condition::Field(FieldCondition {
            path: path("n"),
            test: FieldTest::Range(range),
        })
    };
    let request = CountRequest {
        filter: Some(Filter {
            should: (0..CONDITIONS).map(condition).collect(),
            ..Filter::default()
        }),
    };
    let until = |more: u32| Ctx {
        deadline: Some(Duration::from_nanos(
            (clock.readings.load(Ordering::Relaxed) + more).into(),
        )),
        ..Ctx::default()
    };
    // All but every seventh, which are looked at if indexes are not asked about all conditions.
    let matching = POINTS as u64 - POINTS.div_ceil(7) as u64;
    assert_eq!(
        collection.count(&until(10 * CONDITIONS), &request).unwrap(),
        matching
    );
    let error = collection.count(&until(CONDITIONS / 2), &request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}
