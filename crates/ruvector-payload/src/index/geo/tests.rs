//! Goal: the index answers exactly as one place after the other does; damaged bytes never panic. Method: random
//! payloads and shapes beside a look at every place; every bit of an index flipped once.

use ruvector_types::{FieldTest, GeoPoint, GeoPolygon, Map, PayloadPath, Value};

use super::{GeoBuilder, GeoIndex};
use crate::compile::Test;
use crate::geo::{Shape, place};
use crate::index::leaves::{each_item, each_leaf};
use crate::{PayloadRef, encode};

struct Draw(u64);

impl Draw {
    fn share(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }

    /// Everywhere, or crowded around a town or the antimeridian.
    fn point(&mut self) -> GeoPoint {
        let near = |middle: f64, share: f64| middle + (share - 0.5) * 4.0;
        match self.below(3) {
            0 => at(self.share() * 360.0 - 180.0, self.share() * 180.0 - 90.0),
            1 => at(near(13.4, self.share()), near(52.5, self.share())),
            _ => {
                let lon = near(180.0, self.share());
                at(
                    if lon > 180.0 { lon - 360.0 } else { lon },
                    near(0.0, self.share()),
                )
            }
        }
    }

    fn value(&mut self) -> Value {
        let place = |lon: Value, lat: Value| {
            Value::Object(Map::from([("lon".to_owned(), lon), ("lat".to_owned(), lat)]))
        };
        match self.below(12) {
            0 => Value::Null,
            1 => place(Value::Int(13), Value::Int(52)),
            2 => place(Value::Float(181.0), Value::Int(0)),
            3 => place(Value::from("13"), Value::Int(52)),
            4 => Value::Object(Map::from([("lon".to_owned(), Value::Int(1))])),
            _ => {
                let GeoPoint { lon, lat } = self.point();
                place(lon.into(), lat.into())
            }
        }
    }

    fn payload(&mut self) -> Map {
        let value = match self.below(6) {
            0 => return Map::new(),
            1 => Value::Array((0..self.below(4)).map(|_| self.value()).collect()),
            _ => self.value(),
        };
        Map::from([("a".to_owned(), value)])
    }

    fn test(&mut self) -> Test {
        let (center, other) = (self.point(), self.point());
        let shape = match self.below(5) {
            0 => return Test::HasNull,
            1 => return Test::NotEmpty,
            2 => FieldTest::GeoRadius {
                center,
                radius_m: 2e7 * self.share().powi(4),
            },
            3 => FieldTest::GeoBoundingBox {
                top_left: at(center.lon, center.lat.max(other.lat)),
                bottom_right: at(other.lon, center.lat.min(other.lat)),
            },
            _ => FieldTest::GeoPolygon(GeoPolygon {
                exterior: (0..7).map(|_| self.point()).collect(),
                interiors: vec![(0..3).map(|_| self.point()).collect()],
            }),
        };
        Test::Geo(Shape::compile(&shape).unwrap())
    }
}

fn at(lon: f64, lat: f64) -> GeoPoint {
    GeoPoint { lon, lat }
}

fn build(payloads: &[Vec<u8>]) -> Vec<u8> {
    let path = PayloadPath::key("a");
    let mut builder = GeoBuilder::new();
    for (row, payload) in (0..).zip(payloads) {
        let payload = PayloadRef::new(payload).unwrap();
        each_leaf(payload, path.steps(), &mut |leaf| builder.push(row, leaf)).unwrap();
    }
    builder.finish(payloads.len() as u32)
}

fn matches(payload: &[u8], test: &Test) -> bool {
    let mut found = false;
    let payload = PayloadRef::new(payload).unwrap();
    each_leaf(payload, PayloadPath::key("a").steps(), &mut |leaf| {
        if let (Test::NotEmpty, crate::ValueRef::Array(items)) = (test, leaf) {
            found |= !items.is_empty();
            return Ok(());
        }
        each_item(leaf, |item| {
            found |= match test {
                Test::Geo(shape) => place(item).is_some_and(|place| shape.contains(place)),
                Test::HasNull => matches!(item, crate::ValueRef::Null),
                _ => !matches!(item, crate::ValueRef::Null),
            }
        })
    })
    .unwrap();
    found
}

#[test]
fn answers_are_those_of_single_places() {
    let mut draw = Draw(21);
    let mut found = 0;
    for rows in [0, 1, 60, 400, 3000, 3000] {
        let payloads: Vec<Vec<u8>> = (0..rows).map(|_| encode(&draw.payload())).collect();
        let index = GeoIndex::open(build(&payloads), rows).unwrap();
        for _ in 0..150 {
            let test = draw.test();
            let answer = index.answer(&test).unwrap();
            assert!(answer.is_exact());
            for (row, payload) in (0..).zip(&payloads) {
                let wanted = matches(payload, &test);
                assert_eq!(answer.sure.contains(row), wanted, "row {row} of {test:?}");
            }
            let count = answer.sure.count();
            let estimate = index.estimate(&test).unwrap();
            assert!(
                estimate.min <= count && count <= estimate.max,
                "{count} {estimate:?} {test:?}"
            );
            assert!(
                (estimate.min..=estimate.max).contains(&estimate.expected),
                "{estimate:?}"
            );
            found += count;
        }
    }
    assert!(found > 100_000, "{found}");
}

/// Goal: a polygon all of whose edges meet every latitude holds up no search: what costs too much is left open, and nothing
/// is lost by that. Method: a zigzag, with ever fewer looks.
#[test]
fn what_costs_too_much_is_left_open() {
    let mut draw = Draw(23);
    let payloads: Vec<Vec<u8>> = (0..2_000).map(|_| encode(&draw.payload())).collect();
    let index = GeoIndex::open(build(&payloads), 2_000).unwrap();
    let exterior = (0..1_000).map(|corner| {
        let lon = if corner < 500 { corner } else { 999 - corner };
        at(f64::from(lon) / 10.0, if corner % 2 == 0 { 80.0 } else { -80.0 })
    });
    let shape = Shape::compile(&FieldTest::GeoPolygon(GeoPolygon {
        exterior: exterior.collect(),
        interiors: Vec::new(),
    }));
    let shape = shape.unwrap();
    assert!((900..=1_000).contains(&shape.looks()), "{}", shape.looks());
    let exact = index.answer(&Test::Geo(shape.clone())).unwrap();
    assert!(exact.is_exact() && exact.sure.count() > 100);
    for looks in [300_000, 30_000, 0] {
        let answer = index.answer_within(&shape, looks).unwrap();
        let (mut surely, mut may) = (answer.sure.clone(), answer.sure.clone());
        surely.and_not(&exact.sure);
        may.or(&answer.open);
        let mut lost = exact.sure.clone();
        lost.and_not(&may);
        assert!(
            surely.is_empty() && lost.is_empty() && !answer.is_exact(),
            "{looks}"
        );
    }
}

#[test]
fn damage_never_panics() {
    let mut draw = Draw(22);
    let payloads: Vec<Vec<u8>> = (0..200).map(|_| encode(&draw.payload())).collect();
    let intact = build(&payloads);
    let tests: Vec<Test> = (0..8).map(|_| draw.test()).collect();
    for bit in 0..intact.len() * 8 {
        let mut bytes = intact.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(index) = GeoIndex::open(bytes, 200) {
            for test in &tests {
                let _answer = index.answer(test);
                let _estimate = index.estimate(test);
            }
        }
    }
    for end in 0..intact.len() {
        assert!(GeoIndex::open(intact[..end].to_vec(), 200).is_err());
    }
    assert!(GeoIndex::open(intact, 199).is_err());
}
