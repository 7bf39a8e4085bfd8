//! Goal: the OpenAPI document says of each body and answer what it is. Method: every example in it, and some more vectors
//! than the examples have, are held against the schema that stands beside them, by a small reading of JSON Schema.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use serde_json::{Value, json};

/// Why a value is not of a schema; none if it is.
fn fault(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        return fault(document, target.unwrap(), value);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(kinds) = schema[key].as_array() {
            let fits = |kind: &Value| fault(document, kind, value).is_none();
            if !kinds.iter().any(fits) {
                return Some(format!("{value} is none of {schema}"));
            }
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().find_map(|part| fault(document, part, value));
    }
    if !has_type(&schema["type"], value) {
        return Some(format!("{value} is no {}", schema["type"]));
    }
    if let Some(names) = schema["enum"].as_array()
        && !names.contains(value)
    {
        return Some(format!("{value} is none of {names:?}"));
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        return values.iter().find_map(|value| fault(document, items, value));
    }
    members(document, schema, value)
}

fn members(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let object = value.as_object()?;
    for name in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            return Some(format!("{value} has no {name}"));
        }
    }
    let other = &schema["additionalProperties"];
    object.iter().find_map(|(name, value)| {
        let known = schema["properties"].get(name);
        match known {
            Some(known) => fault(document, known, value).map(|fault| format!("{name}: {fault}")),
            None if other == &json!(false) => Some(format!("no member {name}")),
            None if other.is_object() => {
                fault(document, other, value).map(|fault| format!("{name}: {fault}"))
            }
            None => None,
        }
    })
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a type {other}"),
    };
    match wanted {
        Value::Null => true,
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        other => panic!("a type {other}"),
    }
}

#[test]
fn examples_are_of_their_schemas() {
    let document = serde_json::to_value(ruvector_server::open_api()).unwrap();
    let (mut wrong, mut looked_at) = (Vec::new(), 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let bodies = [&operation["requestBody"], &operation["responses"]["200"]];
            for content in bodies
                .iter()
                .filter_map(|body| body["content"].as_object())
                .flat_map(|all| all.values())
            {
                let several = content["examples"]
                    .as_object()
                    .into_iter()
                    .flat_map(|all| all.values());
                let several = several.map(|example| &example["value"]);
                for example in content.get("example").into_iter().chain(several) {
                    looked_at += 1;
                    let fault = fault(&document, &content["schema"], example);
                    wrong.extend(fault.map(|fault| format!("{method} {path}: {fault}")));
                }
            }
        }
    }
    assert!(looked_at > 70, "{looked_at}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Goal: every kind of vector is told of. Method: bodies as the guide has them.
#[test]
fn every_kind_of_vector_is_told_of() {
    let document = serde_json::to_value(ruvector_server::open_api()).unwrap();
    let sparse = json!({"indices": [1], "values": [0.5]});
    let text = json!({"text": "a hare", "model": "qdrant/bm25", "options": {"language": "none"}});
    let several = json!([[0.5, 1], [1, 0]]);
    let table = [
        ("Point", json!({"id": 1, "vector": several})),
        (
            "Point",
            json!({"id": "a", "vector": {"s": sparse, "t": text, "d": [1, 2], "m": several}}),
        ),
        ("Record", json!({"id": 1, "vector": {"s": sparse, "m": several}})),
        ("SearchPoints", json!({"vector": {"name": "s", "vector": sparse}})),
        ("SearchPoints", json!({"vector": several})),
        ("QueryPoints", json!({"query": text})),
        ("QueryPoints", json!({"query": "an id"})),
        ("QueryPoints", json!({"query": {"nearest": several}})),
        (
            "QueryPoints",
            json!({"query": 1, "prefetch": [{"query": sparse, "prefetch": [{"query": 7}]}]}),
        ),
        (
            "RecommendPoints",
            json!({"positive": [1, "a", [0.5], sparse], "negative": [several]}),
        ),
        (
            "ScrollPoints",
            json!({"order_by": {"key": "n", "start_from": "2024-01-01"}}),
        ),
        ("ScrollPoints", json!({"order_by": {"key": "n", "start_from": 7}})),
    ];
    for (name, value) in table {
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "{name}");
        assert_eq!(fault(&document, schema, &value), None, "{name} {value}");
    }
    let schema = &document["components"]["schemas"]["Point"];
    for bad in [
        json!({"id": 1, "vector": "x"}),
        json!({"vector": [1]}),
        json!({"id": 1, "vector": [true]}),
    ] {
        assert!(fault(&document, schema, &bad).is_some(), "{bad}");
    }
}

/// Goal: who is turned away is told so in the document: every operation on data may be refused. Method: its statuses.
#[test]
fn refusals_are_told_of() {
    let document = serde_json::to_value(ruvector_server::open_api()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_data = path.starts_with("/collections") || path == "/aliases";
        for (method, operation) in item.as_object().unwrap().iter().filter(|_| is_data) {
            for status in ["200", "400", "408", "413", "415", "422", "429", "503"] {
                assert!(
                    operation["responses"][status].is_object(),
                    "{method} {path} {status}"
                );
            }
        }
    }
}
