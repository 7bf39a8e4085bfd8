//! How many points have a value that an index is about, from the payloads themselves.

use ruvector_types::{IndexKind, PayloadPath, Value};

use super::Model;
use super::filter::{collect, words};
use super::order::{leaves, number, time};
use super::place::place;

impl Model {
    /// The points with a value that an index of this kind is about.
    pub fn indexed(&self, path: &PayloadPath, kind: &IndexKind) -> u64 {
        let payloads = self.points().values().map(|point| &point.payload);
        let has_value = |payload: &&ruvector_types::Map| match kind {
            IndexKind::Null => {
                let root = Value::Object((*payload).clone());
                let mut found = Vec::new();
                collect(&root, path.steps(), &mut found);
                let is_empty = |value: &Value| *value == Value::Null || *value == Value::Array(Vec::new());
                found.into_iter().any(|value| !is_empty(value))
            }
            kind => leaves(payload, path).iter().any(|value| is_about(kind, value)),
        };
        payloads.filter(has_value).count() as u64
    }
}

fn is_about(kind: &IndexKind, value: &Value) -> bool {
    match (kind, value) {
        (IndexKind::Integer { .. } | IndexKind::Float, value) => number(value).is_some(),
        (IndexKind::Datetime, value) => time(value).is_some(),
        (IndexKind::Keyword { .. } | IndexKind::Uuid, value) => matches!(value, Value::String(_)),
        (IndexKind::Bool, value) => matches!(value, Value::Bool(_)),
        (IndexKind::Geo, value) => place(value).is_some(),
        (IndexKind::Text(_), Value::String(text)) => !words(text).is_empty(),
        (IndexKind::Text(_) | IndexKind::Null, _) => false,
    }
}
