//! Rotation and codes: what a fast graph keeps of a vector besides the vector. Knows no graph and no storage.

mod byte_code;
mod edge;
mod rotation;

pub use byte_code::{ByteCode, encode_bytes};
pub use edge::{EdgeScale, encode_edges};
pub use rotation::Rotation;
