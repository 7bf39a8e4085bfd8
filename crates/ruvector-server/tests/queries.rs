//! Goal: every spelling of a query is understood, the older routes answer as the query they stand for, and no query brings
//! a 5xx or goes by without its place in the refusal. Method: tables of bodies against one small server; what they mean is
//! tested in the engine.
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

const QUERY: &str = "/collections/c/points/query";

fn server() -> Server {
    let server = Server::start(ServerConfig::default());
    let fields = json!({"vectors": {"size": 2, "distance": "Dot"}, "sparse_vectors": {"words": {}}});
    server.ok("PUT", "/collections/c", &fields);
    let sparse = |dimension: u64| json!({"indices": [dimension, 9], "values": [1, 0.5]});
    let points: Vec<Value> = (1..=8)
        .map(|n| json!({"id": n, "vector": {"": [n, 8 - n], "words": sparse(n)}, "payload": {"n": 10 - n}}))
        .collect();
    server.ok(
        "PUT",
        "/collections/c/points?wait=true",
        &json!({"points": points}),
    );
    let index = json!({"field_name": "n", "field_schema": "integer"});
    server.ok("PUT", "/collections/c/index?wait=true", &index);
    server
}

fn ids(points: &Value) -> Vec<u64> {
    let points = points.as_array().unwrap().iter();
    points.map(|point| point["id"].as_u64().unwrap()).collect()
}

#[test]
fn every_spelling_is_understood() {
    let server = server();
    let near = json!({"query": [1, 0], "limit": 3});
    for (query, expected) in [
        (json!([1, 0]), vec![8, 7, 6]),
        (json!({"nearest": [1, 0]}), vec![8, 7, 6]),
        (json!({"nearest": [1, 0], "mmr": null}), vec![8, 7, 6]),
        (
            json!({"mmr": {"diversity": 0.0}, "nearest": [1, 0]}),
            vec![8, 7, 6],
        ),
        (json!(8), vec![7, 6, 5]),
        (json!({"nearest": 8}), vec![7, 6, 5]),
        (json!({"recommend": {"positive": [8, [1, 0]]}}), vec![7, 6, 5]),
        (
            json!({"recommend": {"positive": [8], "negative": [7], "strategy": "best_score"}}),
            vec![6, 5, 1],
        ),
        (
            json!({"recommend": {"negative": [1], "strategy": "sum_scores"}}),
            vec![8, 7, 6],
        ),
        (json!({"order_by": "n"}), vec![8, 7, 6]),
        (
            json!({"order_by": {"key": "n", "direction": "desc"}}),
            vec![1, 2, 3],
        ),
        (Value::Null, vec![1, 2, 3]),
    ] {
        let answer = server.ok("POST", QUERY, &json!({"query": query, "limit": 3}));
        assert_eq!(ids(&answer["points"]), expected, "{query}: {answer}");
    }
    let over = |query: Value, prefetch: Value| {
        let body = json!({"query": query, "prefetch": prefetch, "limit": 2});
        ids(&server.ok("POST", QUERY, &body)["points"])
    };
    assert_eq!(over(json!({"fusion": "rrf"}), near.clone()), [8, 7]);
    assert_eq!(over(json!({"fusion": "dbsf"}), json!([near, near])), [8, 7]);
    let two = json!([near, {"query": [0, 1], "limit": 3}]);
    assert_eq!(
        over(json!({"rrf": {"k": 60, "weights": [0.5, 3.0]}}), two),
        [1, 2]
    );
    assert_eq!(over(json!({"sample": "random"}), near.clone()).len(), 2);
    assert_eq!(
        over(
            json!([0, 1]),
            json!({"prefetch": near, "query": {"order_by": "n"}})
        ),
        [6, 7]
    );
    let words = json!({"query": {"indices": [3, 9], "values": [1, 1]}, "using": "words", "limit": 2});
    let answer = server.ok("POST", QUERY, &words);
    assert_eq!(ids(&answer["points"]), [3, 1], "{answer}");
    let alike = json!({"query": {"recommend": {"positive": [3], "strategy": "sum_scores"}}, "using": "words", "limit": 1});
    assert_eq!(ids(&server.ok("POST", QUERY, &alike)["points"]), [1]);
    assert_eq!(
        over(
            json!({"fusion": "rrf"}),
            json!([words, {"query": [0, 1], "limit": 1}])
        ),
        [1, 3]
    );
    let ordered = json!({"query": {"order_by": "n"}, "limit": 1});
    assert_eq!(server.ok("POST", QUERY, &ordered)["points"][0]["order_value"], 2);
}

