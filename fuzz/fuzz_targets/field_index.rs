//! Field indexes: any bytes are refused or asked everything without panic, whole and with some bytes changed; an index
//! that was built answers as evaluation does. Never touches a file.
#![no_main]

use std::ops::Bound;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ruvector_payload::index::{Index, IndexBuilder, IndexedValue};
use ruvector_payload::text::Bm25;
use ruvector_payload::{Compiled, Indexed, PayloadRef, RowSet, Subject, compile_with, encode};
use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, GeoPolygon, IndexKind, Map, Match,
    PayloadPath, PointId, Step, Text, TextOptions, Value,
};

const STRINGS: [&str; 8] = [
    "a hare runs",
    "hare",
    "the hare and the tortoise run",
    "2024-02-29T12:30:00Z",
    "1969-12-31",
    "été",
    "",
    "zz a zz",
];
const TERMS: [&str; 3] = ["a", "hare", "zz"];

fn options() -> TextOptions {
    TextOptions {
        phrases: true,
        ..TextOptions::default()
    }
}

static FILTERS: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    let strings = |list: &[&str]| {
        let keyword = |text: &&str| Match::Keyword((*text).to_owned());
        list.iter().map(keyword).collect::<Vec<_>>()
    };
    let corner = |lon, lat| GeoPoint { lon, lat };
    let ring = [(-20.0, -20.0), (30.0, -10.0), (10.0, 40.0), (-20.0, -20.0)];
    let numbers = Bounds {
        gt: Some(-3.0),
        lte: Some(40.0),
        ..Bounds::default()
    };
    let times = Bounds {
        gte: Some(0),
        ..Bounds::default()
    };
    let tests = [
        FieldTest::Match(Match::Keyword("hare".to_owned())),
        FieldTest::Match(Match::Integer(7)),
        FieldTest::Match(Match::Bool(true)),
        FieldTest::MatchAny(strings(&["été", "hare"])),
        FieldTest::MatchExcept([1, 2, 3].map(Match::Integer).to_vec()),
        FieldTest::StartsWith("a h".to_owned()),
        FieldTest::Text(Text::All("hare the".to_owned())),
        FieldTest::Text(Text::Any("zz tortoise".to_owned())),
        FieldTest::Text(Text::Phrase("the hare".to_owned())),
        FieldTest::Text(Text::Prefix("a ru".to_owned())),
        FieldTest::Range(numbers),
        FieldTest::DatetimeRange(times),
        FieldTest::GeoRadius {
            center: corner(5.0, 5.0),
            radius_m: 2e6,
        },
        FieldTest::GeoBoundingBox {
            top_left: corner(170.0, 60.0),
            bottom_right: corner(-100.0, -60.0),
        },
        FieldTest::GeoPolygon(GeoPolygon {
            exterior: ring.iter().map(|(lon, lat)| corner(*lon, *lat)).collect(),
            interiors: Vec::new(),
        }),
        FieldTest::IsEmpty,
        FieldTest::IsNull,
    ];
    let condition = |test| {
        Condition::Field(FieldCondition {
            path: PayloadPath::key("a"),
            test,
        })
    };
    let filters = tests.into_iter().flat_map(|test| {
        let not = Filter {
            must_not: vec![condition(test.clone())],
            ..Filter::default()
        };
        [Filter::must(condition(test)), not]
    });
    filters
        .map(|filter| compile_with(&filter, &|_| options()))
        .collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((&[choice, rows], body)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    if choice & 0x80 != 0 {
        if let Ok(index) = Index::open(body.to_vec(), rows.into()) {
            ask(&Segment {
                index,
                rows: rows.into(),
            });
        }
        return;
    }
    let integer = IndexKind::Integer {
        lookup: true,
        range: true,
    };
    let kinds = [
        integer,
        IndexKind::Keyword { prefix: false },
        IndexKind::Datetime,
        IndexKind::Bool,
        IndexKind::Null,
        IndexKind::Geo,
        IndexKind::Text(options()),
    ];
    let (values, changes) = body.split_at(body.len() - body.len() / 4);
    let payloads: Vec<Vec<u8>> = values.chunks(3).take(rows.into()).map(payload).collect();
    let mut builder = IndexBuilder::new(
        &kinds[usize::from(choice) % kinds.len()],
        PayloadPath::key("a").steps(),
    );
    for (row, payload) in (0..).zip(&payloads) {
        let payload = PayloadRef::new(payload).expect("written by us");
        builder.push(row, payload).expect("written by us");
    }
    let rows = payloads.len() as u32;
    let mut built = builder.finish(rows);
    let index = Index::open(built.clone(), rows).expect("built by us");
    agrees(&Segment { index, rows }, &payloads);
    for change in changes.chunks_exact(3).take(8) {
        let at = u16::from_le_bytes([change[0], change[1]]);
        let at = usize::from(at) % built.len();
        built[at] ^= change[2];
    }
    if let Ok(index) = Index::open(built, rows) {
        ask(&Segment { index, rows });
    }
});

