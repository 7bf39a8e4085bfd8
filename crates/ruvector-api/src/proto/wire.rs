//! Looks over the bytes of a message before anything is made of them: every field is one that the interface has, nothing
//! ends early, nothing is nested without end, no filter has more levels or conditions than it may, and what the message
//! would take in memory is known. Never copies a byte.

use ruvector_types::{Invalid, Limits, Problem};

use super::WireError;
use super::fields::{occurrences, take, take_varint};
use super::shapes::{Call, Field, Kind, Role, Shape, Shapes};

/// Messages inside each other; what reads them allows as many.
const DEPTH_MAX: usize = 100;
/// Bytes that a text or a list takes beside its contents.
const LIST_BYTES: usize = 32;

impl Shapes {
    /// Bytes that the message of a call will take in memory, about, at most `bytes_max`; its filters are held to `limits`.
    /// Cost: linear, packed lists are passed over; ends at the first fault.
    pub fn check(
        &self,
        call: Call,
        bytes: &[u8],
        bytes_max: usize,
        limits: &Limits,
    ) -> Result<usize, WireError> {
        let mut walk = Walk {
            shapes: self,
            limits,
            taken: 0,
            bytes_max,
            conditions: 0,
        };
        let top = Level { depth: 1, filters: 0 };
        walk.message(call.shape, bytes, top)?;
        Ok(walk.taken)
    }
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct Level {
    /// Messages around this place, it included.
    depth: usize,
    /// Filters around this place.
    filters: usize,
}

struct Walk<'a> {
    shapes: &'a Shapes,
    limits: &'a Limits,
    taken: usize,
    bytes_max: usize,
    /// Conditions of the filter that the walk is in.
    conditions: usize,
}

impl Walk<'_> {
    /// Recursion is bounded by `DEPTH_MAX`.
    fn message(&mut self, shape: usize, message: &[u8], level: Level) -> Result<(), WireError> {
        if level.depth > DEPTH_MAX {
            return Err(WireError::TooDeep { limit: DEPTH_MAX });
        }
        let Some(shape) = self.shapes.shape(shape) else {
            return Ok(());
        };
        self.take(shape.bytes)?;
        let inside = self.enter(shape.role, level)?;
        let mut bytes = message;
        while !bytes.is_empty() {
            let at = message.len() - bytes.len();
            let (field, key) = field(shape, &mut bytes)?;
            self.value(shape, field, key & 7, &mut bytes, inside)
                .map_err(|error| named(error, field, key, &message[..at]))?;
        }
        Ok(())
    }

    /// Counts a filter's levels and conditions.
    fn enter(&mut self, role: Role, level: Level) -> Result<Level, WireError> {
        let mut inside = Level {
            depth: level.depth + 1,
            ..level
        };
        match role {
            Role::Filter => {
                if level.filters == 0 {
                    self.conditions = 0;
                }
                inside.filters += 1;
                at_most(inside.filters, self.limits.filter_depth_max, "filter_depth_max")?;
            }
            Role::Condition => {
                self.conditions += 1;
                let limit = self.limits.filter_conditions_max;
                at_most(self.conditions, limit, "filter_conditions_max")?;
            }
            Role::Other => {}
        }
        Ok(inside)
    }

    fn value(
        &mut self,
        shape: &Shape,
        field: &Field,
        wire_type: u64,
        bytes: &mut &[u8],
        inside: Level,
    ) -> Result<(), WireError> {
        let cut = || shape.cut();
        match (wire_type, field.kind) {
            (0, Kind::Varint) => {
                take_varint(bytes).ok_or_else(cut)?;
                self.take(8)
            }
            (1, Kind::Fixed64) => {
                take(bytes, 8).ok_or_else(cut)?;
                self.take(8)
            }
            (5, Kind::Fixed32) => {
                take(bytes, 4).ok_or_else(cut)?;
                self.take(4)
            }
            (2, kind) if kind == Kind::Bytes || field.is_list || matches!(kind, Kind::Message(_)) => {
                let length = take_varint(bytes).and_then(|length| usize::try_from(length).ok());
                let inner = length.and_then(|length| take(bytes, length)).ok_or_else(cut)?;
                match kind {
                    Kind::Message(inner_shape) => self.message(inner_shape, inner, inside),
                    Kind::Varint => self.take(LIST_BYTES + inner.len().saturating_mul(8)),
                    Kind::Bytes | Kind::Fixed32 | Kind::Fixed64 => self.take(LIST_BYTES + inner.len()),
                }
            }
            _ => Err(WireError::WrongType {
                message: shape.name.clone(),
                field: field.name.clone(),
            }),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<(), WireError> {
        self.taken = self.taken.saturating_add(bytes);
        match self.taken > self.bytes_max {
            false => Ok(()),
            true => Err(WireError::TooLarge {
                limit: self.bytes_max,
            }),
        }
    }
}

impl Shape {
    fn cut(&self) -> WireError {
        WireError::Cut {
            message: self.name.clone(),
        }
    }
}

/// The field that comes next, and its key.
fn field<'s>(shape: &'s Shape, bytes: &mut &[u8]) -> Result<(&'s Field, u64), WireError> {
    let key = take_varint(bytes).ok_or_else(|| shape.cut())?;
    let number = key >> 3;
    match shape.field(number) {
        Some(field) => Ok((field, key)),
        None => Err(WireError::UnknownField {
            message: shape.name.clone(),
            number,
        }),
    }
}

fn at_most(given: usize, limit: usize, limit_name: &'static str) -> Result<(), WireError> {
    Problem::at_most(given, limit, limit_name).map_err(|problem| WireError::Filter(Invalid::new("", problem)))
}

/// A filter's fault, seen from the message that has the field; `before` is what the message has before it.
fn named(error: WireError, field: &Field, key: u64, before: &[u8]) -> WireError {
    let WireError::Filter(Invalid {
        field: inner,
        problem,
    }) = error
    else {
        return error;
    };
    let mut place = field.name.clone();
    if field.is_list {
        place = format!("{place}[{}]", occurrences(before, key));
    }
    if !inner.is_empty() {
        place = format!("{place}.{inner}");
    }
    WireError::Filter(Invalid::new(place, problem))
}
