//! The values that a path leads to in a payload, as the evaluation of filters finds them. Never allocates.

use ruvector_types::Step;

use crate::{DecodeError, PayloadRef, ValueRef};

/// Shows `see` every value at the end of the path; an array there is one value. Recursion: one level per step.
pub(crate) fn each_leaf<'a>(
    payload: PayloadRef<'a>,
    steps: &[Step],
    see: &mut dyn FnMut(ValueRef<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    leaves_of(ValueRef::Object(payload), steps, see)
}

/// Shows `see` what a value at the end of a path stands for: an array for its items, anything else for itself.
pub(crate) fn each_item<'a>(
    leaf: ValueRef<'a>,
    mut see: impl FnMut(ValueRef<'a>),
) -> Result<(), DecodeError> {
    match leaf {
        ValueRef::Array(items) => {
            for item in items.iter() {
                see(item?);
            }
        }
        single => see(single),
    }
    Ok(())
}

fn leaves_of<'a>(
    value: ValueRef<'a>,
    steps: &[Step],
    see: &mut dyn FnMut(ValueRef<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let Some((step, rest)) = steps.split_first() else {
        return see(value);
    };
    let inner = match (step, value) {
        (Step::Key(key), ValueRef::Object(object)) => object.get(key)?,
        (Step::Index(index), ValueRef::Array(items)) => items.get(*index as usize)?,
        (Step::Each, ValueRef::Array(items)) => {
            for item in items.iter() {
                leaves_of(item?, rest, see)?;
            }
            None
        }
        _ => None,
    };
    inner.map_or(Ok(()), |inner| leaves_of(inner, rest, see))
}
