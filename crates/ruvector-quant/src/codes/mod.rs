//! Codes of whole vectors, for scanning a segment: one encoder a field and segment, rows of fixed length, queries that
//! may be sharper than the codes. Knows no files, clock or threads; the same input gives the same bytes on every CPU.

mod bytes;
mod config;
mod encoder;
mod error;
mod hash;
mod itq;
mod kmeans;
mod levels;
mod linear;
mod pack;
mod product;
mod query;
mod random;
mod rotated;
mod scalar;

pub use config::{BinaryEncoding, Compression, Quantization, QueryPrecision, Space, Width};
pub use encoder::{Encoder, SAMPLE_ROWS_MAX};
pub use error::{CodeError, DecodeError, TrainError};
pub use query::CodeQuery;
