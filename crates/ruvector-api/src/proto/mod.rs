//! The gRPC interface: messages generated from proto/, every conversion between them and the engine's types, and
//! what is looked at before a message is read. Never speaks HTTP and never decides what the engine does.
//!
//! Rules and limits are those of the JSON side, from the same functions where they can be shared. Every message is
//! taken apart field by field, none left out, so that a new one cannot be passed over; what is not served is refused
//! by name.

mod aliases;
mod collection;
mod collection_info;
mod collection_update;
mod facet;
mod fields;
mod filter;
mod filter_message;
mod given;
mod id;
mod index;
mod index_info;
mod operations;
mod point;
mod quantization;
mod query;
mod read;
mod search;
mod selector;
mod shapes;
mod status;
mod table;
mod terms;
mod update;
mod value;
mod vector;
mod vector_field;
mod vector_update;
mod wire;
mod wire_error;

pub use fields::varint;
pub use filter_message::filter_message;
pub use read::Retrieve;
pub use shapes::{Call, Shapes, shapes};
pub use status::{code, message};
pub use table::{ALWAYS_KEPT, REFUSED, Refused, UNSERVED_CALLS, is_about, no_call};
pub use terms::Terms;
pub use update::Write;
pub use value::payload_message;
pub use wire_error::WireError;

/// The messages and clients of package `qdrant`.
#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::all,
    reason = "generated"
)]
pub mod messages {
    tonic::include_proto!("qdrant");
}

/// The interface as a serialised `FileDescriptorSet`, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/qdrant.bin"));
