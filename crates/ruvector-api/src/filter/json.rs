//! Takes typed values out of a JSON tree, naming the place of what does not fit. Never knows an operator.

use ruvector_types::{Bounds, GeoPoint, PayloadPath};
use serde_json::{Map, Number, Value};

use crate::ApiError;
use crate::error::parse_path;

pub(super) type Object = Map<String, Value>;

pub(super) fn wrong_type(place: &str, expected: &'static str, value: &Value) -> ApiError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    ApiError::WrongType {
        field: place.to_owned(),
        expected,
        found,
    }
}

pub(super) fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Object, ApiError> {
    value
        .as_object()
        .ok_or_else(|| wrong_type(place, "an object", value))
}

pub(super) fn array<'a>(value: &'a Value, place: &str) -> Result<&'a [Value], ApiError> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| wrong_type(place, "a list", value))
}

pub(super) fn string<'a>(value: &'a Value, place: &str) -> Result<&'a str, ApiError> {
    value.as_str().ok_or_else(|| wrong_type(place, "a string", value))
}

pub(super) fn boolean(value: &Value, place: &str) -> Result<bool, ApiError> {
    value
        .as_bool()
        .ok_or_else(|| wrong_type(place, "true or false", value))
}

pub(super) fn number(value: &Value, place: &str) -> Result<f64, ApiError> {
    value.as_f64().ok_or_else(|| wrong_type(place, "a number", value))
}

pub(super) fn unsigned(value: &Value, place: &str) -> Result<u64, ApiError> {
    value
        .as_u64()
        .ok_or_else(|| wrong_type(place, "an unsigned integer", value))
}

/// The integer that a number is, if it is one (`1.0` is 1).
pub(super) fn whole(number: &Number, place: &str) -> Result<Option<i64>, ApiError> {
    if let Some(whole) = number.as_i64() {
        return Ok(Some(whole));
    }
    if number.is_u64() {
        let rule = "an integer to be equal to must lie within -9223372036854775808 and 9223372036854775807";
        return Err(ApiError::rule(place, rule));
    }
    let float = number.as_f64().unwrap_or(f64::NAN);
    let fits = float.fract() == 0.0 && (-9.2e18..9.2e18).contains(&float);
    Ok(fits.then_some(float as i64))
}

/// Refuses keys outside `known`, which `expected` lists in words.
pub(super) fn only(
    object: &Object,
    known: &[&str],
    place: &str,
    expected: &'static str,
) -> Result<(), ApiError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(name) => Err(ApiError::Unknown {
            field: place.to_owned(),
            name: name.clone(),
            expected,
        }),
    }
}

/// Refuses keys beside `key`.
pub(super) fn alone(object: &Object, key: &str, place: &str) -> Result<(), ApiError> {
    only(
        object,
        &[key],
        place,
        "no other name beside a condition; list several in must",
    )
}

pub(super) fn get<'a>(object: &'a Object, key: &'static str, place: &str) -> Result<&'a Value, ApiError> {
    object.get(key).ok_or_else(|| ApiError::Missing {
        field: place.to_owned(),
        what: key,
    })
}

pub(super) fn path(object: &Object, key: &'static str, place: &str) -> Result<PayloadPath, ApiError> {
    let place_of_key = format!("{place}.{key}");
    parse_path(string(get(object, key, place)?, &place_of_key)?, &place_of_key)
}

const BOUNDS: [&str; 4] = ["gt", "gte", "lt", "lte"];

/// `{"gt", "gte", "lt", "lte"}`, each optional, `null` like absent; at least one.
pub(super) fn bounds<T>(
    object: &Object,
    place: &str,
    read: impl Fn(&Value, &str) -> Result<T, ApiError>,
) -> Result<Bounds<T>, ApiError> {
    let one = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value, &format!("{place}.{key}")).map(Some),
    };
    let bounds = Bounds {
        gt: one("gt")?,
        gte: one("gte")?,
        lt: one("lt")?,
        lte: one("lte")?,
    };
    if bounds.gt.is_none() && bounds.gte.is_none() && bounds.lt.is_none() && bounds.lte.is_none() {
        return Err(ApiError::Missing {
            field: place.to_owned(),
            what: "a bound: gt, gte, lt or lte",
        });
    }
    Ok(bounds)
}

/// As [`bounds`], refusing other keys.
pub(super) fn only_bounds<T>(
    value: &Value,
    place: &str,
    read: impl Fn(&Value, &str) -> Result<T, ApiError>,
) -> Result<Bounds<T>, ApiError> {
    let object = object(value, place)?;
    only(object, &BOUNDS, place, "gt, gte, lt or lte")?;
    bounds(object, place, read)
}

/// `{"lon", "lat"}` in degrees.
pub(super) fn geo_point(value: &Value, place: &str) -> Result<GeoPoint, ApiError> {
    let object = object(value, place)?;
    only(object, &["lon", "lat"], place, "lon and lat")?;
    let lon = number(get(object, "lon", place)?, &format!("{place}.lon"))?;
    let lat = number(get(object, "lat", place)?, &format!("{place}.lat"))?;
    if !(-180.0..=180.0).contains(&lon) {
        return Err(ApiError::rule(
            format!("{place}.lon"),
            "must lie within -180 and 180",
        ));
    }
    if !(-90.0..=90.0).contains(&lat) {
        return Err(ApiError::rule(
            format!("{place}.lat"),
            "must lie within -90 and 90",
        ));
    }
    Ok(GeoPoint { lon, lat })
}

/// Metres above 0.
pub(super) fn radius(value: &Value, place: &str) -> Result<f64, ApiError> {
    let radius = number(value, place)?;
    if radius > 0.0 {
        return Ok(radius);
    }
    Err(ApiError::rule(place, "must be above 0"))
}
