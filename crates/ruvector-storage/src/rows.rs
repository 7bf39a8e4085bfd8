//! Payload rows of a sealed segment: version and payload bytes by row. Never interprets a payload.
//!
//! ```text
//! body: heap │ zeros to 8 │ offsets │ versions │ trailer 32 bytes
//! heap:     payloads, one after another, in row order
//! offsets:  rows + 1 × u64 into the heap, ascending
//! versions: rows × u64
//! trailer:  0 version u32 (1) │ 4 rows u32 │ 8 heap bytes u64 │ 16 zero
//! ```

use ruvector_io::Io;

use crate::component::{Component, ReadComponentError};
use crate::frame::ComponentKind;
use crate::vectors::{TRAILER_BYTES, verified};
use crate::wire::{Malformed, Reader, put, u64_at};
use crate::writer::{ComponentWriter, WriteComponentError};

const VERSION: u32 = 1;

/// The payloads of a sealed segment, mapped.
#[derive(Clone, Debug)]
pub struct PayloadRows {
    component: Component,
    rows: u32,
    heap_bytes: u64,
}

impl PayloadRows {
    /// Checks the lengths; everything else is verified on first touch.
    pub fn open(component: Component) -> Result<PayloadRows, ReadComponentError> {
        let trailer = verified(
            &component,
            component.len().saturating_sub(TRAILER_BYTES)..component.len(),
        )?;
        let decoded = decode_trailer(trailer, component.len());
        let (rows, heap_bytes) = decoded.map_err(|malformed| component.malformed(malformed))?;
        Ok(PayloadRows {
            component,
            rows,
            heap_bytes,
        })
    }

    /// Rows.
    pub fn len(&self) -> u32 {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The encoded payload of a row; `None` if out of range or damaged.
    pub fn payload(&self, row: u32) -> Option<&[u8]> {
        if row >= self.rows {
            return None;
        }
        let at = self.offsets_at() + 8 * u64::from(row);
        let offsets = self.component.bytes(at..at + 16)?;
        let (start, end) = (u64_at(offsets, 0)?, u64_at(offsets, 8)?);
        if end > self.heap_bytes {
            return None;
        }
        self.component.bytes(start..end)
    }

    /// The version of a row; `None` if out of range or damaged.
    pub fn version(&self, row: u32) -> Option<u64> {
        if row >= self.rows {
            return None;
        }
        let at = self.offsets_at() + 8 * (u64::from(self.rows) + 1 + u64::from(row));
        u64_at(self.component.bytes(at..at + 8)?, 0)
    }

    /// A hint that the version of a row follows soon.
    pub fn prefetch_version(&self, row: u32) {
        let at = self.offsets_at() + 8 * (u64::from(self.rows) + 1 + u64::from(row));
        ruvector_graph::Bytes::prefetch(&self.component, at..at + 8);
    }

    fn offsets_at(&self) -> u64 {
        self.heap_bytes.next_multiple_of(8)
    }
}

fn decode_trailer(trailer: &[u8], body_bytes: u64) -> Result<(u32, u64), Malformed> {
    let mut reader = Reader::new(trailer);
    if reader.u32()? != VERSION {
        return Err(reader.malformed("unknown version of the payload rows"));
    }
    let (rows, heap_bytes) = (reader.u32()?, reader.u64()?);
    let heap = u128::from(heap_bytes).next_multiple_of(8);
    let tables = 8 * (2 * u128::from(rows) + 1);
    if heap + tables + u128::from(TRAILER_BYTES) != u128::from(body_bytes) {
        return Err(reader.malformed("length does not match the counts"));
    }
    Ok((rows, heap_bytes))
}

/// Writes a payload component row by row; in memory 16 bytes a row.
#[derive(Debug)]
pub struct PayloadRowsWriter<'a> {
    writer: ComponentWriter<'a>,
    offsets: Vec<u64>,
    versions: Vec<u64>,
}

impl<'a> PayloadRowsWriter<'a> {
    /// Creates the file, which must not exist.
    pub fn create(
        io: &'a dyn Io,
        path: &str,
        created_seq: u64,
    ) -> Result<PayloadRowsWriter<'a>, WriteComponentError> {
        Ok(PayloadRowsWriter {
            writer: ComponentWriter::create(io, path, ComponentKind::Payload, created_seq)?,
            offsets: vec![0],
            versions: Vec::new(),
        })
    }

    /// Appends the next row.
    pub fn push(&mut self, version: u64, payload: &[u8]) -> Result<(), WriteComponentError> {
        self.writer.write(payload)?;
        self.offsets.push(self.writer.len());
        self.versions.push(version);
        Ok(())
    }

    /// Ends and syncs the file; the number of rows.
    pub fn finish(mut self) -> Result<u32, WriteComponentError> {
        let heap_bytes = self.writer.len();
        let rows = u32::try_from(self.versions.len()).map_err(|_| self.writer.rule("too many rows"))?;
        self.writer.align(8)?;
        self.writer.write(bytemuck::cast_slice(&self.offsets))?;
        self.writer.write(bytemuck::cast_slice(&self.versions))?;
        let mut trailer = Vec::with_capacity(TRAILER_BYTES as usize);
        put!(trailer, VERSION, rows, heap_bytes, 0u64, 0u64);
        self.writer.write(&trailer)?;
        self.writer.finish()?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: rows come back as pushed. Method: random payloads against a vector; hostile bytes under valid
    //! checksums are refused or answered within bounds.
    use super::*;
    use crate::testing::{Random, component};
    use ruvector_io::{MemIo, Region};

    #[test]
    fn round_trip_and_hostile_bytes() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let io = MemIo::new();
            let mut writer = PayloadRowsWriter::create(&io, "p", 1).unwrap();
            let mut model = Vec::new();
            for _ in 0..random.below(200) {
                let bytes = random.below(40) * random.below(20);
                model.push((random.next(), random.bytes(bytes)));
            }
            for (version, payload) in &model {
                writer.push(*version, payload).unwrap();
            }
            assert_eq!(writer.finish().unwrap() as usize, model.len());
            let file = Region::from_vec(io.read("p", u64::MAX).unwrap());
            let sealed = Component::from_region("p", file, ComponentKind::Payload).unwrap();
            let rows = PayloadRows::open(sealed.clone()).unwrap();
            for (row, (version, payload)) in model.iter().enumerate() {
                assert_eq!(rows.version(row as u32), Some(*version), "seed {seed}");
                assert_eq!(rows.payload(row as u32), Some(&payload[..]), "seed {seed}");
            }
            assert_eq!((rows.payload(rows.len()), rows.version(rows.len())), (None, None));
            for _ in 0..200 {
                let mut bytes = sealed.body().unwrap().to_vec();
                let tail = bytes.len().min(60);
                let at = bytes.len() - 1 - random.below(tail as u64) as usize;
                bytes[at] = random.next() as u8;
                if let Ok(rows) = PayloadRows::open(component(ComponentKind::Payload, &bytes)) {
                    let bounded = |row| {
                        rows.payload(row)
                            .is_none_or(|payload| payload.len() <= bytes.len())
                    };
                    assert!((0..rows.len().min(300)).all(bounded));
                    assert_eq!(rows.version(rows.len()), None);
                }
            }
        }
    }
}
