//! One field of a sealed segment whose vectors differ in length: sparse vectors or multi-vectors. Ordinals are not rows:
//! a point may lack the field.
//!
//! ```text
//! body: heap │ ends │ rows │ trailer 32 bytes
//! heap:    by ordinal: of a sparse vector its dimensions, n × u32, then its numbers, n × f32;
//!          of a multi-vector its numbers, n × dim × f32
//! ends:    count × u64, ascending: where in the heap each vector ends
//! rows:    count × u32, ascending: the row of each ordinal; absent if flag 1 (dense: ordinal = row)
//! trailer: 0 version u32 (1) │ 4 dim u32 (0: sparse) │ 8 count u32 │ 12 flags u32 (1 = dense) │ 16 heap bytes u64 │ 24 zero
//! ```

use std::ops::Range;

use ruvector_io::Io;
use ruvector_types::{MultiVector, SparseVector, Vector};

use crate::component::{Component, ReadComponentError};
use crate::frame::ComponentKind;
use crate::ordinals::{OrdinalRows, WrittenRows};
use crate::vectors::{TRAILER_BYTES, verified};
use crate::wire::{Malformed, Reader, put, u64_at};
use crate::writer::{ComponentWriter, WriteComponentError};

const VERSION: u32 = 1;
const DENSE: u32 = 1;

/// The vectors of one field, mapped.
#[derive(Clone, Debug)]
pub struct RaggedBlock {
    component: Component,
    /// Dimensions of each vector of a multi-vector; 0: the vectors are sparse.
    dim: u32,
    heap_bytes: u64,
    rows: OrdinalRows,
}

/// A vector where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RaggedRef<'a> {
    /// Dimensions, ascending, and as many numbers.
    Sparse(&'a [u32], &'a [f32]),
    /// The numbers of all vectors of a multi-vector.
    Multi(&'a [f32]),
}

impl RaggedBlock {
    /// Checks lengths and, unless the block is dense, that the rows ascend. Vectors are verified on first touch.
    pub fn open(component: Component) -> Result<RaggedBlock, ReadComponentError> {
        let end = component.len();
        let trailer = verified(&component, end.saturating_sub(TRAILER_BYTES)..end)?;
        let decoded = decode_trailer(trailer, end).map_err(|malformed| component.malformed(malformed))?;
        let (dim, heap_bytes, rows) = decoded;
        rows.check(&component)?;
        Ok(RaggedBlock {
            component,
            dim,
            heap_bytes,
            rows,
        })
    }

    /// Vectors.
    pub fn len(&self) -> u32 {
        self.rows.count
    }

    /// Whether no row has the field.
    pub fn is_empty(&self) -> bool {
        self.rows.count == 0
    }

    /// Dimensions of each vector of a multi-vector; 0: the vectors are sparse.
    pub fn dim(&self) -> u32 {
        self.dim
    }

    /// Bytes of all vectors.
    pub fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// Whether ordinals equal rows.
    pub fn is_dense(&self) -> bool {
        self.rows.dense
    }

    /// The row of an ordinal below [`RaggedBlock::len`]; for others, `u32::MAX`.
    #[inline]
    pub fn row(&self, ordinal: u32) -> u32 {
        self.rows.row(&self.component, ordinal)
    }

    /// The ordinal of a row that has the field. Cost: nothing if dense, else a binary search.
    pub fn ordinal(&self, row: u32) -> Option<u32> {
        self.rows.ordinal(&self.component, row)
    }

    /// The largest row that has the field.
    pub fn last_row(&self) -> Option<u32> {
        self.len().checked_sub(1).map(|ordinal| self.row(ordinal))
    }

