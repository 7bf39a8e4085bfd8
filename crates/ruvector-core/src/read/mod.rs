//! The read path: every read works on one immutable view. Never takes a lock that a writer holds for long.

mod answer;
mod breadth;
mod code_use;
mod codes;
mod compiled;
mod costs;
mod facet;
mod fast;
mod fetch;
mod get;
mod idf;
mod kept;
mod known;
mod lists;
mod matching;
mod nearest;
mod observe;
mod order;
mod pace;
mod plain;
mod plan;
mod query;
mod ragged;
mod scroll;
mod sealed;
mod search;
mod sieve;
mod text;
mod text_rows;
mod top;
mod values;

pub(crate) use compiled::{CompiledFilter, compile_filter, row_matches};
pub(crate) use costs::Costs;
pub(crate) use kept::KeptFilters;
pub(crate) use matching::{matching_rows, take_away_deleted};
