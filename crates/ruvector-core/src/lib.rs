//! The embedded vector database: open a folder, create collections, write, search. Synchronous; wire formats and
//! async code never enter here, and files, clock and threads are reached through `ruvector-io` only.
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![deny(missing_docs)]

mod active;
mod active_field;
mod active_ragged;
mod aliases;
mod arena;
mod collection;
mod commit;
mod context;
mod database;
mod error;
mod fields;
mod indexed_points;
mod indexes;
mod info;
mod kernels;
mod maintenance;
mod open;
mod optimize;
mod options;
mod read;
mod reconfigure;
mod schema;
mod shard;
mod trace;
mod vector_fields;
mod view;
mod write;

pub use collection::Collection;
pub use context::Ctx;
pub use database::Database;
pub use error::{Error, ErrorKind};
pub use indexes::IndexInfo;
pub use info::{CollectionInfo, ShardInfo, Status};
pub use options::{DatabaseOptions, Wait, WriteOutcome};
/// The vocabulary: ids, values, vectors, filters, queries, operations, configurations, limits.
pub use ruvector_types as types;
pub use trace::{FilterTrace, SegmentTrace, Trace, Way};
pub use view::Snapshot;
