//! Bytes that a graph is read from where they lie. Never copies them.

use std::ops::Range;

/// Bytes that are read where they lie.
pub trait Bytes {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`. `None`: out of range or damaged.
    fn bytes(&self, range: Range<u64>) -> Option<&[u8]>;

    /// A hint that `bytes(range)` follows soon.
    fn prefetch(&self, range: Range<u64>) {
        let _ = range;
    }
}

impl Bytes for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }

    fn prefetch(&self, range: Range<u64>) {
        if let Some(bytes) = self.bytes(range) {
            ruvector_simd::prefetch(bytes);
        }
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        Bytes::len(self.as_slice())
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.as_slice().bytes(range)
    }

    fn prefetch(&self, range: Range<u64>) {
        self.as_slice().prefetch(range);
    }
}

impl<B: Bytes + ?Sized> Bytes for &B {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        (**self).bytes(range)
    }

    fn prefetch(&self, range: Range<u64>) {
        (**self).prefetch(range);
    }
}
