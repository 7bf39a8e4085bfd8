//! Why bytes are not a payload or an edit. Never says where the bytes came from; the caller knows.

use ruvector_types::PathError;

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end inside a value.
    #[error("the bytes end inside a value, {missing} missing")]
    Truncated {
        /// Bytes that are missing at least.
        missing: u64,
    },
    /// They go on after the last value of a container or of the whole.
    #[error("{bytes} bytes follow the end of a value")]
    TrailingBytes {
        /// How many.
        bytes: u64,
    },
    /// No value begins so.
    #[error("unknown value tag {tag:#04x}")]
    UnknownTag {
        /// The byte found.
        tag: u8,
    },
    /// The outermost value is not an object.
    #[error("a payload begins with the object tag, found {tag:#04x}")]
    NotAnObject {
        /// The byte found.
        tag: u8,
    },
    /// A variable-length integer above 64 bits or longer than it need be.
    #[error("malformed variable-length integer")]
    Varint,
    /// More items announced than the bytes can hold.
    #[error("{items} items announced in {bytes} bytes")]
    Count {
        /// Items announced.
        items: u64,
        /// Bytes there are for them.
        bytes: u64,
    },
    /// A string or key that is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// Keys of an object that do not rise.
    #[error("the keys of an object are not in rising order")]
    KeyOrder,
    /// An unsigned integer that an `i64` could hold.
    #[error("the integer {number} is not in its canonical form")]
    NotCanonical {
        /// The integer.
        number: u64,
    },
    /// Nested deeper than any payload.
    #[error("nested deeper than {depth_max} levels")]
    TooDeep {
        /// Levels allowed.
        depth_max: u32,
    },
    /// An edit of a format this version does not know.
    #[error("unknown format version {version} of an edit")]
    EditVersion {
        /// The version found.
        version: u8,
    },
    /// An edit or path of an unknown kind.
    #[error("unknown kind {kind} of an edit or path")]
    EditKind {
        /// The kind found.
        kind: u8,
    },
    /// An edit whose path does not parse.
    #[error("the path of an edit is malformed")]
    EditPath(#[source] PathError),
}
