//! Changes of a payload, as Qdrant defines them. Applying edits again changes nothing: replay relies on it.

use ruvector_types::{Map, PayloadPath, Step, Value};

use crate::encode;

/// One change of a payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Sets the keys of `payload` and leaves others. A `null` in `payload` removes its key, as in Qdrant.
    Set {
        /// Keys and values.
        payload: Map,
        /// The object to set them in, if not the payload itself.
        path: Option<PayloadPath>,
    },
    /// Replaces the whole payload, `null`s included.
    Overwrite(Map),
    /// Removes what the paths name, one after the other.
    Delete(Vec<PayloadPath>),
    /// Removes everything.
    Clear,
}

/// Applies an edit.
///
/// Set with a path: missing objects on the way are created, anything else in the way of a key is replaced by
/// an object. `[]` goes on with every item, `[i]` with that item if there is one; either replaces a value that
/// is not an array by `[]`. Delete: a path that leads nowhere does nothing, a last step `[]` empties the array,
/// a last step `[i]` does nothing, because removing an item again would remove its successor.
///
/// Cost: linear in the objects on the way; a path with `[]` copies the keys into each item, so ask [`edited_bytes_min`]
/// before, and check the payload's size afterwards.
pub fn apply(edit: &Edit, map: &mut Map) {
    match edit {
        Edit::Set { payload, path: None } => merge(map, payload),
        Edit::Set {
            payload,
            path: Some(path),
        } => {
            // The first step of a path is a key, so the outermost object is never replaced.
            if let Some((Step::Key(key), rest)) = path.steps().split_first() {
                set_at(rest, map.entry(key.clone()).or_insert(Value::Null), payload);
            }
        }
        Edit::Overwrite(payload) => map.clone_from(payload),
        Edit::Delete(paths) => {
            for path in paths {
                if let Some((Step::Key(key), rest)) = path.steps().split_first() {
                    delete_key(key, rest, map);
                }
            }
        }
        Edit::Clear => map.clear(),
    }
}

/// What a payload has at least in bytes, as it is encoded, once the edit is applied to it: a few bytes of a path with `[]`
/// may ask for more than there is memory. 0 of edits that say too little. Cost: linear in the items on the way.
pub fn edited_bytes_min(edit: &Edit, map: &Map) -> u64 {
    let Edit::Set {
        payload,
        path: Some(path),
    } = edit
    else {
        return 0;
    };
    let kept: Map = payload
        .iter()
        .filter(|(_, value)| **value != Value::Null)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let merged = encode(&kept).len() as u64;
    match path.steps().split_first() {
        Some((Step::Key(key), rest)) => set_bytes_min(rest, map.get(key), merged),
        _ => 0,
    }
}

/// As [`set_at`] goes: the bytes of the objects at the ends of the path and of the keys that lead to them.
fn set_bytes_min(steps: &[Step], value: Option<&Value>, merged: u64) -> u64 {
    match (steps.split_first(), value) {
        (None, _) => merged,
        (Some((Step::Key(key), rest)), value) => {
            let inner = match value {
                Some(Value::Object(map)) => map.get(key),
                _ => None,
            };
            (key.len() as u64).saturating_add(set_bytes_min(rest, inner, merged))
        }
        (Some((Step::Each, rest)), Some(Value::Array(items))) => items.iter().fold(0, |sum: u64, item| {
            sum.saturating_add(set_bytes_min(rest, Some(item), merged))
        }),
        (Some((Step::Index(index), rest)), Some(Value::Array(items))) => items
            .get(*index as usize)
            .map_or(0, |item| set_bytes_min(rest, Some(item), merged)),
        (Some((Step::Each | Step::Index(_), _)), _) => 0,
    }
}

fn merge(map: &mut Map, payload: &Map) {
    for (key, value) in payload {
        if *value == Value::Null {
            map.remove(key);
        } else {
            map.insert(key.clone(), value.clone());
        }
    }
}

fn set_at(steps: &[Step], value: &mut Value, payload: &Map) {
    make_container(steps.first(), value);
    match (steps.split_first(), value) {
        (None, Value::Object(map)) => merge(map, payload),
        (Some((Step::Key(key), rest)), Value::Object(map)) => {
            set_at(rest, map.entry(key.clone()).or_insert(Value::Null), payload);
        }
        (Some((Step::Each, rest)), Value::Array(items)) => {
            for item in items {
                set_at(rest, item, payload);
            }
        }
        (Some((Step::Index(index), rest)), Value::Array(items)) => {
            if let Some(item) = items.get_mut(*index as usize) {
                set_at(rest, item, payload);
            }
        }
        _ => {}
    }
}

/// Replaces a value that `step` cannot enter by an empty container that it can; the end of a path is an object.
fn make_container(step: Option<&Step>, value: &mut Value) {
    match (step, &value) {
        (None | Some(Step::Key(_)), Value::Object(_)) => {}
        (Some(Step::Each | Step::Index(_)), Value::Array(_)) => {}
        (None | Some(Step::Key(_)), _) => *value = Value::Object(Map::new()),
        (Some(Step::Each | Step::Index(_)), _) => *value = Value::Array(Vec::new()),
    }
}

fn delete_key(key: &str, rest: &[Step], map: &mut Map) {
    if rest.is_empty() {
        map.remove(key);
    } else if let Some(value) = map.get_mut(key) {
        delete_at(rest, value);
    }
}

fn delete_at(steps: &[Step], value: &mut Value) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    match (step, value) {
        (Step::Key(key), Value::Object(map)) => delete_key(key, rest, map),
        (Step::Each, Value::Array(items)) if rest.is_empty() => items.clear(),
        (Step::Each, Value::Array(items)) => {
            for item in items {
                delete_at(rest, item);
            }
        }
        (Step::Index(index), Value::Array(items)) => {
            if let Some(item) = items.get_mut(*index as usize) {
                delete_at(rest, item);
            }
        }
        _ => {}
    }
}
