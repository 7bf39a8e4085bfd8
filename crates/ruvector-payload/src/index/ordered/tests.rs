//! Goal: an ordered index answers exactly as evaluation does, and leaves nothing open where a field holds values of
//! the type it keeps. Method: random payloads, paths and conditions, every row compared; values and their order
//! against a plain list; every single bit of small indexes flipped.

use std::collections::BTreeMap;
use std::ops::Bound;

use ruvector_types::datetime::parse_micros;
use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, IndexKind, Map, Match, PayloadPath, PointId, Range,
    Step, Value,
};

use super::{IndexedValue, OrderedIndex};
use crate::compile::{Compiled, Field, Level, Node, Test};
use crate::index::{Index, IndexBuilder};
use crate::{PayloadRef, RowSet, Subject, compile, encode};
use generate::Draw;

#[allow(dead_code, reason = "shared with tests that use all of it")]
#[path = "../../../tests/payload/generate.rs"]
mod generate;

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

const KINDS: [IndexKind; 8] = [
    IndexKind::Integer {
        lookup: true,
        range: true,
    },
    IndexKind::Float,
    IndexKind::Datetime,
    IndexKind::Keyword,
    IndexKind::Uuid,
    IndexKind::Bool,
    IndexKind::Null,
    IndexKind::Geo,
];

fn build(kind: &IndexKind, steps: &[Step], rows: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = IndexBuilder::new(kind, steps);
    for (row, bytes) in (0..).zip(rows) {
        builder.push(row, PayloadRef::new(bytes).unwrap()).unwrap();
    }
    builder.finish(rows.len() as u32)
}

/// A random test, as compiled.
fn draw_test(draw: &mut Draw) -> Test {
    if draw.one_in(5) {
        let times = ["2024-01-01", "1969-12-31T23:59:59Z"].map(|text| parse_micros(text).unwrap());
        let mut bound = || draw.one_in(2).then(|| draw.of(&times) - 1 + draw.below(3) as i64);
        return Test::Datetime(Bounds {
            gt: bound(),
            gte: bound(),
            lt: bound(),
            lte: bound(),
        });
    }
    if draw.one_in(40) {
        return Test::Range(Range {
            lt: Some(f64::NAN),
            ..Range::default()
        });
    }
    compiled_test(draw.test())
}

fn compiled_test(test: FieldTest) -> Test {
    let path = PayloadPath::key("a");
    let compiled = compile(&Filter::must(Condition::Field(FieldCondition { path, test }))).unwrap();
    match compiled.root.must.first() {
        Some(Node::Field(field)) => field.test.clone(),
        other => panic!("compiled to {other:?}"),
    }
}

/// The filter that asks only this.
fn asking(steps: &[Step], test: &Test) -> Compiled {
    let field = Field {
        steps: steps.into(),
        test: test.clone(),
        wanted: true,
    };
    Compiled {
        root: Level {
            must: [Node::Field(field)].into(),
            should: Box::default(),
            must_not: Box::default(),
            min_should: None,
        },
    }
}

/// Some strings become times, some numbers NaN.
fn varied(value: Value, draw: &mut Draw) -> Value {
    match value {
        Value::String(text) if draw.one_in(2) => Value::from(match text.as_str() {
            "red" => "2024-01-01",
            "green" => "2024-01-01T00:00:00Z",
            "blue" => "1969-12-31T23:59:59Z",
            other => other,
        }),
        Value::Float(_) if draw.one_in(10) => Value::Float(f64::NAN),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| varied(item, draw)).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, item)| (key, varied(item, draw)))
                .collect(),
        ),
        other => other,
    }
}

/// A payload whose field `a` has values of the kind only, and no more than `values_max`.
fn uniform(kind: &IndexKind, values_max: usize, draw: &mut Draw) -> Map {
    let one = |draw: &mut Draw| loop {
        let value = draw.value(0);
        match (kind, &value) {
            (
                IndexKind::Integer { .. } | IndexKind::Float,
                Value::Int(_) | Value::UInt(_) | Value::Float(_),
            ) => break value,
            (IndexKind::Datetime, Value::String(_)) => break varied(value, draw),
            (IndexKind::Keyword | IndexKind::Uuid, Value::String(_)) => break value,
            (IndexKind::Bool, Value::Bool(_)) => break value,
            _ => {}
        }
    };
    let value = match draw.below(8) {
        0 => return Map::new(),
        1 => Value::Null,
        2 | 3 if values_max > 1 => Value::Array((0..draw.below(values_max + 1)).map(|_| one(draw)).collect()),
        _ => one(draw),
    };
    Map::from([("a".to_owned(), value)])
}

