//! The expression spelling: `{"Eq": {"field", "value"}}`, `{"And": [..]}`, `{"Not": ..}`. Never mixes with
//! other keys.

use ruvector_types::{Bounds, Condition, FieldCondition, FieldTest, Filter, Text};
use serde_json::Value;

use super::json::{self, Object};
use super::{equality, node, qdrant};
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

/// One operator of [`OPERATORS`] with its operand. `Ne` is `Not` of `Eq`: a point without the field matches.
pub(super) fn expression(operator: &str, value: &Value, place: &str) -> Result<Condition, ApiError> {
    match operator {
        "And" | "Or" => return list(operator, value, place),
        "Not" => return Ok(qdrant::negation(node(value, place)?)),
        _ => {}
    }
    let object = json::object(value, place)?;
    let path = json::path(object, "field", place)?;
    let test = match operator {
        "Eq" | "Ne" => {
            json::only(object, &["field", "value"], place, "field and value")?;
            equality(json::get(object, "value", place)?, &format!("{place}.value"))?
        }
        "Gt" | "Gte" | "Lt" | "Lte" => comparison(operator, object, place)?,
        "Range" => {
            let mut bounds = object.clone();
            bounds.remove("field");
            qdrant::range(&Value::Object(bounds), place)?
        }
        "GeoRadius" => {
            let expected = "field, center and radius_m";
            json::only(object, &["field", "center", "radius_m"], place, expected)?;
            let center = json::get(object, "center", place)?;
            let radius = json::get(object, "radius_m", place)?;
            FieldTest::GeoRadius {
                center: json::geo_point(center, &format!("{place}.center"))?,
                radius_m: json::radius(radius, &format!("{place}.radius_m"))?,
            }
        }
        "GeoBoundingBox" => {
            let expected = "field, top_left and bottom_right";
            json::only(object, &["field", "top_left", "bottom_right"], place, expected)?;
            let top_left = json::get(object, "top_left", place)?;
            let bottom_right = json::get(object, "bottom_right", place)?;
            FieldTest::GeoBoundingBox {
                top_left: json::geo_point(top_left, &format!("{place}.top_left"))?,
                bottom_right: json::geo_point(bottom_right, &format!("{place}.bottom_right"))?,
            }
        }
        "Match" => FieldTest::Text(Text::All(text(object, "text", "field and text", place)?)),
        _ => FieldTest::Text(Text::Phrase(text(object, "phrase", "field and phrase", place)?)),
    };
    let condition = Condition::Field(FieldCondition { path, test });
    Ok(if operator == "Ne" {
        qdrant::negation(condition)
    } else {
        condition
    })
}

fn list(operator: &str, value: &Value, place: &str) -> Result<Condition, ApiError> {
    let items = json::array(value, place)?;
    crate::selector::not_empty(items, place)?;
    let conditions = items
        .iter()
        .enumerate()
        .map(|(at, item)| node(item, &format!("{place}[{at}]")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut filter = Filter::default();
    if operator == "And" {
        filter.must = conditions;
    } else {
        filter.should = conditions;
    }
    Ok(Condition::Filter(Box::new(filter)))
}

/// A comparison with a number, or with a time where the value is a string.
fn comparison(operator: &str, object: &Object, place: &str) -> Result<FieldTest, ApiError> {
    json::only(object, &["field", "value"], place, "field and value")?;
    let value = json::get(object, "value", place)?;
    let place = format!("{place}.value");
    if value.is_string() {
        return Ok(FieldTest::DatetimeRange(bound(
            operator,
            qdrant::time(value, &place)?,
        )));
    }
    Ok(FieldTest::Range(bound(operator, json::number(value, &place)?)))
}

fn bound<T>(operator: &str, value: T) -> Bounds<T> {
    let mut bounds = Bounds::default();
    let slot = match operator {
        "Gt" => &mut bounds.gt,
        "Gte" => &mut bounds.gte,
        "Lt" => &mut bounds.lt,
        _ => &mut bounds.lte,
    };
    *slot = Some(value);
    bounds
}

fn text(object: &Object, key: &'static str, expected: &'static str, place: &str) -> Result<String, ApiError> {
    json::only(object, &["field", key], place, expected)?;
    let at = format!("{place}.{key}");
    json::string(json::get(object, key, place)?, &at).map(str::to_owned)
}
