//! One dense `f32` field of a sealed segment, plain. Ordinals are not rows: a point may lack the field.
//!
//! ```text
//! body: vectors │ rows │ trailer 32 bytes
//! vectors: count × dim × f32 by ordinal; begins the body, so the first is aligned to 64 bytes
//! rows:    count × u32, ascending: the row of each ordinal; absent if flag 1 (dense: ordinal = row)
//! trailer: 0 version u32 (1) │ 4 dim u32 │ 8 count u32 │ 12 flags u32 (1 = dense) │ 16 zero
//! ```

use ruvector_io::Io;

use crate::component::{Component, ReadComponentError};
use crate::frame::ComponentKind;
use crate::ordinals::{OrdinalRows, WrittenRows};
use crate::wire::{Malformed, Reader, put};
use crate::writer::{ComponentWriter, WriteComponentError};

const VERSION: u32 = 1;
const DENSE: u32 = 1;
pub(crate) const TRAILER_BYTES: u64 = 32;

/// The vectors of one field, mapped.
#[derive(Clone, Debug)]
pub struct VectorBlock {
    component: Component,
    dim: u32,
    rows: OrdinalRows,
}

impl VectorBlock {
    /// Checks lengths and, unless the block is dense, that the rows ascend. Vectors are verified on first touch.
    pub fn open(component: Component) -> Result<VectorBlock, ReadComponentError> {
        let trailer = verified(
            &component,
            component.len().saturating_sub(TRAILER_BYTES)..component.len(),
        )?;
        let header = decode_trailer(trailer, component.len());
        let (dim, count, dense) = header.map_err(|malformed| component.malformed(malformed))?;
        let start = u64::from(count) * u64::from(dim) * 4;
        let rows = OrdinalRows { count, dense, start };
        rows.check(&component)?;
        Ok(VectorBlock { component, dim, rows })
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

    /// Whether ordinals equal rows.
    pub fn is_dense(&self) -> bool {
        self.rows.dense
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
        let bytes = u64::from(self.dim) * 4;
        let start = u64::from(ordinal) * bytes;
        (ordinal < self.rows.count).then_some(start..start + bytes)
    }
}

impl ruvector_graph::Vectors for VectorBlock {
    type Component = f32;

    fn len(&self) -> u32 {
        self.rows.count
    }

    #[inline]
    fn vector(&self, ordinal: u32) -> Option<&[f32]> {
        let bytes = self.component.bytes(self.span(ordinal)?)?;
        bytemuck::try_cast_slice(bytes).ok()
    }

    #[inline]
    fn prefetch(&self, ordinal: u32) {
        let bytes = self.span(ordinal).and_then(|span| self.component.peek(span));
        if let Some(Ok(vector)) = bytes.map(bytemuck::try_cast_slice::<u8, f32>) {
            ruvector_simd::prefetch(vector);
        }
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

fn decode_trailer(trailer: &[u8], body_bytes: u64) -> Result<(u32, u32, bool), Malformed> {
    let mut reader = Reader::new(trailer);
    if reader.u32()? != VERSION {
        return Err(reader.malformed("unknown version of the vector block"));
    }
    let (dim, count, flags) = (reader.u32()?, reader.u32()?, reader.u32()?);
    if dim == 0 || flags > DENSE {
        return Err(reader.malformed("bad dimensions or flags"));
    }
    let rows = if flags == DENSE { 0 } else { 4 * u128::from(count) };
    let vectors = u128::from(count) * u128::from(dim) * 4;
    if vectors + rows + u128::from(TRAILER_BYTES) != u128::from(body_bytes) {
        return Err(reader.malformed("length does not match the counts"));
    }
    Ok((dim, count, flags == DENSE))
}

/// Writes a vectors component one vector at a time; in memory only the rows, and only if some row lacks the field.
#[derive(Debug)]
pub struct VectorsWriter<'a> {
    writer: ComponentWriter<'a>,
    dim: u32,
    rows: WrittenRows,
}

impl<'a> VectorsWriter<'a> {
    /// Creates the file, which must not exist.
    pub fn create(
        io: &'a dyn Io,
        path: &str,
        created_seq: u64,
        dim: u32,
    ) -> Result<VectorsWriter<'a>, WriteComponentError> {
        Ok(VectorsWriter {
            writer: ComponentWriter::create(io, path, ComponentKind::Vectors, created_seq)?,
            dim,
            rows: WrittenRows::default(),
        })
    }

