//! Rotation and codes: what a fast graph keeps of a vector besides the vector. Knows no graph and no storage.

mod byte_code;
mod code_row;
mod edge;
mod rotation;

pub use byte_code::{ByteCode, encode_bytes};
pub use code_row::{code_row_bytes, encode_code_row};
pub use edge::{EdgeScale, encode_edges};
pub use rotation::Rotation;
