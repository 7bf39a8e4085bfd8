//! One field of a sealed segment whose vectors differ in length: sparse vectors or multi-vectors. Ordinals are not rows:
//! a point may lack the field.
//!
//! ```text
//! body: heap │ ends │ rows │ trailer 32 bytes
//! heap:    by ordinal: of a sparse vector its dimensions, n × u32, then its numbers, n × f32;
//!          of a multi-vector its numbers, n × dim × f32, f16 or u8
//! ends:    count × u64, ascending: where in the heap each vector ends
//! rows:    count × u32, ascending: the row of each ordinal; absent if flag 1 (dense: ordinal = row)
//! trailer: 0 version u32 │ 4 dim u32 (0: sparse) │ 8 count u32 │ 12 flags u32 (1 = dense) │ 16 heap bytes u64
//!          │ 24 type u32 │ 28 zero
//! ```
//! Versions and types are those of vectors.rs.

use std::ops::Range;

use half::f16;
use ruvector_io::Io;
use ruvector_types::{MultiVector, SparseVector, Vector, VectorDatatype};

use crate::component::{Component, ReadComponentError};
use crate::element::{Element, decoded, encoded};
use crate::frame::ComponentKind;
use crate::ordinals::{OrdinalRows, WrittenRows};
use crate::vectors::{TRAILER_BYTES, datatype_of, marks, verified};
use crate::wire::{Malformed, Reader, put, u64_at};
use crate::writer::{ComponentWriter, WriteComponentError};

const DENSE: u32 = 1;

/// The vectors of one field, mapped.
#[derive(Clone, Debug)]
pub struct RaggedBlock {
    component: Component,
    /// Dimensions of each vector of a multi-vector; 0: the vectors are sparse.
    dim: u32,
    /// Of the numbers of multi-vectors.
    datatype: VectorDatatype,
    heap_bytes: u64,
    rows: OrdinalRows,
}

/// A vector where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RaggedRef<'a> {
    /// Dimensions, ascending, and as many numbers.
    Sparse(&'a [u32], &'a [f32]),
    /// The numbers of all vectors of a multi-vector, as the bytes of their type.
    Multi(&'a [u8]),
}

impl RaggedRef<'_> {
    /// A copy; the vectors of a multi-vector have `dim` numbers of a type. `None` if the bytes are no such numbers.
    pub fn to_vector(self, (dim, datatype): (u32, VectorDatatype)) -> Option<Vector> {
        Some(match self {
            RaggedRef::Sparse(indices, values) => Vector::Sparse(SparseVector {
                indices: indices.to_vec(),
                values: values.to_vec(),
            }),
            RaggedRef::Multi(bytes) => Vector::Multi(MultiVector {
                dim,
                numbers: decoded(datatype, bytes)?,
            }),
        })
    }
}

