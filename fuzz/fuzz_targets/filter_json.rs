//! Filters as JSON, up to a zero byte, on a payload, behind it: any bytes are refused or answered, and the answer
//! does not depend on how often it is asked. Never serves, never stores.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvector_api::WireFilter;
use ruvector_payload::{Compiled, PayloadRef, Subject, compile, encode};
use ruvector_types::{Filter, Limits, Map, PointId, Value};

struct Point<'a>(PayloadRef<'a>);

impl Subject for Point<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.0
    }

    fn is_id_in(&self, ids: &[PointId]) -> bool {
        ids.binary_search(&PointId::Num(1)).is_ok()
    }

    fn has_vector(&self, name: &str) -> bool {
        name.is_empty()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (json, payload) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let Ok(wire) = serde_json::from_slice::<WireFilter>(json) else {
        return;
    };
    let Ok(filter) = wire.into_filter("filter", &Limits::default()) else {
        return;
    };
    let compiled = compile(&filter);
    let opposite = Filter {
        must_not: vec![ruvector_types::Condition::Filter(Box::new(filter))],
        ..Filter::default()
    };
    let opposite = compile(&opposite);
    for payload in [payload, &sample()] {
        let Ok(view) = PayloadRef::new(payload) else {
            continue;
        };
        if let (Ok(yes), Ok(no)) = (matches(&compiled, view), matches(&opposite, view)) {
            assert_ne!(yes, no);
        }
    }
});

fn matches(filter: &Compiled, payload: PayloadRef<'_>) -> Result<bool, ruvector_payload::DecodeError> {
    filter.matches(&Point(payload))
}

/// A payload with something of everything.
fn sample() -> Vec<u8> {
    let inner = Map::from([("b".to_owned(), Value::Int(1)), ("c".to_owned(), Value::Null)]);
    let items = vec![
        Value::Object(inner.clone()),
        Value::Float(0.5),
        Value::from("x"),
        Value::Array(Vec::new()),
    ];
    encode(&Map::from([
        ("a".to_owned(), Value::Array(items)),
        ("b".to_owned(), Value::Object(inner)),
        ("n".to_owned(), Value::UInt(u64::MAX)),
        ("s".to_owned(), Value::from("text")),
        ("t".to_owned(), Value::Bool(true)),
    ]))
}
