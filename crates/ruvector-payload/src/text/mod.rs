//! Text: how it is cut into words, and whether the words of a value are those that a condition asks for. Never looks
//! at more than one value at a time; see `docs/adr/0009-text-analysis.md` for the choice of libraries.
//!
//! A condition without any word (empty, or stop words only) matches nothing.

mod analyzer;
mod bm25;
mod fold;
mod language;
mod sparse;
mod stop_lists;
mod test;
#[cfg(test)]
mod tests;

pub(crate) use analyzer::Memo;
pub use analyzer::{Analyzer, PREFIX_CHARS_MAX};
pub use bm25::{Bm25, TermCounter, idf};
pub use language::{UnservedText, check, has_stemmer, has_stop_words};
pub use sparse::{Bm25Encoder, Bm25Factors};
pub(crate) use test::{Last, Phrase, TextTest, Wanted, Words};
