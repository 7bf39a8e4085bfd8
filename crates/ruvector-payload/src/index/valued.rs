//! Which rows have a value that an index of a kind is about: of rows that an index knows, from the index; of others, from
//! their payloads. Both say the same.

use std::ops::ControlFlow;

use ruvector_types::datetime::parse_micros;
use ruvector_types::{IndexKind, Step};

use super::leaves::{each_item, each_leaf};
use super::{Index, IndexBytes};
use crate::text::Analyzer;
use crate::{DecodeError, PayloadRef, RowSet, ValueRef, geo};

/// What an index is about, of one field.
#[derive(Clone, Debug)]
pub struct ValueTest {
    steps: Box<[Step]>,
    about: About,
}

#[derive(Clone, Debug)]
enum About {
    Numbers,
    Times,
    Strings,
    Bools,
    Places,
    /// Strings with a word.
    Words(Box<Analyzer>),
    /// Whatever is neither `null` nor `[]`.
    Anything,
}

impl ValueTest {
    /// Of the values that `steps` lead to.
    pub fn new(kind: &IndexKind, steps: &[Step]) -> ValueTest {
        let about = match kind {
            IndexKind::Integer { .. } | IndexKind::Float => About::Numbers,
            IndexKind::Datetime => About::Times,
            IndexKind::Keyword { .. } | IndexKind::Uuid => About::Strings,
            IndexKind::Bool => About::Bools,
            IndexKind::Geo => About::Places,
            IndexKind::Text(options) => About::Words(Box::new(Analyzer::new(options))),
            IndexKind::Null => About::Anything,
        };
        ValueTest {
            steps: steps.into(),
            about,
        }
    }

    /// Whether the payload has such a value; an error says that it is damaged.
    pub fn passes(&self, payload: PayloadRef<'_>) -> Result<bool, DecodeError> {
        let mut found = false;
        each_leaf(payload, &self.steps, &mut |leaf| {
            let is_empty = matches!(leaf, ValueRef::Array(items) if items.is_empty());
            if matches!(self.about, About::Anything) {
                found |= !is_empty && !matches!(leaf, ValueRef::Null);
                return Ok(());
            }
            each_item(leaf, |item| found = found || self.about.is_about(item))
        })?;
        Ok(found)
    }
}

impl About {
    fn is_about(&self, item: ValueRef<'_>) -> bool {
        match (self, item) {
            (About::Numbers, ValueRef::Int(_) | ValueRef::UInt(_) | ValueRef::Float(_)) => true,
            (About::Times, ValueRef::Str(text)) => parse_micros(text).is_some(),
            (About::Strings, ValueRef::Str(_)) | (About::Bools, ValueRef::Bool(_)) => true,
            (About::Places, item) => geo::place(item).is_some(),
            (About::Words(analyzer), ValueRef::Str(text)) => {
                let mut has_word = false;
                analyzer.terms(text, |_| {
                    has_word = true;
                    ControlFlow::Break(())
                });
                has_word
            }
            _ => false,
        }
    }
}

impl<B: IndexBytes> Index<B> {
    /// The rows with a value that the index is about, as [`ValueTest`] says of each. `None`: damaged.
    pub fn valued(&self) -> Option<RowSet> {
        match self {
            Index::Ordered(index) => index.valued(),
            Index::Geo(index) => index.valued(),
            Index::Text(index) => index.valued(),
        }
    }

    /// How many these are. `None`: damaged. Cost: mostly none, the heads know.
    pub fn valued_count(&self) -> Option<u64> {
        match self {
            Index::Ordered(index) => index.valued_count(),
            Index::Geo(index) => Some(index.valued_count()),
            Index::Text(index) => Some(index.valued_count()),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: an index of places or words and a look at the payload say the same of each row. Method: odd values alone, in
    //! arrays, and in arrays of arrays. (Of ordered values: ordered/tests/agreement.rs.)
    use ruvector_types::{IndexKind, Map, PayloadPath, TextOptions, Value};

    use super::ValueTest;
    use crate::index::{Index, IndexBuilder};
    use crate::{PayloadRef, encode};

    fn odd_values() -> Vec<Value> {
        let place = |lon: f64, lat: f64| {
            Value::Object(Map::from([
                ("lon".to_owned(), Value::Float(lon)),
                ("lat".to_owned(), Value::Float(lat)),
            ]))
        };
        let mut values: Vec<Value> = ["", " ", "!?", "the", "a word"].map(Value::from).into();
        values.extend([place(13.0, 52.0), place(181.0, 0.0), Value::Object(Map::new())]);
        values.extend([
            Value::Null,
            Value::Bool(false),
            Value::Int(0),
            Value::Array(vec![]),
        ]);
        let pairs = values
            .iter()
            .flat_map(|a| values.iter().map(move |b| [a.clone(), b.clone()]));
        let lists: Vec<Value> = pairs.map(|pair| Value::Array(pair.into())).collect();
        let nested = lists.iter().map(|list| Value::Array(vec![list.clone()]));
        nested.chain(lists.clone()).chain(values.clone()).collect()
    }

    #[test]
    fn indexes_and_payloads_agree() {
        let stop_words = ["the".to_owned()].into();
        let words = IndexKind::Text(TextOptions {
            stop_words,
            ..TextOptions::default()
        });
        let rows: Vec<Vec<u8>> = odd_values()
            .into_iter()
            .map(|value| encode(&Map::from([("a".to_owned(), value)])))
            .chain([encode(&Map::new())])
            .collect();
        for kind in [IndexKind::Geo, words, IndexKind::Null] {
            let mut found = 0;
            for path in ["a", "a[]", "a[0]", "a[][]", "b"] {
                let path = PayloadPath::parse(path).unwrap();
                let mut builder = IndexBuilder::new(&kind, path.steps());
                for (row, bytes) in (0..).zip(&rows) {
                    builder.push(row, PayloadRef::new(bytes).unwrap()).unwrap();
                }
                let count = rows.len() as u32;
                let index = Index::open(builder.finish(count), count).unwrap();
                let (valued, about) = (index.valued().unwrap(), ValueTest::new(&kind, path.steps()));
                for (row, bytes) in (0..).zip(&rows) {
                    let passes = about.passes(PayloadRef::new(bytes).unwrap()).unwrap();
                    assert_eq!(valued.contains(row), passes, "{kind:?} {path} {row}");
                }
                assert_eq!(index.valued_count(), Some(valued.count()), "{kind:?} {path}");
                found += valued.count();
            }
            assert!(found > 0 && found < 5 * rows.len() as u64, "{kind:?} {found}");
        }
    }
}
