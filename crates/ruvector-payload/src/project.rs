//! The part of a payload that a reader asked for. Never decodes the values that are left out.

use ruvector_types::{Map, PayloadPath, PayloadSelector, Step, Value};

use crate::view::value_at;
use crate::{DecodeError, PayloadRef, ValueRef};

/// What becomes of the places that the paths name.
#[derive(Clone, Copy)]
enum Mode {
    Include,
    Exclude,
}

/// The selected part of `payload`, as a tree.
///
/// Include keeps the structure down to the named places: an object or array on the way is kept with what is
/// named inside it (perhaps nothing), a scalar on the way is kept as it is. Exclude keeps all but the named
/// places. An array is entered by `[]` or `[i]` only. `[i]` names one item, where Qdrant ignores it.
///
/// Cost: linear in the payload and in keys × paths.
pub fn project(payload: &PayloadRef<'_>, selector: &PayloadSelector) -> Result<Map, DecodeError> {
    match selector {
        PayloadSelector::None => Ok(Map::new()),
        PayloadSelector::All => payload.to_map(),
        PayloadSelector::Include(paths) => object(payload, Mode::Include, &all_steps(paths), 1),
        PayloadSelector::Exclude(paths) => object(payload, Mode::Exclude, &all_steps(paths), 1),
    }
}

/// The steps of each path that are still ahead.
type Ahead<'p> = Vec<&'p [Step]>;

fn all_steps(paths: &[PayloadPath]) -> Ahead<'_> {
    paths.iter().map(PayloadPath::steps).collect()
}

/// What remains of the paths after a step that `fits`.
fn advance<'p>(ahead: &[&'p [Step]], fits: impl Fn(&Step) -> bool) -> Ahead<'p> {
    ahead
        .iter()
        .filter_map(|steps| steps.split_first())
        .filter_map(|(step, rest)| fits(step).then_some(rest))
        .collect()
}

fn object(payload: &PayloadRef<'_>, mode: Mode, ahead: &[&[Step]], depth: u32) -> Result<Map, DecodeError> {
    let mut kept = Map::new();
    for entry in payload.iter() {
        let (key, value) = entry?;
        let inside = advance(ahead, |step| matches!(step, Step::Key(name) if name == key));
        if let Some(value) = part(&value, mode, &inside, depth + 1)? {
            kept.insert(key.to_owned(), value);
        }
    }
    Ok(kept)
}

/// What is kept of a value whose place is reached by paths that have `ahead` to go.
fn part(
    value: &ValueRef<'_>,
    mode: Mode,
    ahead: &[&[Step]],
    depth: u32,
) -> Result<Option<Value>, DecodeError> {
    let named = ahead.iter().any(|steps| steps.is_empty());
    match mode {
        Mode::Include if ahead.is_empty() => return Ok(None),
        Mode::Include if named => return value_at(value, depth).map(Some),
        Mode::Exclude if named => return Ok(None),
        Mode::Exclude if ahead.is_empty() => return value_at(value, depth).map(Some),
        Mode::Include | Mode::Exclude => {}
    }
    Ok(Some(match value {
        ValueRef::Object(inner) => Value::Object(object(inner, mode, ahead, depth)?),
        ValueRef::Array(items) => {
            let mut kept = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let inside = advance(ahead, |step| match step {
                    Step::Each => true,
                    Step::Index(wanted) => *wanted as usize == index,
                    Step::Key(_) => false,
                });
                kept.extend(part(&item?, mode, &inside, depth + 1)?);
            }
            Value::Array(kept)
        }
        scalar => value_at(scalar, depth)?,
    }))
}
