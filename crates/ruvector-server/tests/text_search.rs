//! Goal: a search by words answers as other searches do, and what it cannot serve is refused with its field or limit named.
//! Method: a few points whose order is plain, found before and after they are sealed; a table of bad requests.
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

const ROUTE: &str = "/collections/c/points/search/text";

fn server() -> Server {
    let server = Server::start(ServerConfig::default());
    let config =
        json!({"vectors": {"size": 2, "distance": "Dot"}, "optimizers_config": {"active_rows_max": 4}});
    server.ok("PUT", "/collections/c", &config);
    let points = json!({"points": [
        {"id": 1, "vector": [1, 0], "payload": {"gloss": "a swift animal, a long-eared one that lives in fields", "pos": "noun"}},
        {"id": 2, "vector": [0, 1], "payload": {"gloss": "swift animal", "pos": "noun"}},
        {"id": "x", "vector": [1, 1], "payload": {"gloss": ["Swift swift", "swift"], "pos": "adj"}},
        {"id": 4, "vector": [1, 2], "payload": {"gloss": "a slow one", "pos": "adj"}}]});
    server.ok("PUT", "/collections/c/points?wait=true", &points);
    for (field, schema) in [("gloss", json!("text")), ("pos", json!("keyword"))] {
        let body = json!({"field_name": field, "field_schema": schema});
        server.ok("PUT", "/collections/c/index?wait=true", &body);
    }
    server
}

fn ids(found: &Value) -> Vec<&Value> {
    found.as_array().unwrap().iter().map(|hit| &hit["id"]).collect()
}

#[test]
fn words_find_points() {
    let server = server();
    let more = json!({"points": [{"id": 5, "vector": [3, 1], "payload": {"gloss": "an animal"}}]});
    server.ok("PUT", "/collections/c/points?wait=true", &more);
    let found = server.ok("POST", ROUTE, &json!({"key": "gloss", "text": "SWIFT animals"}));
    assert_eq!(ids(&found), [&json!("x"), &json!(2), &json!(1)]);
    for hit in found.as_array().unwrap() {
        let members: Vec<&String> = hit.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "score", "version"]);
    }
    // What was acknowledged is found at once, and a change too.
    let found = server.ok("POST", ROUTE, &json!({"key": "gloss", "text": "animal"}));
    assert_eq!(ids(&found), [&json!(2), &json!(5), &json!(1)]);
    assert_eq!(
        found[0]["score"], found[1]["score"],
        "a point in files, one in memory"
    );
    let body = json!({"payload": {"gloss": "a swift one"}, "points": [5, 4]});
    server.ok("POST", "/collections/c/points/payload?wait=true", &body);
    let found = server.ok("POST", ROUTE, &json!({"key": "gloss", "text": "animal slow"}));
    assert_eq!(ids(&found), [&json!(2), &json!(1)]);

    let all = json!({"key": "gloss", "text": "swift", "filter": {"pos": "noun"}, "with_payload": ["pos"], "with_vector": true});
    let found = server.ok("POST", ROUTE, &all);
    assert_eq!(ids(&found), [&json!(2), &json!(1)]);
    assert_eq!(
        (&found[0]["payload"], &found[0]["vector"]),
        (&json!({"pos": "noun"}), &json!([0.0, 1.0]))
    );
    let least = found[0]["score"].as_f64().unwrap();
    let found = server.ok(
        "POST",
        ROUTE,
        &json!({"key": "gloss", "text": "swift", "score_threshold": least}),
    );
    assert!(
        found
            .as_array()
            .unwrap()
            .iter()
            .all(|hit| hit["score"].as_f64().unwrap() >= least)
    );
    let page = json!({"key": "gloss", "text": "swift", "limit": 1, "offset": 1});
    assert_eq!(server.ok("POST", ROUTE, &page)[0]["id"], 2);
    let none = server.ok("POST", ROUTE, &json!({"key": "gloss", "text": "?!"}));
    assert_eq!(none, json!([]));
}

#[test]
fn what_cannot_be_served_is_refused() {
    let server = server();
    let ask = |change: Value| {
        let mut body = json!({"key": "gloss", "text": "swift"});
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        body
    };
    let long = "a ".repeat(10_000);
    for (body, says) in [
        (json!({"text": "swift"}), "missing field `key`"),
        (json!({"key": "gloss"}), "missing field `text`"),
        (
            ask(json!({"key": "glos"})),
            "key: the field \"glos\" has no text index; declare one",
        ),
        (
            ask(json!({"key": "pos"})),
            "key: the field \"pos\" has no text index",
        ),
        (ask(json!({"key": "a..b"})), "key"),
        (ask(json!({"text": ""})), "text: must not be empty"),
        (ask(json!({"text": "  "})), "text: must not be empty"),
        (ask(json!({"text": 7})), "text"),
        (ask(json!({"text": long})), "16384 (query_text_bytes_max)"),
        (ask(json!({"limit": 0})), "limit: 0 is below the least allowed, 1"),
        (ask(json!({"limit": 1_000_000})), "limit_max"),
        (ask(json!({"limit": -1})), "limit"),
        (ask(json!({"offset": 10_000_000})), "offset_max"),
        (ask(json!({"score_threshold": 1e300})), "score_threshold"),
        (ask(json!({"score_threshold": "high"})), "score_threshold"),
        (ask(json!({"filter": {"Gt": 1}})), "filter.Gt"),
        (ask(json!({"with_vector": ["no"]})), "with_vector"),
        (ask(json!({"with_payload": ["a["]})), "with_payload[0]"),
        (ask(json!({"explain": 1})), "explain"),
        (ask(json!({"query": "swift"})), "unknown field `query`"),
    ] {
        let (status, answer) = server.send("POST", ROUTE, &body);
        let message = answer["status"]["error"].as_str().unwrap_or_default();
        assert!(matches!(status, 400 | 422), "{body} {answer}");
        assert!(message.contains(says), "{message:?} lacks {says:?}");
    }
    let path = "/collections/none/points/search/text";
    assert_eq!(server.send("POST", path, &ask(json!({}))).0, 404);
}
