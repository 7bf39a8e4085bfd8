//! Goal: `explain` tells of every read what was done, in documented members, and changes no result. Method: each route with
//! and without it; the figures agree with each other and with a count.
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

const WAYS: [&str; 9] = [
    "scan",
    "graph",
    "fast graph",
    "fast scan",
    "scan of codes",
    "graph by codes",
    "lists",
    "rows",
    "text",
];

fn server() -> Server {
    let server = Server::start(ServerConfig::default());
    let config = json!({"vectors": {"size": 2, "distance": "Dot"}, "shard_number": 2,
                        "optimizers_config": {"active_rows_max": 64}});
    server.ok("PUT", "/collections/c", &config);
    for chunk in (0..600_u32).collect::<Vec<_>>().chunks(100) {
        let point = |id: &u32| json!({"id": id, "vector": [id, 1], "payload": {"n": id, "even": id.is_multiple_of(2), "gloss": format!("number {id}")}});
        let points: Vec<Value> = chunk.iter().map(point).collect();
        server.ok(
            "PUT",
            "/collections/c/points?wait=true",
            &json!({"points": points}),
        );
    }
    server
}

/// The result and the explanation; the result without it is the same.
fn explained(server: &Server, route: &str, mut body: Value) -> (Value, Value) {
    let path = format!("/collections/c/{route}");
    let plain = server.ok("POST", &path, &body);
    body["explain"] = json!(false);
    assert_eq!(server.ok("POST", &path, &body), plain);
    body["explain"] = json!(true);
    let (status, mut answer) = server.send("POST", &path, &body);
    assert_eq!(status, 200, "{answer}");
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["explain", "result", "status", "time"]);
    assert_eq!(answer["result"], plain);
    (plain, answer["explain"].take())
}

fn sum(segments: &[Value], of: impl Fn(&Value) -> &Value) -> u64 {
    segments.iter().map(|segment| of(segment).as_u64().unwrap()).sum()
}

/// Checks the shape; the sums are those of the segments.
fn check(explain: &Value) -> Vec<Value> {
    let segments = explain["segments"].as_array().unwrap().clone();
    for segment in &segments {
        let members: Vec<&String> = segment.as_object().unwrap().keys().collect();
        let wanted = [
            "ef",
            "filter",
            "filter_us",
            "measured",
            "points",
            "search_us",
            "segment",
            "shard",
            "state",
            "visited",
            "ways",
        ];
        assert_eq!(members, wanted);
        assert!(["sealed", "active"].contains(&segment["state"].as_str().unwrap()));
        for way in segment["ways"].as_array().unwrap() {
            let way = way.as_str().unwrap();
            assert!(WAYS.contains(&way), "{way}");
            // No segment here is large enough for the fast layout.
            assert!(!way.starts_with("fast"), "{way}");
        }
        let walked = segment["ways"].to_string().contains("graph");
        assert_eq!(segment["ef"].is_u64(), walked, "{segment}");
        if let Some(filter) = segment["filter"].as_object() {
            let members: Vec<&String> = filter.keys().collect();
            let wanted = ["estimated", "indexed", "matching", "undecided", "unindexed"];
            assert_eq!(members, wanted);
        }
    }
    let totals = &explain["totals"];
    assert_eq!(totals["segments_visited"], segments.len());
    assert_eq!(
        totals["points_scored"],
        sum(&segments, |segment| &segment["measured"])
    );
    assert_eq!(
        totals["nodes_visited"],
        sum(&segments, |segment| &segment["visited"])
    );
    let whole = totals["filter_us"].as_f64().unwrap() + totals["search_us"].as_f64().unwrap();
    assert!(
        (totals["total_us"].as_f64().unwrap() - whole).abs() < 0.01,
        "{totals}"
    );
    segments
}

