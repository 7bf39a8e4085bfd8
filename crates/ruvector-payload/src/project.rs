//! The part of a payload that a reader asked for. Never decodes the values that are left out.

use std::cmp::Ordering;

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
/// Cost: linear in the payload, times the logarithm of the paths, which are sorted.
pub fn project(payload: &PayloadRef<'_>, selector: &PayloadSelector) -> Result<Map, DecodeError> {
    let (mode, paths) = match selector {
        PayloadSelector::None => return Ok(Map::new()),
        PayloadSelector::All => return payload.to_map(),
        PayloadSelector::Include(paths) => (Mode::Include, paths),
        PayloadSelector::Exclude(paths) => (Mode::Exclude, paths),
    };
    let mut paths: Vec<&[Step]> = paths.iter().map(PayloadPath::steps).collect();
    paths.sort_unstable();
    object(payload, mode, &[&paths], 1)
}

/// Sorted paths that lead to one place. What stands `depth` levels deep is reached by `depth - 1` steps.
type Paths<'p> = &'p [&'p [Step]];

/// Those of the paths that go on from a place by a step, told by where it stands among steps.
fn advance<'p>(ahead: &[Paths<'p>], taken: usize, order: impl Fn(&Step) -> Ordering) -> Vec<Paths<'p>> {
    // Paths that end here stand first.
    let stands = |path: &&[Step]| path.get(taken).map_or(Ordering::Less, &order);
    let going = |paths: &Paths<'p>| {
        let start = paths.partition_point(|path| stands(path).is_lt());
        let paths = &paths[start..];
        &paths[..paths.partition_point(|path| stands(path).is_eq())]
    };
    ahead
        .iter()
        .map(going)
        .filter(|paths| !paths.is_empty())
        .collect()
}

fn object(payload: &PayloadRef<'_>, mode: Mode, ahead: &[Paths<'_>], depth: u32) -> Result<Map, DecodeError> {
    let mut kept = Map::new();
    for entry in payload.iter() {
        let (key, value) = entry?;
        let inside = advance(ahead, depth as usize - 1, |step| match step {
            Step::Key(name) => name.as_str().cmp(key),
            Step::Each | Step::Index(_) => Ordering::Greater,
        });
        if let Some(value) = part(&value, mode, &inside, depth + 1)? {
            kept.insert(key.to_owned(), value);
        }
    }
    Ok(kept)
}

/// What is kept of a value whose place these paths lead to.
fn part(
    value: &ValueRef<'_>,
    mode: Mode,
    ahead: &[Paths<'_>],
    depth: u32,
) -> Result<Option<Value>, DecodeError> {
    let taken = depth as usize - 1;
    let ends = |paths: &Paths<'_>| paths.first().is_some_and(|path| path.len() == taken);
    let named = ahead.iter().any(ends);
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
            let each = advance(ahead, taken, |step| step.cmp(&Step::Each));
            let mut kept = Vec::new();
            for (item, index) in items.iter().zip(0u32..) {
                let mut inside = advance(ahead, taken, |step| step.cmp(&Step::Index(index)));
                inside.extend_from_slice(&each);
                kept.extend(part(&item?, mode, &inside, depth + 1)?);
            }
            Value::Array(kept)
        }
        scalar => value_at(scalar, depth)?,
    }))
}
