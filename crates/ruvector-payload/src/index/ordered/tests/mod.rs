//! What the tests of ordered indexes share: payloads, conditions and indexes of them. Never tests.

mod agreement;
mod damage;
mod order;

use ruvector_types::{
    Condition, FieldCondition, FieldTest, Filter, IndexKind, Map, PayloadPath, Step, Value,
};

use crate::compile::{Node, Test};
use crate::index::IndexBuilder;
use crate::{PayloadRef, compile};
use generate::Draw;

#[allow(dead_code, reason = "shared with tests that use all of it")]
#[path = "../../../../tests/payload/generate.rs"]
mod generate;

const KINDS: [IndexKind; 9] = [
    integers(true, true),
    integers(false, true),
    integers(true, false),
    IndexKind::Float,
    IndexKind::Datetime,
    IndexKind::Keyword { prefix: false },
    IndexKind::Uuid,
    IndexKind::Bool,
    IndexKind::Null,
];

const fn integers(lookup: bool, range: bool) -> IndexKind {
    IndexKind::Integer { lookup, range }
}

fn build(kind: &IndexKind, steps: &[Step], rows: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = IndexBuilder::new(kind, steps);
    for (row, bytes) in (0..).zip(rows) {
        builder.push(row, PayloadRef::new(bytes).unwrap()).unwrap();
    }
    builder.finish(rows.len() as u32)
}

fn compiled_test(test: FieldTest) -> Test {
    let path = PayloadPath::key("a");
    let compiled = compile(&Filter::must(Condition::Field(FieldCondition { path, test })));
    match compiled.root.must.first() {
        Some(Node::Field(field)) => field.test.clone(),
        other => panic!("compiled to {other:?}"),
    }
}

/// A payload whose field `a` has values of the kind only, and no more than `values_max`.
fn uniform(kind: &IndexKind, values_max: usize, draw: &mut Draw) -> Map {
    let one = |draw: &mut Draw| loop {
        let value = draw.value(0);
        match (kind, &value) {
            (
                IndexKind::Integer { .. } | IndexKind::Float,
                Value::Int(_) | Value::UInt(_) | Value::Float(_),
            ) => break value,
            (IndexKind::Datetime, Value::String(_)) => break varied(value, draw),
            (IndexKind::Keyword { .. } | IndexKind::Uuid, Value::String(_)) => break value,
            (IndexKind::Bool, Value::Bool(_)) => break value,
            _ => {}
        }
    };
    let value = match draw.below(8) {
        0 => return Map::new(),
        1 => Value::Null,
        2 | 3 if values_max > 1 => Value::Array((0..draw.below(values_max + 1)).map(|_| one(draw)).collect()),
        _ => one(draw),
    };
    Map::from([("a".to_owned(), value)])
}

/// Some strings become times, some numbers NaN.
fn varied(value: Value, draw: &mut Draw) -> Value {
    match value {
        Value::String(text) if draw.one_in(2) => Value::from(match text.as_str() {
            "red" => "2024-01-01",
            "green" => "2024-01-01T00:00:00Z",
            "blue" => "1969-12-31T23:59:59Z",
            other => other,
        }),
        Value::Float(_) if draw.one_in(10) => Value::Float(f64::NAN),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| varied(item, draw)).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, item)| (key, varied(item, draw)))
                .collect(),
        ),
        other => other,
    }
}
