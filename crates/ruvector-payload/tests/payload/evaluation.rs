//! Goal: the compiled filter on bytes answers as the definition does on trees.
//! Method: a plain evaluator over `Value` trees, random payloads and filters; a table of fine points.

use std::cell::RefCell;

use ruvector_payload::{PayloadRef, Subject, compile, compile_with, encode};
use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, Map, Match, PayloadPath, PointId, Range, Text,
    TextOptions, Value,
};

use crate::definition::{filter_matches, is_text};
use crate::generate::Draw;

pub(crate) struct Point<'a> {
    pub(crate) payload: PayloadRef<'a>,
    pub(crate) id: u64,
}

impl Subject for Point<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.payload
    }

    fn is_id_in(&self, ids: &[PointId]) -> bool {
        assert!(
            ids.windows(2).all(|pair| pair[0] < pair[1]),
            "{ids:?} are not sorted"
        );
        ids.binary_search(&PointId::Num(self.id)).is_ok()
    }

    fn has_vector(&self, name: &str) -> bool {
        name == "title"
    }
}

#[test]
fn compiled_filters_answer_as_the_definition() {
    let mut matching = 0;
    for seed in 0..60_000 {
        let mut draw = Draw::new(seed);
        let map = draw.map(3);
        let id = draw.below(4) as u64;
        let filter = match draw.below(4) {
            0 | 1 => draw.filter(2),
            2 => Filter::must(draw.nested(1)),
            _ => Filter::must(Condition::Field(FieldCondition {
                path: draw.path(),
                test: draw.test(),
            })),
        };
        let bytes = encode(&map);
        let payload = PayloadRef::new(&bytes).unwrap();
        let compiled = compile(&filter);
        let got = compiled.matches(&Point { payload, id }).unwrap();
        let wanted = filter_matches(&Value::Object(map.clone()), Some(id), &filter);
        assert_eq!(
            got, wanted,
            "seed {seed}\nid {id}\npayload {map:?}\nfilter {filter:#?}"
        );
        matching += usize::from(got);
        if !compiled.reads_payload() {
            let payload = PayloadRef::EMPTY;
            assert_eq!(compiled.matches(&Point { payload, id }), Ok(got), "seed {seed}");
        }
    }
    assert!(
        (6_000..54_000).contains(&matching),
        "{matching} of 60,000 matched: a poor mix"
    );
}

#[test]
fn texts_without_an_index() {
    for seed in 0..2_000 {
        let mut draw = Draw::new(seed);
        let (value, text) = (draw.value(0), draw.text());
        let wanted = matches!(&value, Value::String(value) if is_text(value, &text));
        let payload = Map::from([("a".to_owned(), Value::Array(vec![Value::Null, value]))]);
        let test = FieldTest::Text(text);
        assert_eq!(
            answers(&payload, "a", test.clone()),
            wanted,
            "{payload:?} {test:?}"
        );
    }
}

#[test]
fn text_options_are_those_of_the_whole_path() {
    let text = |path: &str| {
        Condition::Field(FieldCondition {
            path: PayloadPath::parse(path).unwrap(),
            test: FieldTest::Text(Text::Any("x".into())),
        })
    };
    let inner = Condition::Nested {
        path: PayloadPath::parse("b[]").unwrap(),
        filter: Box::new(Filter::must(text("c.d"))),
    };
    let nested = Condition::Nested {
        path: PayloadPath::key("a"),
        filter: Box::new(Filter {
            must: vec![inner],
            should: vec![text("e[]")],
            ..Filter::default()
        }),
    };
    let asked = RefCell::new(Vec::new());
    compile_with(&Filter::must_not(nested), &|steps| {
        asked.borrow_mut().push(steps.to_vec());
        TextOptions::default()
    });
    let wanted = ["a[].b[].c.d", "a[].e[]"].map(|path| PayloadPath::parse(path).unwrap().steps().to_vec());
    assert_eq!(*asked.borrow(), wanted);
}

