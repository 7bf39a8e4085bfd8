//! Goal: damaged bytes are refused or answered, and never panic. Method: every single bit of small indexes flipped, and
//! every cut, with all that reads them.

use std::ops::Bound;

use ruvector_types::{Bounds, FieldTest, IndexKind, Map, Match, PayloadPath, Range};

use super::generate::Draw;
use super::{KINDS, build, compiled_test, uniform};
use crate::compile::Test;
use crate::encode;
use crate::index::{Index, IndexedValue};

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
        let values_max = if seed <= KINDS.len() as u64 { 1 } else { 3 };
        let whole: Vec<Vec<u8>> = (0..20)
            .map(|row| match kind {
                IndexKind::Null => encode(&draw.map(2)),
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

/// Goal: an index that lacks spellings of times which are read now is not believed; others of its age are. Method: the
/// version of small indexes set back.
#[test]
fn old_indexes_of_times_are_refused() {
    let path = PayloadPath::key("a");
    for kind in &KINDS {
        let mut bytes = build(
            kind,
            path.steps(),
            &[encode(&uniform(kind, 1, &mut Draw::new(1)))],
        );
        for version in 1..3_u16 {
            bytes[4..6].copy_from_slice(&version.to_le_bytes());
            let is_refused = Index::open(bytes.clone(), 1).is_err();
            assert_eq!(
                is_refused,
                *kind == IndexKind::Datetime,
                "{kind:?} of version {version}"
            );
        }
    }
}

fn read_all(index: &Index<Vec<u8>>, tests: &[Test]) {
    for test in tests {
        let _ = index.answer(test);
        let _ = index.estimate(test);
    }
    let Index::Ordered(ordered) = index else {
        panic!("another kind");
    };
    for value in ordered.values().flatten() {
        let _ = value.rows().map(Iterator::count);
    }
    for descends in [false, true] {
        for start in [Bound::Unbounded, Bound::Excluded(IndexedValue::Int(2))] {
            let _ = ordered.in_order(start, descends).map(Iterator::count);
        }
    }
}
