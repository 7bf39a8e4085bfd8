//! Qdrant's spelling: clauses and conditions. Never guesses: what it does not know is refused by name.

use ruvector_types::{
    AnyRange, Condition, FieldCondition, FieldTest, Filter, GeoPoint, GeoPolygon, Match, MinShould,
    PayloadPath, Text,
};
use serde_json::Value;

use super::json::{self, Object};
use super::{CLAUSES, node};
use crate::id::into_ids;
use crate::{ApiError, WireId};

const TESTS: [&str; 8] = [
    "match",
    "range",
    "geo_radius",
    "geo_bounding_box",
    "geo_polygon",
    "values_count",
    "is_empty",
    "is_null",
];

const BOUNDS: [&str; 4] = ["gt", "gte", "lt", "lte"];

/// `{"must", "should", "must_not", "min_should"}`, each a condition or a list, `null` like absent.
pub(super) fn filter(object: &Object, place: &str) -> Result<Condition, ApiError> {
    let expected = "must, should, must_not or min_should; put equalities and conditions inside must";
    json::only(object, &CLAUSES, place, expected)?;
    let min_should = match object.get("min_should") {
        None | Some(Value::Null) => None,
        Some(value) => Some(min_should(value, &format!("{place}.min_should"))?),
    };
    let clause = |key: &str| match object.get(key) {
        None => Ok(Vec::new()),
        Some(value) => conditions(value, &format!("{place}.{key}")),
    };
    Ok(Condition::Filter(Box::new(Filter {
        must: clause("must")?,
        should: clause("should")?,
        must_not: clause("must_not")?,
        min_should,
    })))
}

fn conditions(value: &Value, place: &str) -> Result<Vec<Condition>, ApiError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Object(_) => Ok(vec![node(value, place)?]),
        _ => json::array(value, place)?
            .iter()
            .enumerate()
            .map(|(at, item)| node(item, &format!("{place}[{at}]")))
            .collect(),
    }
}

fn min_should(value: &Value, place: &str) -> Result<MinShould, ApiError> {
    let object = json::object(value, place)?;
    json::only(
        object,
        &["conditions", "min_count"],
        place,
        "conditions and min_count",
    )?;
    let at = format!("{place}.conditions");
    let conditions = conditions(json::get(object, "conditions", place)?, &at)?;
    let at = format!("{place}.min_count");
    let min_count = json::unsigned(json::get(object, "min_count", place)?, &at)?;
    let min_count =
        usize::try_from(min_count).map_err(|_| ApiError::rule(at, "is more than there can be conditions"))?;
    Ok(MinShould {
        conditions,
        min_count,
    })
}

/// `{"key": …, TEST: …}` with exactly one test.
pub(super) fn field_condition(object: &Object, place: &str) -> Result<Condition, ApiError> {
    let path = json::path(object, "key", place)?;
    let expected = "key with match, range, geo_radius, geo_bounding_box, geo_polygon, values_count, \
                    is_empty or is_null";
    let others = || object.iter().filter(|(name, _)| *name != "key");
    if let Some((name, _)) = others().find(|(name, _)| !TESTS.contains(&name.as_str())) {
        return Err(ApiError::Unknown {
            field: place.to_owned(),
            name: name.clone(),
            expected,
        });
    }
    let mut tests = others().filter(|(_, value)| !value.is_null());
    let Some((name, value)) = tests.next() else {
        return Err(ApiError::Missing {
            field: place.to_owned(),
            what: expected,
        });
    };
    if tests.next().is_some() {
        let rule = "a condition holds one test; list several conditions in must";
        return Err(ApiError::rule(place, rule));
    }
    let place = format!("{place}.{name}");
    if let "is_empty" | "is_null" = name.as_str() {
        let test = if name == "is_empty" {
            FieldTest::IsEmpty
        } else {
            FieldTest::IsNull
        };
        let condition = Condition::Field(FieldCondition { path, test });
        return Ok(if json::boolean(value, &place)? {
            condition
        } else {
            Filter::must_not(condition).into()
        });
    }
    let test = test(name, value, &place)?;
    Ok(Condition::Field(FieldCondition { path, test }))
}

