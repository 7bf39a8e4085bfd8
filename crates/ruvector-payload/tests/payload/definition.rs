//! What a filter means, over trees of values: plain loops, shared with nothing that is tested.

use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, Match, Number, PointId, Range, Step,
    Text, Value,
};

use crate::generate::TIMES;

/// Every value that the steps lead to.
fn values<'a>(value: &'a Value, steps: &[Step]) -> Vec<&'a Value> {
    let Some(step) = steps.first() else {
        return vec![value];
    };
    let inner: Vec<&Value> = match (step, value) {
        (Step::Key(key), Value::Object(map)) => map.get(key).into_iter().collect(),
        (Step::Index(index), Value::Array(items)) => items.get(*index as usize).into_iter().collect(),
        (Step::Each, Value::Array(items)) => items.iter().collect(),
        _ => Vec::new(),
    };
    inner
        .into_iter()
        .flat_map(|inner| values(inner, &steps[1..]))
        .collect()
}

fn equal(value: &Value, wanted: &Match) -> bool {
    match (value, wanted) {
        (Value::String(text), Match::Keyword(keyword)) => text == keyword,
        (Value::Int(number), Match::Integer(integer)) => number == integer,
        (Value::Float(number), Match::Integer(integer)) => {
            number.fract() == 0.0 && number.abs() < 1e30 && *number as i128 == i128::from(*integer)
        }
        (Value::UInt(number), Match::UInt(unsigned)) => number == unsigned,
        (Value::Float(number), Match::UInt(unsigned)) => {
            number.fract() == 0.0 && number.abs() < 1e30 && *number as i128 == i128::from(*unsigned)
        }
        (Value::Bool(flag), Match::Bool(wanted)) => flag == wanted,
        _ => false,
    }
}

/// An integer lies above a bound if it lies above the bound rounded down, and so on: no rounding of integers.
fn integer_within(number: i128, range: &Range) -> bool {
    range.gt.is_none_or(|bound| number > bound.floor() as i128)
        && range.gte.is_none_or(|bound| number >= bound.ceil() as i128)
        && range.lt.is_none_or(|bound| number < bound.ceil() as i128)
        && range.lte.is_none_or(|bound| number <= bound.floor() as i128)
}

/// As parts of a whole number and what is above it, which no bound beyond 2^53 has.
fn parts(number: f64) -> (i128, f64) {
    (number.floor() as i128, number - number.floor())
}

fn exactly_within(number: (i128, f64), range: &Bounds<Number>) -> bool {
    let bound = |bound| match bound {
        Number::Float(bound) => parts(bound),
        Number::Integer(bound) => (bound, 0.0),
    };
    range.gt.is_none_or(|other| number > bound(other))
        && range.gte.is_none_or(|other| number >= bound(other))
        && range.lt.is_none_or(|other| number < bound(other))
        && range.lte.is_none_or(|other| number <= bound(other))
}

fn field_matches(payload: &Value, condition: &FieldCondition) -> bool {
    let at_path = values(payload, condition.path.steps());
    let mut flat: Vec<&Value> = Vec::new();
    for value in &at_path {
        match value {
            Value::Array(items) => flat.extend(items),
            single => flat.push(single),
        }
    }
    match &condition.test {
        FieldTest::Match(wanted) => flat.iter().any(|value| equal(value, wanted)),
        FieldTest::MatchAny(list) => flat
            .iter()
            .any(|value| list.iter().any(|wanted| equal(value, wanted))),
        FieldTest::MatchExcept(list) => flat
            .iter()
            .any(|value| **value != Value::Null && !list.iter().any(|wanted| equal(value, wanted))),
        FieldTest::Range(range) => flat.iter().any(|value| match value {
            Value::Int(number) => integer_within((*number).into(), range),
            Value::UInt(number) => integer_within((*number).into(), range),
            Value::Float(number) => range.contain(number),
            _ => false,
        }),
        FieldTest::ExactRange(range) => flat.iter().any(|value| match value {
            Value::Int(number) => exactly_within(((*number).into(), 0.0), range),
            Value::UInt(number) => exactly_within(((*number).into(), 0.0), range),
            Value::Float(number) => exactly_within(parts(*number), range),
            _ => false,
        }),
        FieldTest::IsEmpty => at_path
            .iter()
            .all(|value| **value == Value::Null || **value == Value::Array(Vec::new())),
        FieldTest::IsNull => flat.contains(&&Value::Null),
        FieldTest::StartsWith(start) => flat
            .iter()
            .any(|value| text(value).is_some_and(|text| text.starts_with(start))),
        FieldTest::Contains(part) => flat
            .iter()
            .any(|value| text(value).is_some_and(|text| text.contains(part))),
        FieldTest::DatetimeRange(bounds) => flat.iter().any(|value| {
            let known = TIMES.iter().find(|(spelled, _)| text(value) == Some(spelled));
            known
                .and_then(|(_, micros)| *micros)
                .is_some_and(|micros| bounds.contain(&micros))
        }),
        FieldTest::ValuesCount(bounds) => {
            let counts = at_path.iter().map(|value| match value {
                Value::Null => 0,
                Value::Array(items) => items.len() as u64,
                _ => 1,
            });
            let none = at_path.is_empty().then_some(0);
            counts.chain(none).any(|count| bounds.contain(&count))
        }
        FieldTest::Text(wanted) => flat
            .iter()
            .any(|value| text(value).is_some_and(|text| is_text(text, wanted))),
        shape => flat
            .iter()
            .any(|value| place(value).is_some_and(|place| lies_in(place, shape))),
    }
}

