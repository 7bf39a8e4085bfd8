//! Goal: shapes hold the places that their definition says, and cells are covered as all their places are.
//! Method: other formulas (vectors on the sphere, crossings of a ray, boxes moved by a turn) on random places, away
//! from edges by more than rounding; exact edges in a table.

use ruvector_types::{FieldTest, GeoPoint, GeoPolygon};

use super::circle::distance_m;
use super::{Cell, Cover, Shape};

struct Draw(u64);

impl Draw {
    fn share(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.share() * (high - low)
    }

    fn place(&mut self) -> GeoPoint {
        at(self.between(-180.0, 180.0), self.between(-90.0, 90.0))
    }

    fn cell(&mut self) -> Cell {
        let [west, south] = [self.between(-180.0, 179.0), self.between(-90.0, 89.0)];
        let size = 90.0 * self.share().powi(3);
        Cell {
            west,
            east: (west + size * 2.0).min(180.0),
            south,
            north: (south + size).min(90.0),
        }
    }

    fn ring(&mut self, middle: GeoPoint, size: f64) -> Vec<GeoPoint> {
        let corners = 3 + (self.share() * 40.0) as usize;
        let ring = (0..corners).map(|_| {
            let lon = middle.lon + self.between(-size, size);
            at(lon, (middle.lat + self.between(-size, size)).clamp(-90.0, 90.0))
        });
        let mut ring: Vec<GeoPoint> = ring.collect();
        ring.push(ring[0]);
        ring
    }

    fn shape(&mut self, kind: usize) -> FieldTest {
        match kind % 3 {
            0 => FieldTest::GeoRadius {
                center: if self.share() < 0.1 {
                    at(20.0, 90.0)
                } else {
                    self.place()
                },
                radius_m: 2.1e7 * self.share().powi(2),
            },
            1 => {
                let (left, right) = (self.place(), self.place());
                FieldTest::GeoBoundingBox {
                    top_left: at(left.lon, left.lat.max(right.lat)),
                    bottom_right: at(right.lon, left.lat.min(right.lat)),
                }
            }
            _ => {
                let (middle, size) = (self.place(), 60.0 * self.share());
                FieldTest::GeoPolygon(GeoPolygon {
                    exterior: self.ring(middle, size),
                    interiors: (0..2).map(|_| self.ring(middle, size * 0.3)).collect(),
                })
            }
        }
    }
}

fn at(lon: f64, lat: f64) -> GeoPoint {
    GeoPoint { lon, lat }
}

