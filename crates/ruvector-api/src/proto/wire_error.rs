//! What is wrong with the bytes of a message. Never says what the message means.

use ruvector_types::Invalid;

/// What is wrong with the bytes of a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WireError {
    /// They end in the middle of something.
    #[error("the message ends early, in {message}")]
    Cut {
        /// The message's type.
        message: String,
    },
    /// A field that the interface does not have, in this version.
    #[error("{message} has no field number {number}")]
    UnknownField {
        /// The message's type.
        message: String,
        /// The field.
        number: u64,
    },
    /// A field of another type.
    #[error("{message}.{field} is of another type")]
    WrongType {
        /// The message's type.
        message: String,
        /// The field.
        field: String,
    },
    /// More messages inside each other than are read.
    #[error("more than {limit} messages inside each other")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More bytes in memory than there may be.
    #[error("the message would take more than {limit} bytes of memory (bodies_bytes_max)")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// More than one message where a call takes one.
    #[error("more than one message, or bytes behind it")]
    SeveralMessages,
    /// A frame that is none.
    #[error("the frame of the message begins with a byte that is neither 0 nor 1")]
    BadFrame,
    /// A filter beyond a limit.
    #[error("{0}")]
    Filter(Invalid),
    /// What the reader of messages says.
    #[error("{0}")]
    Decode(prost::DecodeError),
}