impl RaggedBlock {
    /// Checks lengths and, unless the block is dense, that the rows ascend. Vectors are verified on first touch.
    pub fn open(component: Component) -> Result<RaggedBlock, ReadComponentError> {
        let end = component.len();
        let trailer = verified(&component, end.saturating_sub(TRAILER_BYTES)..end)?;
        let decoded = decode_trailer(trailer, end).map_err(|malformed| component.malformed(malformed))?;
        let ((dim, datatype), heap_bytes, rows) = decoded;
        rows.check(&component)?;
        Ok(RaggedBlock {
            component,
            dim,
            datatype,
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

    /// The type of the numbers of multi-vectors.
    pub fn datatype(&self) -> VectorDatatype {
        self.datatype
    }

    /// Bytes of all vectors.
    pub fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
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
            let row_bytes = u64::from(self.dim) * self.datatype.bytes();
            let whole = !bytes.is_empty() && (bytes.len() as u64).is_multiple_of(row_bytes);
            return whole.then_some(RaggedRef::Multi(bytes));
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
        self.vector(ordinal)?.to_vector((self.dim, self.datatype))
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

type Decoded = ((u32, VectorDatatype), u64, OrdinalRows);

fn decode_trailer(trailer: &[u8], body_bytes: u64) -> Result<Decoded, Malformed> {
    let mut reader = Reader::new(trailer);
    let (version, dim, count, flags) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
    let (heap_bytes, kind) = (reader.u64()?, reader.u32()?);
    let Some(datatype) =
        datatype_of(version, kind).filter(|kind| dim > 0 || *kind == VectorDatatype::Float32)
    else {
        return Err(reader.malformed("unknown version or type of the ragged vectors"));
    };
    if flags > DENSE || heap_bytes % datatype.bytes() != 0 {
        return Err(reader.malformed("bad flags or length"));
    }
    let dense = flags == DENSE;
    let ends = 8 * u128::from(count);
    let rows = if dense { 0 } else { 4 * u128::from(count) };
    if u128::from(heap_bytes) + ends + rows + u128::from(TRAILER_BYTES) != u128::from(body_bytes) {
        return Err(reader.malformed("length does not match the counts"));
    }
    let start = heap_bytes + 8 * u64::from(count);
    Ok(((dim, datatype), heap_bytes, OrdinalRows { count, dense, start }))
}

/// Writes such a component one vector at a time; in memory only the ends and rows.
#[derive(Debug)]
pub struct RaggedWriter<'a> {
    writer: ComponentWriter<'a>,
    dim: u32,
    datatype: VectorDatatype,
    ends: Vec<u64>,
    rows: WrittenRows,
}

impl<'a> RaggedWriter<'a> {
    /// Creates the file, which must not exist. `dim` is 0 for sparse vectors, and their type single precision.
    pub fn create(
        io: &'a dyn Io,
        path: &str,
        created_seq: u64,
        (dim, datatype): (u32, VectorDatatype),
    ) -> Result<RaggedWriter<'a>, WriteComponentError> {
        Ok(RaggedWriter {
            writer: ComponentWriter::create(io, path, ComponentKind::Ragged, created_seq)?,
            dim,
            datatype,
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
                self.write_numbers(&multi.numbers)?;
            }
            _ => return Err(self.writer.rule("a vector of another kind or dimension")),
        }
        self.ends.push(self.writer.len());
        Ok(self.rows.push(row))
    }

    fn write_numbers(&mut self, numbers: &[f32]) -> Result<(), WriteComponentError> {
        match self.datatype {
            VectorDatatype::Float32 => self.writer.write(f32::bytes_of(numbers)),
            VectorDatatype::Float16 => {
                let halves: Vec<f16> = encoded(numbers);
                self.writer.write(f16::bytes_of(&halves))
            }
            VectorDatatype::Uint8 => {
                let bytes: Vec<u8> = encoded(numbers);
                self.writer.write(&bytes)
            }
        }
    }

    /// Ends and syncs the file; the number of vectors.
    pub fn finish(mut self) -> Result<u32, WriteComponentError> {
        let heap_bytes = self.ends.last().copied().unwrap_or(0);
        self.writer.write(bytemuck::cast_slice(&self.ends))?;
        self.writer.write(self.rows.bytes())?;
        let flags = if self.rows.dense() { DENSE } else { 0 };
        let count = self.rows.count;
        let mut trailer = Vec::with_capacity(TRAILER_BYTES as usize);
        let (version, kind) = marks(self.datatype);
        put!(trailer, version, self.dim, count, flags, heap_bytes, kind, 0u32);
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

    use VectorDatatype::{Float16, Float32, Uint8};

    /// Of numbers that every type holds.
    fn vector_of(row: u32, dim: u32) -> Vector {
        let count = row % 5;
        let numbers = |count: u32| {
            (0..count)
                .map(|number| ((row * 31 + number) % 256) as f32)
                .collect()
        };
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
        let kinds = [(0, Float32), (3, Float32), (3, Float16), (3, Uint8)];
        for (kind, share) in kinds
            .into_iter()
            .flat_map(|kind| [0, 40, 100].map(|share| (kind, share)))
        {
            let dim = kind.0;
            let rows: Vec<u32> = (0..700).filter(|_| random.below(100) < share).collect();
            let io = MemIo::new();
            let mut writer = RaggedWriter::create(&io, "v", 1, kind).unwrap();
            for (ordinal, row) in rows.iter().enumerate() {
                assert_eq!(writer.push(*row, &vector_of(*row, dim)).unwrap(), ordinal as u32);
            }
            assert!(writer.finish().unwrap() as usize == rows.len());
            let file = Region::from_vec(io.read("v", u64::MAX).unwrap());
            let block = RaggedBlock::open(Component::from_region("v", file, ComponentKind::Ragged).unwrap());
            let block = block.unwrap();
            assert_eq!(
                (block.len() as usize, block.dim(), block.datatype()),
                (rows.len(), dim, kind.1)
            );
            if dim > 0 {
                let numbers = rows
                    .iter()
                    .map(|row| u64::from(row % 5 + 1) * u64::from(dim))
                    .sum::<u64>();
                assert_eq!(block.heap_bytes(), numbers * kind.1.bytes());
            }
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
        let mut writer = RaggedWriter::create(&io, "v", 1, (0, Float32)).unwrap();
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
        let bodies = [
            [1, 0, 2, 1, 32, 0, 0, 0],
            [2, 2, 2, 1, 32, 0, 1, 0],
            [2, 2, 2, 1, 32, 0, 2, 0],
        ]
        .map(|trailer| [heap.clone(), words(&[16, 0, 32, 0]), words(&trailer)].concat());
        let opened = |body: &[u8]| RaggedBlock::open(component(ComponentKind::Ragged, body));
        assert!(bodies.iter().all(|body| opened(body).is_ok()));
        // Each version has its own types, and sparse vectors one.
        for (version, dim, kind) in [(1, 0, 1), (1, 2, 2), (1, 2, 7), (2, 2, 0), (2, 0, 1), (3, 2, 0)] {
            let trailer = words(&[version, dim, 2, 1, 32, 0, kind, 0]);
            let body = [heap.clone(), words(&[16, 0, 32, 0]), trailer].concat();
            assert!(
                opened(&body).is_err(),
                "version {version}, {dim} dimensions, type {kind}"
            );
        }
        for at in 0..9_000 {
            let body = &bodies[at % 3];
            let mut bytes = body.clone();
            bytes.truncate(bytes.len() - random.below(2) as usize * random.below(80) as usize);
            for _ in 0..2 {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.below(40) as u8;
            }
            if let Ok(block) = opened(&bytes) {
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