fn answers(payload: &Map, path: &str, test: FieldTest) -> bool {
    let path = PayloadPath::parse(path).unwrap();
    let filter = Filter::must(Condition::Field(FieldCondition { path, test }));
    let bytes = encode(payload);
    let payload = PayloadRef::new(&bytes).unwrap();
    compile(&filter).matches(&Point { payload, id: 0 }).unwrap()
}

#[test]
fn fine_points() {
    let of = |value: Value| Map::from([("a".to_owned(), value)]);
    let nothing = Map::new();
    let none = || Value::Array(vec![]);
    let except = || FieldTest::MatchExcept(vec![Match::Integer(1)]);
    assert!(!answers(&nothing, "a", except()));
    assert!(!answers(&of(Value::Null), "a", except()));
    assert!(!answers(&of(none()), "a", except()));
    assert!(!answers(&of(1.0.into()), "a", except()));
    assert!(answers(
        &of(Value::Array(vec![1.into(), 2.into()])),
        "a",
        except()
    ));
    assert!(answers(&of("1".into()), "a", except()));

    let nulls = || Value::Array(vec![Value::Null]);
    assert!(answers(&nothing, "a", FieldTest::IsEmpty));
    assert!(answers(&nothing, "a[]", FieldTest::IsEmpty));
    assert!(answers(&of(none()), "a", FieldTest::IsEmpty));
    assert!(answers(&of(nulls()), "a[]", FieldTest::IsEmpty));
    assert!(!answers(&of(nulls()), "a", FieldTest::IsEmpty));
    assert!(!answers(&of(false.into()), "a", FieldTest::IsEmpty));
    assert!(answers(&of(nulls()), "a", FieldTest::IsNull));
    assert!(!answers(&nothing, "a", FieldTest::IsNull));

    // 2^53 + 1 rounds to 2^53 as f64; u64::MAX rounds to 2^64.
    let above = |bound: f64| {
        FieldTest::Range(Range {
            gt: Some(bound),
            ..Range::default()
        })
    };
    let below = |bound: f64| {
        FieldTest::Range(Range {
            lt: Some(bound),
            ..Range::default()
        })
    };
    assert!(answers(&of(((1 << 53) + 1).into()), "a", above(2f64.powi(53))));
    assert!(answers(&of(Value::UInt(u64::MAX)), "a", below(2f64.powi(64))));
    assert!(answers(&of(i64::MAX.into()), "a", below(2f64.powi(63))));
    assert!(!answers(&of(1.into()), "a", above(f64::NAN)));

    let count = |least: u64, most: u64| {
        FieldTest::ValuesCount(Bounds {
            gte: Some(least),
            lte: Some(most),
            ..Bounds::default()
        })
    };
    assert!(answers(&nothing, "a", count(0, 0)));
    assert!(answers(&of(Value::Null), "a", count(0, 0)));
    assert!(answers(&of(none()), "a", count(0, 0)));
    assert!(answers(&of(none()), "a[]", count(0, 0)));
    assert!(answers(&of(nulls()), "a", count(1, 1)));
    assert!(!answers(&of(nulls()), "a", count(0, 0)));
    assert!(answers(&of("abc".into()), "a", count(1, 1)));

    let uint = |number: u64| FieldTest::Match(Match::from_u64(number));
    assert!(answers(&of(Value::UInt(u64::MAX)), "a", uint(u64::MAX)));
    assert!(!answers(&of(Value::UInt(u64::MAX - 1)), "a", uint(u64::MAX)));
    assert!(answers(&of(2f64.powi(63).into()), "a", uint(1 << 63)));
    assert!(!answers(&of(2f64.powi(64).into()), "a", uint(u64::MAX)));

    let objects = of(Value::Array(vec![Value::Object(of(7.into()))]));
    let seven = || FieldTest::Match(Match::Integer(7));
    assert!(!answers(&objects, "a.a", seven()));
    assert!(answers(&objects, "a[].a", seven()));
    assert!(answers(&objects, "a[0].a", seven()));
    assert!(!answers(&objects, "a[1].a", seven()));
}
