//! Numbers, times and booleans as ten bytes whose order is theirs. Never rounds: equal values have one key, unequal
//! ones two.
//!
//! `high` is the nearest `f64`, its bits turned so that they rise with it; `low` is what the value exceeds that
//! `f64` by, from 0x8000. Rounding to the nearest keeps the order, and where two values round to the same `f64` their
//! differences decide, which lie within ±1024 (half the distance of neighbours below 2⁶⁴). Numbers that an `f64`
//! holds have the difference 0, so 1 and 1.0 are one key.

use ruvector_types::Range;

use super::IndexedValue;

/// The difference 0.
pub(super) const LOW_NONE: u16 = 0x8000;
const SIGN: u64 = 1 << 63;
/// 2⁶⁴.
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// A value's place in the order of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) high: u64,
    pub(super) low: u16,
}

impl Key {
    /// Of a number; `None` for NaN.
    pub(super) fn of_float(number: f64) -> Option<Key> {
        // -0.0 + 0.0 is 0.0.
        (!number.is_nan()).then(|| Key::exact(rising(number + 0.0)))
    }

    /// Of an integer that an `i64` or `u64` holds.
    pub(super) fn of_integer(integer: i128) -> Key {
        let near = integer as f64;
        let over = integer - near as i128;
        Key {
            high: rising(near),
            low: LOW_NONE.wrapping_add(over as u16),
        }
    }

    /// Of microseconds since 1970.
    pub(super) fn of_time(micros: i64) -> Key {
        Key::exact(micros as u64 ^ SIGN)
    }

    /// Of a boolean.
    pub(super) fn of_bool(flag: bool) -> Key {
        Key::exact(flag.into())
    }

    /// The number with this key: an integer if one of 64 bits equals it.
    pub(super) fn number(self) -> IndexedValue<'static> {
        let near = f64::from_bits(if self.high & SIGN != 0 {
            self.high ^ SIGN
        } else {
            !self.high
        });
        if near.trunc() != near || near.abs() > TWO_64 {
            return IndexedValue::Float(near);
        }
        let integer = near as i128 + i128::from(self.low) - i128::from(LOW_NONE);
        match (i64::try_from(integer), u64::try_from(integer)) {
            (Ok(integer), _) => IndexedValue::Int(integer),
            (_, Ok(integer)) => IndexedValue::UInt(integer),
            _ => IndexedValue::Float(near),
        }
    }

    /// The microseconds with this key.
    pub(super) fn time(self) -> i64 {
        (self.high ^ SIGN) as i64
    }

    /// Key and row as one number in their order.
    pub(super) fn with_row(self, row: u32) -> u128 {
        u128::from(self.high) << 48 | u128::from(self.low) << 32 | u128::from(row)
    }

    /// The key and the row of such a number.
    pub(super) fn and_row(pair: u128) -> (Key, u32) {
        let key = Key {
            high: (pair >> 48) as u64,
            low: (pair >> 32) as u16,
        };
        (key, pair as u32)
    }

    /// A key of its own for each number, in their order.
    pub(super) fn exact(high: u64) -> Key {
        Key { high, low: LOW_NONE }
    }
}

/// Whether a bound is NaN, which no number lies within.
pub(super) fn has_nan(bounds: &Range) -> bool {
    let all = [bounds.gt, bounds.gte, bounds.lt, bounds.lte];
    all.into_iter().flatten().any(f64::is_nan)
}

fn rising(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cfg(test)]
mod tests {
    //! Goal: keys order numbers exactly and give them back. Method: all pairs of edge cases against the comparisons
    //! that evaluate filters.
    use super::{IndexedValue, Key};
    use crate::number::{compare_int, compare_uint};
    use std::cmp::Ordering;

    #[test]
    fn as_numbers() {
        let edges = [0i128, 1 << 52, 1 << 53, 1 << 54, 1 << 62, 1 << 63, 1 << 64];
        let mut integers = Vec::new();
        for edge in edges {
            for near in [
                -2049, -1025, -1024, -1023, -513, -512, -2, -1, 0, 1, 2, 511, 512, 1023, 1024, 1025,
            ] {
                integers.extend([edge + near, -(edge + near)]);
            }
        }
        integers.retain(|integer| (i64::MIN.into()..=u64::MAX.into()).contains(integer));
        let mut floats = vec![
            -0.5,
            0.5,
            1e-300,
            1e300,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE / 4.0,
        ];
        floats.extend(integers.iter().map(|integer| *integer as f64));
        for left in &integers {
            let key = Key::of_integer(*left);
            for right in &integers {
                assert_eq!(
                    key.cmp(&Key::of_integer(*right)),
                    left.cmp(right),
                    "{left} {right}"
                );
            }
            for right in &floats {
                let wanted = match i64::try_from(*left) {
                    Ok(left) => compare_int(left, *right),
                    Err(_) => compare_uint(*left as u64, *right),
                };
                assert_eq!(
                    Some(key.cmp(&Key::of_float(*right).unwrap())),
                    wanted,
                    "{left} {right}"
                );
            }
            let back = match key.number() {
                IndexedValue::Int(integer) => integer.into(),
                IndexedValue::UInt(integer) => i128::from(integer),
                other => panic!("{left} came back as {other:?}"),
            };
            assert_eq!(back, *left);
            assert_eq!(Key::and_row(key.with_row(7)), (key, 7));
        }
        assert_eq!(Key::of_float(-0.0), Key::of_float(0.0));
        assert_eq!(Key::of_float(f64::NAN), None);
        assert_eq!(Key::of_time(-1).cmp(&Key::of_time(i64::MIN)), Ordering::Greater);
        assert_eq!(Key::of_time(-5).time(), -5);
        assert!(matches!(
            Key::of_float(2.5).unwrap().number(),
            IndexedValue::Float(2.5)
        ));
    }
}
