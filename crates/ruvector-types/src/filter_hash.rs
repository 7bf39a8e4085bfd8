//! Hashes of the parts of filters that hold fractions: equal filters have equal hashes. Never says that unequal ones differ.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use crate::{Bounds, FieldTest, GeoPoint, Number};

/// The bits of a number; the two zeros are equal.
fn fraction<H: Hasher>(number: f64, state: &mut H) {
    state.write_u64((number + 0.0).to_bits());
}

impl Hash for GeoPoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        fraction(self.lon, state);
        fraction(self.lat, state);
    }
}

impl<T> Bounds<T> {
    fn hash_with<H: Hasher>(&self, state: &mut H, one: impl Fn(&T, &mut H)) {
        for bound in [&self.gt, &self.gte, &self.lt, &self.lte] {
            state.write_u8(u8::from(bound.is_some()));
            if let Some(bound) = bound {
                one(bound, state);
            }
        }
    }
}

impl Hash for FieldTest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        discriminant(self).hash(state);
        match self {
            FieldTest::Match(value) => value.hash(state),
            FieldTest::MatchAny(values) | FieldTest::MatchExcept(values) => values.hash(state),
            FieldTest::StartsWith(text) | FieldTest::Contains(text) => text.hash(state),
            FieldTest::Text(text) => text.hash(state),
            FieldTest::Range(bounds) => bounds.hash_with(state, |bound, state| fraction(*bound, state)),
            FieldTest::ExactRange(bounds) => bounds.hash_with(state, |bound, state| match bound {
                Number::Float(number) => fraction(*number, state),
                Number::Integer(integer) => integer.hash(state),
            }),
            FieldTest::DatetimeRange(bounds) => bounds.hash_with(state, |bound, state| bound.hash(state)),
            FieldTest::GeoRadius { center, radius_m } => {
                center.hash(state);
                fraction(*radius_m, state);
            }
            FieldTest::GeoBoundingBox {
                top_left,
                bottom_right,
            } => [top_left, bottom_right].hash(state),
            FieldTest::GeoPolygon(polygon) => polygon.hash(state),
            FieldTest::ValuesCount(bounds) => bounds.hash_with(state, |bound, state| bound.hash(state)),
            FieldTest::IsEmpty | FieldTest::IsNull => {}
        }
    }
}
