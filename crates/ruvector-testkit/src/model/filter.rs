//! Filters on plain values, by their definition. Texts are cut as without an index.

use std::cmp::Ordering;

use ruvector_types::{Bounds, Condition, FieldTest, Filter, Match, Number, PointId, Step, Text, Value};

use super::ModelPoint;
use super::place::{lies_in, place};
use crate::values::TIMES;

/// Whether a point matches.
pub fn matches(filter: &Filter, id: &PointId, point: &ModelPoint) -> bool {
    let root = Value::Object(point.payload.clone());
    level(filter, &root, Some((id, point)))
}

/// Whether a payload matches, or an item of an array, which is no point.
fn level(filter: &Filter, root: &Value, point: Option<(&PointId, &ModelPoint)>) -> bool {
    let holds = |condition: &Condition| holds(condition, root, point);
    let min = filter.min_should.as_ref();
    filter.must.iter().all(holds)
        && !filter.must_not.iter().any(holds)
        && (filter.should.is_empty() || filter.should.iter().any(holds))
        && min.is_none_or(|min| min.conditions.iter().filter(|c| holds(c)).count() >= min.min_count)
}

fn holds(condition: &Condition, root: &Value, point: Option<(&PointId, &ModelPoint)>) -> bool {
    let values = |steps| {
        let mut found = Vec::new();
        collect(root, steps, &mut found);
        found
    };
    match condition {
        Condition::HasId(ids) => point.is_some_and(|(id, _)| ids.contains(id)),
        Condition::HasVector(name) => point.is_some_and(|(_, point)| point.vectors.contains_key(name)),
        Condition::Filter(inner) => level(inner, root, point),
        Condition::Field(field) => passes(&field.test, &values(field.path.steps())),
        Condition::Nested { path, filter } => {
            let steps = path.steps();
            let steps = steps.strip_suffix(&[Step::Each]).unwrap_or(steps);
            let arrays = values(steps).into_iter().filter_map(|value| match value {
                Value::Array(items) => Some(items),
                _ => None,
            });
            let mut objects = arrays.flatten().filter(|item| matches!(item, Value::Object(_)));
            objects.any(|item| level(filter, item, None))
        }
    }
}

/// The values a path leads to; an array at its end is one value.
pub(super) fn collect<'a>(value: &'a Value, steps: &[Step], found: &mut Vec<&'a Value>) {
    match (value, steps) {
        (value, []) => found.push(value),
        (Value::Object(map), [Step::Key(key), rest @ ..]) => {
            if let Some(inner) = map.get(key) {
                collect(inner, rest, found);
            }
        }
        (Value::Array(items), [Step::Each, rest @ ..]) => {
            items.iter().for_each(|item| collect(item, rest, found))
        }
        (Value::Array(items), [Step::Index(at), rest @ ..]) => {
            items
                .iter()
                .skip(*at as usize)
                .take(1)
                .for_each(|item| collect(item, rest, found));
        }
        _ => {}
    }
}