fn condition_matches(payload: &Value, id: Option<u64>, condition: &Condition) -> bool {
    match condition {
        Condition::Field(field) => field_matches(payload, field),
        Condition::HasId(ids) => id.is_some_and(|id| ids.contains(&PointId::Num(id))),
        Condition::HasVector(name) => id.is_some() && name == "title",
        Condition::Filter(filter) => filter_matches(payload, id, filter),
        Condition::Nested { path, filter } => {
            let steps = path.steps();
            let steps = steps.strip_suffix(&[Step::Each]).unwrap_or(steps);
            values(payload, steps).into_iter().any(|value| match value {
                Value::Array(items) => items
                    .iter()
                    .any(|item| matches!(item, Value::Object(_)) && filter_matches(item, None, filter)),
                _ => false,
            })
        }
    }
}

/// Whether a point matches; without an id, whether an item of an array does.
pub(crate) fn filter_matches(payload: &Value, id: Option<u64>, filter: &Filter) -> bool {
    let count = |conditions: &[Condition]| {
        let holds = |condition: &&Condition| condition_matches(payload, id, condition);
        conditions.iter().filter(holds).count()
    };
    count(&filter.must) == filter.must.len()
        && count(&filter.must_not) == 0
        && (filter.should.is_empty() || count(&filter.should) > 0)
        && filter
            .min_should
            .as_ref()
            .is_none_or(|min| count(&min.conditions) >= min.min_count)
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The words of a text without an index: runs of letters and digits, in lower case.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// No words match no text.
pub(crate) fn is_text(value: &str, wanted: &Text) -> bool {
    let has = words(value);
    match wanted {
        Text::All(text) => !words(text).is_empty() && words(text).iter().all(|word| has.contains(word)),
        Text::Any(text) => words(text).iter().any(|word| has.contains(word)),
        Text::Phrase(text) => {
            let phrase = words(text);
            !phrase.is_empty() && has.windows(phrase.len()).any(|window| window == phrase)
        }
        Text::Prefix(text) => match words(text).split_last() {
            None => false,
            Some((last, whole)) => {
                whole.iter().all(|word| has.contains(word)) && has.iter().any(|word| word.starts_with(last))
            }
        },
    }
}

fn place(value: &Value) -> Option<GeoPoint> {
    let Value::Object(map) = value else { return None };
    let degrees = |key: &str| match map.get(key)? {
        Value::Int(number) => Some(*number as f64),
        Value::UInt(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    let (lon, lat) = (degrees("lon")?, degrees("lat")?);
    (lon.abs() <= 180.0 && lat.abs() <= 90.0).then_some(GeoPoint { lon, lat })
}

fn lies_in(place: GeoPoint, shape: &FieldTest) -> bool {
    let within = |value: f64, low: f64, high: f64| low < value && value < high;
    match shape {
        FieldTest::GeoRadius { center, radius_m } => {
            let (lat, other) = (place.lat.to_radians(), center.lat.to_radians());
            let lon = (place.lon - center.lon).to_radians();
            let cosine = lat.sin() * other.sin() + lat.cos() * other.cos() * lon.cos();
            6_371_000.0 * cosine.clamp(-1.0, 1.0).acos() < *radius_m
        }
        FieldTest::GeoBoundingBox {
            top_left,
            bottom_right,
        } => {
            let (west, east) = (top_left.lon, bottom_right.lon);
            let in_lon = if west <= east {
                within(place.lon, west, east)
            } else {
                within(place.lon, west, 180.1) || within(place.lon, -180.1, east)
            };
            in_lon && within(place.lat, bottom_right.lat, top_left.lat)
        }
        // The generator draws squares around 0, 0.
        FieldTest::GeoPolygon(polygon) => {
            let inside = |ring: &[GeoPoint]| {
                let side = ring[0].lon.abs();
                within(place.lon, -side, side) && within(place.lat, -side, side)
            };
            inside(&polygon.exterior) && !polygon.interiors.iter().any(|ring| inside(ring))
        }
        other => panic!("{other:?} is no shape"),
    }
}
