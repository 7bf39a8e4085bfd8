//! The expression spelling: `{"Eq": {"field", "value"}}`, `{"And": [..]}`, `{"Not": ..}`. Never mixes with
//! other keys.

use ruvector_types::{Bound, Condition, FilterExpression as Is, Number};
use serde_json::Value;

use super::json::{self, Object};
use super::{node, qdrant};
use crate::ApiError;

/// The operators.
pub(super) const OPERATORS: [&str; 14] = [
    "Eq",
    "Ne",
    "Gt",
    "Gte",
    "Lt",
    "Lte",
    "Range",
    "GeoRadius",
    "GeoBoundingBox",
    "Match",
    "MatchPhrase",
    "And",
    "Or",
    "Not",
];

/// One operator of [`OPERATORS`] with its operand.
pub(super) fn expression(operator: &str, value: &Value, place: &str) -> Result<Condition, ApiError> {
    read(operator, value, place).map(Condition::from)
}

fn read(operator: &str, value: &Value, place: &str) -> Result<Is, ApiError> {
    match operator {
        "And" => return list(value, place).map(Is::And),
        "Or" => return list(value, place).map(Is::Or),
        "Not" => return Ok(!Is::Other(node(value, place)?)),
        _ => {}
    }
    let object = json::object(value, place)?;
    let field = json::path(object, "field", place)?;
    Ok(match operator {
        "Eq" | "Ne" => {
            let value = operand(object, place)?;
            let value = json::scalar(value, &format!("{place}.value"))?;
            if operator == "Eq" {
                Is::Eq { field, value }
            } else {
                Is::Ne { field, value }
            }
        }
        "Gt" | "Gte" | "Lt" | "Lte" => {
            let value = bound(operand(object, place)?, &format!("{place}.value"))?;
            match operator {
                "Gt" => Is::Gt { field, value },
                "Gte" => Is::Gte { field, value },
                "Lt" => Is::Lt { field, value },
                _ => Is::Lte { field, value },
            }
        }
        "Range" => {
            let expected = "field with gt, gte, lt or lte";
            json::only(object, &["field", "gt", "gte", "lt", "lte"], place, expected)?;
            let range = qdrant::bounds(object, place)?;
            Is::Range { field, range }
        }
        "GeoRadius" => {
            let expected = "field, center and radius_m";
            json::only(object, &["field", "center", "radius_m"], place, expected)?;
            let (center, radius_m) = json::circle(object, "radius_m", place)?;
            Is::GeoRadius {
                field,
                center,
                radius_m,
            }
        }
        "GeoBoundingBox" => {
            let expected = "field, top_left and bottom_right";
            json::only(object, &["field", "top_left", "bottom_right"], place, expected)?;
            let (top_left, bottom_right) = json::corners(object, place)?;
            Is::GeoBoundingBox {
                field,
                top_left,
                bottom_right,
            }
        }
        "Match" => {
            let text = text(object, "text", "field and text", place)?;
            Is::Match { field, text }
        }
        _ => {
            let phrase = text(object, "phrase", "field and phrase", place)?;
            Is::MatchPhrase { field, phrase }
        }
    })
}

/// Conditions in any spelling, at least one.
fn list(value: &Value, place: &str) -> Result<Vec<Is>, ApiError> {
    let items = json::array(value, place)?;
    crate::selector::not_empty(items, place)?;
    let one = |(at, item)| node(item, &format!("{place}[{at}]")).map(Is::Other);
    items.iter().enumerate().map(one).collect()
}

/// The value of `{"field", "value"}`.
fn operand<'a>(object: &'a Object, place: &str) -> Result<&'a Value, ApiError> {
    json::only(object, &["field", "value"], place, "field and value")?;
    json::get(object, "value", place)
}

/// A number, or a time where the value is a string.
fn bound(value: &Value, place: &str) -> Result<Bound, ApiError> {
    match value {
        Value::String(_) => qdrant::time(value, place).map(Bound::Time),
        _ => Ok(match json::exact_number(value, place)? {
            Number::Float(number) => Bound::Number(number),
            Number::Integer(integer) => Bound::Integer(integer),
        }),
    }
}

fn text(object: &Object, key: &'static str, expected: &'static str, place: &str) -> Result<String, ApiError> {
    json::only(object, &["field", key], place, expected)?;
    let at = format!("{place}.{key}");
    json::string(json::get(object, key, place)?, &at).map(str::to_owned)
}
