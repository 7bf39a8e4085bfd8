//! Goal: an index changes how fast reads answer, never what they answer; facets and ordered pages agree with the points
//! themselves. Method: one live collection with sealed and active segments; every answer is computed from the payloads too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::collections::BTreeMap;
use std::time::Duration;

use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

const NULL: Value = Value::Null;
const POINTS: u64 = 1_000;
const COLORS: [&str; 4] = ["red", "green", "blue", "grün"];

fn payload(id: u64) -> Value {
    let mut payload =
        json!({"n": id * 7 % 100, "color": COLORS[(id % 7 % 4) as usize], "tags": [id % 3, id % 5]});
    if !id.is_multiple_of(10) {
        let day = 1 + id % 28;
        payload["at"] = json!(format!("2024-02-{day:02}T00:00:00Z"));
    }
    payload
}

/// A collection in two shards; rows are sealed 64 at a time, and some points are changed and deleted afterwards.
fn server() -> (Server, BTreeMap<u64, Value>) {
    let server = Server::start(ServerConfig::default());
    let config = json!({"vectors": {"size": 2, "distance": "Dot"}, "shard_number": 2,
                        "optimizers_config": {"active_rows_max": 64}});
    server.ok("PUT", "/collections/c", &config);
    for chunk in (0..POINTS).collect::<Vec<_>>().chunks(100) {
        let point = |id: &u64| json!({"id": id, "vector": [*id as f64, 1], "payload": payload(*id)});
        let points: Vec<Value> = chunk.iter().map(point).collect();
        server.ok(
            "PUT",
            "/collections/c/points?wait=true",
            &json!({"points": points}),
        );
    }
    server.ok(
        "POST",
        "/collections/c/points/delete?wait=true",
        &json!({"points": [3, 500, 999]}),
    );
    let set = json!({"payload": {"color": "black", "n": -1}, "points": [4, 501]});
    server.ok("POST", "/collections/c/points/payload?wait=true", &set);
    let mut points: BTreeMap<u64, Value> = (0..POINTS).map(|id| (id, payload(id))).collect();
    for id in [3, 500, 999] {
        points.remove(&id);
    }
    for id in [4, 501] {
        (
            points.get_mut(&id).unwrap()["color"],
            points.get_mut(&id).unwrap()["n"],
        ) = (json!("black"), json!(-1));
    }
    (server, points)
}

fn sealed_segments(server: &Server) -> u64 {
    let info = server.ok("GET", "/collections/c", &NULL);
    let shards = info["shards"].as_array().unwrap();
    shards
        .iter()
        .map(|shard| shard["sealed_segments"].as_u64().unwrap())
        .sum()
}

