//! An index, read where its bytes lie. Never copies a list.

use std::ops::Range;

use crate::cursor::Cursor;
use crate::format::{BLOCK_BYTES, Block, Malformed, Shape, TERM_BYTES, TRAILER_BYTES, Term, u32_at};
use crate::pack::packed_bytes;

/// The bytes of an index, wherever they lie.
pub trait ListBytes {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`. `None`: out of range, or damaged.
    fn bytes(&self, range: Range<u64>) -> Option<&[u8]>;
}

impl ListBytes for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }
}

/// Bytes of the index are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lists of a sparse field are damaged")]
pub struct Unreadable;

/// The inverted lists of a segment's sparse vectors.
#[derive(Clone, Debug)]
pub struct SparseIndex<B> {
    bytes: B,
    pub(crate) shape: Shape,
}

impl<B: ListBytes> SparseIndex<B> {
    /// Checks the lengths; everything else is checked when it is read.
    pub fn open(bytes: B) -> Result<SparseIndex<B>, Malformed> {
        let len = bytes.len();
        let trailer = len.checked_sub(TRAILER_BYTES).and_then(|at| bytes.bytes(at..len));
        let trailer = trailer.ok_or(Malformed { rule: "unreadable" })?;
        let shape = Shape::decode(trailer, len)?;
        Ok(SparseIndex { bytes, shape })
    }

    /// Vectors indexed.
    pub fn vectors(&self) -> u32 {
        self.shape.vectors
    }

    /// Where it lies.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }

    /// How many vectors have the dimension. Cost: a binary search.
    pub fn postings(&self, dimension: u32) -> Result<u32, Unreadable> {
        Ok(self.term(dimension)?.map_or(0, |(term, _)| term.count))
    }

    /// How many vectors that `counts` accepts have the dimension. Cost: reads its list.
    pub fn postings_of(
        &self,
        dimension: u32,
        counts: &mut dyn FnMut(u32) -> bool,
    ) -> Result<u64, Unreadable> {
        let Some((term, blocks)) = self.term(dimension)? else {
            return Ok(0);
        };
        let mut cursor = Cursor::new(term, blocks, 1.0);
        let mut found = 0;
        while cursor.decode(self)? {
            found += cursor
                .ordinals()
                .iter()
                .filter(|ordinal| counts(**ordinal))
                .count() as u64;
            cursor.next_block();
        }
        Ok(found)
    }

    /// The record of a dimension and its blocks.
    pub(crate) fn term(&self, dimension: u32) -> Result<Option<(Term, Range<u64>)>, Unreadable> {
        let terms = u64::from(self.shape.terms);
        let (mut low, mut high) = (0, terms);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.dimension(middle)? < dimension {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == terms {
            return Ok(None);
        }
        let term = self.term_at(low)?;
        if term.dimension != dimension {
            return Ok(None);
        }
        let end = match low + 1 {
            next if next == terms => self.shape.blocks,
            next => u64::from(self.term_at(next)?.first_block),
        };
        let blocks = u64::from(term.first_block)..end;
        let fits = blocks.start < blocks.end && blocks.end <= self.shape.blocks;
        if fits {
            Ok(Some((term, blocks)))
        } else {
            Err(Unreadable)
        }
    }

    fn dimension(&self, at: u64) -> Result<u32, Unreadable> {
        let start = self.shape.terms_at() + at * TERM_BYTES;
        let record = self.bytes.bytes(start..start + 4).ok_or(Unreadable)?;
        u32_at(record, 0).ok_or(Unreadable)
    }

    fn term_at(&self, at: u64) -> Result<Term, Unreadable> {
        let start = self.shape.terms_at() + at * TERM_BYTES;
        let record = self.bytes.bytes(start..start + TERM_BYTES).ok_or(Unreadable)?;
        Term::decode(record).ok_or(Unreadable)
    }

    pub(crate) fn block(&self, at: u64) -> Result<Block, Unreadable> {
        let start = self.shape.blocks_at() + at * BLOCK_BYTES;
        let record = self.bytes.bytes(start..start + BLOCK_BYTES).ok_or(Unreadable)?;
        let block = Block::decode(record).ok_or(Unreadable)?;
        if block.last < self.shape.vectors {
            Ok(block)
        } else {
            Err(Unreadable)
        }
    }

    /// The packed ordinals and the weights of a block.
    pub(crate) fn postings_bytes(&self, block: &Block) -> Result<(&[u8], &[u8]), Unreadable> {
        let packed = packed_bytes(block.count - 1, block.bits);
        let bytes = packed + block.count * self.shape.weights.bytes();
        let end = block.at + bytes as u64;
        if end > self.shape.list_bytes {
            return Err(Unreadable);
        }
        let all = self.bytes.bytes(block.at..end).ok_or(Unreadable)?;
        all.split_at_checked(packed).ok_or(Unreadable)
    }
}