#[test]
fn every_read_is_explained() {
    let server = server();
    let index = json!({"field_name": "n", "field_schema": "integer"});
    server.ok("PUT", "/collections/c/index?wait=true", &index);
    let index = json!({"field_name": "even", "field_schema": "bool"});
    server.ok("PUT", "/collections/c/index?wait=true", &index);
    let index = json!({"field_name": "gloss", "field_schema": "text"});
    server.ok("PUT", "/collections/c/index?wait=true", &index);
    // A segment that was being sealed when an index was declared gets it a step later.
    server.settle("c");
    let filter =
        json!({"must": [{"key": "n", "range": {"lt": 100}}, {"key": "even", "match": {"value": true}}]});
    for (route, body) in [
        ("points/search", json!({"vector": [1, 0], "limit": 5})),
        ("points/query", json!({"query": [1, 0], "limit": 5})),
        (
            "points/search/text",
            json!({"key": "gloss", "text": "number 7", "limit": 5}),
        ),
        ("points/scroll", json!({"limit": 5})),
        (
            "points/scroll",
            json!({"limit": 5, "order_by": {"key": "n", "direction": "desc"}}),
        ),
        ("facet", json!({"key": "even", "exact": true})),
    ] {
        let (_, explain) = explained(&server, route, body.clone());
        let segments = check(&explain);
        assert!(
            segments.iter().all(|segment| segment["filter"].is_null()),
            "{route}"
        );
        assert_eq!(explain["totals"]["matching"], 600, "{route} {explain}");
        assert_eq!(sum(&segments, |segment| &segment["points"]), 600);

        let mut filtered = body;
        filtered["filter"] = filter.clone();
        let (_, explain) = explained(&server, route, filtered);
        let segments = check(&explain);
        assert_eq!(explain["totals"]["matching"], 50, "{route} {explain}");
        assert_eq!(sum(&segments, |segment| &segment["filter"]["matching"]), 50);
        let scored = explain["totals"]["points_scored"].as_u64().unwrap();
        let is_search = ["points/search", "points/query"].contains(&route);
        assert_eq!(scored > 0, is_search, "{route} {explain}");
        for segment in segments.iter().filter(|segment| segment["state"] == "active") {
            assert_eq!(
                segment["filter"]["undecided"], segment["points"],
                "{route} {segment}"
            );
        }
        for segment in segments.iter().filter(|segment| segment["state"] == "sealed") {
            assert_eq!(segment["filter"]["undecided"], 0, "{route} {segment}");
        }
    }
    let broad = json!({"vector": [1, 0], "limit": 5, "params": {"hnsw_ef": 31}});
    let (_, explain) = explained(&server, "points/search", broad);
    let breadths: Vec<Value> = check(&explain)
        .iter()
        .map(|segment| segment["ef"].clone())
        .collect();
    assert!(breadths.contains(&json!(31)), "{breadths:?}");
    // Nothing here was measured.
    let (_, explain) = explained(&server, "points/search", json!({"vector": [1, 0], "limit": 200}));
    let breadths = check(&explain).into_iter().map(|segment| segment["ef"].clone());
    assert!(breadths.filter(|ef| !ef.is_null()).all(|ef| ef == 128));
    let (count, explain) = explained(&server, "points/count", json!({"filter": filter}));
    check(&explain);
    assert_eq!(
        (&count["count"], &explain["totals"]["matching"]),
        (&json!(50), &json!(50))
    );
    // Without a filter a count is known without a look.
    let (count, explain) = explained(&server, "points/count", json!({}));
    assert!(count["count"] == 600 && check(&explain).is_empty());
}

/// Goal: an integer index answers what it is declared for; the rest is answered from payloads, and explained as such.
/// Method: the same counts under each pair of options.
#[test]
fn options_of_an_integer_index() {
    let server = server();
    let equal = json!({"must": [{"key": "n", "match": {"value": 7}}]});
    let below = json!({"must": [{"key": "n", "range": {"lt": 7}}]});
    for (lookup, range) in [(true, true), (false, true), (true, false)] {
        let schema = json!({"type": "integer", "lookup": lookup, "range": range});
        let index = json!({"field_name": "n", "field_schema": schema});
        server.ok("PUT", "/collections/c/index?wait=true", &index);
        server.settle("c");
        for (filter, matching, is_indexed) in [(&equal, 1, lookup), (&below, 7, range)] {
            let (count, explain) = explained(&server, "points/count", json!({"filter": filter}));
            assert_eq!(count["count"], matching);
            let segments = check(&explain);
            let sealed = segments.iter().filter(|segment| segment["state"] == "sealed");
            assert!(sealed.clone().count() > 0);
            for filter in sealed.map(|segment| &segment["filter"]) {
                let fields = (json!(["n"]), json!([]));
                let wanted = if is_indexed { fields } else { (fields.1, fields.0) };
                assert_eq!((&filter["indexed"], &filter["unindexed"]), (&wanted.0, &wanted.1));
                assert_eq!(filter["undecided"] == 0, is_indexed, "{filter}");
            }
        }
        let ordered = json!({"limit": 3, "order_by": {"key": "n"}});
        let facet = json!({"key": "n"});
        for (route, body, is_served) in [("points/scroll", ordered, range), ("facet", facet, lookup)] {
            let (status, _) = server.send("POST", &format!("/collections/c/{route}"), &body);
            assert_eq!(status == 200, is_served, "{route} {lookup} {range}");
        }
    }
}