/// Returns once something is sealed.
fn wait_for_sealed(server: &Server) {
    for _ in 0..2_000 {
        if sealed_segments(server) > 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("nothing was sealed");
}

fn declare(server: &Server, field: &str, schema: Value) {
    let body = json!({"field_name": field, "field_schema": schema});
    let answer = server.ok("PUT", "/collections/c/index?wait=true", &body);
    assert_eq!(answer, json!({"operation_id": null, "status": "completed"}));
}

const ORDERED: [(&str, &str); 4] = [
    ("n", "integer"),
    ("color", "keyword"),
    ("at", "datetime"),
    ("tags[]", "integer"),
];

/// Ids that filters find, by count and by pages, and their nearest.
fn answers(server: &Server) -> Vec<Value> {
    let filters = [
        json!({"color": "grün"}),
        json!({"must": [{"key": "n", "range": {"gte": 10, "lt": 40}}], "must_not": [{"key": "color", "match": {"any": ["red", "black"]}}]}),
        json!({"must": [{"is_empty": {"key": "at"}}]}),
        json!({"should": [{"key": "tags[]", "match": {"value": 4}}, {"key": "color", "match": {"value": "black"}}]}),
    ];
    let found = |filter: &Value| {
        let count = server.ok("POST", "/collections/c/points/count", &json!({"filter": filter}));
        let page = json!({"filter": filter, "limit": POINTS, "with_payload": false});
        let page = server.ok("POST", "/collections/c/points/scroll", &page);
        let search = json!({"vector": [1, 0], "filter": filter, "limit": 20, "params": {"exact": true}});
        let nearest = server.ok("POST", "/collections/c/points/search", &search);
        assert_eq!(
            count["count"].as_u64().unwrap() as usize,
            page["points"].as_array().unwrap().len()
        );
        assert!(count["count"].as_u64().unwrap() > 0);
        json!([count, page, nearest])
    };
    filters.iter().map(found).collect()
}

#[test]
fn an_index_lives_and_nothing_else_changes() {
    let (server, points) = server();
    wait_for_sealed(&server);
    let before = answers(&server);
    for (field, kind) in ORDERED {
        declare(&server, field, json!(kind));
    }
    let schema = server.ok("GET", "/collections/c", &NULL)["payload_schema"].take();
    let fields: Vec<&String> = schema.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["at", "color", "n", "tags[]"]);
    assert_eq!(schema["color"]["data_type"], "keyword");
    assert_eq!(
        schema["color"]["params"],
        json!({"type": "keyword", "on_disk": false, "enable_hnsw": false, "is_tenant": false, "prefix": false})
    );
    let params = json!({"type": "integer", "on_disk": false, "enable_hnsw": false, "is_principal": false, "lookup": true, "range": true});
    assert_eq!(schema["n"]["params"], params);
    for index in schema.as_object().unwrap().values() {
        assert_eq!(index["points_waiting"], 0);
        let covered = index["points"].as_u64().unwrap();
        assert!(covered > 0 && covered <= points.len() as u64, "{index}");
        assert!(index["disk_bytes"].as_u64().unwrap() > 0 && index["ram_bytes"].is_u64());
    }
    assert_eq!(answers(&server), before);
    // The same again, then another in its place, in the short form.
    declare(&server, "n", json!({"type": "integer"}));
    let answer = server.ok(
        "PUT",
        "/collections/c/index/tags%5B%5D?wait=false",
        &json!({"type": "integer", "range": false}),
    );
    assert_eq!(answer["status"], "acknowledged");
    let schema = server.ok("GET", "/collections/c", &NULL)["payload_schema"].take();
    assert_eq!(schema["tags[]"]["params"]["range"], false);
    assert_eq!(answers(&server), before);
    for (field, _) in ORDERED {
        let field = field.replace("[]", "%5B%5D");
        let answer = server.ok(
            "DELETE",
            &format!("/collections/c/index/{field}?wait=true"),
            &NULL,
        );
        assert_eq!(answer["status"], "completed");
    }
    assert_eq!(
        server.ok("GET", "/collections/c", &NULL)["payload_schema"],
        json!({})
    );
    assert_eq!(answers(&server), before);
    server.ok("DELETE", "/collections/c/index/n", &NULL);
}

#[test]
fn a_text_index_shows_what_it_was_asked_for() {
    let server = Server::start(ServerConfig::default());
    server.ok(
        "PUT",
        "/collections/c",
        &json!({"vectors": {"size": 2, "distance": "Dot"}}),
    );
    let schema = json!({"type": "text", "tokenizer": "prefix", "min_token_len": 2, "max_token_len": 9, "lowercase": false,
        "ascii_folding": true, "on_disk": true, "phrase_matching": true, "enable_hnsw": false,
        "stopwords": {"languages": ["german", "english"], "custom": ["etc"]},
        "stemmer": {"type": "snowball", "language": "english"}});
    declare(&server, "text", schema.clone());
    declare(
        &server,
        "plain",
        json!({"type": "text", "stopwords": "english", "stemmer": {"type": "none"}}),
    );
    for kind in ["float", "geo", "bool", "uuid", "null"] {
        declare(&server, kind, json!(kind));
    }
    let shown = server.ok("GET", "/collections/c", &NULL)["payload_schema"].take();
    let mut wanted = schema;
    wanted["stopwords"]["languages"] = json!(["english", "german"]);
    assert_eq!(shown["text"]["params"], wanted);
    let plain = json!({"type": "text", "on_disk": false, "enable_hnsw": false, "tokenizer": "word", "lowercase": true, "ascii_folding": false,
        "stopwords": {"languages": ["english"], "custom": []}, "phrase_matching": false});
    assert_eq!(shown["plain"]["params"], plain);
    // What is shown declares the same index again.
    declare(&server, "text", shown["text"]["params"].clone());
    assert_eq!(server.ok("GET", "/collections/c", &NULL)["payload_schema"], shown);
}

