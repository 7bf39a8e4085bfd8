//! The bytes of an index. Never trusts one that it reads.
//!
//! ```text
//! body:    lists │ blocks × 24 bytes │ terms × 20 bytes │ trailer 48 bytes
//! list:    the blocks of one dimension, one after another
//! block:   its ordinals but the first: each less the one before, less 1, packed into `bits` bits; then its weights
//! blocks:  first u32 │ last u32 │ max f32 │ min f32 │ place u64: offset in the lists × 65,536 + (count − 1) × 256 + bits
//! terms:   dimension u32, ascending │ first block u32 │ count u32 │ max f32 │ min f32
//! trailer: version u32 (1) │ weights u32 (0 f32, 1 f16) │ vectors u32 │ terms u32 │ blocks u64 │ bytes of lists u64 │ 16 zero
//! ```
//! A block holds up to 128 ordinals; its largest and least weight bound what it can add to a score.

use crate::WeightType;

/// Postings of a block.
pub(crate) const BLOCK: usize = 128;
pub(crate) const BLOCK_BYTES: u64 = 24;
pub(crate) const TERM_BYTES: u64 = 20;
pub(crate) const TRAILER_BYTES: u64 = 48;
const VERSION: u32 = 1;

/// Why bytes are no index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an index of sparse vectors: {rule}")]
pub struct Malformed {
    /// What is broken.
    pub rule: &'static str,
}

/// What the trailer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) weights: WeightType,
    pub(crate) vectors: u32,
    pub(crate) terms: u32,
    pub(crate) blocks: u64,
    pub(crate) list_bytes: u64,
}

/// A block's record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Block {
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) max: f32,
    pub(crate) min: f32,
    pub(crate) at: u64,
    pub(crate) count: usize,
    pub(crate) bits: u32,
}

/// A dimension's record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Term {
    pub(crate) dimension: u32,
    pub(crate) first_block: u32,
    pub(crate) count: u32,
    pub(crate) max: f32,
    pub(crate) min: f32,
}

impl Shape {
    pub(crate) fn blocks_at(&self) -> u64 {
        self.list_bytes
    }

    pub(crate) fn terms_at(&self) -> u64 {
        self.list_bytes + self.blocks * BLOCK_BYTES
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TRAILER_BYTES as usize);
        let weights = match self.weights {
            WeightType::Float32 => 0u32,
            WeightType::Float16 => 1,
        };
        for word in [VERSION, weights, self.vectors, self.terms] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        for word in [self.blocks, self.list_bytes, 0, 0] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// Reads a trailer of a body of so many bytes.
    pub(crate) fn decode(trailer: &[u8], body_bytes: u64) -> Result<Shape, Malformed> {
        let broken = |rule| Malformed { rule };
        let word = |at| u32_at(trailer, at).ok_or(broken("ends too early"));
        let long = |at| u64_at(trailer, at).ok_or(broken("ends too early"));
        if word(0)? != VERSION {
            return Err(broken("unknown version"));
        }
        let weights = match word(4)? {
            0 => WeightType::Float32,
            1 => WeightType::Float16,
            _ => return Err(broken("unknown type of weights")),
        };
        let shape = Shape {
            weights,
            vectors: word(8)?,
            terms: word(12)?,
            blocks: long(16)?,
            list_bytes: long(24)?,
        };
        let tables = u128::from(shape.blocks) * u128::from(BLOCK_BYTES)
            + u128::from(shape.terms) * u128::from(TERM_BYTES);
        let bytes = u128::from(shape.list_bytes) + tables + u128::from(TRAILER_BYTES);
        match bytes == u128::from(body_bytes) && shape.blocks <= u64::from(u32::MAX) {
            true => Ok(shape),
            false => Err(broken("length does not match the counts")),
        }
    }
}

impl Block {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let place = self.at << 16 | (self.count as u64 - 1) << 8 | u64::from(self.bits);
        for word in [self.first, self.last, self.max.to_bits(), self.min.to_bits()] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&place.to_le_bytes());
    }

    pub(crate) fn decode(record: &[u8]) -> Option<Block> {
        let place = u64_at(record, 16)?;
        let block = Block {
            first: u32_at(record, 0)?,
            last: u32_at(record, 4)?,
            max: f32::from_bits(u32_at(record, 8)?),
            min: f32::from_bits(u32_at(record, 12)?),
            at: place >> 16,
            count: (place >> 8 & 0xff) as usize + 1,
            bits: (place & 0xff) as u32,
        };
        let sound = block.count <= BLOCK && block.bits <= 32 && block.first <= block.last;
        sound.then_some(block)
    }
}

impl Term {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let (max, min) = (self.max.to_bits(), self.min.to_bits());
        for word in [self.dimension, self.first_block, self.count, max, min] {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    pub(crate) fn decode(record: &[u8]) -> Option<Term> {
        Some(Term {
            dimension: u32_at(record, 0)?,
            first_block: u32_at(record, 4)?,
            count: u32_at(record, 8)?,
            max: f32::from_bits(u32_at(record, 12)?),
            min: f32::from_bits(u32_at(record, 16)?),
        })
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
