//! Filters as JSON: three spellings of the one filter tree. Never evaluates one, never lets an unknown
//! operator pass.
//!
//! An object is read by the first rule that fits, at the top and wherever a condition may stand:
//! 1. a key `must`, `should`, `must_not` or `min_should`: Qdrant's filter; no other key beside these;
//! 2. a key `key`: Qdrant's condition on a field, with exactly one test;
//! 3. a key `is_empty`, `is_null`, `has_id`, `has_vector` or `nested`: that condition of Qdrant's, alone;
//! 4. a key that names an operator (`Eq`, `And`, …): an expression, alone;
//! 5. otherwise the shorthand: each key is a path, each value (string, integer, number, boolean or null) what
//!    the field must be equal to; all must match. `{}` matches every point.
//!
//! Recursion is bounded by the JSON reader's limit of 128 levels. The conditions and values listed are counted while a
//! filter is read (see `reader`), its levels after.
//!
//! The words of rules 1 to 4 are reserved: a field of such a name is reached by `Eq` or by `key`.

mod expression;
mod json;
mod qdrant;
mod reader;

use ruvector_types::{Condition, FieldCondition, Filter, Limits};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ApiError;
use crate::error::parse_path;

/// A filter on the wire, not yet understood.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct WireFilter(Box<RawValue>);

const CLAUSES: [&str; 4] = ["must", "should", "must_not", "min_should"];
const CONDITIONS: [&str; 6] = ["is_empty", "is_null", "has_id", "has_vector", "nested", "slice"];

impl WireFilter {
    /// The filter, checked against `limits`; `field` is its name in the request. Errors name the clause.
    pub fn into_filter(self, field: &str, limits: &Limits) -> Result<Filter, ApiError> {
        let tree = reader::read(self.0.get(), field, limits)?;
        let filter = Filter::from(node(&tree, field)?);
        filter.validate_at(field, limits)?;
        Ok(filter)
    }
}

/// One condition, by the rules above. Recursion is bounded by the JSON reader's limit of 128 levels.
fn node(value: &Value, place: &str) -> Result<Condition, ApiError> {
    let object = json::object(value, place)?;
    if object.keys().any(|key| CLAUSES.contains(&key.as_str())) {
        return qdrant::filter(object, place);
    }
    if object.contains_key("key") {
        return qdrant::field_condition(object, place);
    }
    if let Some((key, inner)) = object.iter().find(|(key, _)| CONDITIONS.contains(&key.as_str())) {
        json::alone(object, key, place)?;
        return qdrant::special(key, inner, &format!("{place}.{key}"));
    }
    if let Some((key, inner)) = object
        .iter()
        .find(|(key, _)| expression::OPERATORS.contains(&key.as_str()))
    {
        json::alone(object, key, place)?;
        return expression::expression(key, inner, &format!("{place}.{key}"));
    }
    shorthand(object, place)
}

/// `{"type": "doc", "year": 1999}`: equality of every field named.
fn shorthand(object: &json::Object, place: &str) -> Result<Condition, ApiError> {
    let mut must = Vec::with_capacity(object.len());
    for (key, value) in object {
        let field = format!("{place}.{key}");
        if matches!(value, Value::Array(_) | Value::Object(_)) {
            return Err(ApiError::Unknown {
                field: place.to_owned(),
                name: key.clone(),
                expected: "must, should, must_not, min_should, key, is_empty, is_null, has_id, has_vector, \
                           nested, an operator (Eq, Ne, Gt, Gte, Lt, Lte, Range, GeoRadius, GeoBoundingBox, \
                           Match, MatchPhrase, And, Or, Not), or a field with a plain value to be equal to",
            });
        }
        let path = parse_path(key, &field)?;
        let test = json::scalar(value, &field)?.equality();
        must.push(Condition::Field(FieldCondition { path, test }));
    }
    if must.len() == 1 {
        return Ok(must.remove(0));
    }
    Ok(Filter {
        must,
        ..Filter::default()
    }
    .into())
}

#[cfg(test)]
mod tests;
