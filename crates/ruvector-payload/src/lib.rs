//! Payloads as bytes: encoding, lazy views, edits, projections, and filters evaluated on the bytes.
//! Never does I/O, and never panics or allocates at the word of bytes it has not checked.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod answer;
mod compile;
mod coverage;
mod cursor;
mod edit;
mod edit_bytes;
mod encode;
mod error;
mod evaluate;
mod geo;
pub mod index;
mod number;
mod planned;
mod project;
mod row_set;
pub mod text;
mod view;

pub use answer::Answer;
pub use compile::{Compiled, compile, compile_with};
pub use edit::{Edit, apply, edited_bytes_min};
pub use edit_bytes::{decode_edit, encode_edit};
pub use encode::{ENCODED_DEPTH_MAX, encode};
pub use error::DecodeError;
pub use evaluate::Subject;
pub use planned::Indexed;
pub use project::project;
pub use row_set::RowSet;
pub use view::{ArrayIter, ArrayRef, ObjectIter, PayloadRef, ValueRef, decode};
