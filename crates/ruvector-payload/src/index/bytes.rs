//! Where an index lies: a mapped file, or memory. Never copies.

use std::ops::Range;

/// Bytes that are read where they lie.
pub trait IndexBytes {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`. `None`: out of range, or damaged.
    fn bytes(&self, range: Range<u64>) -> Option<&[u8]>;
}

impl IndexBytes for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }
}

impl IndexBytes for Vec<u8> {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self[..].bytes(range)
    }
}
