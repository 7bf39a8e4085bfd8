//! Filters as messages: one more spelling of the one filter tree. Never evaluates one; its rules are those of
//! `Filter::validate`, checked after it was read.

use prost_types::Timestamp;
use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, GeoPolygon, Limits, Match, MinShould,
    PayloadPath, Text,
};

use super::given::{required, size, unserved};
use super::id::point_ids;
use super::messages::{self as m, condition::ConditionOneOf, r#match::MatchValue};
use crate::ApiError;
use crate::error::parse_path;

/// The filter, checked against `limits`; `field` is its name in the request.
pub(super) fn filter(
    given: Option<m::Filter>,
    field: &str,
    limits: &Limits,
) -> Result<Option<Filter>, ApiError> {
    let Some(given) = given else {
        return Ok(None);
    };
    let filter = level(given).map_err(|error| error.within(field))?;
    filter.validate_at(field, limits)?;
    Ok(Some(filter))
}

/// One level. Recursion is bounded by the reader of messages, at 100 of them inside each other.
fn level(given: m::Filter) -> Result<Filter, ApiError> {
    let m::Filter {
        should,
        must,
        must_not,
        min_should,
    } = given;
    let min_should = min_should.map(|min| {
        let m::MinShould {
            conditions: list,
            min_count,
        } = min;
        Ok::<_, ApiError>(MinShould {
            conditions: conditions(list, "min_should.conditions")?,
            min_count: size(min_count),
        })
    });
    Ok(Filter {
        must: conditions(must, "must")?,
        should: conditions(should, "should")?,
        must_not: conditions(must_not, "must_not")?,
        min_should: min_should.transpose()?,
    })
}

fn conditions(given: Vec<m::Condition>, clause: &str) -> Result<Vec<Condition>, ApiError> {
    let one = |(at, given)| {
        condition(given).map_err(|error: ApiError| error.within(format_args!("{clause}[{at}]")))
    };
    given.into_iter().enumerate().map(one).collect()
}

fn condition(given: m::Condition) -> Result<Condition, ApiError> {
    let m::Condition { condition_one_of } = given;
    let what = "field, is_empty, is_null, has_id, has_vector, nested or filter";
    match required(condition_one_of, "condition", what)? {
        ConditionOneOf::Field(given) => field_condition(given).map_err(|error| error.within("field")),
        ConditionOneOf::IsEmpty(m::IsEmptyCondition { key }) => {
            tested(parse_path(&key, "is_empty.key")?, FieldTest::IsEmpty)
        }
        ConditionOneOf::IsNull(m::IsNullCondition { key }) => {
            tested(parse_path(&key, "is_null.key")?, FieldTest::IsNull)
        }
        ConditionOneOf::HasId(m::HasIdCondition { has_id }) => {
            point_ids(has_id, "has_id").map(Condition::HasId)
        }
        ConditionOneOf::HasVector(m::HasVectorCondition { has_vector }) => {
            Ok(Condition::HasVector(has_vector))
        }
        ConditionOneOf::Filter(inner) => {
            let filter = level(inner).map_err(|error| error.within("filter"))?;
            Ok(Condition::Filter(Box::new(filter)))
        }
        ConditionOneOf::Nested(m::NestedCondition { key, filter }) => {
            let path = parse_path(&key, "nested.key")?;
            let filter = required(filter, "nested.filter", "what one item must match")?;
            let filter = level(filter).map_err(|error| error.within("nested.filter"))?;
            let filter = Box::new(filter);
            Ok(Condition::Nested { path, filter })
        }
        ConditionOneOf::Slice(m::SliceCondition { total: _, index: _ }) => {
            let what = "slices of the id space are not served; scroll pages through all points";
            Err(unserved("slice", what))
        }
    }
}

fn tested(path: PayloadPath, test: FieldTest) -> Result<Condition, ApiError> {
    Ok(Condition::Field(FieldCondition { path, test }))
}

fn field_condition(given: m::FieldCondition) -> Result<Condition, ApiError> {
    let m::FieldCondition {
        key,
        r#match,
        range,
        geo_bounding_box,
        geo_radius,
        values_count,
        geo_polygon,
        datetime_range,
        is_empty,
        is_null,
    } = given;
    let path = parse_path(&key, "key")?;
    let not = |flag: bool, test| (test, !flag);
    let tests = [
        r#match.map(|given| Ok((matching(given)?, false))),
        range.map(|given| Ok((FieldTest::Range(numbers(given)), false))),
        geo_bounding_box.map(|given| Ok((corners(given)?, false))),
        geo_radius.map(|given| Ok((circle(given)?, false))),
        values_count.map(|given| Ok((FieldTest::ValuesCount(counts(given)), false))),
        geo_polygon.map(|given| Ok((polygon(given)?, false))),
        datetime_range.map(|given| Ok((FieldTest::DatetimeRange(times(given)?), false))),
        is_empty.map(|flag| Ok(not(flag, FieldTest::IsEmpty))),
        is_null.map(|flag| Ok(not(flag, FieldTest::IsNull))),
    ];
    let mut tests = tests.into_iter().flatten();
    let (Some(test), None) = (tests.next(), tests.next()) else {
        return Err(ApiError::rule(
            "key",
            "a condition holds exactly one test; list several conditions in must",
        ));
    };
    let (test, is_negated) = test.map_err(|error: ApiError| error)?;
    let condition = Condition::Field(FieldCondition { path, test });
    Ok(match is_negated {
        false => condition,
        true => Filter::must_not(condition).into(),
    })
}

fn matching(given: m::Match) -> Result<FieldTest, ApiError> {
    let m::Match { match_value } = given;
    let keywords = |list: m::RepeatedStrings| list.strings.into_iter().map(Match::Keyword).collect();
    let integers = |list: m::RepeatedIntegers| list.integers.into_iter().map(Match::Integer).collect();
    let what = "a value to match";
    Ok(match required(match_value, "match", what)? {
        MatchValue::Keyword(text) => FieldTest::Match(Match::Keyword(text)),
        MatchValue::Integer(number) => FieldTest::Match(Match::Integer(number)),
        MatchValue::Boolean(flag) => FieldTest::Match(Match::Bool(flag)),
        MatchValue::Text(text) => FieldTest::Text(Text::All(text)),
        MatchValue::TextAny(text) => FieldTest::Text(Text::Any(text)),
        MatchValue::Phrase(text) => FieldTest::Text(Text::Phrase(text)),
        MatchValue::Keywords(list) => FieldTest::MatchAny(keywords(list)),
        MatchValue::Integers(list) => FieldTest::MatchAny(integers(list)),
        MatchValue::ExceptKeywords(list) => FieldTest::MatchExcept(keywords(list)),
        MatchValue::ExceptIntegers(list) => FieldTest::MatchExcept(integers(list)),
        MatchValue::Prefix(text) => FieldTest::StartsWith(text),
        MatchValue::Substring(text) => FieldTest::Contains(text),
    })
}

fn numbers(given: m::Range) -> Bounds<f64> {
    let m::Range { lt, gt, gte, lte } = given;
    Bounds { gt, gte, lt, lte }
}

fn counts(given: m::ValuesCount) -> Bounds<u64> {
    let m::ValuesCount { lt, gt, gte, lte } = given;
    Bounds { gt, gte, lt, lte }
}

fn times(given: m::DatetimeRange) -> Result<Bounds<i64>, ApiError> {
    let m::DatetimeRange { lt, gt, gte, lte } = given;
    let one = |time: Option<Timestamp>, field| time.map(|time| micros(&time, field)).transpose();
    Ok(Bounds {
        gt: one(gt, "datetime_range.gt")?,
        gte: one(gte, "datetime_range.gte")?,
        lt: one(lt, "datetime_range.lt")?,
        lte: one(lte, "datetime_range.lte")?,
    })
}

/// Microseconds since 1970; what is below one is cut off.
pub(super) fn micros(time: &Timestamp, field: &str) -> Result<i64, ApiError> {
    let whole = time.seconds.checked_mul(1_000_000);
    let micros = whole.and_then(|whole| whole.checked_add((time.nanos / 1_000).into()));
    micros
        .filter(|_| (0..1_000_000_000).contains(&time.nanos))
        .ok_or_else(|| {
            ApiError::rule(
                field,
                "is no time: nanos are 0 to 999,999,999, seconds a number of years",
            )
        })
}

fn corners(given: m::GeoBoundingBox) -> Result<FieldTest, ApiError> {
    let m::GeoBoundingBox {
        top_left,
        bottom_right,
    } = given;
    Ok(FieldTest::GeoBoundingBox {
        top_left: place(top_left, "geo_bounding_box.top_left")?,
        bottom_right: place(bottom_right, "geo_bounding_box.bottom_right")?,
    })
}

fn circle(given: m::GeoRadius) -> Result<FieldTest, ApiError> {
    let m::GeoRadius { center, radius } = given;
    Ok(FieldTest::GeoRadius {
        center: place(center, "geo_radius.center")?,
        radius_m: radius.into(),
    })
}

fn place(given: Option<m::GeoPoint>, field: &str) -> Result<GeoPoint, ApiError> {
    let m::GeoPoint { lon, lat } = required(given, field, "lon and lat")?;
    Ok(GeoPoint { lon, lat })
}

fn polygon(given: m::GeoPolygon) -> Result<FieldTest, ApiError> {
    let m::GeoPolygon { exterior, interiors } = given;
    let ring = |line: m::GeoLineString| {
        let places = line
            .points
            .into_iter()
            .map(|m::GeoPoint { lon, lat }| GeoPoint { lon, lat });
        places.collect()
    };
    let exterior = required(exterior, "geo_polygon.exterior", "the outline")?;
    Ok(FieldTest::GeoPolygon(GeoPolygon {
        exterior: ring(exterior),
        interiors: interiors.into_iter().map(ring).collect(),
    }))
}
