//! Builds an index of places. Never keeps a value that is no place.

use ruvector_types::GeoPoint;

use super::{MAGIC, VERSION, curve};
use crate::geo;
use crate::index::leaves::each_item;
use crate::index::presence::PresenceBuilder;
use crate::index::table::pad;
use crate::{DecodeError, ValueRef};

/// Collects the places at a path. Memory: 32 bytes a place.
#[derive(Clone, Debug, Default)]
pub(crate) struct GeoBuilder {
    presence: PresenceBuilder,
    /// Code, row and place.
    places: Vec<(u64, u32, GeoPoint)>,
}

impl GeoBuilder {
    /// Without any row.
    pub(crate) fn new() -> GeoBuilder {
        GeoBuilder::default()
    }

    /// Adds a value at the end of the path in `row`; rows ascend. What is no place is left out. An error says that
    /// the value is damaged.
    pub(crate) fn push(&mut self, row: u32, leaf: ValueRef<'_>) -> Result<(), DecodeError> {
        self.presence.push(row, leaf)?;
        each_item(leaf, |item| {
            if let Some(place) = geo::place(item) {
                self.places.push((curve::code(place), row, place));
            }
        })
    }

    /// The bytes of the index of `rows` rows, to be opened by [`super::GeoIndex::open`]; what was pushed for rows
    /// beyond is left out. Cost: the places are sorted.
    pub(crate) fn finish(mut self, rows: u32) -> Vec<u8> {
        self.places.retain(|(_, row, _)| *row < rows);
        let by_row = self.places.chunk_by(|left, right| left.1 == right.1);
        let (mut placed, mut most) = (0u32, 0);
        by_row.for_each(|places| (placed, most) = (placed + 1, most.max(places.len() as u32)));
        self.places.sort_unstable_by_key(|(code, row, _)| (*code, *row));

        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        for number in [rows, placed, most, 0] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&(self.places.len() as u64).to_le_bytes());
        self.presence.put(&mut out, rows);
        out.extend(self.places.iter().flat_map(|(code, _, _)| code.to_le_bytes()));
        out.extend(self.places.iter().flat_map(|(_, row, _)| row.to_le_bytes()));
        pad(&mut out);
        out.extend(
            self.places
                .iter()
                .flat_map(|(_, _, place)| place.lon.to_le_bytes()),
        );
        out.extend(
            self.places
                .iter()
                .flat_map(|(_, _, place)| place.lat.to_le_bytes()),
        );
        out
    }
}
