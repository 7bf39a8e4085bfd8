//! Goal: every route does its work and answers in its exact shape. Method: one server, requests in order, whole
//! JSON results compared.
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

#[test]
fn service_routes() {
    let server = Server::start(ServerConfig::default());
    let (status, version) = server.send("GET", "/", &NULL);
    let expected = json!({"title": "ruvector - vector database", "version": "1.19.0", "commit": option_env!("RUVECTOR_COMMIT"),
                          "ruvector_version": env!("CARGO_PKG_VERSION")});
    assert_eq!((status, version), (200, expected));
    assert_eq!(
        server.send("GET", "/health", &NULL),
        (200, json!({"status": "ok"}))
    );
    assert_eq!(
        server.send("GET", "/ready", &NULL),
        (200, json!({"status": "ready", "collections": 0}))
    );
    for path in ["/healthz", "/livez", "/readyz"] {
        let (status, head, body) =
            server.raw(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes());
        assert_eq!(status, 200);
        assert!(head.contains("text/plain") && !body.is_empty());
    }
    let (status, document) = server.send("GET", "/openapi.json", &NULL);
    assert_eq!(status, 200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert!(document["paths"]["/collections/{name}/points/search"]["post"].is_object());
    assert!(document["paths"]["/collections/{name}/points/query/batch"]["post"]["requestBody"].is_object());
    let change =
        &document["paths"]["/collections/{name}"]["patch"]["requestBody"]["content"]["application/json"];
    assert!(change["example"]["vectors"][""]["quantization_config"]["rotated"].is_object());
    assert!(document["components"]["schemas"]["WireQuantization"]["properties"]["product"].is_object());
    let index = &document["paths"]["/collections/{name}/index"]["put"]["requestBody"]["content"];
    assert!(index["application/json"]["example"]["field_schema"].is_object());
    assert!(document["components"]["schemas"]["Explanation"]["properties"]["totals"].is_object());
    check_references(&document, &document);
    assert_eq!(
        document,
        serde_json::to_value(ruvector_server::open_api()).unwrap()
    );
    let (status, _, page) = server.raw(b"GET /docs/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let page = String::from_utf8(page).unwrap();
    assert!(status == 200 && page.contains("swagger-ui"));
    assert!(!page.contains("https://"), "the page loads from elsewhere");
}

/// Every schema that is referred to is there.
fn check_references(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(reference) = part["$ref"].as_str() {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            members
                .values()
                .for_each(|member| check_references(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

#[test]
fn collections() {
    let server = Server::start(ServerConfig::default());
    assert_eq!(
        server.ok("GET", "/collections", &NULL),
        json!({"collections": []})
    );
    let native = json!({"name": "a", "dimensions": 3, "distance": "dot", "shard_number": 2});
    assert_eq!(server.ok("POST", "/collections", &native), true);
    let named = json!({
        "vectors": {"title": {"size": 2, "distance": "Cosine"},
                    "body": {"size": 4, "distance": "Euclid", "hnsw_config": {"m": 8}}},
        "hnsw_config": {"m": 24, "ef_construct": 100}, "optimizers_config": {"deleted_threshold": 0.3},
        "replication_factor": 1, "on_disk_payload": true, "quantization_config": null,
    });
    assert_eq!(
        server.ok("PUT", "/collections/b%20%C3%BC?timeout=5", &named),
        true
    );
    let (status, refusal) = server.send("PUT", "/collections/a", &named);
    assert_eq!(status, 409, "{refusal}");
    assert_eq!(
        server.ok("GET", "/collections", &NULL),
        json!({"collections": [{"name": "a"}, {"name": "b ü"}]})
    );
    assert_eq!(
        server.ok("GET", "/collections/a/exists", &NULL),
        json!({"exists": true})
    );
    assert_eq!(
        server.ok("GET", "/collections/z/exists", &NULL),
        json!({"exists": false})
    );
    let info = server.ok("GET", "/collections/b%20%C3%BC", &NULL);
    assert_eq!(info["status"], "green");
    assert_eq!(info["optimizer_status"], "ok");
    assert_eq!(info["points_count"], 0);
    assert_eq!(info["payload_schema"], json!({}));
    let params = &info["config"]["params"];
    assert_eq!(params["shard_number"], 1);
    assert_eq!(
        params["vectors"],
        json!({"title": {"size": 2, "distance": "Cosine", "on_disk": false, "datatype": "float32"},
               "body": {"size": 4, "distance": "Euclid", "on_disk": false, "datatype": "float32",
                        "hnsw_config": {"m": 8, "ef_construct": 100, "full_scan_threshold": 0,
                                        "max_indexing_threads": 0, "on_disk": false, "inline_storage": true}}})
    );
    assert_eq!(info["config"]["optimizer_config"]["deleted_threshold"], 0.3);
    let info = server.ok("GET", "/collections/a", &NULL);
    assert_eq!(
        info["config"]["params"]["vectors"],
        json!({"size": 3, "distance": "Dot", "on_disk": false, "datatype": "float32"})
    );
    assert_eq!(info["shards"].as_array().unwrap().len(), 2);
    assert_eq!(server.ok("DELETE", "/collections/a", &NULL), true);
    assert_eq!(server.ok("DELETE", "/collections/a", &NULL), false);
    assert_eq!(server.send("GET", "/collections/a", &NULL).0, 404);
}

fn points() -> (Server, &'static str) {
    let server = Server::start(ServerConfig::default());
    let config = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.ok("PUT", "/collections/c", &config);
    let points = json!({"points": [
        {"id": 1, "vector": [1.0, 0.0], "payload": {"type": "doc", "n": 18446744073709551615u64, "f": 0.1}},
        {"id": "x", "vector": [0.5, 0.5], "payload": {"type": "page", "tags": ["a", null, {"b": -3}]}},
        {"id": "936DA01F9ABD4D9D80C702AF85C822A8", "vector": [0, 1], "payload": null},
        {"id": "2", "vector": {}, "payload": {"type": "doc"}},
    ]});
    let answer = server.ok("PUT", "/collections/c/points?wait=true&ordering=strong", &points);
    assert_eq!(answer["status"], "completed");
    assert!(answer["operation_id"].is_u64());
    (server, "/collections/c/points")
}

#[test]
fn points_are_written_and_read() {
    let (server, path) = points();
    assert_eq!(
        server.ok("GET", &format!("{path}/1"), &NULL),
        json!({"id": 1, "payload": {"f": 0.1, "n": 18446744073709551615u64, "type": "doc"}, "vector": [1.0, 0.0]})
    );
    assert_eq!(server.send("GET", &format!("{path}/9"), &NULL).0, 404);
    let uuid = "936da01f-9abd-4d9d-80c7-02af85c822a8";
    let wanted =
        json!({"ids": ["x", 7, uuid, 2], "with_payload": ["type", "absent.key"], "with_vector": true});
    assert_eq!(
        server.ok("POST", path, &wanted),
        json!([{"id": "x", "payload": {"type": "page"}, "vector": [0.5, 0.5]},
               {"id": uuid, "payload": {}, "vector": [0.0, 1.0]},
               {"id": 2, "payload": {"type": "doc"}, "vector": {}}])
    );
    let page = json!({"limit": 2, "with_payload": false});
    assert_eq!(
        server.ok("POST", &format!("{path}/scroll"), &page),
        json!({"points": [{"id": 1}, {"id": 2}], "next_page_offset": uuid})
    );
    let page = json!({"offset": uuid, "with_payload": {"exclude": ["tags"]}});
    assert_eq!(
        server.ok("POST", &format!("{path}/scroll"), &page),
        json!({"points": [{"id": uuid, "payload": {}}, {"id": "x", "payload": {"type": "page"}}],
               "next_page_offset": null})
    );
    let count = |filter: Value| {
        server.ok(
            "POST",
            &format!("{path}/count"),
            &json!({"filter": filter, "exact": true}),
        )
    };
    assert_eq!(count(json!({"type": "doc"})), json!({"count": 2}));
    assert_eq!(
        count(json!({"must_not": [{"has_id": [1]}, {"is_empty": {"key": "type"}}]})),
        json!({"count": 2})
    );
    assert_eq!(
        count(json!({"Or": [{"has_vector": ""}, {"Ne": {"field": "type", "value": "doc"}}]}))["count"],
        3
    );
}

#[test]
fn points_are_replaced_and_deleted() {
    let (server, path) = points();
    let count = || server.ok("POST", &format!("{path}/count"), &json!({}))["count"].clone();
    let batch = json!({"batch": {"ids": [1, "n"], "vectors": [[2, 0], [3, 0]], "payloads": [{"v": 2}, null]},
                       "update_mode": "insert_only"});
    assert_eq!(
        server.ok("PUT", &format!("{path}?wait=false"), &batch)["status"],
        "acknowledged"
    );
    let deleted = server.ok("DELETE", &format!("{path}/n?wait=true"), &NULL);
    assert_eq!(deleted["status"], "completed");
    assert_eq!(
        server.ok("GET", &format!("{path}/1"), &NULL)["vector"],
        json!([1.0, 0.0])
    );
    let update = json!({"points": [{"id": 1, "vector": [7, 0]}, {"id": "new", "vector": [7, 0]}], "update_mode": "update_only",
                        "update_filter": {"type": "page"}});
    server.ok("PUT", &format!("{path}?wait=true"), &update);
    assert_eq!(count(), 4);
    assert_eq!(
        server.ok("GET", &format!("{path}/1"), &NULL)["vector"],
        json!([1.0, 0.0])
    );
    server.ok(
        "POST",
        &format!("{path}/delete?wait=true"),
        &json!({"points": [1, "x", 99]}),
    );
    server.ok(
        "POST",
        &format!("{path}/delete?wait=true"),
        &json!({"filter": {"type": "doc"}}),
    );
    assert_eq!(count(), 1);
}

#[test]
fn payloads_are_updated() {
    let (server, path) = points();
    let payload = |id: &str| server.ok("GET", &format!("{path}/{id}"), &NULL)["payload"].clone();
    let post = |route: &str, body: Value| {
        let answer = server.ok("POST", &format!("{path}/payload{route}?wait=true"), &body);
        assert_eq!(answer["status"], "completed");
    };
    post(
        "",
        json!({"payload": {"n": 5, "new": [1]}, "points": [1, "absent"]}),
    );
    assert_eq!(payload("1"), json!({"type": "doc", "n": 5, "f": 0.1, "new": [1]}));
    post(
        "",
        json!({"payload": {"deep": true}, "filter": {"type": "page"}, "key": "a.b"}),
    );
    assert_eq!(payload("x")["a"], json!({"b": {"deep": true}}));
    post("/delete", json!({"keys": ["a.b.deep", "tags"], "points": ["x"]}));
    assert_eq!(payload("x"), json!({"type": "page", "a": {"b": {}}}));
    let overwrite = json!({"payload": {"only": null}, "points": ["x"]});
    server.ok("PUT", &format!("{path}/payload?wait=true"), &overwrite);
    assert_eq!(payload("x"), json!({"only": null}));
    post("/clear", json!({"filter": {"must": [{"has_id": [1, "x"]}]}}));
    assert_eq!(
        (payload("1"), payload("x"), payload("2")),
        (json!({}), json!({}), json!({"type": "doc"}))
    );
    assert_eq!(
        server.ok("GET", &format!("{path}/1"), &NULL)["vector"],
        json!([1.0, 0.0])
    );
}

#[test]
fn searches() {
    let (server, path) = points();
    let search = |body: Value| server.ok("POST", &format!("{path}/search?consistency=all&timeout=3"), &body);
    let found =
        search(json!({"vector": [1, 0.25], "limit": 2, "with_payload": ["type"], "with_vector": true}));
    let version = found[0]["version"].clone();
    assert!(version.is_u64());
    assert_eq!(
        found,
        json!([{"id": 1, "version": version, "score": 1.0, "payload": {"type": "doc"}, "vector": [1.0, 0.0]},
               {"id": "x", "version": found[1]["version"], "score": 0.625, "payload": {"type": "page"}, "vector": [0.5, 0.5]}])
    );
    let found = search(
        json!({"vector": {"name": "", "vector": [1, 0.25]}, "limit": 5, "offset": 1, "score_threshold": 0.5,
                              "params": {"hnsw_ef": 32, "exact": true}}),
    );
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        found[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["id", "score", "version"]
    );
    let query = |query: Value| {
        let body = json!({"query": query, "filter": {"key": "type", "match": {"any": ["doc", "page"]}}});
        server.ok("POST", &format!("{path}/query"), &body)
    };
    assert_eq!(query(json!([1, 0.25])), query(json!({"nearest": [1, 0.25]})));
    assert_eq!(query(json!([1, 0.25]))["points"].as_array().unwrap().len(), 2);
    let spellings = [
        json!({"type": "doc"}),
        json!({"Eq": {"field": "type", "value": "doc"}}),
        json!({"must": [{"key": "type", "match": {"value": "doc"}}]}),
    ];
    for filter in spellings {
        let found = search(json!({"vector": [0, 1], "filter": filter}));
        assert_eq!(found.as_array().unwrap().len(), 1, "{filter}");
        assert_eq!(found[0]["id"], 1);
    }
}

#[test]
fn batches_of_searches() {
    let (server, path) = points();
    let searches = [
        json!({"vector": [1, 0.25], "limit": 2, "with_payload": true}),
        json!({"vector": {"name": "", "vector": [0, 1]}, "filter": {"type": "doc"}, "with_vector": true}),
        json!({"vector": [1, 1], "offset": 1, "score_threshold": 0.6, "params": {"exact": true}}),
    ];
    let alone: Vec<Value> = searches
        .iter()
        .map(|search| server.ok("POST", &format!("{path}/search"), search))
        .collect();
    let batch = |route: &str, body: Value| server.ok("POST", &format!("{path}/{route}/batch"), &body);
    assert_eq!(batch("search", json!({"searches": searches})), json!(alone));
    assert_eq!(batch("search", json!({"searches": []})), json!([]));
    let queries = [
        json!({"query": [1, 0.25], "limit": 2}),
        json!({"query": {"nearest": [0, 1]}, "limit": 1}),
    ];
    let alone: Vec<Value> = queries
        .iter()
        .map(|query| server.ok("POST", &format!("{path}/query"), query))
        .collect();
    assert_eq!(batch("query", json!({"searches": queries})), json!(alone));
    assert!(
        alone
            .iter()
            .all(|answer| !answer["points"].as_array().unwrap().is_empty())
    );
}
