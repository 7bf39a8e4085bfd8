//! Places on the earth: distances, boxes across the antimeridian, polygons.

use ruvector_types::GeoPoint;

/// A shape that places lie in or not.
#[derive(Clone, Debug)]
pub(crate) enum Shape {}

impl Shape {
    /// Whether the place lies in it, its edge included.
    pub(crate) fn contains(&self, _place: GeoPoint) -> bool {
        match *self {}
    }
}
