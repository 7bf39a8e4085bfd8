//! The bytes on disk: write-ahead log, components, sealed segments, manifests and the catalog.
//! Reaches every file through `ruvector-io`, never decides when to write, merge or delete.
//!
//! All formats are little-endian, of fixed width, versioned and checksummed; each file's head draws its bytes.
//! Decoders never panic on hostile bytes and never allocate from an unchecked length.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(target_endian = "big")]
compile_error!("the formats are read in place and little-endian");

mod catalog;
mod codes;
mod component;
mod datatypes;
mod deletes;
mod delta;
mod element;
mod field_numbers;
mod frame;
mod ids;
mod indexes;
mod log;
mod log_point;
mod manifest;
mod ordinals;
mod promote;
mod ragged;
mod record;
mod recover;
pub mod replay;
mod rows;
mod segment;
mod settings;
mod sparse_config;
mod swap;
#[cfg(test)]
mod testing;
mod vectors;
mod wire;
mod writer;

pub use catalog::{Catalog, CatalogEntry};
pub use codes::{CodeBlock, CodesWriter};
pub use component::{Component, Damage, OpenComponentError, ReadComponentError, ScrubProgress};
pub use deletes::Bitmap;
pub use delta::{PayloadVersion, RowMap};
pub use element::{Element, decoded, encoded};
pub use field_numbers::{FIRST_RAGGED, FieldNumbers};
pub use frame::{ComponentFault, ComponentKind};
pub use ids::{IdTable, encode_ids};
pub use indexes::{DeclaredIndex, SealedIndex};
pub use log::{AppendError, Log, OpenLogError, SyncTicket, TruncateError};
pub use log_point::LogPoint;
pub use manifest::{
    ComponentName, FieldEntry, IndexEntry, Manifest, RaggedEntry, SegmentEntry, file_name, remove_orphans,
};
pub use promote::Promotion;
pub use ragged::{RaggedBlock, RaggedRef, RaggedWriter};
pub use record::{DecodeRecordError, LogOperation, LogRecord, RECORD_BYTES_MAX};
pub use rows::{PayloadRows, PayloadRowsWriter};
pub use segment::{
    FieldDims, FieldOf, OpenSegmentError, SealedField, SealedRagged, SealedSegment, load_deletes, load_delta,
    put_at,
};
pub use swap::{LoadError, StoreError};
pub use vectors::{TypedVectors, VectorBlock, VectorsWriter};
pub use wire::Malformed;
pub use writer::{ComponentWriter, WriteComponentError, write_component};
