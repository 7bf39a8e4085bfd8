//! Filters on their way out, for a caller of another server. Never evaluates one, and never weakens one that messages
//! cannot say: it is refused by name.

use prost_types::Timestamp;
use ruvector_types::{Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, Match, Text};

use super::given::unserved;
use super::id::id_message;
use super::messages::{self as m, condition::ConditionOneOf, r#match::MatchValue};
use crate::ApiError;

/// The message of a filter; `field` is its name where it is refused. A radius is rounded to single precision, which is
/// what the message holds.
///
/// # Errors
/// `NotSupported` for what no message says: a prefix of a word, an integer above 2⁶³ − 1, a bound that no `f64` holds, lists of values other than
/// all strings or all integers.
pub fn filter_message(filter: &Filter, field: &str) -> Result<m::Filter, ApiError> {
    level(filter).map_err(|error| error.within(field))
}

fn level(filter: &Filter) -> Result<m::Filter, ApiError> {
    let min_should = filter.min_should.as_ref().map(|min| {
        Ok::<_, ApiError>(m::MinShould {
            conditions: conditions(&min.conditions, "min_should.conditions")?,
            min_count: min.min_count as u64,
        })
    });
    Ok(m::Filter {
        should: conditions(&filter.should, "should")?,
        must: conditions(&filter.must, "must")?,
        must_not: conditions(&filter.must_not, "must_not")?,
        min_should: min_should.transpose()?,
    })
}

fn conditions(list: &[Condition], clause: &str) -> Result<Vec<m::Condition>, ApiError> {
    let one = |(at, one): (usize, &Condition)| {
        let one_of = condition(one).map_err(|error| error.within(format_args!("{clause}[{at}]")))?;
        Ok(m::Condition {
            condition_one_of: Some(one_of),
        })
    };
    list.iter().enumerate().map(one).collect()
}

fn condition(condition: &Condition) -> Result<ConditionOneOf, ApiError> {
    Ok(match condition {
        Condition::Field(FieldCondition { path, test }) => field_condition(path.to_string(), test)?,
        Condition::HasId(ids) => ConditionOneOf::HasId(m::HasIdCondition {
            has_id: ids.iter().cloned().map(id_message).collect(),
        }),
        Condition::HasVector(name) => ConditionOneOf::HasVector(m::HasVectorCondition {
            has_vector: name.clone(),
        }),
        Condition::Nested { path, filter } => ConditionOneOf::Nested(m::NestedCondition {
            key: path.to_string(),
            filter: Some(filter_message(filter, "nested.filter")?),
        }),
        Condition::Filter(filter) => ConditionOneOf::Filter(filter_message(filter, "filter")?),
    })
}

fn field_condition(key: String, test: &FieldTest) -> Result<ConditionOneOf, ApiError> {
    let mut field = m::FieldCondition::default();
    let mut matching = |value| {
        field.r#match = Some(m::Match {
            match_value: Some(value),
        });
    };
    match test {
        FieldTest::Match(value) => matching(equal(value)?),
        FieldTest::MatchAny(values) => matching(match list(values)? {
            List::Strings(list) => MatchValue::Keywords(list),
            List::Integers(list) => MatchValue::Integers(list),
        }),
        FieldTest::MatchExcept(values) => matching(match list(values)? {
            List::Strings(list) => MatchValue::ExceptKeywords(list),
            List::Integers(list) => MatchValue::ExceptIntegers(list),
        }),
        FieldTest::StartsWith(text) => matching(MatchValue::Prefix(text.clone())),
        FieldTest::Contains(text) => matching(MatchValue::Substring(text.clone())),
        FieldTest::Text(text) => matching(words(text)?),
        FieldTest::Range(bounds) => {
            let Bounds { gt, gte, lt, lte } = *bounds;
            field.range = Some(m::Range { lt, gt, gte, lte });
        }
        FieldTest::ExactRange(_) => {
            let what = "messages hold bounds of numbers as double, which does not hold this integer";
            return Err(unserved("range", what));
        }
        FieldTest::DatetimeRange(bounds) => field.datetime_range = Some(times(bounds)),
        FieldTest::GeoRadius { center, radius_m } => {
            field.geo_radius = Some(m::GeoRadius {
                center: Some(place(center)),
                radius: *radius_m as f32,
            });
        }
        FieldTest::GeoBoundingBox {
            top_left,
            bottom_right,
        } => {
            field.geo_bounding_box = Some(m::GeoBoundingBox {
                top_left: Some(place(top_left)),
                bottom_right: Some(place(bottom_right)),
            });
        }
        FieldTest::GeoPolygon(polygon) => {
            field.geo_polygon = Some(m::GeoPolygon {
                exterior: Some(ring(&polygon.exterior)),
                interiors: polygon.interiors.iter().map(|points| ring(points)).collect(),
            });
        }
        FieldTest::ValuesCount(bounds) => {
            let Bounds { gt, gte, lt, lte } = *bounds;
            field.values_count = Some(m::ValuesCount { lt, gt, gte, lte });
        }
        FieldTest::IsEmpty => return Ok(ConditionOneOf::IsEmpty(m::IsEmptyCondition { key })),
        FieldTest::IsNull => return Ok(ConditionOneOf::IsNull(m::IsNullCondition { key })),
    }
    field.key = key;
    Ok(ConditionOneOf::Field(field))
}

