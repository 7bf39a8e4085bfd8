//! Places on the earth: distances, boxes across the antimeridian, polygons. Never reads a clock, a file or an index.
//!
//! The edge of a shape does not belong to it, in all three shapes: so Qdrant does. A circle lies on a sphere, a box and
//! a polygon in the plane of longitude and latitude, in degrees. Numbers that are not finite make a shape empty.

mod circle;
mod polygon;
mod rectangle;
#[cfg(test)]
mod tests;

use ruvector_types::{FieldTest, GeoPoint};

use crate::ValueRef;
use circle::Circle;
use polygon::Polygon;
use rectangle::Rectangle;

/// A shape that places lie in or not.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Circle(Circle),
    Rectangle(Rectangle),
    Polygon(Polygon),
}

/// Longitudes and latitudes between two each, ends included, in degrees. Never crosses the antimeridian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) west: f64,
    pub(crate) east: f64,
    pub(crate) south: f64,
    pub(crate) north: f64,
}

/// How much of a cell lies in a shape. `Some` where it is not sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    None,
    Some,
    All,
}

impl Shape {
    /// The shape of a test; `None` if the test is not about places. Cost: `n log n` in the corners of a polygon.
    pub(crate) fn compile(test: &FieldTest) -> Option<Shape> {
        Some(match test {
            FieldTest::GeoRadius { center, radius_m } => Shape::Circle(Circle::new(*center, *radius_m)),
            FieldTest::GeoBoundingBox {
                top_left,
                bottom_right,
            } => Shape::Rectangle(Rectangle::new(*top_left, *bottom_right)),
            FieldTest::GeoPolygon(polygon) => Shape::Polygon(Polygon::new(polygon)),
            _ => return None,
        })
    }

    /// Whether the place lies in it, its edge left out. Cost: constant; for a polygon, the edges at that latitude.
    pub(crate) fn contains(&self, place: GeoPoint) -> bool {
        match self {
            Shape::Circle(circle) => circle.contains(place),
            Shape::Rectangle(rectangle) => rectangle.contains(place),
            Shape::Polygon(polygon) => polygon.contains(place),
        }
    }

    /// How much of a cell it covers. `None` and `All` hold for every place that [`Shape::contains`] can be asked of,
    /// rounding included.
    pub(crate) fn cover(&self, cell: Cell) -> Cover {
        match self {
            Shape::Circle(circle) => circle.cover(cell),
            Shape::Rectangle(rectangle) => rectangle.cover(cell),
            Shape::Polygon(polygon) => polygon.cover(cell),
        }
    }

    /// What one [`Shape::cover`] costs, in looks at an edge.
    pub(crate) fn edges(&self) -> usize {
        match self {
            Shape::Circle(_) | Shape::Rectangle(_) => 1,
            Shape::Polygon(polygon) => polygon.edges(),
        }
    }

    /// What one [`Shape::contains`] costs at most, in looks at an edge.
    pub(crate) fn looks(&self) -> u64 {
        match self {
            Shape::Circle(_) | Shape::Rectangle(_) => 1,
            Shape::Polygon(polygon) => polygon.looks(),
        }
    }
}

impl Cell {
    /// Wider by `degrees` on every side.
    pub(crate) fn widened(self, degrees: f64) -> Cell {
        Cell {
            west: self.west - degrees,
            east: self.east + degrees,
            south: self.south - degrees,
            north: self.north + degrees,
        }
    }
}

/// The place that a value means: an object with numbers `lon` and `lat` on the earth. Other values are no places;
/// neither is what is damaged.
pub(crate) fn place(value: ValueRef<'_>) -> Option<GeoPoint> {
    let ValueRef::Object(object) = value else {
        return None;
    };
    let degrees = |key: &str, most: f64| {
        let number = match object.get(key).ok()?? {
            ValueRef::Int(number) => number as f64,
            ValueRef::Float(number) => number,
            _ => return None,
        };
        (number.abs() <= most).then_some(number)
    };
    Some(GeoPoint {
        lon: degrees("lon", 180.0)?,
        lat: degrees("lat", 90.0)?,
    })
}