fn test(name: &str, value: &Value, place: &str) -> Result<FieldTest, ApiError> {
    match name {
        "match" => matching(value, place),
        "range" => range(value, place),
        "geo_radius" => {
            let object = json::object(value, place)?;
            json::only(object, &["center", "radius"], place, "center and radius (metres)")?;
            let (center, radius_m) = json::circle(object, "radius", place)?;
            Ok(FieldTest::GeoRadius { center, radius_m })
        }
        "geo_bounding_box" => {
            let object = json::object(value, place)?;
            let expected = "top_left and bottom_right";
            json::only(object, &["top_left", "bottom_right"], place, expected)?;
            let (top_left, bottom_right) = json::corners(object, place)?;
            Ok(FieldTest::GeoBoundingBox {
                top_left,
                bottom_right,
            })
        }
        "geo_polygon" => polygon(value, place),
        _ => {
            let object = json::object(value, place)?;
            json::only(object, &BOUNDS, place, "gt, gte, lt or lte")?;
            json::bounds(object, place, json::unsigned).map(FieldTest::ValuesCount)
        }
    }
}

const MATCHES: [&str; 11] = [
    "value",
    "keyword",
    "integer",
    "any",
    "except",
    "prefix",
    "substring",
    "text",
    "text_any",
    "text_prefix",
    "phrase",
];

/// One way to match. `integer` and `keyword` are what Qdrant once called `value`; `text_prefix` is ours.
fn matching(value: &Value, place: &str) -> Result<FieldTest, ApiError> {
    let object = json::object(value, place)?;
    let expected = "one of value, any, except, prefix, substring, text, text_any, text_prefix and phrase";
    json::only(object, &MATCHES, place, expected)?;
    let mut entries = object.iter().filter(|(_, value)| !value.is_null());
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        return Err(ApiError::Missing {
            field: place.to_owned(),
            what: expected,
        });
    };
    let at = format!("{place}.{name}");
    let text = || json::string(value, &at).map(str::to_owned);
    Ok(match name.as_str() {
        "value" => FieldTest::Match(one_match(value, &at)?),
        "keyword" => FieldTest::Match(Match::Keyword(text()?)),
        "integer" if value.is_number() => FieldTest::Match(one_match(value, &at)?),
        "integer" => return Err(json::wrong_type(&at, "an integer", value)),
        "any" => FieldTest::MatchAny(matches(value, &at)?),
        "except" => FieldTest::MatchExcept(matches(value, &at)?),
        "prefix" => FieldTest::StartsWith(text()?),
        "substring" => FieldTest::Contains(text()?),
        "text" => FieldTest::Text(Text::All(text()?)),
        "text_any" => FieldTest::Text(Text::Any(text()?)),
        "text_prefix" => FieldTest::Text(Text::Prefix(text()?)),
        _ => FieldTest::Text(Text::Phrase(text()?)),
    })
}

fn matches(value: &Value, place: &str) -> Result<Vec<Match>, ApiError> {
    json::array(value, place)?
        .iter()
        .enumerate()
        .map(|(at, item)| one_match(item, &format!("{place}[{at}]")))
        .collect()
}

fn one_match(value: &Value, place: &str) -> Result<Match, ApiError> {
    let expected = "a string, an integer, true or false (for other numbers use range)";
    let equality = match value {
        Value::Null => None,
        _ => Some(json::scalar(value, place)?.equality()),
    };
    match equality {
        Some(FieldTest::Match(wanted)) => Ok(wanted),
        _ => Err(json::wrong_type(place, expected, value)),
    }
}

