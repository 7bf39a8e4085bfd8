//! Payloads as messages, both ways. Never lets a number through that is not finite.

use std::collections::BTreeMap;

use ruvector_types::{Limits, Map, Value};

use super::messages::{self as m, value::Kind};
use crate::ApiError;
use crate::payload::WirePayload;

/// A number that is NaN or infinite, somewhere inside a value.
struct NotFinite;

/// The engine's payload, within its depth; `field` is its place.
pub(super) fn payload(
    fields: BTreeMap<String, m::Value>,
    field: &str,
    limits: &Limits,
) -> Result<Map, ApiError> {
    let mut map = Map::new();
    for (key, given) in fields {
        match value(given) {
            Ok(value) => map.insert(key, value),
            Err(NotFinite) => {
                let rule = "holds a number that is NaN or infinite";
                return Err(ApiError::rule(format!("{field}.{key}"), rule));
            }
        };
    }
    Ok(WirePayload(map).into_map(field, limits)?)
}

/// Recursion is bounded by the reader of messages, at 100 of them inside each other.
fn value(given: m::Value) -> Result<Value, NotFinite> {
    let m::Value { kind } = given;
    Ok(match kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::DoubleValue(number)) if number.is_finite() => Value::Float(number),
        Some(Kind::DoubleValue(_)) => return Err(NotFinite),
        Some(Kind::IntegerValue(number)) => Value::Int(number),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::BoolValue(flag)) => Value::Bool(flag),
        Some(Kind::StructValue(m::Struct { fields })) => {
            let entries = fields.into_iter().map(|(key, inner)| Ok((key, value(inner)?)));
            Value::Object(entries.collect::<Result<_, NotFinite>>()?)
        }
        Some(Kind::ListValue(m::ListValue { values })) => {
            Value::Array(values.into_iter().map(value).collect::<Result<_, _>>()?)
        }
    })
}

/// A payload on its way out.
pub fn payload_message(payload: Option<Map>) -> BTreeMap<String, m::Value> {
    let entries = payload.into_iter().flatten();
    entries.map(|(key, value)| (key, value_message(value))).collect()
}

/// A value on its way out. An integer above `i64::MAX` has no field of its own: it goes as the nearest double.
pub(super) fn value_message(value: Value) -> m::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(m::NullValue::NullValue.into()),
        Value::Bool(flag) => Kind::BoolValue(flag),
        Value::Int(number) => Kind::IntegerValue(number),
        Value::UInt(number) => Kind::DoubleValue(number as f64),
        Value::Float(number) => Kind::DoubleValue(number),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(m::ListValue {
            values: items.into_iter().map(value_message).collect(),
        }),
        Value::Object(map) => Kind::StructValue(m::Struct {
            fields: payload_message(Some(map)),
        }),
    };
    m::Value { kind: Some(kind) }
}
