//! Comparison of integers with floating-point numbers without rounding. Never casts an integer it could round.

use std::cmp::Ordering;

/// Integers up to this size are exact as `f64`.
const EXACT_MAX: u64 = 1 << 53;
/// 2⁶³ and 2⁶⁴, exact as `f64`.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

/// How `integer` compares with `float`; `None` for NaN.
pub(crate) fn compare_int(integer: i64, float: f64) -> Option<Ordering> {
    if integer.unsigned_abs() <= EXACT_MAX {
        return (integer as f64).partial_cmp(&float);
    }
    if float.is_nan() {
        return None;
    }
    if float >= TWO_63 {
        return Some(Ordering::Less);
    }
    if float < -TWO_63 {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    Some(integer.cmp(&(whole as i64)).then(fraction(whole, float)))
}

/// How `integer` compares with `float`; `None` for NaN.
pub(crate) fn compare_uint(integer: u64, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= TWO_64 {
        return Some(Ordering::Less);
    }
    if float < 0.0 {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    Some(integer.cmp(&(whole as u64)).then(fraction(whole, float)))
}

/// The integer equal to `float`, if there is one within `i64`.
pub(crate) fn exact_int(float: f64) -> Option<i64> {
    let fits = (-TWO_63..TWO_63).contains(&float) && float.trunc() == float;
    fits.then_some(float as i64)
}

/// The integer equal to `float`, if there is one within `u64`.
pub(crate) fn exact_uint(float: f64) -> Option<u64> {
    let fits = (0.0..TWO_64).contains(&float) && float.trunc() == float;
    fits.then_some(float as u64)
}

/// How a number equal to `whole` compares with `float`, of which it is the whole part.
fn fraction(whole: f64, float: f64) -> Ordering {
    whole.partial_cmp(&float).unwrap_or(Ordering::Equal)
}
