//! Goal: an ordered index answers exactly as evaluation does, and leaves nothing open where a field holds values of
//! the type it keeps; what it says of single rows is the same. Method: random payloads, paths and conditions, every row compared.

use ruvector_types::datetime::parse_micros;
use ruvector_types::{Bounds, IndexKind, Map, PayloadPath, PointId, Range, Step, Value};

use super::generate::Draw;
use super::{KINDS, build, compiled_test, integers, uniform, varied};
use crate::compile::{Compiled, Field, Level, Node, Test};
use crate::index::leaves::each_leaf;
use crate::index::ordered::{Kept, OrderedBuilder};
use crate::index::{Index, ValueTest};
use crate::{PayloadRef, Subject, encode};

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

/// Whether the index must leave nothing open for a field that holds only values of its kind.
fn is_served(kind: &IndexKind, test: &Test) -> bool {
    if matches!(test, Test::Geo(_) | Test::ValuesCount(_) | Test::Exists) {
        return false;
    }
    match kind {
        IndexKind::Null => matches!(test, Test::NotEmpty | Test::HasNull),
        IndexKind::Datetime => matches!(
            test,
            Test::Datetime(_) | Test::Range(_) | Test::ExactRange(_) | Test::NotEmpty | Test::HasNull
        ),
        IndexKind::Integer { lookup, range } => match test {
            Test::Keyword(_) | Test::Integer(_) | Test::UInt(_) | Test::Bool(_) => *lookup,
            Test::AnyOf(_) | Test::NoneOf(_) => *lookup,
            Test::Range(_) | Test::ExactRange(_) => *range,
            _ => true,
        },
        IndexKind::Keyword { .. } | IndexKind::Uuid => {
            !matches!(test, Test::Datetime(_) | Test::Text(_) | Test::Contains(_))
        }
        _ => true,
    }
}