    /// Appends the vector of a row above all rows before it; the vector's ordinal.
    pub fn push(&mut self, row: u32, vector: &[f32]) -> Result<u32, WriteComponentError> {
        if vector.len() as u64 != u64::from(self.dim) {
            return Err(self.writer.rule("a vector of another dimension"));
        }
        if !self.rows.takes(row) {
            return Err(self.writer.rule("rows do not ascend"));
        }
        self.writer.write(bytemuck::cast_slice(vector))?;
        Ok(self.rows.push(row))
    }

    /// Ends and syncs the file; the number of vectors.
    pub fn finish(mut self) -> Result<u32, WriteComponentError> {
        let count = self.rows.count;
        let flags = if self.rows.dense() { DENSE } else { 0 };
        self.writer.write(self.rows.bytes())?;
        let mut trailer = Vec::with_capacity(TRAILER_BYTES as usize);
        put!(trailer, VERSION, self.dim, count, flags, 0u64, 0u64);
        self.writer.write(&trailer)?;
        self.writer.finish()?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: vectors come back by ordinal and row, or not at all. Method: random subsets of rows; a flipped
    //! bit hides the vectors of its region only; hostile trailers are refused.
    use super::*;
    use crate::testing::{Random, component};
    use ruvector_graph::Vectors;
    use ruvector_io::{MemIo, Region};

    fn write(rows: &[u32], dim: u32) -> Vec<u8> {
        let io = MemIo::new();
        let mut writer = VectorsWriter::create(&io, "v", 1, dim).unwrap();
        for row in rows {
            writer.push(*row, &vector_of(*row, dim)).unwrap();
        }
        assert_eq!(writer.finish().unwrap() as usize, rows.len());
        io.read("v", u64::MAX).unwrap()
    }

    fn vector_of(row: u32, dim: u32) -> Vec<f32> {
        (0..dim).map(|d| (row * 31 + d) as f32).collect()
    }

    fn open(file: Vec<u8>) -> VectorBlock {
        let component = Component::from_region("v", Region::from_vec(file), ComponentKind::Vectors);
        VectorBlock::open(component.unwrap()).unwrap()
    }

    #[test]
    fn round_trip_sparse_and_dense() {
        let mut random = Random::new(5);
        for share in [0, 30, 70, 100] {
            let rows: Vec<u32> = (0..900).filter(|_| random.below(100) < share).collect();
            let block = open(write(&rows, 33));
            assert_eq!((block.len() as usize, block.dim()), (rows.len(), 33));
            assert_eq!(block.is_dense(), share == 100 || share == 0);
            assert_eq!(block.last_row(), rows.last().copied());
            for (ordinal, row) in rows.iter().enumerate() {
                assert_eq!(block.row(ordinal as u32), *row);
                assert_eq!(block.vector(ordinal as u32), Some(&vector_of(*row, 33)[..]));
            }
            for row in 0..1_000 {
                let ordinal = rows.binary_search(&row).ok().map(|ordinal| ordinal as u32);
                assert_eq!(block.ordinal(row), ordinal);
            }
            assert_eq!(block.vector(block.len()), None);
        }
        let io = MemIo::new();
        let mut writer = VectorsWriter::create(&io, "v", 1, 2).unwrap();
        writer.push(3, &[1.0, 2.0]).unwrap();
        assert!(writer.push(3, &[1.0, 2.0]).is_err() && writer.push(4, &[1.0]).is_err());
        drop(writer);
        assert_eq!(io.len("v").unwrap(), None, "an unfinished file stays behind");
    }

    #[test]
    fn damage_is_local_and_hostile_bytes_are_refused() {
        let rows: Vec<u32> = (0..600).collect();
        let mut file = write(&rows, 100);
        file[64 + 65_536 + 10] ^= 1;
        let block = open(file);
        let lost: Vec<u32> = (0..600)
            .filter(|ordinal| block.vector(*ordinal).is_none())
            .collect();
        assert_eq!(lost, (163..328).collect::<Vec<u32>>());
        let body = [
            vec![0; 48],
            vec![1, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0],
            vec![0; 16],
        ]
        .concat();
        assert!(VectorBlock::open(component(ComponentKind::Vectors, &body)).is_ok());
        let mut random = Random::new(6);
        for _ in 0..3_000 {
            let mut bytes = body.clone();
            bytes.truncate(bytes.len() - random.below(2) as usize * random.below(80) as usize);
            for _ in 0..2 {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.below(6) as u8;
            }
            if let Ok(block) = VectorBlock::open(component(ComponentKind::Vectors, &bytes)) {
                let bounded = |at| block.vector(at).is_none_or(|vector| vector.len() <= 12);
                assert!((0..5).all(|at| bounded(at) && block.ordinal(at).is_none_or(|o| block.row(o) == at)));
            }
        }
    }
}
