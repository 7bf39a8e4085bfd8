//! Places in the shapes that random filters draw, by school geometry. Never sees a place on an edge, where rounding
//! would decide.

use ruvector_types::{FieldTest, GeoPoint, Value};

/// An object with a longitude and a latitude on the earth.
pub(super) fn place(value: &Value) -> Option<GeoPoint> {
    let Value::Object(map) = value else { return None };
    let degrees = |key: &str| match map.get(key)? {
        Value::Int(number) => Some(*number as f64),
        Value::UInt(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    let (lon, lat) = (degrees("lon")?, degrees("lat")?);
    (lon.abs() <= 180.0 && lat.abs() <= 90.0).then_some(GeoPoint { lon, lat })
}

/// Whether a place lies in a shape. A polygon is a square around 0, 0, with square holes.
pub(super) fn lies_in(place: GeoPoint, shape: &FieldTest) -> bool {
    let within = |value: f64, low: f64, high: f64| low < value && value < high;
    match shape {
        FieldTest::GeoRadius { center, radius_m } => {
            let (lat, other) = (place.lat.to_radians(), center.lat.to_radians());
            let lon = (place.lon - center.lon).to_radians();
            let cosine = lat.sin() * other.sin() + lat.cos() * other.cos() * lon.cos();
            6_371_000.0 * cosine.clamp(-1.0, 1.0).acos() < *radius_m
        }
        FieldTest::GeoBoundingBox {
            top_left,
            bottom_right,
        } => {
            let (west, east) = (top_left.lon, bottom_right.lon);
            let in_lon = match west <= east {
                true => within(place.lon, west, east),
                false => place.lon > west || place.lon < east,
            };
            in_lon && within(place.lat, bottom_right.lat, top_left.lat)
        }
        FieldTest::GeoPolygon(polygon) => {
            let inside = |ring: &[GeoPoint]| {
                let side = ring.first().map_or(0.0, |corner| corner.lon.abs());
                within(place.lon, -side, side) && within(place.lat, -side, side)
            };
            inside(&polygon.exterior) && !polygon.interiors.iter().any(|ring| inside(ring))
        }
        _ => false,
    }
}