/// Whether the index must leave nothing open for a field that holds only values of its kind.
fn is_served(kind: &IndexKind, test: &Test) -> bool {
    match kind {
        IndexKind::Null | IndexKind::Geo => matches!(test, Test::NotEmpty | Test::HasNull),
        IndexKind::Datetime => matches!(
            test,
            Test::Datetime(_) | Test::Range(_) | Test::NotEmpty | Test::HasNull
        ),
        IndexKind::Keyword | IndexKind::Uuid => !matches!(test, Test::Datetime(_)),
        _ => true,
    }
}

fn compare(index: &Index<Vec<u8>>, steps: &[Step], test: &Test, rows: &[Vec<u8>], exact: bool, note: &str) {
    let Some(answer) = index.answer(test) else {
        assert!(!exact, "no answer: {note}");
        assert!(index.estimate(test).is_none() && index.checker(test).is_none());
        return;
    };
    let (check, estimate) = (index.checker(test).unwrap(), index.estimate(test).unwrap());
    let compiled = asking(steps, test);
    let mut matching = 0;
    for (row, bytes) in (0..).zip(rows) {
        let wanted = compiled.matches(&Row(PayloadRef::new(bytes).unwrap())).unwrap();
        let (sure, open) = (answer.sure.contains(row), answer.open.contains(row));
        assert!(!(sure && open), "both, row {row}: {note}");
        assert!(open || sure == wanted, "row {row} matches {wanted}: {note}");
        assert!(
            check(row).is_none_or(|checked| checked == wanted),
            "check of row {row}: {note}"
        );
        matching += u64::from(wanted);
    }
    let Index::Ordered(ordered) = index;
    if exact {
        assert!(answer.is_exact(), "{:?} left open: {note}", answer.open);
        if ordered.head.row_values_max <= 1 {
            assert!(
                (0..rows.len() as u32).all(|row| check(row).is_some()),
                "unchecked: {note}"
            );
            assert_eq!((estimate.min, estimate.max), (matching, matching), "{note}");
        }
    }
    assert!(
        (estimate.min..=estimate.max).contains(&matching),
        "{matching} {estimate:?}: {note}"
    );
    assert!(
        (estimate.min..=estimate.max).contains(&estimate.expected),
        "{estimate:?}: {note}"
    );
}

#[test]
fn answers_as_evaluation() {
    for seed in 0..6_000 {
        let mut draw = Draw::new(seed);
        let kind = &KINDS[draw.below(KINDS.len())];
        let is_uniform = draw.one_in(2) && !matches!(kind, IndexKind::Null | IndexKind::Geo);
        let values_max = draw.of(&[1, 1, 4]);
        let count = draw.of(&[0, 1, 5, 63, 64, 65, 130]);
        let rows: Vec<Vec<u8>> = (0..count)
            .map(|_| {
                let map = if is_uniform {
                    uniform(kind, values_max, &mut draw)
                } else {
                    draw.map(3)
                };
                let Value::Object(map) = varied(Value::Object(map), &mut Draw::new(seed)) else {
                    unreachable!()
                };
                encode(&map)
            })
            .collect();
        let path = if is_uniform {
            PayloadPath::key("a")
        } else {
            draw.path()
        };
        let steps = path.steps();
        let index = Index::open(build(kind, steps, &rows), count as u32).unwrap();
        for _ in 0..12 {
            let test = draw_test(&mut draw);
            let has_nan = rows
                .iter()
                .any(|row| row.windows(8).any(|bits| bits == f64::NAN.to_le_bytes()));
            let exact = is_uniform && !has_nan && is_served(kind, &test);
            let note = format!("seed {seed}, {kind:?}, {steps:?}, {test:?}");
            compare(&index, steps, &test, &rows, exact, &note);
        }
    }
}