/// The distance by the angle between two vectors.
fn slow_distance_m(left: GeoPoint, right: GeoPoint) -> f64 {
    let vector = |place: GeoPoint| {
        let (lon, lat) = (place.lon.to_radians(), place.lat.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    let ([a, b, c], [d, e, f]) = (vector(left), vector(right));
    let cross = [b * f - c * e, c * d - a * f, a * e - b * d];
    let length = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
    length.atan2(a * d + b * e + c * f) * 6_371_008.8
}

/// Turns of a ring around a place: the sum of the angles its edges are seen under.
fn slow_turns(ring: &[GeoPoint], place: GeoPoint) -> i32 {
    let angle = |from: GeoPoint, to: GeoPoint| {
        let [a, b] = [from.lon - place.lon, from.lat - place.lat];
        let [c, d] = [to.lon - place.lon, to.lat - place.lat];
        (a * d - b * c).atan2(a * c + b * d)
    };
    let whole: f64 = ring.windows(2).map(|pair| angle(pair[0], pair[1])).sum();
    (whole / std::f64::consts::TAU).round() as i32
}

/// By definition; `None`: too near the edge to say.
fn slow(test: &FieldTest, place: GeoPoint) -> Option<bool> {
    match test {
        FieldTest::GeoRadius { center, radius_m } => {
            let distance = slow_distance_m(*center, place);
            ((distance - radius_m).abs() > 1.0).then_some(distance < *radius_m)
        }
        FieldTest::GeoBoundingBox {
            top_left,
            bottom_right,
        } => {
            let width = (bottom_right.lon - top_left.lon).rem_euclid(360.0);
            let from_west = (place.lon - top_left.lon).rem_euclid(360.0);
            Some(from_west < width && place.lat < top_left.lat && place.lat > bottom_right.lat)
        }
        FieldTest::GeoPolygon(polygon) => {
            let turned = polygon.exterior.iter().any(|corner| corner.lon.abs() > 180.0);
            let turns = if turned { &[0.0, 360.0, -360.0][..] } else { &[0.0] };
            Some(turns.iter().any(|turn| {
                let place = at(place.lon + turn, place.lat);
                slow_turns(&polygon.exterior, place) != 0
                    && polygon.interiors.iter().all(|ring| slow_turns(ring, place) == 0)
            }))
        }
        _ => None,
    }
}

#[test]
fn shapes_hold_what_the_definition_says() {
    let mut draw = Draw(7);
    let mut inside = 0;
    for kind in 0..600 {
        let test = draw.shape(kind);
        let shape = Shape::compile(&test).unwrap();
        for _ in 0..200 {
            let place = draw.place();
            if let Some(wanted) = slow(&test, place) {
                assert_eq!(shape.contains(place), wanted, "{test:?} {place:?}");
                inside += usize::from(wanted);
            }
        }
    }
    assert!((15_000..90_000).contains(&inside), "{inside}");
}

#[test]
fn cells_are_covered_as_their_places_are() {
    let mut draw = Draw(8);
    let mut seen = [0; 3];
    for kind in 0..3_000 {
        let test = draw.shape(kind);
        let shape = Shape::compile(&test).unwrap();
        let cell = draw.cell();
        let cover = shape.cover(cell);
        seen[cover as usize] += 1;
        for _ in 0..60 {
            let corner = |draw: &mut Draw, low, high| match (draw.share() * 4.0) as usize {
                0 => low,
                1 => high,
                _ => draw.between(low, high),
            };
            let lon = corner(&mut draw, cell.west, cell.east);
            let place = at(lon, corner(&mut draw, cell.south, cell.north));
            match cover {
                Cover::All => assert!(shape.contains(place), "{test:?} {cell:?} {place:?}"),
                Cover::None => assert!(!shape.contains(place), "{test:?} {cell:?} {place:?}"),
                Cover::Some => {}
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 150), "{seen:?}");
}

#[test]
fn edges_and_ends_of_the_earth() {
    let square = |west: f64, east: f64| GeoPolygon {
        exterior: vec![at(west, 0.0), at(east, 0.0), at(east, 10.0), at(west, 10.0)],
        interiors: vec![vec![at(4.0, 4.0), at(6.0, 4.0), at(6.0, 6.0), at(4.0, 6.0)]],
    };
    let holds = |test: FieldTest, lon, lat| Shape::compile(&test).unwrap().contains(at(lon, lat));
    let in_square = |lon, lat| holds(FieldTest::GeoPolygon(square(0.0, 10.0)), lon, lat);
    assert!(in_square(1.0, 1.0) && in_square(3.0, 5.0));
    assert!(!in_square(0.0, 5.0) && !in_square(5.0, 10.0) && !in_square(10.0, 10.0));
    assert!(!in_square(5.0, 5.0) && !in_square(4.0, 5.0) && !in_square(6.0, 6.0));
    let across = |lon| holds(FieldTest::GeoPolygon(square(170.0, 190.0)), lon, 5.0);
    assert!(across(175.0) && across(-175.0) && !across(0.0) && !across(-165.0));
    assert!(holds(FieldTest::GeoPolygon(square(-180.0, 180.0)), 100.0, 5.0));
    assert!(!holds(FieldTest::GeoPolygon(square(0.0, f64::NAN)), 1.0, 1.0));

    let in_box = |lon, lat| {
        let (top_left, bottom_right) = (at(170.0, 10.0), at(-170.0, -10.0));
        holds(
            FieldTest::GeoBoundingBox {
                top_left,
                bottom_right,
            },
            lon,
            lat,
        )
    };
    assert!(in_box(180.0, 0.0) && in_box(-180.0, 0.0) && in_box(-171.0, 9.0));
    assert!(!in_box(170.0, 0.0) && !in_box(0.0, 0.0) && !in_box(180.0, 10.0));

    let near = |center, radius_m, lon, lat| holds(FieldTest::GeoRadius { center, radius_m }, lon, lat);
    assert!(near(at(180.0, 0.0), 1.0, -180.0, 0.0));
    assert!(near(at(0.0, 90.0), 1.0, 77.0, 90.0));
    assert!(!near(at(0.0, 0.0), 0.0, 0.0, 0.0) && !near(at(0.0, 0.0), f64::NAN, 0.0, 0.0));
    assert!(near(at(12.0, 34.0), 2.1e7, -168.0, -34.0));
    // Berlin to Munich, the haversine formula computed elsewhere.
    assert!((distance_m(at(13.41053, 52.52437), at(11.57549, 48.13743)) - 504_852.1).abs() < 0.1);
}
