//! Goal: an index, facet or order that cannot be served is refused with its field and limit named, and nothing is declared.
//! Method: a table of bad requests against one server; after each the collection's description is as before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

const NULL: Value = Value::Null;

fn server() -> Server {
    let server = Server::start(ServerConfig::default());
    server.ok(
        "PUT",
        "/collections/c",
        &json!({"vectors": {"size": 2, "distance": "Cosine"}}),
    );
    let points =
        json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"n": 1, "s": "a", "t": "2024-01-01"}}]});
    server.ok("PUT", "/collections/c/points?wait=true", &points);
    for (field, schema) in [
        ("s", json!("keyword")),
        ("t", json!("datetime")),
        ("r", json!({"type": "integer", "lookup": false})),
        ("l", json!({"type": "integer", "range": false})),
    ] {
        let body = json!({"field_name": field, "field_schema": schema});
        server.ok("PUT", "/collections/c/index?wait=true", &body);
    }
    server
}

/// Refused with 400 or 422 and these words, and nothing is declared by it.
fn refused(server: &Server, method: &str, path: &str, body: &Value, says: &[&str]) {
    let declared = || server.ok("GET", "/collections/c", &NULL)["payload_schema"].take();
    let before = declared();
    let (status, answer) = server.send(method, &format!("/collections/c/{path}"), body);
    let message = answer["status"]["error"].as_str().unwrap_or_default();
    assert!(matches!(status, 400 | 422), "{method} {path} {answer}");
    for word in says {
        assert!(
            message.contains(word),
            "{method} {path}: {message:?} lacks {word:?}"
        );
    }
    assert_eq!(declared(), before);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn declarations() {
    let server = server();
    let many: Vec<String> = (0..5_000).map(|word| format!("w{word}")).collect();
    let text = |options: Value| {
        let mut schema = json!({"type": "text"});
        schema
            .as_object_mut()
            .unwrap()
            .extend(options.as_object().unwrap().clone());
        schema
    };
    for (schema, says) in [
        (NULL, &["field_schema", "missing"][..]),
        (json!(7), &["field_schema", "a type of index"]),
        (json!([]), &["field_schema"]),
        (json!({}), &["field_schema", "missing field `type`"]),
        (
            json!("words"),
            &["field_schema.type", "\"words\"", "keyword, integer"],
        ),
        (
            json!({"type": "Keyword"}),
            &["field_schema.type", "datetime, uuid or null"],
        ),
        (json!({"type": ["keyword"]}), &["field_schema.type"]),
        (
            json!({"type": "keyword", "colour": 1}),
            &["field_schema", "unknown field `colour`"],
        ),
        (
            json!({"type": "keyword", "is_principal": true}),
            &["field_schema.is_principal", "integer, float or datetime"],
        ),
        (
            json!({"type": "integer", "is_tenant": false}),
            &["field_schema.is_tenant", "keyword or uuid"],
        ),
        (
            json!({"type": "float", "lookup": true}),
            &["field_schema.lookup", "only an integer index"],
        ),
        (
            json!({"type": "bool", "tokenizer": "word"}),
            &["field_schema.tokenizer", "only a text index"],
        ),
        (
            json!({"type": "uuid", "prefix": true}),
            &["field_schema.prefix", "only a keyword index"],
        ),
        (
            json!({"type": "keyword", "memory": "cached"}),
            &["field_schema.memory", "on_disk"],
        ),
        (
            json!({"type": "keyword", "enable_hnsw": true}),
            &["field_schema.enable_hnsw", "only false"],
        ),
        (
            json!({"type": "keyword", "on_disk": "yes"}),
            &["field_schema.on_disk"],
        ),
        (
            json!({"type": "integer", "lookup": false, "range": false}),
            &["field_schema", "lookup, range or both"],
        ),
        (
            text(json!({"tokenizer": "comma"})),
            &[
                "field_schema.tokenizer",
                "word, whitespace, prefix or multilingual",
            ],
        ),
        (
            text(json!({"min_token_len": 0})),
            &["field_schema.min_token_len", "least allowed, 1"],
        ),
        (
            text(json!({"max_token_len": 0})),
            &["field_schema.max_token_len", "least allowed, 1"],
        ),
        (
            text(json!({"max_token_len": 5_000})),
            &["field_schema.max_token_len", "token_chars_max"],
        ),
        (
            text(json!({"min_token_len": -1})),
            &["field_schema.min_token_len"],
        ),
        (
            text(json!({"min_token_len": 5, "max_token_len": 4})),
            &["field_schema.max_token_len", "at least min_token_len"],
        ),
        (
            text(json!({"stopwords": "klingon"})),
            &[
                "field_schema.stopwords.languages[0]",
                "\"klingon\"",
                "arabic",
                "yiddish",
            ],
        ),
        (
            text(json!({"stopwords": {"languages": ["english", "x"]}})),
            &["field_schema.stopwords.languages[1]"],
        ),
        (
            text(json!({"stopwords": {"words": []}})),
            &["unknown field `words`"],
        ),
        (
            text(json!({"stopwords": {"custom": many}})),
            &["field_schema.stopwords.custom", "5000", "stop_words_max"],
        ),
        (
            text(json!({"stopwords": {"custom": ["x".repeat(129)]}})),
            &["field_schema.stopwords.custom", "stop_word_bytes_max"],
        ),
        (
            text(json!({"stemmer": {"type": "porter", "language": "english"}})),
            &["field_schema.stemmer.type", "snowball or none"],
        ),
        (
            text(json!({"stemmer": {"type": "snowball"}})),
            &["field_schema.stemmer.language"],
        ),
        (
            text(json!({"stemmer": {"type": "snowball", "language": "english", "x": 1}})),
            &["unknown field `x`"],
        ),
        (
            text(json!({"stemmer": {"type": "snowball", "language": "latin"}})),
            &["field_schema.stemmer.language", "\"latin\"", "english"],
        ),
        (
            text(json!({"stemmer": {"type": "none", "language": "english"}})),
            &["field_schema.stemmer.language"],
        ),
    ] {
        let body = json!({"field_name": "f", "field_schema": schema});
        refused(&server, "PUT", "index", &body, says);
    }
    for name in ["", "a..b", "a[", &"x".repeat(1_025)] {
        let body = json!({"field_name": name, "field_schema": "keyword"});
        refused(&server, "PUT", "index", &body, &["field_name"]);
    }
    refused(
        &server,
        "PUT",
        "index",
        &json!({"field_schema": "keyword"}),
        &["missing field `field_name`"],
    );
    refused(&server, "PUT", "index/f", &json!("words"), &["field_schema.type"]);
    refused(&server, "PUT", "index/a..b", &json!("keyword"), &["field_name"]);
    refused(&server, "DELETE", "index/a..b", &NULL, &["field_name"]);
    for (method, path) in [
        ("PUT", "/collections/x/index/f"),
        ("DELETE", "/collections/x/index/f"),
    ] {
        assert_eq!(server.send(method, path, &json!("keyword")).0, 404);
    }
    assert_eq!(
        server
            .send("POST", "/collections/x/facet", &json!({"key": "f"}))
            .0,
        404
    );
}

#[test]
fn no_more_indexes_than_their_limit() {
    let server = server();
    for number in 4..256 {
        let body = json!({"field_name": format!("f{number}"), "field_schema": "keyword"});
        server.ok("PUT", "/collections/c/index", &body);
    }
    let body = json!({"field_name": "more", "field_schema": "keyword"});
    refused(&server, "PUT", "index", &body, &["payload_indexes_max", "256"]);
    // One in the place of another is not one more.
    let body = json!({"field_name": "f9", "field_schema": "float"});
    server.ok("PUT", "/collections/c/index", &body);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn facets_and_orders() {
    let server = server();
    for (body, says) in [
        (json!({}), &["missing field `key`"][..]),
        (
            json!({"key": "n"}),
            &["key", "needs a keyword, uuid, bool or integer"],
        ),
        (json!({"key": "t"}), &["key", "needs a keyword"]),
        (json!({"key": "r"}), &["key", "with lookup"]),
        (json!({"key": "a..b"}), &["key"]),
        (json!({"key": "s", "limit": 0}), &["limit", "least allowed, 1"]),
        (json!({"key": "s", "limit": 1_000_000}), &["limit", "limit_max"]),
        (json!({"key": "s", "limit": -1}), &["limit"]),
        (json!({"key": "s", "shard_key": "a"}), &["shard_key"]),
        (json!({"key": "s", "explain": 1}), &["explain"]),
        (json!({"key": "s", "by": 1}), &["unknown field `by`"]),
    ] {
        refused(&server, "POST", "facet", &body, says);
    }
    for (body, says) in [
        (
            json!({"order_by": "n"}),
            &["order_by.key", "needs an integer (with range), float or datetime"][..],
        ),
        (json!({"order_by": "s"}), &["order_by.key"]),
        (json!({"order_by": "l"}), &["order_by.key", "with range"]),
        (json!({"order_by": 7}), &["order_by"]),
        (json!({"order_by": {"key": "a["}}), &["order_by.key"]),
        (json!({"order_by": {}}), &["order_by", "missing field `key`"]),
        (
            json!({"order_by": {"key": "r", "direction": "up"}}),
            &["order_by.direction", "asc"],
        ),
        (
            json!({"order_by": {"key": "r", "start_from": "soon"}}),
            &["order_by.start_from", "\"soon\"", "RFC 3339"],
        ),
        (
            json!({"order_by": {"key": "r", "start_from": "2024-01-01"}}),
            &["order_by.start_from", "number"],
        ),
        (
            json!({"order_by": {"key": "t", "start_from": 0.5}}),
            &["order_by.start_from", "time"],
        ),
        (
            json!({"order_by": {"key": "t", "start_from": u64::MAX}}),
            &["order_by.start_from", "time"],
        ),
        (
            json!({"order_by": {"key": "r", "start_from": [1]}}),
            &["order_by.start_from", "a number or an RFC 3339 time"],
        ),
        (
            json!({"order_by": {"key": "r", "from": 1}}),
            &["unknown field `from`"],
        ),
        (
            json!({"order_by": "r", "offset": 1}),
            &["offset", "order_by.start_from"],
        ),
        (json!({"explain": "yes"}), &["explain"]),
    ] {
        refused(&server, "POST", "points/scroll", &body, says);
    }
}
