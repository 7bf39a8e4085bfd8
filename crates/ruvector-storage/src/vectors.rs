//! One dense field of a sealed segment, plain. Ordinals are not rows: a point may lack the field.
//!
//! ```text
//! body: vectors │ zeros to a multiple of 4 bytes │ rows │ trailer 32 bytes
//! vectors: count × dim × f32, f16 or u8 by ordinal; begins the body, so the first is aligned to 64 bytes
//! rows:    count × u32, ascending: the row of each ordinal; absent if flag 1 (dense: ordinal = row)
//! trailer: 0 version u32 │ 4 dim u32 │ 8 count u32 │ 12 flags u32 (1 = dense) │ 16 type u32 │ 20 zero
//! version: 1: f32, 16 is zero; 2: type 1 (f16) or 2 (u8). Builds that know version 1 alone refuse 2
//! ```

use std::marker::PhantomData;

use ruvector_io::Io;
use ruvector_types::VectorDatatype;

use crate::component::{Component, ReadComponentError};
use crate::element::{Element, decode};
use crate::frame::ComponentKind;
use crate::ordinals::{OrdinalRows, WrittenRows};
use crate::wire::{Malformed, Reader, put};
use crate::writer::{ComponentWriter, WriteComponentError};

const VERSION_FLOAT32: u32 = 1;
const VERSION_TYPED: u32 = 2;
const DENSE: u32 = 1;
pub(crate) const TRAILER_BYTES: u64 = 32;

/// The vectors of one field, mapped.
#[derive(Clone, Debug)]
pub struct VectorBlock {
    component: Component,
    dim: u32,
    datatype: VectorDatatype,
    rows: OrdinalRows,
}

/// The vectors of a block as numbers of their type.
#[derive(Clone, Copy, Debug)]
pub struct TypedVectors<'a, T> {
    block: &'a VectorBlock,
    of: PhantomData<T>,
}

impl VectorBlock {
    /// Checks lengths and, unless the block is dense, that the rows ascend. Vectors are verified on first touch.
    pub fn open(component: Component) -> Result<VectorBlock, ReadComponentError> {
        let trailer = verified(
            &component,
            component.len().saturating_sub(TRAILER_BYTES)..component.len(),
        )?;
        let header = decode_trailer(trailer, component.len());
        let (dim, datatype, rows) = header.map_err(|malformed| component.malformed(malformed))?;
        rows.check(&component)?;
        Ok(VectorBlock {
            component,
            dim,
            datatype,
            rows,
        })
    }

    /// The type of the numbers.
    pub fn datatype(&self) -> VectorDatatype {
        self.datatype
    }

    /// The vectors as numbers of type `T`; none can be read if that is not theirs.
    pub fn typed<T: Element>(&self) -> TypedVectors<'_, T> {
        TypedVectors {
            block: self,
            of: PhantomData,
        }
    }

    /// A vector as it lies; `None` if out of range or damaged.
    #[inline]
    pub fn bytes(&self, ordinal: u32) -> Option<&[u8]> {
        self.component.bytes(self.span(ordinal)?)
    }

    /// The numbers of a vector: where they lie, or decoded into `buffer`; `None` if out of range or damaged.
    #[inline]
    pub fn numbers<'a>(&'a self, ordinal: u32, buffer: &'a mut Vec<f32>) -> Option<&'a [f32]> {
        let bytes = self.bytes(ordinal)?;
        match self.datatype {
            VectorDatatype::Float32 => f32::of_bytes(bytes),
            other => decode(other, bytes, buffer).then_some(&buffer[..]),
        }
    }

    /// A hint that a vector is read soon.
    #[inline]
    pub fn prefetch(&self, ordinal: u32) {
        if let Some(bytes) = self.span(ordinal).and_then(|span| self.component.peek(span)) {
            ruvector_simd::prefetch(bytes);
        }
    }

    /// Vectors.
    pub fn len(&self) -> u32 {
        self.rows.count
    }

    /// Whether no row has the field.
    pub fn is_empty(&self) -> bool {
        self.rows.count == 0
    }

    /// Dimensions.
    pub fn dim(&self) -> u32 {
        self.dim
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The row of an ordinal below [`VectorBlock::len`]; for others, `u32::MAX`.
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

    /// Starts reading these vectors from the file together, unless they are in memory. A hint.
    /// Cost: a system call for each that is not promoted.
    pub fn fetch_ahead(&self, ordinals: impl Iterator<Item = u32>) {
        for span in ordinals.filter_map(|ordinal| self.span(ordinal)) {
            self.component.fetch_ahead(span);
        }
    }

    #[inline]
    fn span(&self, ordinal: u32) -> Option<std::ops::Range<u64>> {
        let bytes = u64::from(self.dim) * self.datatype.bytes();
        let start = u64::from(ordinal) * bytes;
        (ordinal < self.rows.count).then_some(start..start + bytes)
    }
}