fn payload(bytes: &[u8]) -> Vec<u8> {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    let one = |number: u8| match number % 8 {
        0 => Value::Null,
        1 => Value::Bool(number > 99),
        2 => Value::Int(i64::from(number) - 100),
        3 => Value::Float(f64::from(number) / 8.0 - 10.0),
        4 | 5 => Value::from(STRINGS[usize::from(number / 8) % 8]),
        _ => Value::Object(Map::from([
            ("lon".to_owned(), Value::Float(f64::from(number) * 1.5 - 180.0)),
            ("lat".to_owned(), Value::Int(i64::from(number % 181) - 90)),
        ])),
    };
    let value = match byte(0) % 4 {
        0 => return encode(&Map::new()),
        1 => Value::Array(vec![one(byte(1)), one(byte(2))]),
        _ => one(byte(1)),
    };
    encode(&Map::from([("a".to_owned(), value)]))
}

struct Segment {
    index: Index<Vec<u8>>,
    rows: u32,
}

impl Indexed for Segment {
    type Bytes = Vec<u8>;

    fn rows(&self) -> u32 {
        self.rows
    }

    fn index(&self, _: &[Step]) -> Option<&Index<Vec<u8>>> {
        Some(&self.index)
    }

    fn rows_of(&self, _: &[PointId]) -> RowSet {
        RowSet::none(self.rows)
    }

    fn rows_with_vector(&self, _: &str) -> Option<RowSet> {
        None
    }

    fn changed(&self) -> impl Iterator<Item = u32> {
        std::iter::empty()
    }
}

struct Row<'a>(PayloadRef<'a>);

impl Subject for Row<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.0
    }

    fn is_id_in(&self, _: &[PointId]) -> bool {
        false
    }

    fn has_vector(&self, _: &str) -> bool {
        false
    }
}

fn agrees(segment: &Segment, payloads: &[Vec<u8>]) {
    ask(segment);
    for filter in FILTERS.iter() {
        let (answer, estimate) = (filter.answer(segment), filter.estimate(segment));
        let mut matching = 0;
        for (row, payload) in (0..).zip(payloads) {
            let payload = PayloadRef::new(payload).expect("written by us");
            let matches = filter.matches(&Row(payload)).expect("written by us");
            let is_open = answer.open.contains(row);
            assert!(
                is_open || answer.sure.contains(row) == matches,
                "row {row}: {filter:?}"
            );
            matching += u64::from(matches);
        }
        assert!(
            (estimate.min..=estimate.max).contains(&matching),
            "{matching} {estimate:?}: {filter:?}"
        );
    }
}

/// Everything there is to ask.
fn ask(segment: &Segment) {
    for filter in FILTERS.iter() {
        let answer = filter.answer(segment);
        let count = answer.sure.count() + answer.open.count();
        assert!(count <= 2 * u64::from(segment.rows));
        let _ = filter.estimate(segment);
    }
    match &segment.index {
        Index::Ordered(index) => {
            let some = RowSet::all(segment.rows);
            for value in index.values().take(300).flatten() {
                let _ = (value.count(), value.count_in(&some));
            }
            for start in [
                Bound::Unbounded,
                Bound::Included(IndexedValue::Int(2)),
                Bound::Excluded(IndexedValue::Str("b")),
            ] {
                for descends in [false, true] {
                    let _ = index
                        .in_order(start, descends)
                        .map(|order| order.take(1_000).count());
                }
            }
        }
        Index::Text(index) => {
            let stats = index.stats(&TERMS);
            let weights = TERMS.map(|term| (term, 1.5));
            let mut seen = 0;
            let scored = index.scored(&weights, &Bm25::new(2.5), &mut |row, score| {
                assert!(row < segment.rows && !score.is_nan());
                seen += 1;
            });
            assert!(seen <= segment.rows && (stats.is_some() || scored.is_none()));
        }
        Index::Geo(_) => {}
    }
}
