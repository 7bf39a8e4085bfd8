//! Circles on the sphere. The distance is the haversine formula on the mean radius of the earth, as in Qdrant.

use ruvector_types::GeoPoint;

use super::{Cell, Cover};

/// The mean radius of the ellipsoid GRS 80, in metres (Moritz 2000).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// What rounding may add to a distance or take from it, in metres: near the opposite end of the earth the formula
/// loses half of its digits.
const ROUNDING_M: f64 = 1.0;

/// Places nearer to a centre than a radius.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circle {
    center: GeoPoint,
    radius_m: f64,
}

impl Circle {
    pub(super) fn new(center: GeoPoint, radius_m: f64) -> Circle {
        Circle { center, radius_m }
    }

    pub(super) fn contains(&self, place: GeoPoint) -> bool {
        // The way is never shorter than its part along the meridian.
        let north_m = (place.lat - self.center.lat).abs().to_radians() * EARTH_RADIUS_M;
        north_m <= self.radius_m + ROUNDING_M && distance_m(self.center, place) < self.radius_m
    }

    pub(super) fn cover(&self, cell: Cell) -> Cover {
        let (nearest, farthest) = self.distances(cell);
        if farthest + ROUNDING_M < self.radius_m {
            Cover::All
        } else if nearest - ROUNDING_M > self.radius_m {
            Cover::None
        } else {
            Cover::Some
        }
    }

    /// Metres from the centre to the nearest and to the farthest place of a cell.
    ///
    /// On one parallel the distance grows with the difference of longitudes up to half the earth, so the nearest and
    /// the farthest place lie on the cell's meridians of least and greatest difference. Along a meridian the cosine of
    /// the distance is a cosine of the latitude around `crest`: extremes lie at the ends, at the crest or at the
    /// trough opposite of it.
    fn distances(&self, cell: Cell) -> (f64, f64) {
        let to = |lon: f64, lat: f64| distance_m(self.center, GeoPoint { lon, lat });
        let ends = [
            apart(self.center.lon, cell.west),
            apart(self.center.lon, cell.east),
        ];
        let inside = |lon: f64| (cell.west..=cell.east).contains(&lon);
        let own = [0.0, 360.0, -360.0]
            .iter()
            .any(|turn| inside(self.center.lon + turn));
        let opposite = [180.0, -180.0].iter().any(|turn| inside(self.center.lon + turn));
        let least = if own { 0.0 } else { ends[0].min(ends[1]) };
        let greatest = if opposite { 180.0 } else { ends[0].max(ends[1]) };

        let lon = self.center.lon + least;
        let crest = self.crest(least).clamp(cell.south, cell.north);
        let nearest = to(lon, cell.south).min(to(lon, cell.north)).min(to(lon, crest));
        let lon = self.center.lon + greatest;
        let crest = self.crest(greatest);
        let trough = (crest - 180f64.copysign(crest)).clamp(cell.south, cell.north);
        let farthest = to(lon, cell.south).max(to(lon, cell.north)).max(to(lon, trough));
        (nearest, farthest)
    }

    /// The latitude nearest to the centre among those of the meridian `degrees` away; beyond ±90 from the far side.
    fn crest(&self, degrees: f64) -> f64 {
        let (sin, cos) = self.center.lat.to_radians().sin_cos();
        sin.atan2(cos * degrees.to_radians().cos()).to_degrees()
    }
}

/// Metres between two places.
pub(super) fn distance_m(from: GeoPoint, to: GeoPoint) -> f64 {
    let half_lat = (to.lat - from.lat).to_radians() / 2.0;
    let half_lon = (to.lon - from.lon).to_radians() / 2.0;
    let shrunk = from.lat.to_radians().cos() * to.lat.to_radians().cos();
    let share = half_lat.sin().powi(2) + shrunk * half_lon.sin().powi(2);
    // Rounding may carry the share of two opposite places above one, whose arc sine would be no number.
    EARTH_RADIUS_M * 2.0 * share.sqrt().min(1.0).asin()
}

/// Degrees between two longitudes, the shorter way.
fn apart(left: f64, right: f64) -> f64 {
    let turn = (left - right).abs() % 360.0;
    turn.min(360.0 - turn)
}