    /// A vector; `None` if out of range or damaged.
    pub fn vector(&self, ordinal: u32) -> Option<RaggedRef<'_>> {
        let bytes = self.component.bytes(self.span(ordinal)?)?;
        if self.dim > 0 {
            let numbers: &[f32] = bytemuck::try_cast_slice(bytes).ok()?;
            let whole = !numbers.is_empty() && numbers.len().is_multiple_of(self.dim as usize);
            return whole.then_some(RaggedRef::Multi(numbers));
        }
        if !bytes.len().is_multiple_of(8) {
            return None;
        }
        let (indices, values) = bytes.split_at(bytes.len() / 2);
        Some(RaggedRef::Sparse(
            bytemuck::try_cast_slice(indices).ok()?,
            bytemuck::try_cast_slice(values).ok()?,
        ))
    }

    /// The same as a value.
    pub fn to_vector(&self, ordinal: u32) -> Option<Vector> {
        Some(match self.vector(ordinal)? {
            RaggedRef::Sparse(indices, values) => Vector::Sparse(SparseVector {
                indices: indices.to_vec(),
                values: values.to_vec(),
            }),
            RaggedRef::Multi(numbers) => Vector::Multi(MultiVector {
                dim: self.dim,
                numbers: numbers.to_vec(),
            }),
        })
    }

    fn span(&self, ordinal: u32) -> Option<Range<u64>> {
        if ordinal >= self.rows.count {
            return None;
        }
        let at = self.heap_bytes + 8 * u64::from(ordinal);
        let start = match ordinal {
            0 => 0,
            _ => u64_at(self.component.bytes(at - 8..at)?, 0)?,
        };
        let end = u64_at(self.component.bytes(at..at + 8)?, 0)?;
        (start <= end && end <= self.heap_bytes).then_some(start..end)
    }
}

fn decode_trailer(trailer: &[u8], body_bytes: u64) -> Result<(u32, u64, OrdinalRows), Malformed> {
    let mut reader = Reader::new(trailer);
    if reader.u32()? != VERSION {
        return Err(reader.malformed("unknown version of the ragged vectors"));
    }
    let (dim, count, flags, heap_bytes) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u64()?);
    if flags > DENSE || heap_bytes % 4 != 0 {
        return Err(reader.malformed("bad flags or length"));
    }
    let dense = flags == DENSE;
    let ends = 8 * u128::from(count);
    let rows = if dense { 0 } else { 4 * u128::from(count) };
    if u128::from(heap_bytes) + ends + rows + u128::from(TRAILER_BYTES) != u128::from(body_bytes) {
        return Err(reader.malformed("length does not match the counts"));
    }
    let start = heap_bytes + 8 * u64::from(count);
    Ok((dim, heap_bytes, OrdinalRows { count, dense, start }))
}

/// Writes such a component one vector at a time; in memory only the ends and rows.
#[derive(Debug)]
pub struct RaggedWriter<'a> {
    writer: ComponentWriter<'a>,
    dim: u32,
    ends: Vec<u64>,
    rows: WrittenRows,
}

