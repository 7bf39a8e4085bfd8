//! Field indexes: built from the payloads of a segment's rows into bytes, read where these lie. An index answers a
//! condition with the rows that surely match and those that must be looked at; so it need not understand every value
//! to be right.
//!
//! Damaged bytes never panic and never answer wrongly: the condition is then evaluated without the index.

mod bytes;
mod geo;
mod leaves;
mod presence;
mod row_list;
mod table;
mod text;

pub use bytes::IndexBytes;
pub use geo::{GeoBuilder, GeoIndex};
pub use text::{TextBuilder, TextIndex, TextStats};

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
