//! Inverted indexes of sparse vectors: built from the vectors of a segment into bytes, read where these lie, searched
//! exactly. Never knows files, rows or deletions: it speaks of ordinals only.
//!
//! Damaged bytes never panic and never answer wrongly: the caller then compares with the vectors themselves.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod build;
mod cursor;
mod dot;
mod format;
mod index;
mod pack;
mod search;
mod weights;

pub use build::{BuildPlan, IndexBuild};
pub use dot::dot;
pub use format::Malformed;
pub use index::{ListBytes, SparseIndex, Unreadable};
pub use search::{Searched, Sink};
pub use weights::{WeightType, idf};

/// The numbers of a query: dimensions ascending, each with its weight.
pub type Query = [(u32, f32)];