impl<'a> RaggedWriter<'a> {
    /// Creates the file, which must not exist. `dim` is 0 for sparse vectors.
    pub fn create(
        io: &'a dyn Io,
        path: &str,
        created_seq: u64,
        dim: u32,
    ) -> Result<RaggedWriter<'a>, WriteComponentError> {
        Ok(RaggedWriter {
            writer: ComponentWriter::create(io, path, ComponentKind::Ragged, created_seq)?,
            dim,
            ends: Vec::new(),
            rows: WrittenRows::default(),
        })
    }

    /// Appends the vector of a row above all rows before it; the vector's ordinal.
    pub fn push(&mut self, row: u32, vector: &Vector) -> Result<u32, WriteComponentError> {
        if !self.rows.takes(row) {
            return Err(self.writer.rule("rows do not ascend"));
        }
        match vector {
            Vector::Sparse(sparse) if self.dim == 0 && sparse.indices.len() == sparse.values.len() => {
                self.writer.write(bytemuck::cast_slice(&sparse.indices))?;
                self.writer.write(bytemuck::cast_slice(&sparse.values))?;
            }
            Vector::Multi(multi) if self.dim == multi.dim && self.dim > 0 => {
                self.writer.write(bytemuck::cast_slice(&multi.numbers))?;
            }
            _ => return Err(self.writer.rule("a vector of another kind or dimension")),
        }
        self.ends.push(self.writer.len());
        Ok(self.rows.push(row))
    }

    /// Ends and syncs the file; the number of vectors.
    pub fn finish(mut self) -> Result<u32, WriteComponentError> {
        let heap_bytes = self.ends.last().copied().unwrap_or(0);
        self.writer.write(bytemuck::cast_slice(&self.ends))?;
        self.writer.write(self.rows.bytes())?;
        let flags = if self.rows.dense() { DENSE } else { 0 };
        let count = self.rows.count;
        let mut trailer = Vec::with_capacity(TRAILER_BYTES as usize);
        put!(trailer, VERSION, self.dim, count, flags, heap_bytes, 0u64);
        self.writer.write(&trailer)?;
        self.writer.finish()?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: vectors of any length come back by ordinal and row, or not at all. Method: random subsets of rows of both
    //! kinds; hostile bytes under a sound frame never panic.
    use super::*;
    use crate::testing::{Random, component};
    use ruvector_io::{MemIo, Region};

    fn vector_of(row: u32, dim: u32) -> Vector {
        let count = row % 5;
        let numbers = |count: u32| (0..count).map(|number| (row * 31 + number) as f32).collect();
        match dim {
            0 => Vector::Sparse(SparseVector {
                indices: (0..count).map(|index| index * row).collect(),
                values: numbers(count),
            }),
            dim => Vector::Multi(MultiVector {
                dim,
                numbers: numbers((count + 1) * dim),
            }),
        }
    }

    #[test]
    fn round_trip() {
        let mut random = Random::new(5);
        for (dim, share) in [(0, 0), (0, 40), (0, 100), (3, 0), (3, 40), (3, 100)] {
            let rows: Vec<u32> = (0..700).filter(|_| random.below(100) < share).collect();
            let io = MemIo::new();
            let mut writer = RaggedWriter::create(&io, "v", 1, dim).unwrap();
            for (ordinal, row) in rows.iter().enumerate() {
                assert_eq!(writer.push(*row, &vector_of(*row, dim)).unwrap(), ordinal as u32);
            }
            assert!(writer.finish().unwrap() as usize == rows.len());
            let file = Region::from_vec(io.read("v", u64::MAX).unwrap());
            let block = RaggedBlock::open(Component::from_region("v", file, ComponentKind::Ragged).unwrap());
            let block = block.unwrap();
            assert_eq!((block.len() as usize, block.dim()), (rows.len(), dim));
            for (ordinal, row) in (0..).zip(&rows) {
                assert_eq!((block.row(ordinal), block.ordinal(*row)), (*row, Some(ordinal)));
                assert_eq!(block.to_vector(ordinal), Some(vector_of(*row, dim)));
            }
            assert_eq!(
                (block.last_row(), block.vector(block.len())),
                (rows.last().copied(), None)
            );
        }
        let io = MemIo::new();
        let mut writer = RaggedWriter::create(&io, "v", 1, 0).unwrap();
        writer.push(3, &vector_of(3, 0)).unwrap();
        assert!(writer.push(3, &vector_of(3, 0)).is_err() && writer.push(4, &vector_of(4, 2)).is_err());
        drop(writer);
        assert_eq!(io.len("v").unwrap(), None, "an unfinished file stays behind");
    }

    #[test]
    fn hostile_bytes_never_panic() {
        let mut random = Random::new(6);
        let words = |words: &[u32]| {
            words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        // Two vectors of two dimensions each, dense.
        let heap = words(&[1, 2, 5, 6, 1, 3, 5, 6]);
        let body = [heap, words(&[16, 0, 32, 0]), words(&[1, 0, 2, 1, 32, 0, 0, 0])].concat();
        assert!(RaggedBlock::open(component(ComponentKind::Ragged, &body)).is_ok());
        for _ in 0..5_000 {
            let mut bytes = body.clone();
            bytes.truncate(bytes.len() - random.below(2) as usize * random.below(80) as usize);
            for _ in 0..2 {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.below(40) as u8;
            }
            if let Ok(block) = RaggedBlock::open(component(ComponentKind::Ragged, &bytes)) {
                for ordinal in 0..5 {
                    let _ = (
                        block.to_vector(ordinal),
                        block.ordinal(ordinal),
                        block.row(ordinal),
                    );
                }
            }
        }
    }
}
