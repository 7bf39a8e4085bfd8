//! Goal: an ordered index gives back its values, their rows and their order. Method: small models, from every start.

use std::collections::BTreeMap;
use std::ops::Bound;

use ruvector_types::{IndexKind, Map, PayloadPath, Value};

use super::build;
use super::generate::Draw;
use crate::index::{IndexedValue, OrderedIndex};
use crate::{RowSet, encode};

const WORDS: [&str; 5] = ["", "a", "b", "ba", "é"];

/// Numbers below five that stand for themselves or for words, and the rows that have them.
struct Model {
    is_text: bool,
    rows: u32,
    values_max: usize,
    postings: BTreeMap<i64, Vec<u32>>,
}

impl Model {
    /// A model and the payloads with its values in the field `a`.
    fn draw(draw: &mut Draw) -> (Model, Vec<Vec<u8>>) {
        let mut model = Model {
            is_text: draw.one_in(2),
            rows: draw.below(80) as u32,
            values_max: draw.of(&[1, 3]),
            postings: BTreeMap::new(),
        };
        let payload = |row| {
            let count = draw.below(model.values_max + 1);
            let values: Vec<i64> = (0..count).map(|_| draw.below(5) as i64).collect();
            for value in &values {
                let rows = model.postings.entry(*value).or_default();
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
            }
            let value = |value: &i64| match (model.is_text, value % 2) {
                (true, _) => Value::from(WORDS[*value as usize]),
                (false, 0) => Value::Int(*value),
                (false, _) => Value::Float(*value as f64),
            };
            let list = Value::Array(values.iter().map(value).collect());
            encode(&Map::from([("a".to_owned(), list)]))
        };
        let payloads = (0..model.rows).map(payload).collect();
        (model, payloads)
    }

    fn value(&self, value: i64) -> IndexedValue<'static> {
        match self.is_text {
            true => IndexedValue::Str(WORDS[value as usize]),
            false => IndexedValue::Int(value),
        }
    }

    fn pairs(&self) -> impl DoubleEndedIterator<Item = (i64, u32)> {
        let of_value = |(value, rows): (&i64, &Vec<u32>)| {
            let value = *value;
            rows.clone().into_iter().map(move |row| (value, row))
        };
        self.postings.iter().flat_map(of_value)
    }

    fn compare_values(&self, index: &OrderedIndex<Vec<u8>>) {
        let thirds = |rows: &[u32]| rows.iter().filter(|row| *row % 3 == 0).count() as u64;
        let some = RowSet::of(self.rows, (0..self.rows).filter(|row| row % 3 == 0));
        let values: Vec<_> = index.values().map(Result::unwrap).collect();
        assert_eq!(values.len(), self.postings.len());
        for (found, (wanted, rows)) in values.iter().zip(&self.postings) {
            assert_eq!(found.value, self.value(*wanted));
            assert_eq!(found.rows().unwrap().collect::<Vec<u32>>(), *rows);
            assert_eq!(found.count(), rows.len() as u64);
            assert_eq!(found.count_in(&some), Some(thirds(rows)));
        }
    }

    fn compare_order(&self, index: &OrderedIndex<Vec<u8>>, start: i64) {
        let value = self.value(start);
        type Keeps = fn(&i64, &i64) -> bool;
        let ways: [(_, _, Keeps); 6] = [
            (Bound::Included(value), false, i64::ge),
            (Bound::Excluded(value), false, i64::gt),
            (Bound::Included(value), true, i64::le),
            (Bound::Excluded(value), true, i64::lt),
            (Bound::Unbounded, false, |_, _| true),
            (Bound::Unbounded, true, |_, _| true),
        ];
        for (bound, descends, keeps) in ways {
            let kept = self.pairs().filter(|(at, _)| keeps(at, &start));
            let mut wanted: Vec<_> = kept.map(|(at, row)| (self.value(at), row)).collect();
            if descends {
                wanted.reverse();
            }
            let found = index.in_order(bound, descends).unwrap().map(Result::unwrap);
            assert_eq!(found.collect::<Vec<_>>(), wanted);
        }
    }
}

#[test]
fn values_and_order() {
    for seed in 0..300 {
        let (model, payloads) = Model::draw(&mut Draw::new(seed));
        let kind = if model.is_text {
            IndexKind::Keyword { prefix: false }
        } else {
            IndexKind::Float
        };
        let bytes = build(&kind, PayloadPath::key("a").steps(), &payloads);
        let index = OrderedIndex::open(bytes, model.rows).unwrap();
        model.compare_values(&index);
        (0..5).for_each(|start| model.compare_order(&index, start));
    }
}

#[test]
fn no_order_begins_without_a_place() {
    let payloads = [
        Value::Float(f64::NAN),
        Value::Int(1),
        Value::Null,
        Value::from("x"),
    ]
    .map(|value| encode(&Map::from([("a".to_owned(), value)])));
    let bytes = build(&IndexKind::Float, PayloadPath::key("a").steps(), &payloads);
    let index = OrderedIndex::open(bytes, 4).unwrap();
    assert!(
        index
            .in_order(Bound::Included(IndexedValue::Float(f64::NAN)), false)
            .is_none()
    );
    assert!(
        index
            .in_order(Bound::Included(IndexedValue::Str("x")), false)
            .is_none()
    );
}
