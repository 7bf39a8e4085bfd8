//! The curve along which places are sorted: the bits of longitude and latitude in turn (Morton 1966). A square of the
//! curve, at any of 32 depths, is one run of codes and one cell of the earth.

use ruvector_types::GeoPoint;

use crate::geo::Cell;

/// How often the earth is cut into four.
const DEPTH_MAX: u32 = 32;

/// Wider than the rounding of a code, in degrees.
const ROUNDING_DEGREES: f64 = 1e-9;

/// All codes that begin with the same `depth` pairs of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Square {
    first: u64,
    depth: u32,
}

/// The code of a place on the earth.
pub(super) fn code(place: GeoPoint) -> u64 {
    // A share of the whole becomes 32 bits; the very end is rounded to the last.
    let bits = |share: f64| (share * (1u64 << 32) as f64) as u32;
    let (lon, lat) = (
        bits((place.lon + 180.0) / 360.0),
        bits((place.lat + 90.0) / 180.0),
    );
    spread(lon) << 1 | spread(lat)
}

impl Square {
    pub(super) const EARTH: Square = Square { first: 0, depth: 0 };

    /// The greatest code in it.
    pub(super) fn last(self) -> u64 {
        self.first | u64::MAX.checked_shr(2 * self.depth).unwrap_or(0)
    }

    /// Its quarters in the order of the curve; `None`: it is a single code.
    pub(super) fn quarters(self) -> Option<[Square; 4]> {
        let depth = self.depth + 1;
        (depth <= DEPTH_MAX).then(|| {
            [0, 1, 2, 3].map(|quarter| Square {
                first: self.first | quarter << (64 - 2 * depth),
                depth,
            })
        })
    }

    /// The cell of the earth where all places with its codes lie.
    pub(super) fn cell(self) -> Cell {
        let unit = f64::from(self.depth).exp2().recip();
        let low = |bits: u32| f64::from(bits) / (1u64 << 32) as f64;
        let (lon, lat) = (low(gather(self.first >> 1)), low(gather(self.first)));
        let cell = Cell {
            west: lon * 360.0 - 180.0,
            east: (lon + unit) * 360.0 - 180.0,
            south: lat * 180.0 - 90.0,
            north: (lat + unit) * 180.0 - 90.0,
        };
        cell.widened(ROUNDING_DEGREES)
    }
}

/// Puts a zero before each bit.
fn spread(bits: u32) -> u64 {
    let mut wide = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        wide = (wide | wide << shift) & mask;
    }
    wide
}

/// Takes every second bit, from the lowest on.
fn gather(wide: u64) -> u32 {
    let mut bits = wide & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u32
}

#[cfg(test)]
mod tests {
    //! Goal: a place lies in the cell of every square that holds its code. Method: the path from the earth to the code.
    use super::{DEPTH_MAX, GeoPoint, Square, code};

    #[test]
    fn squares_hold_their_places() {
        let shares = [
            0.0,
            0.1,
            0.25,
            1.0 / 3.0,
            0.5,
            0.500_000_001,
            0.75,
            0.999_999_999_9,
            1.0,
        ];
        for (x, y) in shares.iter().flat_map(|x| shares.iter().map(move |y| (x, y))) {
            let place = GeoPoint {
                lon: x * 360.0 - 180.0,
                lat: y * 180.0 - 90.0,
            };
            let (code, mut square) = (code(place), Square::EARTH);
            for depth in 0..=DEPTH_MAX {
                let cell = square.cell();
                assert!(
                    (cell.west..=cell.east).contains(&place.lon),
                    "{place:?} {depth} {cell:?}"
                );
                assert!(
                    (cell.south..=cell.north).contains(&place.lat),
                    "{place:?} {depth} {cell:?}"
                );
                let Some(quarters) = square.quarters() else {
                    assert_eq!((depth, square.first, square.last()), (DEPTH_MAX, code, code));
                    continue;
                };
                assert_eq!(
                    (quarters[0].first, quarters[3].last()),
                    (square.first, square.last())
                );
                square = quarters
                    .into_iter()
                    .find(|quarter| code <= quarter.last())
                    .unwrap();
            }
        }
    }
}