#[test]
fn facets_count() {
    let (server, points) = server();
    declare(&server, "color", json!("keyword"));
    declare(&server, "tags[]", json!("integer"));
    let facet = |body: Value| server.ok("POST", "/collections/c/facet", &body)["hits"].take();
    let mut counts = BTreeMap::new();
    for point in points.values().filter(|point| point["n"].as_i64().unwrap() < 50) {
        *counts.entry(point["color"].as_str().unwrap()).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let hits: Vec<Value> = counts
        .iter()
        .map(|(value, count)| json!({"value": value, "count": count}))
        .collect();
    let filter = json!({"must": [{"key": "n", "range": {"lt": 50}}]});
    assert_eq!(
        facet(json!({"key": "color", "filter": filter, "exact": true})),
        json!(hits)
    );
    assert_eq!(
        facet(json!({"key": "color", "filter": filter, "limit": 2})),
        json!(hits[..2])
    );
    let mut tags = BTreeMap::new();
    for point in points.values() {
        let both = [&point["tags"][0], &point["tags"][1]].map(|tag| tag.as_i64().unwrap());
        for tag in std::collections::BTreeSet::from(both) {
            *tags.entry(tag).or_insert(0) += 1;
        }
    }
    let hits = facet(json!({"key": "tags[]", "exact": true}));
    let hits: BTreeMap<i64, i32> = hits
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| {
            (
                hit["value"].as_i64().unwrap(),
                hit["count"].as_i64().unwrap() as i32,
            )
        })
        .collect();
    assert_eq!(hits, tags);
}

/// All pages in an order, each starting at the value the last one ended with.
fn pages(server: &Server, key: &str, direction: &str, value: impl Fn(&Value) -> Value) -> Vec<(u64, Value)> {
    let mut seen: Vec<(u64, Value)> = Vec::new();
    let mut order = json!({"key": key, "direction": direction});
    loop {
        let body = json!({"order_by": order, "limit": 150, "with_payload": true});
        let page = server.ok("POST", "/collections/c/points/scroll", &body);
        assert_eq!(page["next_page_offset"], NULL);
        let before = seen.len();
        for point in page["points"].as_array().unwrap() {
            let id = point["id"].as_u64().unwrap();
            assert_eq!(point["order_value"], value(&point["payload"]), "{point}");
            if !seen.iter().any(|(other, _)| *other == id) {
                seen.push((id, point["order_value"].clone()));
            }
        }
        match seen.last() {
            Some((_, last)) if seen.len() > before => order["start_from"] = last.clone(),
            _ => return seen,
        }
    }
}

#[test]
fn pages_come_in_the_order_of_values() {
    let (server, points) = server();
    declare(&server, "n", json!("integer"));
    declare(&server, "at", json!("datetime"));
    let mut wanted: Vec<(i64, u64)> = points
        .iter()
        .map(|(id, point)| (point["n"].as_i64().unwrap(), *id))
        .collect();
    wanted.sort_unstable();
    let of_n = |payload: &Value| payload["n"].clone();
    let ascending = pages(&server, "n", "asc", of_n);
    let as_pairs = |pages: Vec<(u64, Value)>| -> Vec<(i64, u64)> {
        pages
            .into_iter()
            .map(|(id, value)| (value.as_i64().unwrap(), id))
            .collect()
    };
    assert_eq!(as_pairs(ascending), wanted);
    wanted.sort_by_key(|(value, id)| (-value, *id));
    assert_eq!(as_pairs(pages(&server, "n", "desc", of_n)), wanted);
    // Times: whole microseconds, given back as they came; points without one are left out.
    let february = 1_706_745_600_000_000_i64;
    let day = |payload: &Value| {
        payload["at"]
            .as_str()
            .map_or(0, |at| at[8..10].parse::<i64>().unwrap())
    };
    let micros = |payload: &Value| json!(february + (day(payload) - 1) * 86_400_000_000);
    let by_time = pages(&server, "at", "asc", micros);
    assert_eq!(
        by_time.len(),
        points.values().filter(|point| point.get("at").is_some()).count()
    );
    let body = json!({"order_by": {"key": "at", "direction": "desc", "start_from": "2024-02-11T12:00:00+02:00"}, "limit": 3,
                      "filter": {"color": "red"}});
    let page = server.ok("POST", "/collections/c/points/scroll", &body);
    let mut wanted: Vec<(i64, u64)> = points
        .iter()
        .filter(|(_, point)| point["color"] == "red" && (1..=11).contains(&day(point)))
        .map(|(id, point)| (-day(point), *id))
        .collect();
    wanted.sort_unstable();
    let found = page["points"].as_array().unwrap().iter();
    let found: Vec<(i64, u64)> = found
        .map(|point| (-day(&point["payload"]), point["id"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, wanted[..3]);
    // A word alone is ascending.
    let short = server.ok(
        "POST",
        "/collections/c/points/scroll",
        &json!({"order_by": "n", "limit": 2}),
    );
    assert_eq!(short["points"][0]["order_value"], -1);
}