#[test]
fn the_older_routes_are_spellings_of_queries() {
    let server = server();
    let old = json!({"positive": [8], "negative": [[0, 1]], "limit": 3, "with_payload": true});
    let new = json!({"query": {"recommend": {"positive": [8], "negative": [[0, 1]]}}, "limit": 3, "with_payload": true});
    let found = server.ok("POST", "/collections/c/points/recommend", &old);
    assert_eq!(found, server.ok("POST", QUERY, &new)["points"]);
    let batch = server.ok(
        "POST",
        "/collections/c/points/recommend/batch",
        &json!({"searches": [old, old]}),
    );
    assert_eq!(batch, json!([found, found]));
    let queries = server.ok(
        "POST",
        &format!("{QUERY}/batch"),
        &json!({"searches": [new, {"query": 8}]}),
    );
    assert_eq!(queries[0]["points"], found);
    for route in [
        "query/groups",
        "search/groups",
        "recommend/groups",
        "discover",
        "discover/batch",
        "search/matrix/pairs",
    ] {
        let path = format!("/collections/c/points/{route}");
        let (status, answer) = server.send("POST", &path, &json!({}));
        assert!(
            status == 400 && answer.to_string().contains("Not supported"),
            "{route}: {status} {answer}"
        );
    }
}

/// `{"prefetch": {"prefetch": … }}`, so many levels.
fn deep(levels: usize) -> String {
    (0..levels).fold(r#"{"query": 1}"#.to_owned(), |inner, _| {
        format!(r#"{{"query": 1, "prefetch": {inner}}}"#)
    })
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn refusals_name_the_place() {
    let server = server();
    let over = |query: &str| format!(r#"{{"query": {query}, "prefetch": [{{"query": 1}}, {{"query": 2}}]}}"#);
    let alone = |query: &str| format!(r#"{{"query": {query}}}"#);
    let inner =
        |stage: &str| format!(r#"{{"query": {{"fusion": "rrf"}}, "prefetch": [{{"query": 1}}, {stage}]}}"#);
    let wide = |count: usize| {
        let stages = vec![r#"{"query": 1}"#; count].join(",");
        format!(r#"{{"query": {{"fusion": "rrf"}}, "prefetch": [{stages}]}}"#)
    };
    let many = vec!["1"; 2_000].join(",");
    for (body, status, says) in [
        (deep(17), 400, "query_depth_max"),
        (deep(100), 400, "query_depth_max"),
        (deep(1_000), 400, "recursion limit"),
        (wide(300), 400, "query_stages_max"),
        (wide(10_000), 400, "more than 1000 queries"),
        (over(r#"{"rrf": {"k": 0}}"#), 400, "query.rrf.k"),
        (over(r#"{"rrf": {"k": -1}}"#), 400, "query.rrf.k"),
        (over(r#"{"rrf": {"weights": [1]}}"#), 400, "query.rrf.weights"),
        (over(r#"{"rrf": {"weights": [1, NaN]}}"#), 400, "query"),
        (
            over(r#"{"rrf": {"weights": [1, 1e39]}}"#),
            400,
            "query.rrf.weights[1]",
        ),
        (
            over(r#"{"rrf": {"weights": [1, -1]}}"#),
            400,
            "query.rrf.weights[1]",
        ),
        (over("null"), 400, "query"),
        (alone(r#"{"fusion": "rrf"}"#), 400, "prefetch"),
        (alone(r#"{"fusion": "x"}"#), 400, "query.fusion"),
        (alone(r#"{"sample": "best"}"#), 400, "query.sample"),
        (alone(r#"{"sample": "random", "fusion": "rrf"}"#), 400, "one kind"),
        (alone(r#"{"recommend": {}}"#), 400, "query.recommend.positive"),
        (
            alone(r#"{"recommend": {"negative": [1]}}"#),
            400,
            "query.recommend.positive",
        ),
        (
            alone(r#"{"recommend": {"strategy": "best_score"}}"#),
            400,
            "query.recommend",
        ),
        (
            alone(r#"{"recommend": {"positive": [1], "strategy": "x"}}"#),
            400,
            "query.recommend.strategy",
        ),
        (
            alone(r#"{"recommend": {"positive": [1, {}]}}"#),
            400,
            "query.recommend.positive[1]",
        ),
        (
            alone(r#"{"recommend": {"positive": [1, [1]]}}"#),
            400,
            "query.recommend.positive[1]",
        ),
        (
            alone(&format!(r#"{{"recommend": {{"positive": [{many}]}}}}"#)),
            400,
            "query_examples_max",
        ),
        (
            alone(r#"{"nearest": [1, 2], "mmr": {"diversity": 2}}"#),
            400,
            "query.mmr.diversity",
        ),
        (
            alone(r#"{"nearest": [1, 2], "mmr": {"candidates_limit": 20000}}"#),
            400,
            "query_diverse_max",
        ),
        (alone(r#"{"mmr": {}}"#), 400, "mmr"),
        (alone(r#"{"order_by": "m"}"#), 400, "order_by"),
        (
            alone(r#"{"discover": {"target": 1, "context": []}}"#),
            400,
            "Not supported: query.discover",
        ),
        (alone(r#"{"context": []}"#), 400, "Not supported: query.context"),
        (
            alone(r#"{"formula": "$score"}"#),
            400,
            "Not supported: query.formula",
        ),
        (
            alone(r#"{"relevance_feedback": {}}"#),
            400,
            "Not supported: query.relevance_feedback",
        ),
        (alone(r#"{"image": "x", "model": "m"}"#), 400, "query"),
        (alone(r#"{"near": [1, 2]}"#), 400, "near"),
        (alone("99"), 404, "No point with id 99"),
        (inner(r#"{"query": [1]}"#), 400, "prefetch[1]"),
        (
            inner(r#"{"query": [1, 2], "limit": 0}"#),
            400,
            "prefetch[1].limit",
        ),
        (
            inner(r#"{"query": [1, 2], "using": "x"}"#),
            400,
            "prefetch[1].using",
        ),
        (
            inner(r#"{"query": [1, 2], "filter": {"must": 3}}"#),
            400,
            "prefetch[1].filter.must",
        ),
        (
            inner(r#"{"query": [1, 2], "params": {"hnsw_ef": 0}}"#),
            400,
            "prefetch[1].params.hnsw_ef",
        ),
        (
            inner(r#"{"query": 99}"#),
            404,
            "Not found: prefetch[1].query: No point with id 99",
        ),
        (
            inner(r#"{"query": {"recommend": {"positive": [1], "negative": [[1, 2], 99]}}}"#),
            404,
            "prefetch[1].query.recommend.negative[1]: No point with id 99",
        ),
        (
            inner(r#"{"query": {"recommend": {"positive": [1, [1, 2, 3]]}}}"#),
            400,
            "prefetch[1].query.recommend.positive[1]: vector has 3 dimensions",
        ),
        (
            inner(r#"{"query": 1, "lookup_from": {"collection": "d"}}"#),
            404,
            "prefetch[1].query: Collection `d`",
        ),
        (
            inner(r#"{"query": 1, "lookup_from": {"collection": "c", "vector": "x"}}"#),
            400,
            "prefetch[1].lookup_from.vector: there is no vector named",
        ),
        (
            inner(r#"{"query": {"order_by": "m"}}"#),
            400,
            "prefetch[1].query.order_by.key",
        ),
        (
            inner(r#"{"query": [1, 2], "prefetch": [{"query": 2}, {"query": [1, 2, 3]}]}"#),
            400,
            "prefetch[1].prefetch[1].vector: vector has 3 dimensions",
        ),
        (
            inner(r#"{"query": 1, "lookup_from": {}}"#),
            400,
            "prefetch[1].lookup_from",
        ),
        (inner(r#"{"query": 1, "offset": 1}"#), 400, "offset"),
    ] {
        let (got, answer) = server.send_bytes("POST", QUERY, Some("application/json"), body.as_bytes());
        let shown = &body[..body.len().min(200)];
        // What is seen to break a rule before the engine is asked is 422.
        assert!(
            got == status || (got, status) == (422, 400),
            "{shown}: {got} {answer}"
        );
        let message = answer["status"]["error"].as_str().unwrap_or_default();
        assert!(message.contains(says), "{shown}: {message:?} lacks {says:?}");
    }
    let (status, answer) = server.send(
        "POST",
        "/collections/c/points/recommend",
        &json!({"positive": [99]}),
    );
    assert_eq!(status, 404, "{answer}");
}