/// Values of one row each, sorted by their kind's order, against the index's.
#[test]
fn values_and_order() {
    let words = ["", "a", "b", "ba", "é"];
    for seed in 0..300 {
        let mut draw = Draw::new(seed);
        let is_text = draw.one_in(2);
        let (rows, values_max) = (draw.below(80) as u32, draw.of(&[1, 3]));
        let mut model: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        let payloads: Vec<Vec<u8>> = (0..rows)
            .map(|row| {
                let values: Vec<i64> = (0..draw.below(values_max + 1))
                    .map(|_| draw.below(5) as i64)
                    .collect();
                for value in &values {
                    let rows = model.entry(*value).or_default();
                    if rows.last() != Some(&row) {
                        rows.push(row);
                    }
                }
                let value = |value: &i64| match (is_text, value % 2) {
                    (true, _) => Value::from(words[*value as usize]),
                    (false, 0) => Value::Int(*value),
                    (false, _) => Value::Float(*value as f64),
                };
                let list = Value::Array(values.iter().map(value).collect());
                encode(&Map::from([("a".to_owned(), list)]))
            })
            .collect();
        let kind = if is_text {
            IndexKind::Keyword
        } else {
            IndexKind::Float
        };
        let path = PayloadPath::key("a");
        let index = OrderedIndex::open(build(&kind, path.steps(), &payloads), rows).unwrap();
        let value = |value: i64| match is_text {
            true => IndexedValue::Str(words[value as usize]),
            false => IndexedValue::Int(value),
        };
        let some = RowSet::of(rows, (0..rows).filter(|row| row % 3 == 0));
        let values: Vec<_> = index.values().map(Result::unwrap).collect();
        assert_eq!(values.len(), model.len());
        for (found, (wanted, rows)) in values.iter().zip(&model) {
            assert_eq!(found.value, value(*wanted));
            assert_eq!(found.rows().unwrap().collect::<Vec<u32>>(), *rows);
            assert_eq!(found.count(), rows.len() as u64);
            assert_eq!(
                found.count_in(&some),
                Some(rows.iter().filter(|row| *row % 3 == 0).count() as u64)
            );
        }
        let pairs = || {
            model
                .iter()
                .flat_map(|(value, rows)| rows.iter().map(move |row| (*value, *row)))
        };
        for start in 0..5 {
            for (bound, descends, keep) in [
                (
                    Bound::Included(value(start)),
                    false,
                    (|at, start| at >= start) as fn(i64, i64) -> bool,
                ),
                (Bound::Excluded(value(start)), false, |at, start| at > start),
                (Bound::Included(value(start)), true, |at, start| at <= start),
                (Bound::Excluded(value(start)), true, |at, start| at < start),
                (Bound::Unbounded, true, |_, _| true),
            ] {
                let mut wanted: Vec<_> = pairs()
                    .filter(|(at, _)| keep(*at, start))
                    .map(|(at, row)| (value(at), row))
                    .collect();
                if descends {
                    wanted.reverse();
                }
                let found: Vec<_> = index
                    .in_order(bound, descends)
                    .unwrap()
                    .map(Result::unwrap)
                    .collect();
                assert_eq!(found, wanted);
            }
        }
        for row in 0..rows {
            let wanted = pairs().find(|(_, at)| *at == row).map(|(at, _)| value(at));
            assert!(index.value_of(row).is_none_or(|found| found == wanted));
            assert!(index.value_of(row).is_some() || values_max > 1);
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let any = |list: Vec<Match>| compiled_test(FieldTest::MatchAny(list));
    let mixed = || vec![Match::Integer(2), Match::Keyword("red".into()), Match::Bool(true)];
    let tests = [
        any(mixed()),
        compiled_test(FieldTest::MatchExcept(mixed())),
        Test::Range(Range {
            gte: Some(1.0),
            lt: Some(1e18),
            ..Range::default()
        }),
        Test::Datetime(Bounds {
            gte: Some(0),
            ..Bounds::default()
        }),
        Test::HasNull,
        Test::NotEmpty,
    ];
    let path = PayloadPath::key("a");
    let mut refused = 0;
    for (seed, kind) in (0..).zip(KINDS.iter().chain(&KINDS)) {
        let mut draw = Draw::new(seed);
        let values_max = if seed < 8 { 1 } else { 3 };
        let whole: Vec<Vec<u8>> = (0..20)
            .map(|row| match kind {
                IndexKind::Null | IndexKind::Geo => encode(&draw.map(2)),
                _ if row % 5 == 4 => encode(&Map::from([("a".to_owned(), draw.value(1))])),
                _ => encode(&uniform(kind, values_max, &mut draw)),
            })
            .collect();
        let bytes = build(kind, path.steps(), &whole);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match Index::open(flipped, whole.len() as u32) {
                Err(_) => refused += 1,
                Ok(index) => read_all(&index, &tests),
            }
        }
        for cut in 0..bytes.len() {
            assert!(Index::open(bytes[..cut].to_vec(), whole.len() as u32).is_err());
        }
    }
    assert!(refused > 1_000, "only {refused} refused");
}

fn read_all(index: &Index<Vec<u8>>, tests: &[Test]) {
    for test in tests {
        let _ = index.answer(test);
        let _ = index.estimate(test);
        if let Some(check) = index.checker(test) {
            (0..30).for_each(|row| {
                let _ = check(row);
            });
        }
    }
    let Index::Ordered(ordered) = index;
    for value in ordered.values().flatten() {
        let _ = value.rows().map(Iterator::count);
    }
    for descends in [false, true] {
        for start in [Bound::Unbounded, Bound::Excluded(IndexedValue::Int(2))] {
            let _ = ordered.in_order(start, descends).map(Iterator::count);
        }
    }
    (0..30).for_each(|row| {
        let _ = ordered.value_of(row);
    });
}
