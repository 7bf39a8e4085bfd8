//! Payload edits on plain values.

use ruvector_types::{Map, PayloadPath, Step, Value};

/// Sets keys at the top or at `path`; `null` removes a key. What stands in the way of the path is replaced.
pub(super) fn set(map: &mut Map, payload: &Map, path: Option<&PayloadPath>) {
    let mut root = Value::Object(std::mem::take(map));
    set_in(&mut root, path.map_or(&[], PayloadPath::steps), payload);
    if let Value::Object(changed) = root {
        *map = changed;
    }
}

fn set_in(value: &mut Value, steps: &[Step], payload: &Map) {
    let wants_array = matches!(steps.first(), Some(Step::Each | Step::Index(_)));
    match value {
        Value::Array(_) if wants_array => {}
        Value::Object(_) if !wants_array => {}
        _ if wants_array => *value = Value::Array(Vec::new()),
        _ => *value = Value::Object(Map::new()),
    }
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                if steps[0] == Step::Each || steps[0] == Step::Index(at as u32) {
                    set_in(item, &steps[1..], payload);
                }
            }
        }
        Value::Object(map) => match steps.first() {
            Some(Step::Key(key)) => {
                let mut inner = map.remove(key).unwrap_or(Value::Null);
                set_in(&mut inner, &steps[1..], payload);
                map.insert(key.clone(), inner);
            }
            _ => {
                for (key, new) in payload {
                    map.remove(key);
                    if *new != Value::Null {
                        map.insert(key.clone(), new.clone());
                    }
                }
            }
        },
        _ => {}
    }
}

/// Removes what a path names: keys of objects; a last `[]` empties an array; a last `[i]` removes nothing.
pub(super) fn delete(map: &mut Map, path: &PayloadPath) {
    let mut root = Value::Object(std::mem::take(map));
    delete_in(&mut root, path.steps());
    if let Value::Object(changed) = root {
        *map = changed;
    }
}

fn delete_in(value: &mut Value, steps: &[Step]) {
    match (value, steps) {
        (Value::Object(map), [Step::Key(key)]) => drop(map.remove(key)),
        (Value::Array(items), [Step::Each]) => items.clear(),
        (Value::Object(map), [Step::Key(key), rest @ ..]) => {
            if let Some(inner) = map.get_mut(key) {
                delete_in(inner, rest);
            }
        }
        (Value::Array(items), [step, rest @ ..]) if !rest.is_empty() => {
            for (at, item) in items.iter_mut().enumerate() {
                if *step == Step::Each || *step == Step::Index(at as u32) {
                    delete_in(item, rest);
                }
            }
        }
        _ => {}
    }
}
