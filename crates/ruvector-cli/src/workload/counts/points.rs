//! Synthetic points with payloads, all made from a seed, and plain loops over them: what an index must agree with. Never
//! asks the engine.

use std::collections::BTreeMap;

use ruvector_types::{GeoPoint, Map, NamedVectors, Point, PointId, Value};

use crate::workload::random::Random;

pub(crate) const DIM: u32 = 4;
/// Integers lie from 0 to below this.
pub(crate) const INTEGERS: usize = 1_000_000;
pub(crate) const KEYWORDS: usize = 100;
/// The mean radius of the earth, in metres (Moritz 2000).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Boxes about as large as continents: west, east, south, north.
const LANDS: [[f64; 4]; 6] = [
    [-125.0, -70.0, 25.0, 60.0],
    [-75.0, -40.0, -40.0, 5.0],
    [-10.0, 40.0, 36.0, 65.0],
    [-15.0, 45.0, -33.0, 33.0],
    [45.0, 140.0, 10.0, 65.0],
    [115.0, 152.0, -38.0, -12.0],
];

/// The payload of a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) a: i64,
    pub(crate) b: f64,
    pub(crate) place: GeoPoint,
    pub(crate) keyword: u8,
}

/// All points, under their numbers, and which of them are deleted.
pub(crate) struct Points {
    rows: Vec<Row>,
    is_deleted: Vec<bool>,
}

impl Points {
    pub(crate) fn new(count: usize, deleted: f64, random: &mut Random) -> Points {
        Points {
            rows: (0..count).map(|_| Row::new(random)).collect(),
            is_deleted: (0..count).map(|_| random.unit() < deleted).collect(),
        }
    }

    /// The points from number `first` on, up to `count` of them, as they are written.
    pub(crate) fn batch(&self, first: usize, count: usize) -> Vec<Point> {
        let rows = (first..).zip(self.rows.iter().skip(first).take(count));
        rows.map(|(number, row)| Point {
            id: PointId::Num(number as u64),
            vectors: NamedVectors::from([(String::new(), row.vector().into())]),
            payload: row.payload(),
        })
        .collect()
    }

    /// The numbers of those deleted.
    pub(crate) fn deleted(&self) -> Vec<PointId> {
        let numbered = (0u64..).zip(&self.is_deleted);
        let deleted = numbered.filter(|(_, is_deleted)| **is_deleted);
        deleted.map(|(number, _)| PointId::Num(number)).collect()
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Row> {
        let rows = self.rows.iter().zip(&self.is_deleted);
        rows.filter(|(_, is_deleted)| !**is_deleted).map(|(row, _)| row)
    }

    /// Any of the points, deleted or not.
    pub(crate) fn any(&self, random: &mut Random) -> Row {
        self.rows[random.below(self.rows.len())]
    }
}

impl Row {
    fn new(random: &mut Random) -> Row {
        let [west, east, south, north] = LANDS[random.below(LANDS.len())];
        Row {
            a: random.below(INTEGERS) as i64,
            b: random.unit(),
            place: GeoPoint {
                lon: west + (east - west) * random.unit(),
                lat: south + (north - south) * random.unit(),
            },
            keyword: random.below(KEYWORDS) as u8,
        }
    }

    fn vector(&self) -> Vec<f32> {
        let (lon, lat) = (self.place.lon as f32, self.place.lat as f32);
        vec![self.b as f32, lon / 180.0, lat / 90.0, 1.0]
    }

    fn payload(&self) -> Map {
        let place = BTreeMap::from([
            ("lon".to_owned(), Value::Float(self.place.lon)),
            ("lat".to_owned(), Value::Float(self.place.lat)),
        ]);
        BTreeMap::from([
            ("a".to_owned(), Value::Int(self.a)),
            ("b".to_owned(), Value::Float(self.b)),
            ("place".to_owned(), Value::Object(place)),
            ("k".to_owned(), Value::String(word(self.keyword))),
        ])
    }
}

/// A keyword by its number.
pub(crate) fn word(number: u8) -> String {
    format!("keyword-{number:02}")
}

/// Metres between two places on a sphere, by the haversine formula.
pub(crate) fn metres(from: GeoPoint, to: GeoPoint) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let shrunk = from.lat.to_radians().cos() * to.lat.to_radians().cos();
    let share = half(from.lat, to.lat) + shrunk * half(from.lon, to.lon);
    EARTH_RADIUS_M * 2.0 * share.sqrt().min(1.0).asin()
}