fn compare(index: &Index<Vec<u8>>, steps: &[Step], test: &Test, rows: &[Vec<u8>], exact: bool, note: &str) {
    let Some(answer) = index.answer(test) else {
        assert!(!exact, "no answer: {note}");
        assert!(index.estimate(test).is_none());
        return;
    };
    let estimate = index.estimate(test).unwrap();
    let compiled = asking(steps, test);
    let mut matching = 0;
    for (row, bytes) in (0..).zip(rows) {
        let wanted = compiled.matches(&Row(PayloadRef::new(bytes).unwrap())).unwrap();
        let (sure, open) = (answer.sure.contains(row), answer.open.contains(row));
        assert!(!(sure && open), "both, row {row}: {note}");
        assert!(open || sure == wanted, "row {row} matches {wanted}: {note}");
        matching += u64::from(wanted);
    }
    let Index::Ordered(ordered) = index else {
        panic!("another kind");
    };
    if let Some(check) = ordered.check(test) {
        assert!(answer.is_exact() && check.rows() == answer.sure, "{note}");
        assert_eq!(
            (check.count(), answer.sure.count()),
            (matching, matching),
            "{note}"
        );
        let rows_max = rows.len() as u32 + 70;
        assert!(
            (0..rows_max).all(|row| check.contains(row) == answer.sure.contains(row)),
            "{note}"
        );
        let mut listed: Vec<u32> = check.listed().collect();
        listed.sort_unstable();
        assert!(listed.into_iter().eq(answer.sure.iter()), "{note}");
    }
    if exact {
        assert!(answer.is_exact(), "{:?} left open: {note}", answer.open);
        if ordered.head.row_values_max <= 1 {
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

fn draw_rows(kind: &IndexKind, is_uniform: bool, seed: u64, draw: &mut Draw) -> Vec<Vec<u8>> {
    let values_max = draw.of(&[1, 1, 4]);
    let count = draw.of(&[0, 1, 5, 63, 64, 65, 130]);
    let row = |_| {
        let map = match is_uniform {
            true => uniform(kind, values_max, draw),
            false => draw.map(3),
        };
        match varied(Value::Object(map), &mut Draw::new(seed)) {
            Value::Object(map) => encode(&map),
            other => panic!("an object became {other:?}"),
        }
    };
    (0..count).map(row).collect()
}

fn has_nan(row: &[u8]) -> bool {
    row.windows(8).any(|bits| bits == f64::NAN.to_le_bytes())
}

#[test]
fn answers_as_evaluation() {
    for seed in 0..6_000 {
        let mut draw = Draw::new(seed);
        let kind = &KINDS[draw.below(KINDS.len())];
        let is_uniform = draw.one_in(2) && !matches!(kind, IndexKind::Null);
        let rows = draw_rows(kind, is_uniform, seed, &mut draw);
        let path = if is_uniform {
            PayloadPath::key("a")
        } else {
            draw.path()
        };
        let steps = path.steps();
        let is_full = draw.one_in(8);
        let bytes = match is_full {
            true => build_full(kind, steps, &rows, draw.below(20)),
            false => build(kind, steps, &rows),
        };
        let index = Index::open(bytes, rows.len() as u32).unwrap();
        for _ in 0..12 {
            let test = draw_test(&mut draw);
            let exact =
                is_uniform && !is_full && is_served(kind, &test) && !rows.iter().any(|row| has_nan(row));
            let note = format!("seed {seed}, {kind:?}, {steps:?}, {test:?}");
            compare(&index, steps, &test, &rows, exact, &note);
        }
        let (valued, about) = (index.valued().unwrap(), ValueTest::new(kind, steps));
        for (row, bytes) in (0..).zip(&rows) {
            let passes = about.passes(PayloadRef::new(bytes).unwrap()).unwrap();
            assert_eq!(valued.contains(row), passes, "seed {seed}, {kind:?}, row {row}");
        }
        assert_eq!(
            index.valued_count(),
            Some(valued.count()),
            "seed {seed}, {kind:?}"
        );
        let Index::Ordered(ordered) = index else {
            panic!("another kind");
        };
        let others: u64 = ordered.others.iter().map(|list| list.count()).sum();
        assert!(others == 0 || !matches!(kind, IndexKind::Null));
    }
}

/// The index of a builder that holds so few values that many are left to be looked at.
fn build_full(kind: &IndexKind, steps: &[Step], rows: &[Vec<u8>], pairs_max: usize) -> Vec<u8> {
    let kept = match kind {
        IndexKind::Integer { .. } | IndexKind::Float => Kept::Numbers,
        IndexKind::Datetime => Kept::Times,
        IndexKind::Keyword { .. } | IndexKind::Uuid => Kept::Strings,
        IndexKind::Bool => Kept::Bools,
        IndexKind::Null | IndexKind::Geo | IndexKind::Text(_) => Kept::Nothing,
    };
    let mut builder = OrderedBuilder::holding(kept, pairs_max);
    for (row, bytes) in (0..).zip(rows) {
        let payload = PayloadRef::new(bytes).unwrap();
        each_leaf(payload, steps, &mut |leaf| builder.push(row, leaf)).unwrap();
    }
    builder.finish(rows.len() as u32)
}

/// Goal: an integer index answers what it was declared for and nothing else, and keeps no ranks if it is not to answer
/// ranges. Method: each pair of options, its answers and its length.
#[test]
fn options_of_integers() {
    let rows: Vec<Vec<u8>> = (0..100)
        .map(|n| encode(&Map::from([("a".to_owned(), Value::Int(n % 10))])))
        .collect();
    let path = PayloadPath::key("a");
    let equal = Test::Integer(3);
    let below = Test::Range(Range {
        lt: Some(3.0),
        ..Range::default()
    });
    let mut lengths = Vec::new();
    for (lookup, range) in [(true, true), (false, true), (true, false)] {
        let bytes = build(&integers(lookup, range), path.steps(), &rows);
        lengths.push(bytes.len());
        let index = Index::open(bytes, 100).unwrap();
        let found = |test| index.answer(test).map(|answer| answer.sure.count());
        assert_eq!(found(&equal), lookup.then_some(10));
        assert_eq!(found(&below), range.then_some(30));
        assert_eq!(found(&Test::NotEmpty), Some(100));
    }
    assert_eq!(lengths[1], lengths[0]);
    assert_eq!(lengths[2], lengths[0] - 4 * rows.len());
}