fn equal(value: &Match) -> Result<MatchValue, ApiError> {
    match value {
        Match::Keyword(text) => Ok(MatchValue::Keyword(text.clone())),
        Match::Integer(number) => Ok(MatchValue::Integer(*number)),
        Match::Bool(flag) => Ok(MatchValue::Boolean(*flag)),
        Match::UInt(_) => Err(unserved("match", "messages hold integers up to 2^63 - 1")),
    }
}

/// Values of a list, which in messages are of one kind.
enum List {
    Strings(m::RepeatedStrings),
    Integers(m::RepeatedIntegers),
}

fn list(values: &[Match]) -> Result<List, ApiError> {
    let strings = values.iter().map(|value| match value {
        Match::Keyword(text) => Some(text.clone()),
        _ => None,
    });
    if let Some(strings) = strings.collect() {
        return Ok(List::Strings(m::RepeatedStrings { strings }));
    }
    let integers = values.iter().map(|value| match value {
        Match::Integer(number) => Some(*number),
        _ => None,
    });
    match integers.collect() {
        Some(integers) => Ok(List::Integers(m::RepeatedIntegers { integers })),
        None => {
            let what =
                "messages hold lists of strings or of integers up to 2^63 - 1, not mixed and no others";
            Err(unserved("match", what))
        }
    }
}

fn words(text: &Text) -> Result<MatchValue, ApiError> {
    match text {
        Text::All(words) => Ok(MatchValue::Text(words.clone())),
        Text::Any(words) => Ok(MatchValue::TextAny(words.clone())),
        Text::Phrase(words) => Ok(MatchValue::Phrase(words.clone())),
        Text::Prefix(_) => Err(unserved("match", "no message asks for the beginning of a word")),
    }
}

fn times(bounds: &Bounds<i64>) -> m::DatetimeRange {
    let time = |micros: Option<i64>| {
        micros.map(|micros| Timestamp {
            seconds: micros.div_euclid(1_000_000),
            nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
        })
    };
    m::DatetimeRange {
        lt: time(bounds.lt),
        gt: time(bounds.gt),
        gte: time(bounds.gte),
        lte: time(bounds.lte),
    }
}

fn place(place: &GeoPoint) -> m::GeoPoint {
    m::GeoPoint {
        lon: place.lon,
        lat: place.lat,
    }
}

fn ring(points: &[GeoPoint]) -> m::GeoLineString {
    m::GeoLineString {
        points: points.iter().map(place).collect(),
    }
}