fn range(value: &Value, place: &str) -> Result<FieldTest, ApiError> {
    let object = json::object(value, place)?;
    json::only(object, &BOUNDS, place, "gt, gte, lt or lte")?;
    bounds(object, place).map(AnyRange::test)
}

/// Bounds of numbers, or of RFC 3339 times where they are strings. Without any, those of numbers: that of any.
pub(super) fn bounds(object: &Object, place: &str) -> Result<AnyRange, ApiError> {
    let is_time = |name: &&str| object.get::<str>(name).is_some_and(Value::is_string);
    if BOUNDS.iter().any(is_time) {
        return json::bounds(object, place, time).map(AnyRange::Times);
    }
    json::bounds(object, place, json::exact_number).map(AnyRange::Exact)
}

pub(super) fn time(value: &Value, place: &str) -> Result<i64, ApiError> {
    let text = json::string(value, place)?;
    ruvector_types::datetime::parse_micros(text).ok_or_else(|| ApiError::BadTime {
        field: place.to_owned(),
        text: text.to_owned(),
    })
}

fn polygon(value: &Value, place: &str) -> Result<FieldTest, ApiError> {
    let object = json::object(value, place)?;
    json::only(
        object,
        &["exterior", "interiors"],
        place,
        "exterior and interiors",
    )?;
    let exterior = ring(
        json::get(object, "exterior", place)?,
        &format!("{place}.exterior"),
    )?;
    let interiors = match object.get("interiors") {
        None | Some(Value::Null) => Vec::new(),
        Some(value) => {
            let at = format!("{place}.interiors");
            json::array(value, &at)?
                .iter()
                .enumerate()
                .map(|(index, item)| ring(item, &format!("{at}[{index}]")))
                .collect::<Result<_, _>>()?
        }
    };
    Ok(FieldTest::GeoPolygon(GeoPolygon { exterior, interiors }))
}

fn ring(value: &Value, place: &str) -> Result<Vec<GeoPoint>, ApiError> {
    let object = json::object(value, place)?;
    json::only(object, &["points"], place, "points")?;
    let at = format!("{place}.points");
    let points = json::array(json::get(object, "points", place)?, &at)?
        .iter()
        .enumerate()
        .map(|(index, item)| json::geo_point(item, &format!("{at}[{index}]")))
        .collect::<Result<Vec<_>, _>>()?;
    ruvector_types::check_ring(&points).map_err(|invalid| invalid.within(place))?;
    Ok(points)
}

/// The conditions that are not on one field's values.
pub(super) fn special(name: &str, value: &Value, place: &str) -> Result<Condition, ApiError> {
    let field = |test| {
        let object = json::object(value, place)?;
        json::only(object, &["key"], place, "key")?;
        let path: PayloadPath = json::path(object, "key", place)?;
        Ok(Condition::Field(FieldCondition { path, test }))
    };
    match name {
        "is_empty" => field(FieldTest::IsEmpty),
        "is_null" => field(FieldTest::IsNull),
        "has_id" => {
            json::array(value, place)?;
            let ids: Vec<WireId> =
                serde_json::from_value(value.clone()).map_err(|source| ApiError::Json {
                    field: place.to_owned(),
                    source,
                })?;
            Ok(Condition::HasId(into_ids(ids)))
        }
        "has_vector" => Ok(Condition::HasVector(json::string(value, place)?.to_owned())),
        "nested" => {
            let object = json::object(value, place)?;
            json::only(object, &["key", "filter"], place, "key and filter")?;
            let path = json::path(object, "key", place)?;
            let at = format!("{place}.filter");
            let filter = node(json::get(object, "filter", place)?, &at)?;
            let filter = Box::new(Filter::from(filter));
            Ok(Condition::Nested { path, filter })
        }
        _ => Err(ApiError::NotSupported {
            field: place.to_owned(),
            what: "slices of the id space are not served; scroll pages through all points",
        }),
    }
}