impl<T: Element> ruvector_graph::Vectors for TypedVectors<'_, T> {
    type Component = T;

    fn len(&self) -> u32 {
        self.block.rows.count
    }

    #[inline]
    fn vector(&self, ordinal: u32) -> Option<&[T]> {
        T::of_bytes(self.block.bytes(ordinal)?).filter(|_| self.block.datatype == T::DATATYPE)
    }

    #[inline]
    fn prefetch(&self, ordinal: u32) {
        self.block.prefetch(ordinal);
    }
}

/// A verified part of a component, or the damage.
pub(crate) fn verified(
    component: &Component,
    range: std::ops::Range<u64>,
) -> Result<&[u8], ReadComponentError> {
    let at = range.start;
    component.bytes(range).ok_or_else(|| match component.damage() {
        Some(damage) => ReadComponentError::Damaged(damage),
        None => component.malformed(Malformed {
            at,
            rule: "ends too early",
        }),
    })
}

/// The version and type in the trailer of a component whose numbers are of a type.
pub(crate) fn marks(datatype: VectorDatatype) -> (u32, u32) {
    match datatype {
        VectorDatatype::Float32 => (VERSION_FLOAT32, 0),
        VectorDatatype::Float16 => (VERSION_TYPED, 1),
        VectorDatatype::Uint8 => (VERSION_TYPED, 2),
    }
}

/// The type that a trailer's version and type stand for.
pub(crate) fn datatype_of(version: u32, kind: u32) -> Option<VectorDatatype> {
    match (version, kind) {
        (VERSION_FLOAT32, 0) => Some(VectorDatatype::Float32),
        (VERSION_TYPED, 1) => Some(VectorDatatype::Float16),
        (VERSION_TYPED, 2) => Some(VectorDatatype::Uint8),
        _ => None,
    }
}

/// Where the rows begin, after so many bytes of vectors.
fn rows_start(vectors: u128) -> u128 {
    vectors.next_multiple_of(4)
}

fn decode_trailer(trailer: &[u8], body_bytes: u64) -> Result<(u32, VectorDatatype, OrdinalRows), Malformed> {
    let mut reader = Reader::new(trailer);
    let version = reader.u32()?;
    let (dim, count, flags, kind) = (reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?);
    let Some(datatype) = datatype_of(version, kind) else {
        return Err(reader.malformed("unknown version or type of the vector block"));
    };
    if dim == 0 || flags > DENSE {
        return Err(reader.malformed("bad dimensions or flags"));
    }
    let rows = if flags == DENSE { 0 } else { 4 * u128::from(count) };
    let start = rows_start(u128::from(count) * u128::from(dim) * u128::from(datatype.bytes()));
    if start + rows + u128::from(TRAILER_BYTES) != u128::from(body_bytes) {
        return Err(reader.malformed("length does not match the counts"));
    }
    let rows = OrdinalRows {
        count,
        dense: flags == DENSE,
        // Below the body's length.
        start: start as u64,
    };
    Ok((dim, datatype, rows))
}

/// Writes a vectors component one vector at a time; in memory only the rows, and only if some row lacks the field.
#[derive(Debug)]
pub struct VectorsWriter<'a> {
    writer: ComponentWriter<'a>,
    dim: u32,
    datatype: VectorDatatype,
    rows: WrittenRows,
}

impl<'a> VectorsWriter<'a> {
    /// Creates the file, which must not exist.
    pub fn create(
        io: &'a dyn Io,
        path: &str,
        created_seq: u64,
        (dim, datatype): (u32, VectorDatatype),
    ) -> Result<VectorsWriter<'a>, WriteComponentError> {
        Ok(VectorsWriter {
            writer: ComponentWriter::create(io, path, ComponentKind::Vectors, created_seq)?,
            dim,
            datatype,
            rows: WrittenRows::default(),
        })
    }

    /// Appends the vector of a row above all rows before it, as it is to lie; the vector's ordinal.
    pub fn push(&mut self, row: u32, vector: &[u8]) -> Result<u32, WriteComponentError> {
        if vector.len() as u64 != u64::from(self.dim) * self.datatype.bytes() {
            return Err(self.writer.rule("a vector of another dimension"));
        }
        if !self.rows.takes(row) {
            return Err(self.writer.rule("rows do not ascend"));
        }
        self.writer.write(vector)?;
        Ok(self.rows.push(row))
    }

    /// Ends and syncs the file; the number of vectors.
    pub fn finish(mut self) -> Result<u32, WriteComponentError> {
        let count = self.rows.count;
        let flags = if self.rows.dense() { DENSE } else { 0 };
        let vectors = u128::from(self.writer.len());
        let padding = rows_start(vectors) - vectors;
        self.writer.write(&[0; 4][..padding as usize])?;
        self.writer.write(self.rows.bytes())?;
        let (version, kind) = marks(self.datatype);
        let mut trailer = Vec::with_capacity(TRAILER_BYTES as usize);
        put!(trailer, version, self.dim, count, flags, kind, 0u32, 0u64);
        self.writer.write(&trailer)?;
        self.writer.finish()?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