fn passes(test: &FieldTest, found: &[&Value]) -> bool {
    let mut single = found.iter().flat_map(|value| match value {
        Value::Array(items) => items.iter().collect(),
        value => vec![*value],
    });
    match test {
        FieldTest::Match(wanted) => single.any(|value| equal(value, wanted)),
        FieldTest::MatchAny(list) => single.any(|value| list.iter().any(|wanted| equal(value, wanted))),
        FieldTest::MatchExcept(list) => {
            single.any(|value| *value != Value::Null && !list.iter().any(|wanted| equal(value, wanted)))
        }
        FieldTest::Range(bounds) => single.any(|value| within(value, bounds)),
        FieldTest::ExactRange(bounds) => single.any(|value| {
            let order = |bound: &Number| order(value, *bound);
            let holds = |bound: &Option<Number>, wanted: &[Ordering]| {
                let found = bound.as_ref().map(order);
                found.is_none_or(|found| found.is_some_and(|found| wanted.contains(&found)))
            };
            holds(&bounds.gt, &[Ordering::Greater])
                && holds(&bounds.gte, &[Ordering::Greater, Ordering::Equal])
                && holds(&bounds.lt, &[Ordering::Less])
                && holds(&bounds.lte, &[Ordering::Less, Ordering::Equal])
        }),
        FieldTest::IsNull => single.any(|value| *value == Value::Null),
        FieldTest::IsEmpty => found
            .iter()
            .all(|value| **value == Value::Null || **value == Value::Array(Vec::new())),
        FieldTest::StartsWith(start) => single.any(|value| text(value).is_some_and(|t| t.starts_with(start))),
        FieldTest::Contains(part) => single.any(|value| text(value).is_some_and(|t| t.contains(part))),
        FieldTest::DatetimeRange(bounds) => single.any(|value| {
            let known = TIMES.iter().find(|(spelled, _)| text(value) == Some(spelled));
            let micros = known.and_then(|(_, micros)| *micros);
            micros.is_some_and(|micros| bounds.contain(&micros))
        }),
        FieldTest::ValuesCount(bounds) if found.is_empty() => bounds.contain(&0),
        FieldTest::ValuesCount(bounds) => found.iter().any(|value| {
            bounds.contain(&match value {
                Value::Null => 0,
                Value::Array(items) => items.len() as u64,
                _ => 1,
            })
        }),
        FieldTest::GeoRadius { .. } | FieldTest::GeoBoundingBox { .. } | FieldTest::GeoPolygon(_) => {
            single.any(|value| place(value).is_some_and(|place| lies_in(place, test)))
        }
        FieldTest::Text(wanted) => {
            single.any(|value| text(value).is_some_and(|text| has_words(text, wanted)))
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Runs of letters and digits, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let runs = text.split(|letter: char| !letter.is_alphanumeric());
    runs.filter(|run| !run.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// No words match no text.
fn has_words(value: &str, wanted: &Text) -> bool {
    let has = words(value);
    let all = |wanted: &[String]| wanted.iter().all(|word| has.contains(word));
    match wanted {
        Text::All(text) => !words(text).is_empty() && all(&words(text)),
        Text::Any(text) => words(text).iter().any(|word| has.contains(word)),
        Text::Phrase(text) => {
            let phrase = words(text);
            !phrase.is_empty() && has.windows(phrase.len()).any(|window| window == phrase)
        }
        // The last word may go on, those before it are whole.
        Text::Prefix(text) => words(text)
            .split_last()
            .is_some_and(|(last, whole)| all(whole) && has.iter().any(|word| word.starts_with(last))),
    }
}

fn equal(value: &Value, wanted: &Match) -> bool {
    match (value, wanted) {
        (Value::String(text), Match::Keyword(wanted)) => text == wanted,
        (Value::Int(number), Match::Integer(wanted)) => number == wanted,
        (Value::Float(number), Match::Integer(wanted)) => {
            number.fract() == 0.0 && *number as i128 == i128::from(*wanted)
        }
        (Value::UInt(number), Match::UInt(wanted)) => number == wanted,
        (Value::Float(number), Match::UInt(wanted)) => {
            number.fract() == 0.0 && *number as i128 == i128::from(*wanted)
        }
        (Value::Bool(flag), Match::Bool(wanted)) => flag == wanted,
        _ => false,
    }
}

/// How a number compares with a bound. Reals that a bound beyond 2^53 is compared with are whole, or far away.
fn order(value: &Value, bound: Number) -> Option<Ordering> {
    let whole = match value {
        Value::Int(number) => i128::from(*number),
        Value::UInt(number) => i128::from(*number),
        Value::Float(number) => {
            return match bound {
                Number::Float(bound) => number.partial_cmp(&bound),
                Number::Integer(bound) => Some((*number as i128).cmp(&bound)),
            };
        }
        _ => return None,
    };
    Some(match bound {
        Number::Integer(bound) => whole.cmp(&bound),
        Number::Float(bound) if bound.fract() == 0.0 => whole.cmp(&(bound as i128)),
        Number::Float(bound) => whole.cmp(&(bound.floor() as i128)).then(Ordering::Less),
    })
}

fn within(value: &Value, bounds: &Bounds<f64>) -> bool {
    let whole = match value {
        Value::Int(number) => i128::from(*number),
        Value::UInt(number) => i128::from(*number),
        Value::Float(number) => return bounds.contain(number),
        _ => return false,
    };
    // A whole number is above x exactly if it is above ⌊x⌋, and below x exactly if it is below ⌈x⌉.
    let (floor, ceil) = (|x: f64| x.floor() as i128, |x: f64| x.ceil() as i128);
    bounds.gt.is_none_or(|bound| whole > floor(bound))
        && bounds.gte.is_none_or(|bound| whole >= ceil(bound))
        && bounds.lt.is_none_or(|bound| whole < ceil(bound))
        && bounds.lte.is_none_or(|bound| whole <= floor(bound))
}
