//! Field indexes: built from the payloads of a segment's rows into bytes, read where these lie. An index answers a
//! condition with the rows that surely match and those that must be looked at; so it need not understand every value
//! to be right.
//!
//! Damaged bytes never panic and never answer wrongly: the condition is then evaluated without the index.

mod build;
mod bytes;
mod geo;
pub(crate) mod leaves;
mod ordered;
mod presence;
mod row_list;
mod table;
mod text;
mod valued;

pub use build::IndexBuilder;
pub use bytes::IndexBytes;
pub use geo::GeoIndex;
pub use ordered::{InOrder, IndexedValue, OrderedIndex, RowCheck, ValueRows};
pub use text::{TextIndex, TextStats};
pub use valued::ValueTest;

use crate::Answer;
use crate::compile::Test;
use table::array_at;

/// Why bytes are not an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a field index: {rule} (at byte {at})")]
pub struct MalformedIndex {
    /// Where.
    pub at: u64,
    /// What is broken.
    pub rule: &'static str,
}

/// How many rows a condition matches, at least, most likely and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// No fewer.
    pub min: u64,
    /// The best guess.
    pub expected: u64,
    /// No more.
    pub max: u64,
}

/// An index of one field in one segment.
#[derive(Clone, Debug)]
pub enum Index<B> {
    /// Of numbers, strings, times or booleans, or of presence alone.
    Ordered(OrderedIndex<B>),
    /// Of places.
    Geo(GeoIndex<B>),
    /// Of words.
    Text(TextIndex<B>),
}

impl<B: IndexBytes> Index<B> {
    /// Opens the index of a segment of `rows` rows, of the kind that its first bytes name.
    pub fn open(bytes: B, rows: u32) -> Result<Index<B>, MalformedIndex> {
        match array_at(&bytes, 0) {
            Some(ordered::MAGIC) => OrderedIndex::open(bytes, rows).map(Index::Ordered),
            Some(geo::MAGIC) => GeoIndex::open(bytes, rows).map(Index::Geo),
            Some(text::MAGIC) => TextIndex::open(bytes, rows).map(Index::Text),
            _ => Err(MalformedIndex {
                at: 0,
                rule: "it does not begin as any index",
            }),
        }
    }

    /// The rows that pass. `None`: nothing is known, or damaged.
    pub(crate) fn answer(&self, test: &Test) -> Option<Answer> {
        match self {
            Index::Ordered(index) => index.answer(test),
            Index::Geo(index) => index.answer(test),
            Index::Text(index) => index.answer(test),
        }
    }

    /// How many rows pass. `None`: nothing is known, or damaged.
    pub(crate) fn estimate(&self, test: &Test) -> Option<Estimate> {
        match self {
            Index::Ordered(index) => index.estimate(test),
            Index::Geo(index) => index.estimate(test),
            Index::Text(index) => index.estimate(test),
        }
    }
}
