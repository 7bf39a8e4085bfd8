//! The index of places: sorted along a curve that keeps neighbours together, so that a shape is a few runs of it. Its
//! bytes, drawn; how it is opened. Never looks at a payload.
//!
//! All numbers are little-endian; every part begins at a multiple of eight. P is the number of pairs of a place and a
//! row that has it.
//!
//! ```text
//! head      "RVFP" │ version u16 │ 0 u16 │ rows u32 │ rows with a place u32 │ most places of a row u32 │ 0 u32 │ P u64
//! presence  where the field is null, where it is filled (presence.rs)
//! codes     P × u64, ascending: the place on the curve (curve.rs)
//! rows      P × u32
//! lons      P × f64, degrees
//! lats      P × f64, degrees
//! ```

mod answer;
mod build;
mod curve;
mod estimate;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub(super) use build::GeoBuilder;

use super::presence::Presence;
use super::table::{Layout, array_at};
use super::{IndexBytes, MalformedIndex};

pub(crate) const MAGIC: [u8; 4] = *b"RVFP";
const VERSION: u16 = 1;
const HEAD_BYTES: u64 = 32;

/// An index of places, read where it lies.
#[derive(Clone, Debug)]
pub struct GeoIndex<B> {
    bytes: B,
    head: Head,
    presence: Presence,
    parts: Parts,
}

#[derive(Clone, Debug)]
struct Head {
    rows: u32,
    placed: u32,
    row_places_max: u32,
    places: u64,
}

/// Where the parts lie.
#[derive(Clone, Debug)]
struct Parts {
    codes: Range<u64>,
    rows: Range<u64>,
    lons: Range<u64>,
    lats: Range<u64>,
}

impl<B: IndexBytes> GeoIndex<B> {
    /// Opens the index of a segment of `rows` rows. Cost: the heads of it and of its lists of rows are read and all
    /// lengths compared; places are read when they are asked for.
    pub fn open(bytes: B, rows: u32) -> Result<GeoIndex<B>, MalformedIndex> {
        let head = Head::read(&bytes)?;
        if head.rows != rows {
            return Err(MalformedIndex {
                at: 8,
                rule: "it is of another number of rows",
            });
        }
        let mut layout = Layout::new(HEAD_BYTES, bytes.len());
        let presence = Presence::open(&bytes, &mut layout, rows)?;
        let parts = Parts {
            codes: layout.take(head.places, 8)?,
            rows: layout.take(head.places, 4)?,
            lons: layout.take(head.places, 8)?,
            lats: layout.take(head.places, 8)?,
        };
        layout.finish()?;
        Ok(GeoIndex {
            bytes,
            head,
            presence,
            parts,
        })
    }
}

impl Head {
    fn read(bytes: &impl IndexBytes) -> Result<Head, MalformedIndex> {
        let malformed = |at, rule| MalformedIndex { at, rule };
        let head: [u8; HEAD_BYTES as usize] =
            array_at(bytes, 0).ok_or(malformed(0, "the head is not there"))?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if head[..4] != MAGIC {
            return Err(malformed(0, "it does not begin as one"));
        }
        if head[4..6] != VERSION.to_le_bytes() {
            return Err(malformed(4, "its version is unknown"));
        }
        if head[6..8] != [0, 0] || word(20) != 0 {
            return Err(malformed(6, "the head has unknown flags"));
        }
        let head = Head {
            rows: word(8),
            placed: word(12),
            row_places_max: word(16),
            places: u64::from(word(24)) | u64::from(word(28)) << 32,
        };
        let places_max = u64::from(head.placed) * u64::from(head.row_places_max);
        if head.placed <= head.rows && u64::from(head.placed) <= head.places && head.places <= places_max {
            Ok(head)
        } else {
            Err(malformed(12, "its counts contradict each other"))
        }
    }
}
