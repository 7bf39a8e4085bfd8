//! Boxes of longitudes and latitudes, which may cross the antimeridian. Never looks at anything but degrees.

use ruvector_types::GeoPoint;

use super::{Cell, Cover};

/// Places between two longitudes and two latitudes. Where the western one is the greater, the box crosses the
/// antimeridian: it is east of the one or west of the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rectangle {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Rectangle {
    pub(super) fn new(top_left: GeoPoint, bottom_right: GeoPoint) -> Rectangle {
        Rectangle {
            west: top_left.lon,
            east: bottom_right.lon,
            south: bottom_right.lat,
            north: top_left.lat,
        }
    }

    pub(super) fn contains(&self, place: GeoPoint) -> bool {
        let (east_of, west_of) = (place.lon > self.west, place.lon < self.east);
        let between = if self.west > self.east {
            east_of || west_of
        } else {
            east_of && west_of
        };
        between && self.south < place.lat && place.lat < self.north
    }

    pub(super) fn cover(&self, cell: Cell) -> Cover {
        let lat = covered(cell.south, cell.north, (self.south, self.north));
        let lon = if self.west > self.east {
            let eastern = covered(cell.west, cell.east, (self.west, f64::INFINITY));
            let western = covered(cell.west, cell.east, (f64::NEG_INFINITY, self.east));
            match (eastern, western) {
                (Cover::All, _) | (_, Cover::All) => Cover::All,
                (Cover::None, Cover::None) => Cover::None,
                _ => Cover::Some,
            }
        } else {
            covered(cell.west, cell.east, (self.west, self.east))
        };
        match (lat, lon) {
            (Cover::All, Cover::All) => Cover::All,
            (Cover::None, _) | (_, Cover::None) => Cover::None,
            _ => Cover::Some,
        }
    }
}

/// How much of `from..=to` lies between two bounds, these left out.
fn covered(from: f64, to: f64, (above, below): (f64, f64)) -> Cover {
    if above < from && to < below {
        Cover::All
    } else if to <= above || below <= from {
        Cover::None
    } else {
        Cover::Some
    }
}
