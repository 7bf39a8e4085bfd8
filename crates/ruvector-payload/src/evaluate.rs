//! A compiled filter against one point, straight on the encoded payload. Never allocates, never builds a `Value`.
//!
//! A condition looks at the values its path leads to. A key enters objects only, `[]` and `[i]` arrays only:
//! in an array of objects, `a.b` leads nowhere and `a[].b` to each `b`. An array at the end of the path stands
//! for its items; an array among those items is a value of its own.
//!
//! - match, any, range: one of the values passes; `1` and `1.0` are equal, integers are never rounded.
//! - except: one of the values is neither `null` nor listed. A missing field has no such value and does not
//!   match, nor does `[]`; for "none of these, or missing", put *any* under `must_not`. So Qdrant does.
//! - ranges of times: one of the values is a string that reads as a time within. Numbers are no times.
//! - geo: one of the values is an object with the numbers `lon` and `lat` of a place on the earth, in the shape.
//! - values-count: of one of the values: of an array its length, of `null` 0, of anything else 1; of a missing
//!   field 0.
//! - is-empty: every value at the path is `null` or `[]`; a missing field has none and matches.
//! - is-null: a value at the path is `null` or an array with a `null` in it. A missing field does not match.
//! - nested: one object among the items of an array at the path matches by itself; `a` and `a[]` are the same array,
//!   and an object that stands alone is none. There is no point inside: ids and vectors match nothing there.

use std::cmp::Ordering;

use ruvector_types::datetime::parse_micros;
use ruvector_types::{Bounds, Number, PointId, Step};

use crate::compile::{Compiled, Field, Level, Nested, Node, Test, Values};
use crate::number::{compare_int, compare_uint, exact_int, exact_uint};
use crate::{ArrayRef, DecodeError, PayloadRef, ValueRef, geo};

/// A point as a filter sees it.
pub trait Subject {
    /// Its payload.
    fn payload(&self) -> PayloadRef<'_>;

    /// Whether its id is in `ids`, which are sorted and free of duplicates.
    fn is_id_in(&self, ids: &[PointId]) -> bool;

    /// Whether it has the vector `name`; the unnamed one is `""`.
    fn has_vector(&self, name: &str) -> bool;
}

impl Compiled {
    /// Whether the point matches. Stops at the first condition that decides; an error means that bytes on the
    /// way there are damaged.
    pub fn matches(&self, subject: &dyn Subject) -> Result<bool, DecodeError> {
        self.root.matches(subject)
    }
}

impl Level {
    fn matches(&self, subject: &dyn Subject) -> Result<bool, DecodeError> {
        for node in &self.must {
            if !node.matches(subject)? {
                return Ok(false);
            }
        }
        if any(&self.must_not, subject)? {
            return Ok(false);
        }
        if !self.should.is_empty() && !any(&self.should, subject)? {
            return Ok(false);
        }
        match &self.min_should {
            None => Ok(true),
            Some((count, nodes)) => at_least(*count, nodes, subject),
        }
    }
}

fn any(nodes: &[Node], subject: &dyn Subject) -> Result<bool, DecodeError> {
    for node in nodes {
        if node.matches(subject)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn at_least(count: usize, nodes: &[Node], subject: &dyn Subject) -> Result<bool, DecodeError> {
    let mut missing = count;
    for (at, node) in nodes.iter().enumerate() {
        if missing == 0 || missing > nodes.len() - at {
            break;
        }
        if node.matches(subject)? {
            missing -= 1;
        }
    }
    Ok(missing == 0)
}

impl Node {
    fn matches(&self, subject: &dyn Subject) -> Result<bool, DecodeError> {
        match self {
            Node::Ids(ids) => Ok(subject.is_id_in(ids)),
            Node::Vector(name) => Ok(subject.has_vector(name)),
            Node::Field(field) => field.matches(subject.payload()),
            Node::Nested(nested) => nested.matches(ValueRef::Object(subject.payload()), &nested.steps),
            Node::Level(level) => level.matches(subject),
        }
    }
}

/// An item of an array of objects, as the filter of a nested condition sees it.
struct Item<'a>(PayloadRef<'a>);

impl Subject for Item<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.0
    }

    fn is_id_in(&self, _ids: &[PointId]) -> bool {
        false
    }

    fn has_vector(&self, _name: &str) -> bool {
        false
    }
}

