//! Goal: every example in the OpenAPI document is true. Method: each operation's examples are sent to a server, over the
//! same collection made anew; all must succeed, and the answer to the first must have the documented answer's values,
//! or its shape where values are sizes or times. `UPDATE_ANSWERS=1` writes the documented answers from these.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Map, Value, json};

const NULL: Value = Value::Null;
const ANSWERS: &str = "src/answers.json";

/// Operations whose answers tell sizes and figures of the moment.
const FIGURES: [&str; 2] = ["GET /collections/{name}", "GET /"];

#[test]
fn every_example_is_true() {
    let server = Server::start(ServerConfig::default());
    let document = serde_json::to_value(ruvector_server::open_api()).unwrap();
    let mut answers = Map::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let success = &operation["responses"]["200"]["content"];
            let Some((media, success)) = success.as_object().and_then(|all| all.iter().next()) else {
                panic!("{name}: nothing says what it answers");
            };
            let requests = examples(&operation["requestBody"]);
            let mut seen = Vec::new();
            for request in &requests {
                seen.push(ask(&server, &name, media, request));
            }
            compare(&name, &seen[0], &success["example"]);
            answers.insert(name, seen.swap_remove(0));
        }
    }
    assert!(answers.len() > 40);
    if std::env::var_os("UPDATE_ANSWERS").is_some() {
        let text = serde_json::to_string_pretty(&answers).unwrap();
        std::fs::write(ANSWERS, text + "\n").unwrap();
    }
}

/// The examples of a request body; one of nothing where none is wanted.
fn examples(body: &Value) -> Vec<Value> {
    let Some(content) = body.get("content") else {
        return vec![NULL];
    };
    let content = &content["application/json"];
    if let Some(example) = content.get("example") {
        return vec![example.clone()];
    }
    let examples = content["examples"].as_object().expect("a body without example");
    examples
        .values()
        .map(|example| example["value"].clone())
        .collect()
}

/// Sends one request to the collection as it is at first.
fn ask(server: &Server, name: &str, media: &str, request: &Value) -> Value {
    prepare(server, name);
    let (method, path) = name.split_once(' ').unwrap();
    let path = path.replace("{name}", "glosses").replace("{id}", "1");
    let path = path.replace("{field_name}", "type");
    if media != "application/json" {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let (status, _, body) = server.raw(head.as_bytes());
        assert_eq!(status, 200, "{name}");
        return Value::String(String::from_utf8(body).unwrap());
    }
    let query = if method == "GET" { "" } else { "?wait=true" };
    let (status, mut answer) = server.send(method, &format!("{path}{query}"), request);
    assert_eq!(status, 200, "{name} {request}: {answer}");
    if let Some(time) = answer.get_mut("time") {
        *time = json!(0.001);
    }
    answer
}

fn prepare(server: &Server, name: &str) {
    for collection in ["glosses", "glosses-2"] {
        server.send("DELETE", &format!("/collections/{collection}"), &NULL);
    }
    let fields = json!({"": {"size": 3, "distance": "Cosine"}, "title": {"size": 2, "distance": "Dot"}});
    if !name.starts_with("PUT /collections/{name}") || name.contains("}/") {
        let native = name == "POST /collections";
        let first = if native { "glosses-2" } else { "glosses" };
        server.ok(
            "PUT",
            &format!("/collections/{first}"),
            &json!({"vectors": fields}),
        );
        if native {
            return;
        }
        fill(server);
    }
    server.ok("PUT", "/collections/glosses-2", &json!({"vectors": fields}));
    let alias = json!({"create_alias": {"collection_name": "glosses-2", "alias_name": "live"}});
    server.ok("POST", "/collections/aliases", &json!({"actions": [alias]}));
}

fn fill(server: &Server) {
    let point = |id: u64, vector: [f32; 3], year: u64, gloss: &str| {
        let payload = json!({"type": "doc", "pos": "noun", "read": id < 3, "year": year, "gloss": gloss});
        json!({"id": id, "vector": {"": vector, "title": [1.0, 0.5]}, "payload": payload})
    };
    let points = json!({"points": [
        point(1, [0.0, 0.6, 0.8], 2024, "a swift animal of the plains"),
        point(2, [0.6, 0.8, 0.0], 2025, "a bird that nests under roofs"),
        point(3, [1.0, 0.0, 0.0], 2026, "a slow animal with a shell"),
    ]});
    server.ok("PUT", "/collections/glosses/points?wait=true", &points);
    for (field, kind) in [("type", "keyword"), ("gloss", "text"), ("year", "integer")] {
        let index = json!({"field_name": field, "field_schema": kind});
        server.ok("PUT", "/collections/glosses/index?wait=true", &index);
    }
}

fn compare(name: &str, answer: &Value, documented: &Value) {
    if std::env::var_os("UPDATE_ANSWERS").is_some() {
        return;
    }
    if FIGURES.contains(&name) {
        assert_eq!(shape(answer), shape(documented), "{name}");
    } else {
        assert_eq!(rounded(answer), rounded(documented), "{name}");
    }
}

/// The value with numbers and texts replaced by their kinds.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shapes = members.iter().map(|(key, member)| (key.clone(), shape(member)));
            Value::Object(shapes.collect())
        }
        Value::Array(members) => Value::Array(members.iter().map(shape).collect()),
        Value::Number(_) => json!("number"),
        Value::String(_) | Value::Null => json!("text or nothing"),
        other => other.clone(),
    }
}

/// The value with numbers rounded: kernels of different processors add in different orders.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let all = members.iter().map(|(key, member)| (key.clone(), rounded(member)));
            Value::Object(all.collect())
        }
        Value::Array(members) => Value::Array(members.iter().map(rounded).collect()),
        Value::Number(number) if number.is_f64() => {
            json!(number.as_f64().map(|number| (number * 1e4).round() / 1e4))
        }
        other => other.clone(),
    }
}
