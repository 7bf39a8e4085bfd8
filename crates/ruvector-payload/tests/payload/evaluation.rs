//! Goal: the compiled filter on bytes answers as the definition does on trees.
//! Method: a plain evaluator over `Value` trees, random payloads and filters; a table of fine points.

use ruvector_payload::{PayloadRef, Subject, compile, encode};
use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, Map, Match, PayloadPath, PointId, Range, Step,
    Text, Value,
};

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

/// Every value that the steps lead to.
fn values<'a>(value: &'a Value, steps: &[Step]) -> Vec<&'a Value> {
    let Some(step) = steps.first() else {
        return vec![value];
    };
    let inner: Vec<&Value> = match (step, value) {
        (Step::Key(key), Value::Object(map)) => map.get(key).into_iter().collect(),
        (Step::Index(index), Value::Array(items)) => items.get(*index as usize).into_iter().collect(),
        (Step::Each, Value::Array(items)) => items.iter().collect(),
        _ => Vec::new(),
    };
    inner
        .into_iter()
        .flat_map(|inner| values(inner, &steps[1..]))
        .collect()
}

fn equal(value: &Value, wanted: &Match) -> bool {
    match (value, wanted) {
        (Value::String(text), Match::Keyword(keyword)) => text == keyword,
        (Value::Int(number), Match::Integer(integer)) => number == integer,
        (Value::Float(number), Match::Integer(integer)) => {
            number.fract() == 0.0 && number.abs() < 1e30 && *number as i128 == i128::from(*integer)
        }
        (Value::Bool(flag), Match::Bool(wanted)) => flag == wanted,
        _ => false,
    }
}

/// An integer lies above a bound if it lies above the bound rounded down, and so on: no rounding of integers.
fn integer_within(number: i128, range: &Range) -> bool {
    range.gt.is_none_or(|bound| number > bound.floor() as i128)
        && range.gte.is_none_or(|bound| number >= bound.ceil() as i128)
        && range.lt.is_none_or(|bound| number < bound.ceil() as i128)
        && range.lte.is_none_or(|bound| number <= bound.floor() as i128)
}

fn field_matches(payload: &Value, condition: &FieldCondition) -> bool {
    let at_path = values(payload, condition.path.steps());
    let mut flat: Vec<&Value> = Vec::new();
    for value in &at_path {
        match value {
            Value::Array(items) => flat.extend(items),
            single => flat.push(single),
        }
    }
    match &condition.test {
        FieldTest::Match(wanted) => flat.iter().any(|value| equal(value, wanted)),
        FieldTest::MatchAny(list) => flat
            .iter()
            .any(|value| list.iter().any(|wanted| equal(value, wanted))),
        FieldTest::MatchExcept(list) => flat
            .iter()
            .any(|value| **value != Value::Null && !list.iter().any(|wanted| equal(value, wanted))),
        FieldTest::Range(range) => flat.iter().any(|value| match value {
            Value::Int(number) => integer_within((*number).into(), range),
            Value::UInt(number) => integer_within((*number).into(), range),
            Value::Float(number) => range.contain(number),
            _ => false,
        }),
        FieldTest::IsEmpty => at_path
            .iter()
            .all(|value| **value == Value::Null || **value == Value::Array(Vec::new())),
        FieldTest::IsNull => flat.contains(&&Value::Null),
        other => panic!("the generator never draws {other:?}"),
    }
}

fn condition_matches(payload: &Value, id: u64, condition: &Condition) -> bool {
    match condition {
        Condition::Field(field) => field_matches(payload, field),
        Condition::HasId(ids) => ids.contains(&PointId::Num(id)),
        Condition::HasVector(name) => name == "title",
        Condition::Filter(filter) => filter_matches(payload, id, filter),
        Condition::Nested { .. } => panic!("the generator never draws nested conditions"),
    }
}

fn filter_matches(payload: &Value, id: u64, filter: &Filter) -> bool {
    let count = |conditions: &[Condition]| {
        let holds = |condition: &&Condition| condition_matches(payload, id, condition);
        conditions.iter().filter(holds).count()
    };
    count(&filter.must) == filter.must.len()
        && count(&filter.must_not) == 0
        && (filter.should.is_empty() || count(&filter.should) > 0)
        && filter
            .min_should
            .as_ref()
            .is_none_or(|min| count(&min.conditions) >= min.min_count)
}

#[test]
fn compiled_filters_answer_as_the_definition() {
    let mut matching = 0;
    for seed in 0..60_000 {
        let mut draw = Draw::new(seed);
        let map = draw.map(3);
        let id = draw.below(4) as u64;
        let filter = match draw.below(2) {
            0 => draw.filter(2),
            _ => Filter::must(Condition::Field(FieldCondition {
                path: draw.path(),
                test: draw.test(),
            })),
        };
        let bytes = encode(&map);
        let payload = PayloadRef::new(&bytes).unwrap();
        let compiled = compile(&filter).unwrap();
        let got = compiled.matches(&Point { payload, id }).unwrap();
        let wanted = filter_matches(&Value::Object(map.clone()), id, &filter);
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

fn answers(payload: &Map, path: &str, test: FieldTest) -> bool {
    let path = PayloadPath::parse(path).unwrap();
    let filter = Filter::must(Condition::Field(FieldCondition { path, test }));
    let bytes = encode(payload);
    let payload = PayloadRef::new(&bytes).unwrap();
    compile(&filter)
        .unwrap()
        .matches(&Point { payload, id: 0 })
        .unwrap()
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

    let objects = of(Value::Array(vec![Value::Object(of(7.into()))]));
    let seven = || FieldTest::Match(Match::Integer(7));
    assert!(!answers(&objects, "a.a", seven()));
    assert!(answers(&objects, "a[].a", seven()));
    assert!(answers(&objects, "a[0].a", seven()));
    assert!(!answers(&objects, "a[1].a", seven()));
}

#[test]
fn what_is_not_served_is_named() {
    let field = |test| {
        let path = PayloadPath::key("a");
        Condition::Field(FieldCondition { path, test })
    };
    let fine = field(FieldTest::IsNull);
    let nested = Condition::Nested {
        path: PayloadPath::key("a"),
        filter: Box::default(),
    };
    let cases = [
        (
            field(FieldTest::Text(Text::All("x".into()))),
            "match.text",
            "text search",
        ),
        (
            field(FieldTest::DatetimeRange(Bounds::default())),
            "range",
            "a range of times",
        ),
        (
            field(FieldTest::ValuesCount(Bounds::default())),
            "values_count",
            "a count of values",
        ),
        (nested, "nested", "a nested condition"),
    ];
    for (condition, name, what) in cases {
        let inner = Filter {
            must_not: vec![fine.clone(), condition],
            ..Filter::default()
        };
        let filter = Filter::must(Condition::Filter(Box::new(inner)));
        let refused = compile(&filter).unwrap_err();
        assert_eq!(refused.place, format!("filter.must[0].must_not[1].{name}"));
        assert_eq!(refused.what, what);
    }
}
