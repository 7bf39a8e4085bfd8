//! Rotation and codes: what a fast graph keeps of a vector besides the vector, and the codes of whole vectors that
//! segments are scanned by. Knows no graph and no storage.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod byte_code;
mod code_row;
mod codes;
mod edge;
mod rotation;

pub use byte_code::{ByteCode, encode_bytes};
pub use code_row::{code_row_bytes, encode_code_row};
pub use codes::{
    BinaryEncoding, CodeError, CodeQuery, Compression, DecodeError, Encoder, Quantization, QueryPrecision,
    SAMPLE_ROWS_MAX, Space, TrainError, Width,
};
pub use edge::{EdgeScale, encode_edges};
pub use rotation::Rotation;