impl Nested {
    /// Whether an item of an array that `steps` lead to matches. Recursion: one level per step of the path.
    fn matches(&self, value: ValueRef<'_>, steps: &[Step]) -> Result<bool, DecodeError> {
        let item_matches = |item: ValueRef<'_>| match item {
            ValueRef::Object(object) => self.level.matches(&Item(object)),
            _ => Ok(false),
        };
        match (steps.split_first(), value) {
            (None, ValueRef::Array(items)) => any_item(items, item_matches),
            (Some((step, rest)), value) => enter(value, step, |inner| self.matches(inner, rest)),
            (None, _) => Ok(false),
        }
    }
}

/// Whether one of the values that `step` leads to from `value` passes.
fn enter<'a>(
    value: ValueRef<'a>,
    step: &Step,
    passes: impl Fn(ValueRef<'a>) -> Result<bool, DecodeError>,
) -> Result<bool, DecodeError> {
    let inner = match (step, value) {
        (Step::Key(key), ValueRef::Object(object)) => object.get(key)?,
        (Step::Index(index), ValueRef::Array(items)) => items.get(*index as usize)?,
        (Step::Each, ValueRef::Array(items)) => return any_item(items, passes),
        _ => None,
    };
    inner.map_or(Ok(false), passes)
}

fn any_item<'a>(
    items: ArrayRef<'a>,
    passes: impl Fn(ValueRef<'a>) -> Result<bool, DecodeError>,
) -> Result<bool, DecodeError> {
    for item in items.iter() {
        if passes(item?)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Field {
    fn matches(&self, payload: PayloadRef<'_>) -> Result<bool, DecodeError> {
        let payload = ValueRef::Object(payload);
        let found = passes_at(payload, &self.steps, &self.test)?;
        if let Test::ValuesCount(bounds) = &self.test {
            // No value at all counts as 0.
            let counts_none = !found && bounds.contain(&0);
            return Ok(found || counts_none && !passes_at(payload, &self.steps, &Test::Exists)?);
        }
        Ok(found == self.wanted)
    }
}

/// Whether a value that `steps` lead to passes. Recursion: one level per step of the path.
fn passes_at(value: ValueRef<'_>, steps: &[Step], test: &Test) -> Result<bool, DecodeError> {
    match steps.split_first() {
        None => test.passes(value),
        Some((step, rest)) => enter(value, step, |inner| passes_at(inner, rest, test)),
    }
}

impl Test {
    /// Whether a value at the end of the path passes; an array stands for its items.
    fn passes(&self, value: ValueRef<'_>) -> Result<bool, DecodeError> {
        match (self, value) {
            (Test::NotEmpty, ValueRef::Array(items)) => Ok(!items.is_empty()),
            (Test::ValuesCount(bounds), ValueRef::Array(items)) => Ok(bounds.contain(&(items.len() as u64))),
            (Test::Exists, _) => Ok(true),
            (_, ValueRef::Array(items)) => any_item(items, |item| Ok(self.passes_one(item))),
            (_, value) => Ok(self.passes_one(value)),
        }
    }

    fn passes_one(&self, value: ValueRef<'_>) -> bool {
        match (self, value) {
            (Test::Keyword(wanted), ValueRef::Str(text)) => **wanted == *text,
            (Test::Integer(wanted), ValueRef::Int(number)) => *wanted == number,
            (Test::Integer(wanted), ValueRef::Float(number)) => exact_int(number) == Some(*wanted),
            (Test::UInt(wanted), ValueRef::UInt(number)) => *wanted == number,
            (Test::UInt(wanted), ValueRef::Float(number)) => exact_uint(number) == Some(*wanted),
            (Test::Bool(wanted), ValueRef::Bool(flag)) => *wanted == flag,
            (Test::AnyOf(list), value) => list.contain(value),
            (Test::NoneOf(list), value) => !matches!(value, ValueRef::Null) && !list.contain(value),
            (Test::StartsWith(start), ValueRef::Str(text)) => text.starts_with(&**start),
            (Test::Contains(part), ValueRef::Str(text)) => text.contains(&**part),
            (Test::Range(bounds), value) => within(bounds, value, compare_float),
            (Test::ExactRange(bounds), value) => within(bounds, value, compare_number),
            (Test::NotEmpty, value) => !matches!(value, ValueRef::Null),
            (Test::HasNull, value) => matches!(value, ValueRef::Null),
            (Test::Text(text), ValueRef::Str(value)) => text.passes(value),
            (Test::Datetime(bounds), ValueRef::Str(value)) => {
                parse_micros(value).is_some_and(|micros| bounds.contain(&micros))
            }
            (Test::Geo(shape), value) => geo::place(value).is_some_and(|place| shape.contains(place)),
            (Test::ValuesCount(bounds), value) => {
                bounds.contain(&u64::from(!matches!(value, ValueRef::Null)))
            }
            _ => false,
        }
    }
}

impl Values {
    fn contain(&self, value: ValueRef<'_>) -> bool {
        match value {
            ValueRef::Str(text) => self
                .keywords
                .binary_search_by(|keyword| keyword.as_ref().cmp(text))
                .is_ok(),
            ValueRef::Int(number) => self.integers.binary_search(&number).is_ok(),
            ValueRef::UInt(number) => self.uints.binary_search(&number).is_ok(),
            ValueRef::Float(number) => match exact_int(number) {
                Some(number) => self.integers.binary_search(&number).is_ok(),
                None => exact_uint(number).is_some_and(|number| self.uints.binary_search(&number).is_ok()),
            },
            ValueRef::Bool(flag) => self.bools[usize::from(flag)],
            ValueRef::Null | ValueRef::Array(_) | ValueRef::Object(_) => false,
        }
    }
}

/// How a value compares with a bound; `None` if it is no number.
fn compare_float(value: ValueRef<'_>, bound: f64) -> Option<Ordering> {
    match value {
        ValueRef::Int(number) => compare_int(number, bound),
        ValueRef::UInt(number) => compare_uint(number, bound),
        ValueRef::Float(number) => number.partial_cmp(&bound),
        _ => None,
    }
}

fn compare_number(value: ValueRef<'_>, bound: Number) -> Option<Ordering> {
    let integer = match bound {
        Number::Float(bound) => return compare_float(value, bound),
        Number::Integer(integer) => integer,
    };
    match value {
        ValueRef::Int(number) => Some(i128::from(number).cmp(&integer)),
        ValueRef::UInt(number) => Some(i128::from(number).cmp(&integer)),
        ValueRef::Float(number) => match (i64::try_from(integer), u64::try_from(integer)) {
            (Ok(integer), _) => compare_int(integer, number),
            (_, Ok(integer)) => compare_uint(integer, number),
            _ => None,
        }
        .map(Ordering::reverse),
        _ => None,
    }
}

fn within<T: Copy>(
    bounds: &Bounds<T>,
    value: ValueRef<'_>,
    compare: impl Fn(ValueRef<'_>, T) -> Option<Ordering>,
) -> bool {
    let is_number = matches!(value, ValueRef::Int(_) | ValueRef::UInt(_) | ValueRef::Float(_));
    let holds = |bound: Option<T>, accepts: fn(Ordering) -> bool| {
        bound.is_none_or(|bound| compare(value, bound).is_some_and(accepts))
    };
    is_number
        && holds(bounds.gt, Ordering::is_gt)
        && holds(bounds.gte, Ordering::is_ge)
        && holds(bounds.lt, Ordering::is_lt)
        && holds(bounds.lte, Ordering::is_le)
}
