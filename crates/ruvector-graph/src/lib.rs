//! The proximity graph (HNSW): insert, search, filtered search, carry-over to a new numbering. Knows no storage:
//! vectors and links come in through two traits. Never reads a clock, spawns a thread or panics on its input.
//!
//! Source of the algorithms: Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using
//! Hierarchical Navigable Small World graphs" (2016), cited below by algorithm number.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod access;
mod bytes;
pub mod carry;
mod coded;
mod exact;
pub mod fast;
mod live;
mod neighbor;
mod params;
pub mod plain;
mod pool;
mod scratch;
mod search;
mod select;
mod top_k;

pub use access::{Distance, DistanceOf, Entry, Links, Numbers, Space, Unreadable, Vectors};
pub use bytes::Bytes;
pub use carry::{CarryError, CarryOver};
pub use coded::CodedVectors;
pub use exact::exact;
pub use fast::{FastEncoder, FastError, FastGraph, FastLane, FastOutcome, FastScratch, FastSearch, Trial};
pub use live::{Found, InsertError, LiveGraph};
pub use neighbor::Neighbor;
pub use params::{GraphParams, LEVEL_MAX, M_MAX, M_MIN};
pub use plain::{PlainError, PlainGraph};
pub use scratch::Scratch;
pub use search::{Outcome, SearchParams, search};
pub use top_k::TopK;
