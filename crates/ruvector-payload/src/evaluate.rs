//! A compiled filter against one point, straight on the encoded payload. Never allocates, never builds a `Value`.
//!
//! A condition looks at the values its path leads to. A key enters objects only, `[]` and `[i]` arrays only:
//! in an array of objects, `a.b` leads nowhere and `a[].b` to each `b`. An array at the end of the path stands
//! for its items; an array among those items is a value of its own.
//!
//! - match, any, range: one of the values passes; `1` and `1.0` are equal, integers are never rounded.
//! - except: one of the values is neither `null` nor listed. A missing field has no such value and does not
//!   match, nor does `[]`; for "none of these, or missing", put *any* under `must_not`. So Qdrant does.
//! - is-empty: every value at the path is `null` or `[]`; a missing field has none and matches.
//! - is-null: a value at the path is `null` or an array with a `null` in it. A missing field does not match.

use std::cmp::Ordering;

use ruvector_types::datetime::parse_micros;
use ruvector_types::{PointId, Range, Step};

use crate::compile::{Compiled, Field, Level, Node, Test, Values};
use crate::number::{compare_int, compare_uint, exact_int};
use crate::{DecodeError, PayloadRef, ValueRef};

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
            Node::Level(level) => level.matches(subject),
        }
    }
}

impl Field {
    fn matches(&self, payload: PayloadRef<'_>) -> Result<bool, DecodeError> {
        let found = passes_at(ValueRef::Object(payload), &self.steps, &self.test)?;
        Ok(found == self.wanted)
    }
}

/// Whether a value that `steps` lead to passes. Recursion: one level per step of the path.
fn passes_at(value: ValueRef<'_>, steps: &[Step], test: &Test) -> Result<bool, DecodeError> {
    let Some((step, rest)) = steps.split_first() else {
        return test.passes(value);
    };
    let inner = match (step, value) {
        (Step::Key(key), ValueRef::Object(object)) => object.get(key)?,
        (Step::Index(index), ValueRef::Array(items)) => items.get(*index as usize)?,
        (Step::Each, ValueRef::Array(items)) => {
            for item in items.iter() {
                if passes_at(item?, rest, test)? {
                    return Ok(true);
                }
            }
            None
        }
        _ => None,
    };
    inner.map_or(Ok(false), |inner| passes_at(inner, rest, test))
}

impl Test {
    /// Whether a value at the end of the path passes; an array stands for its items.
    fn passes(&self, value: ValueRef<'_>) -> Result<bool, DecodeError> {
        match (self, value) {
            (Test::NotEmpty, ValueRef::Array(items)) => Ok(!items.is_empty()),
            (_, ValueRef::Array(items)) => {
                for item in items.iter() {
                    if self.passes_one(item?) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (_, value) => Ok(self.passes_one(value)),
        }
    }

    fn passes_one(&self, value: ValueRef<'_>) -> bool {
        match (self, value) {
            (Test::Keyword(wanted), ValueRef::Str(text)) => **wanted == *text,
            (Test::Integer(wanted), ValueRef::Int(number)) => *wanted == number,
            (Test::Integer(wanted), ValueRef::Float(number)) => exact_int(number) == Some(*wanted),
            (Test::Bool(wanted), ValueRef::Bool(flag)) => *wanted == flag,
            (Test::AnyOf(list), value) => list.contain(value),
            (Test::NoneOf(list), value) => !matches!(value, ValueRef::Null) && !list.contain(value),
            (Test::Range(bounds), value) => within(bounds, value),
            (Test::NotEmpty, value) => !matches!(value, ValueRef::Null),
            (Test::HasNull, value) => matches!(value, ValueRef::Null),
            (Test::Text(text), ValueRef::Str(value)) => text.passes(value),
            (Test::Datetime(bounds), ValueRef::Str(value)) => {
                parse_micros(value).is_some_and(|micros| bounds.contain(&micros))
            }
            (Test::Geo(_) | Test::ValuesCount(_), _) => false,
            (Test::Keyword(_) | Test::Integer(_) | Test::Bool(_) | Test::Text(_) | Test::Datetime(_), _) => {
                false
            }
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
            ValueRef::Float(number) => {
                exact_int(number).is_some_and(|number| self.integers.binary_search(&number).is_ok())
            }
            ValueRef::Bool(flag) => self.bools[usize::from(flag)],
            ValueRef::Null | ValueRef::UInt(_) | ValueRef::Array(_) | ValueRef::Object(_) => false,
        }
    }
}

fn within(bounds: &Range, value: ValueRef<'_>) -> bool {
    let compare = |bound: f64| match value {
        ValueRef::Int(number) => compare_int(number, bound),
        ValueRef::UInt(number) => compare_uint(number, bound),
        ValueRef::Float(number) => number.partial_cmp(&bound),
        _ => None,
    };
    let is_number = matches!(value, ValueRef::Int(_) | ValueRef::UInt(_) | ValueRef::Float(_));
    let holds = |bound: Option<f64>, accepts: fn(Ordering) -> bool| {
        bound.is_none_or(|bound| compare(bound).is_some_and(accepts))
    };
    is_number
        && holds(bounds.gt, Ordering::is_gt)
        && holds(bounds.gte, Ordering::is_ge)
        && holds(bounds.lt, Ordering::is_lt)
        && holds(bounds.lte, Ordering::is_le)
}
