//! Takes typed values out of a JSON tree, naming the place of what does not fit. Never knows an operator.

use ruvector_types::{Bounds, GeoPoint, Number, PayloadPath, Scalar};
use serde_json::{Map, Value};

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

/// A number; an integer is not rounded.
pub(super) fn exact_number(value: &Value, place: &str) -> Result<Number, ApiError> {
    match (value.as_i64(), value.as_u64()) {
        (Some(integer), _) => Ok(Number::of_integer(integer)),
        (_, Some(integer)) => Ok(Number::of_integer(integer)),
        _ => number(value, place).map(Number::Float),
    }
}

pub(super) fn unsigned(value: &Value, place: &str) -> Result<u64, ApiError> {
    value
        .as_u64()
        .ok_or_else(|| wrong_type(place, "an unsigned integer", value))
}

/// A plain value: a string, a number, a boolean or null.
pub(super) fn scalar(value: &Value, place: &str) -> Result<Scalar, ApiError> {
    let expected = "a string, a number, true, false or null";
    Ok(match value {
        Value::Null => Scalar::Null,
        Value::Bool(flag) => Scalar::Bool(*flag),
        Value::String(text) => Scalar::String(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Scalar::Int(whole),
            (None, Some(whole)) => Scalar::UInt(whole),
            (None, None) => Scalar::Float(self::number(value, place)?),
        },
        Value::Array(_) | Value::Object(_) => return Err(wrong_type(place, expected, value)),
    })
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

/// `{"gt", "gte", "lt", "lte"}`, each optional, `null` like absent.
pub(super) fn bounds<T>(
    object: &Object,
    place: &str,
    read: impl Fn(&Value, &str) -> Result<T, ApiError>,
) -> Result<Bounds<T>, ApiError> {
    let one = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value, &format!("{place}.{key}")).map(Some),
    };
    Ok(Bounds {
        gt: one("gt")?,
        gte: one("gte")?,
        lt: one("lt")?,
        lte: one("lte")?,
    })
}

/// `{"lon", "lat"}` in degrees.
pub(super) fn geo_point(value: &Value, place: &str) -> Result<GeoPoint, ApiError> {
    let object = object(value, place)?;
    only(object, &["lon", "lat"], place, "lon and lat")?;
    let lon = number(get(object, "lon", place)?, &format!("{place}.lon"))?;
    let lat = number(get(object, "lat", place)?, &format!("{place}.lat"))?;
    let point = GeoPoint { lon, lat };
    point.check().map_err(|invalid| invalid.within(place))?;
    Ok(point)
}

/// `center` and a radius in metres, which the object calls `radius`.
pub(super) fn circle(
    object: &Object,
    radius: &'static str,
    place: &str,
) -> Result<(GeoPoint, f64), ApiError> {
    let center = geo_point(get(object, "center", place)?, &format!("{place}.center"))?;
    let place_of_radius = format!("{place}.{radius}");
    let metres = number(get(object, radius, place)?, &place_of_radius)?;
    ruvector_types::check_radius(metres, &place_of_radius)?;
    Ok((center, metres))
}

/// `top_left` and `bottom_right`.
pub(super) fn corners(object: &Object, place: &str) -> Result<(GeoPoint, GeoPoint), ApiError> {
    let corner = |name| geo_point(get(object, name, place)?, &format!("{place}.{name}"));
    Ok((corner("top_left")?, corner("bottom_right")?))
}
