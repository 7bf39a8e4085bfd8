//! Goal: a hostile filter is answered 400 with the path of its clause, at once; a good one finds its points. Method:
//! tables of filters against one server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::time::{Duration, Instant};

use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

fn server() -> Server {
    let server = Server::start(ServerConfig::default());
    let vectors = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.ok("PUT", "/collections/c", &vectors);
    let points = json!({"points": [
        {"id": 1, "vector": [1, 0], "payload": {
            "at": "2024-02-29T12:30:00Z", "place": {"lon": 13.4, "lat": 52.5}, "big": u64::MAX,
            "senses": [{"pos": "noun", "count": 2}, {"pos": "verb", "count": 1}]}},
        {"id": 2, "vector": [0, 1], "payload": {
            "at": 1_709_209_800, "place": [13.4, 52.5], "big": u64::MAX - 1,
            "senses": [{"pos": "noun", "count": 1}, {"pos": "verb", "count": 2}, 7]}},
        {"id": 3, "vector": [1, 1]}]});
    server.ok("PUT", "/collections/c/points?wait=true", &points);
    server
}

#[test]
fn hostile_filters_are_refused_by_their_clause() {
    let server = server();
    let deep = |levels: usize| {
        let (open, close) = (r#"{"must":"#.repeat(levels), "}".repeat(levels));
        format!(r#"{open}{{"a":1}}{close}"#)
    };
    let lists = format!("{}{{}}{}", r#"{"must":["#.repeat(100), "]}".repeat(100));
    let wide = vec![r#"{"a":1}"#; 10_000].join(",");
    let words = "a ".repeat(500_000);
    let ring = vec![r#"{"lon":0,"lat":0}"#; 20_000].join(",");
    let table = [
        (
            r#"{"must":[{"a":1},{"Foo":{"field":"a"}}]}"#.to_owned(),
            "filter.must[1]: unknown name",
        ),
        (
            r#"{"And":[{"Gt":{"field":"a","value":[]}}]}"#.to_owned(),
            "filter.And[0].Gt.value: expected a number",
        ),
        (
            r#"{"must":{"key":"a","match":{"value":1.5}}}"#.to_owned(),
            "filter.must.match.value: expected",
        ),
        (
            r#"{"min_should":{"conditions":[],"min_count":-1}}"#.to_owned(),
            "filter.min_should.min_count: expected",
        ),
        (deep(100), "filter.must[0].must[0].must[0]"),
        (lists, "filter.must[0].must[0].must[0]"),
        (
            format!(r#"{{"should":[{wide}]}}"#),
            "filter.should[4096]: 4097 is above the limit 4096",
        ),
        (
            format!(r#"{{"must_not":[{{"key":"a","match":{{"phrase":"{words}"}}}}]}}"#),
            "filter.must_not[0].match.phrase: 1000000 is above the limit",
        ),
        (
            format!(r#"{{"must":[{{"key":"a","geo_polygon":{{"exterior":{{"points":[{ring}]}}}}}}]}}"#),
            "filter.must[0].geo_polygon.exterior.points: 20000 is above the limit",
        ),
    ];
    for (filter, says) in table {
        let body = format!(r#"{{"vector":[1,0],"limit":3,"filter":{filter}}}"#);
        let path = "/collections/c/points/search";
        let start = Instant::now();
        let (status, answer) = server.send_bytes("POST", path, Some("application/json"), body.as_bytes());
        let filter = &filter[..filter.len().min(100)];
        assert_eq!(status, 400, "{filter}: {answer}");
        let message = answer["status"]["error"].as_str().unwrap();
        assert!(message.contains(says), "{filter}: {message:?} lacks {says:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{filter}: slow");
    }
}

#[test]
fn conditions_find_their_points() {
    let server = server();
    let nested = |filter: Value| json!({"must": [{"nested": {"key": "senses", "filter": filter}}]});
    let table = [
        (
            json!({"key": "at", "range": {"gte": "2024-02-29", "lt": "2024-03-01"}}),
            json!([1]),
        ),
        (
            json!({"key": "place", "geo_radius": {"center": {"lon": 13, "lat": 52}, "radius": 100_000}}),
            json!([1]),
        ),
        (json!({"big": u64::MAX}), json!([1])),
        (json!({"key": "big", "range": {"gte": u64::MAX}}), json!([1])),
        (
            json!({"key": "big", "range": {"gt": 0.5, "lt": u64::MAX}}),
            json!([2]),
        ),
        (
            json!({"Lte": {"field": "big", "value": u64::MAX - 1}}),
            json!([2]),
        ),
        (
            nested(json!({"must": [{"pos": "verb"}, {"count": 2}]})),
            json!([2]),
        ),
        (nested(json!({"pos": "noun", "count": 2})), json!([1])),
        (json!({"key": "senses", "values_count": {"gte": 3}}), json!([2])),
        (json!({"key": "senses", "values_count": {"lt": 1}}), json!([3])),
        (json!({"key": "at", "match": {"prefix": "2024-"}}), json!([1])),
        (json!({"key": "big", "range": {}}), json!([1, 2])),
        (json!({"key": "at", "range": {}}), json!([2])),
        (json!({"Not": {"Range": {"field": "at"}}}), json!([1, 3])),
        (json!({"key": "senses", "values_count": {}}), json!([1, 2, 3])),
    ];
    for (filter, ids) in table {
        let body = json!({"filter": filter, "limit": 10});
        let answer = server.ok("POST", "/collections/c/points/scroll", &body);
        let points = answer["points"].as_array().unwrap();
        let found: Vec<&Value> = points.iter().map(|point| &point["id"]).collect();
        assert_eq!(json!(found), ids, "{filter}");
    }
}
