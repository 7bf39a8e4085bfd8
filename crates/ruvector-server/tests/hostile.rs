//! Goal: no input brings a 5xx, a hang or a partial write; every refusal names the field and the limit.
//! Method: a table of bad requests against one server; after each the collections are as before.
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

const JSON: Option<&str> = Some("application/json");
const POINTS: &str = "/collections/c/points";

fn server() -> Server {
    let server = Server::start(ServerConfig {
        body_bytes_max: 1 << 20,
        ..ServerConfig::default()
    });
    server.ok(
        "PUT",
        "/collections/c",
        &json!({"vectors": {"size": 2, "distance": "Cosine"}}),
    );
    let points =
        json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"a": 1}}, {"id": "s", "vector": [0, 1]}]});
    server.ok("PUT", "/collections/c/points?wait=true", &points);
    server
}

/// All that can be seen of the data.
fn state(server: &Server) -> String {
    let all = json!({"limit": 1000, "with_payload": true, "with_vector": true});
    let page = server.ok("POST", "/collections/c/points/scroll", &all);
    let count = server.ok("POST", "/collections/c/points/count", &json!({}));
    let names = server.ok("GET", "/collections", &Value::Null);
    format!("{page} {count} {names}")
}

struct Case {
    method: &'static str,
    path: String,
    body: Vec<u8>,
    says: &'static str,
}

fn case(method: &'static str, path: impl Into<String>, body: impl Into<Vec<u8>>, says: &'static str) -> Case {
    Case {
        method,
        path: path.into(),
        body: body.into(),
        says,
    }
}

fn check(server: &Server, cases: Vec<Case>) {
    let before = state(server);
    for Case {
        method,
        path,
        body,
        says,
    } in cases
    {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let (status, answer) = server.send_bytes(method, &path, JSON, &body);
        let message = answer["status"]["error"].as_str().unwrap_or_default();
        assert!(
            (400..500).contains(&status),
            "{method} {path} {shown}: {status} {answer}"
        );
        assert!(
            message.contains(says),
            "{method} {path} {shown}: {message:?} lacks {says:?}"
        );
        assert!(answer["time"].is_number() && answer.get("result").is_none());
        assert_eq!(state(server), before, "{method} {path} {shown}");
    }
}

/// An upsert of one good point and one bad one: nothing of it may stay.
fn upsert(bad: &str, says: &'static str) -> Case {
    let body = format!(r#"{{"points": [{{"id": 77, "vector": [1, 1]}}, {bad}]}}"#);
    case("PUT", format!("{POINTS}?wait=true"), body, says)
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn points() {
    let long = "x".repeat(513);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let deeper = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let cases = vec![
        upsert(r#"{"id": 2, "vector": [1]}"#, "points[1].vector"),
        upsert(r#"{"id": 2, "vector": [1, 2, 3]}"#, "3 dimensions, expected 2"),
        upsert(r#"{"id": 2, "vector": []}"#, "points[1].vector"),
        upsert(
            r#"{"id": 2, "vector": {"title": [1, 2]}}"#,
            "no vector named \"title\"",
        ),
        upsert(r#"{"id": 2, "vector": [1, NaN]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, Infinity]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, -Infinity]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, 1e999]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, -1e300]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, "2"]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, null]}"#, "points[1].vector[1]"),
        upsert(
            r#"{"id": 2, "vector": [[1, 2]]}"#,
            "points[1].vector: a multi-vector",
        ),
        upsert(
            r#"{"id": 2, "vector": {"indices": [1], "values": [1]}}"#,
            "no vector named \"indices\"",
        ),
        upsert(
            r#"{"id": 2, "vector": {"t": {"indices": [1], "values": [1]}}}"#,
            "no vector named \"t\"",
        ),
        upsert(
            r#"{"id": 2, "vector": {"text": "x", "model": "y"}}"#,
            "points[1].vector.text",
        ),
        upsert(r#"{"id": 2, "vector": "x"}"#, "points[1].vector"),
        upsert(r#"{"id": 2, "vector": null}"#, "points[1].vector"),
        upsert(r#"{"id": 2}"#, "missing field `vector`"),
        upsert(r#"{"vector": [1, 2]}"#, "missing field `id`"),
        upsert(r#"{"id": -1, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": 1.5, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": 1.0, "vector": [1, 2]}"#, "points[1].id"),
        upsert(
            r#"{"id": 18446744073709551616, "vector": [1, 2]}"#,
            "points[1].id",
        ),
        upsert(r#"{"id": null, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": true, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": [1], "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": "", "vector": [1, 2]}"#, "points[1].id"),
        upsert(
            &format!(r#"{{"id": "{long}", "vector": [1, 2]}}"#),
            "at most 512 bytes, this one has 513",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "payload": []}"#,
            "points[1].payload",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "payload": "x"}"#,
            "points[1].payload",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "payload": {"a": 1e999}}"#,
            "points[1].payload",
        ),
        upsert(
            &format!(r#"{{"id": 2, "vector": [1, 2], "payload": {{"a": {deep}}}}}"#),
            "64 (payload_depth_max)",
        ),
        upsert(
            &format!(r#"{{"id": 2, "vector": [1, 2], "payload": {{"a": {deeper}}}}}"#),
            "recursion limit",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "paylaod": {}}"#,
            "unknown field `paylaod`",
        ),
        upsert(r#"{"id": 2, "vector": [1, 2], "id": 3}"#, "duplicate field `id`"),
        upsert("7", "points[1]"),
        case("PUT", POINTS, "", "EOF"),
        case("PUT", POINTS, "{", "line 1 column 1"),
        case("PUT", POINTS, "[]", "JSON body"),
        case("PUT", POINTS, "null", "JSON body"),
        case("PUT", POINTS, "{}", "points"),
        case("PUT", POINTS, r#"{"points": []}"#, "points: must not be empty"),
        case("PUT", POINTS, r#"{"points": [] } x"#, "trailing characters"),
        case(
            "PUT",
            POINTS,
            r#"{"points": [], "batch": {"ids": [], "vectors": []}}"#,
            "either points or batch",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"batch": {"ids": [8, 9], "vectors": [[1, 2]]}}"#,
            "batch.vectors",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"batch": {"ids": [8], "vectors": [[1, 2]], "payloads": []}}"#,
            "batch.payloads",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"batch": {"ids": [8], "vectors": {"t": [[1, 2]]}}}"#,
            "named \"t\"",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"points": [{"id": 8, "vector": [1, 2]}], "update_mode": "x"}"#,
            "update_mode",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"points": [{"id": 8, "vector": [1, 2]}], "shard_key": "x"}"#,
            "shard_key",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"points": [{"id": 8, "vector": [1, 2]}], "update_filter": {"a": []}}"#,
            "update_filter",
        ),
        case(
            "PUT",
            POINTS,
            &b"{\"points\": [{\"id\": \"\xff\xfe\", \"vector\": [1, 2]}]}"[..],
            "JSON body",
        ),
        case("PUT", POINTS, &b"\x00\x01\x02"[..], "JSON body"),
        case("PUT", POINTS, deeper.as_bytes(), "JSON body"),
        case(
            "PUT",
            format!("{POINTS}?wait=yes"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"wait\"",
        ),
        case(
            "PUT",
            format!("{POINTS}?wiat=true"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"wiat\"",
        ),
        case(
            "PUT",
            format!("{POINTS}?timeout=0"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"timeout\"",
        ),
        case(
            "PUT",
            format!("{POINTS}?ordering=x"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"ordering\"",
        ),
        case(
            "PUT",
            "/collections/z/points",
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "`z`",
        ),
        case("DELETE", format!("{POINTS}/{long}"), "", "at most 512 bytes"),
        case("DELETE", format!("{POINTS}/%ff"), "", "UTF-8"),
        case("POST", format!("{POINTS}/delete"), "{}", "points (ids) or filter"),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"points": []}"#,
            "points: must not be empty",
        ),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"points": [1, -1]}"#,
            "points[1]",
        ),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"points": [1], "filter": {}}"#,
            "points",
        ),
        case("POST", format!("{POINTS}/delete"), r#"[1]"#, "JSON body"),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"filter": {"a": {"b": 1}}}"#,
            "filter",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"payload": {"a": 2}}"#,
            "points",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"points": [1]}"#,
            "missing field `payload`",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"payload": 5, "points": [1]}"#,
            "payload",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"payload": {"a": 2}, "points": [1], "key": "a..b"}"#,
            "key",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            format!(r#"{{"payload": {{"a": {deep}}}, "points": [1]}}"#),
            "payload_depth_max",
        ),
        case(
            "PUT",
            format!("{POINTS}/payload"),
            r#"{"payload": {}, "points": [1], "key": "a"}"#,
            "key",
        ),
        case(
            "POST",
            format!("{POINTS}/payload/delete"),
            r#"{"keys": [], "points": [1]}"#,
            "keys",
        ),
        case(
            "POST",
            format!("{POINTS}/payload/delete"),
            r#"{"keys": ["a["], "points": [1]}"#,
            "keys[0]",
        ),
        case("POST", format!("{POINTS}/payload/clear"), "{}", "points"),
    ];
    check(&server(), cases);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn reads() {
    let search = |body: &str, says| case("POST", format!("{POINTS}/search"), body.to_owned(), says);
    let query = |body: &str, says| case("POST", format!("{POINTS}/query"), body.to_owned(), says);
    let batch = |route: &str, body: &str, says| {
        case("POST", format!("{POINTS}/{route}/batch"), body.to_owned(), says)
    };
    let nested = (0..40).fold("{\"a\": 1}".to_owned(), |inner, _| {
        format!("{{\"must\": [{inner}]}}")
    });
    let very = (0..5_000).fold("{\"a\": 1}".to_owned(), |inner, _| {
        format!("{{\"must\": [{inner}]}}")
    });
    let wide = vec!["{\"a\": 1}"; 10_000].join(",");
    let cases = vec![
        search("{}", "missing field `vector`"),
        search(r#"{"vector": []}"#, "0 dimensions, expected 2"),
        search(r#"{"vector": [1, 2, 3]}"#, "3 dimensions, expected 2"),
        search(r#"{"vector": [1, 1e40]}"#, "vector[1]"),
        search(r#"{"vector": {"name": "t", "vector": [1, 2]}}"#, "named \"t\""),
        search(
            r#"{"vector": {"nam": "t", "vector": [1, 2]}}"#,
            "unknown field `nam`",
        ),
        search(r#"{"vector": [1, 2], "limit": 0}"#, "limit"),
        search(r#"{"vector": [1, 2], "limit": -1}"#, "limit"),
        search(r#"{"vector": [1, 2], "limit": 1.5}"#, "limit"),
        search(r#"{"vector": [1, 2], "limit": 100001}"#, "100000 (limit_max)"),
        search(
            r#"{"vector": [1, 2], "limit": 18446744073709551615}"#,
            "limit_max",
        ),
        search(r#"{"vector": [1, 2], "limit": 1e30}"#, "limit"),
        search(r#"{"vector": [1, 2], "offset": 1000001}"#, "offset_max"),
        search(r#"{"vector": [1, 2], "offset": -1}"#, "offset"),
        batch(
            "search",
            r#"{"searches": {}}"#,
            "searches: invalid type: map, expected a list of searches",
        ),
        batch("search", "{}", "missing field `searches`"),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2]}, {}]}"#,
            "searches[1]: missing field `vector`",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2]}, {"vector": [1, 2]}, {"vector": [1]}]}"#,
            "searches[2].vector: vector has 1 dimensions, expected 2",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2]}, {"vector": [1, 2], "limit": 0}]}"#,
            "searches[1].limit",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2], "filter": {"a..": 1}}]}"#,
            "searches[0].filter.a..",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2], "limit": 60000}, {"vector": [1, 2], "limit": 60000}]}"#,
            "searches[0..=1].limit, together: 120000 is above the limit 100000 (limit_max)",
        ),
        batch(
            "query",
            r#"{"searches": [{"query": [1, 2]}, {"query": [1, 2], "explain": true}]}"#,
            "searches[1].explain",
        ),
        batch(
            "query",
            r#"{"searches": [{"query": [1, 2]}, {"query": {"fusion": "rrf"}}]}"#,
            "searches[1].query",
        ),
        batch(
            "query",
            &format!(r#"{{"searches": [{}{{}}]}}"#, "{},".repeat(100_000)),
            "searches",
        ),
        search(
            r#"{"vector": [1, 2], "score_threshold": 1e300}"#,
            "score_threshold",
        ),
        search(r#"{"vector": [1, 2], "score_threshold": "x"}"#, "score_threshold"),
        search(r#"{"vector": [1, 2], "params": {"hnsw_ef": 0}}"#, "hnsw_ef"),
        search(
            r#"{"vector": [1, 2], "params": {"hnsw_ef": 16385}}"#,
            "hnsw_ef_max",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"oversampling": 0.5}}}"#,
            "params.quantization.oversampling: must be at least 1 and at most 1,000",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"oversampling": 1e300}}}"#,
            "params.quantization.oversampling",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"rescore": 1}}}"#,
            "params.quantization.rescore",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"resocre": true}}}"#,
            "params.quantization.resocre: unknown field `resocre`",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": true}}"#,
            "params.quantization",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"indexed_only": true}}"#,
            "params.indexed_only",
        ),
        search(r#"{"vector": [1, 2], "params": {"ef": 3}}"#, "unknown field `ef`"),
        search(r#"{"vector": [1, 2], "with_payload": 3}"#, "with_payload"),
        search(r#"{"vector": [1, 2], "with_payload": ["a["]}"#, "with_payload[0]"),
        search(
            r#"{"vector": [1, 2], "with_payload": {"include": [], "exclude": []}}"#,
            "with_payload",
        ),
        search(r#"{"vector": [1, 2], "with_vector": ["nope"]}"#, "nope"),
        search(
            r#"{"vector": [1, 2], "with_vector": true, "with_vectors": true}"#,
            "with_vectors",
        ),
        search(r#"{"vector": [1, 2], "top": 3}"#, "unknown field `top`"),
        search(r#"{"vector": [1, 2], "filter": []}"#, "filter"),
        search(
            r#"{"vector": [1, 2], "filter": {"Eqq": {"field": "a", "value": 1}}}"#,
            "\"Eqq\"",
        ),
        search(
            r#"{"vector": [1, 2], "filter": {"must": [{"key": "a", "matches": {}}]}}"#,
            "filter.must[0]",
        ),
        search(
            r#"{"vector": [1, 2], "filter": {"must": [{"has_vector": 3}]}}"#,
            "filter.must[0].has_vector",
        ),
        search(
            &format!(r#"{{"vector": [1, 2], "filter": {nested}}}"#),
            "32 (filter_depth_max)",
        ),
        search(
            &format!(r#"{{"vector": [1, 2], "filter": {very}}}"#),
            "recursion limit",
        ),
        search(
            &format!(r#"{{"vector": [1, 2], "filter": {{"should": [{wide}]}}}}"#),
            "4096 (filter_conditions_max)",
        ),
        query(r#"{"query": 7}"#, "No point with id 7"),
        query(
            r#"{"query": "936da01f-9abd-4d9d-80c7-02af85c822a8"}"#,
            "No point with id 936da01f",
        ),
        query(r#"{"query": -1}"#, "query"),
        query(r#"{"query": {}}"#, "query"),
        query(r#"{"query": [[1, 2]]}"#, "a multi-vector is given"),
        query(r#"{"query": [1, 2], "using": "t"}"#, "named \"t\""),
        case("POST", format!("{POINTS}/scroll"), r#"{"limit": 0}"#, "limit"),
        case(
            "POST",
            format!("{POINTS}/scroll"),
            r#"{"limit": 100001}"#,
            "limit_max",
        ),
        case("POST", format!("{POINTS}/scroll"), r#"{"offset": -1}"#, "offset"),
        case(
            "POST",
            format!("{POINTS}/scroll"),
            r#"{"order_by": "a"}"#,
            "order_by",
        ),
        case("POST", format!("{POINTS}/count"), r#"{"exact": 1}"#, "exact"),
        case(
            "POST",
            format!("{POINTS}/count"),
            r#"{"filter": {"a..": 1}}"#,
            "filter.a..",
        ),
        case("POST", POINTS, "{}", "missing field `ids`"),
        case("POST", POINTS, r#"{"ids": [1.5]}"#, "ids[0]"),
        case("GET", format!("{POINTS}/404"), "", "404"),
    ];
    check(&server(), cases);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn collections_and_routes() {
    let create = |body: &str, says| case("PUT", "/collections/new", body.to_owned(), says);
    let with = |rest: &str, says| {
        let body = format!(r#"{{"vectors": {{"size": 2, "distance": "Dot"}}, {rest}}}"#);
        case("PUT", "/collections/new", body, says)
    };
    let vector = |rest: &str, says| {
        let body = format!(r#"{{"vectors": {{"size": 2, "distance": "Dot", {rest}}}}}"#);
        case("PUT", "/collections/new", body, says)
    };
    let good = r#"{"vectors": {"size": 2, "distance": "Dot"}}"#;
    let named = |name: &str, says| case("PUT", format!("/collections/{name}"), good, says);
    let many: Vec<String> = (0..65)
        .map(|n| format!(r#""v{n}": {{"size": 2, "distance": "Dot"}}"#))
        .collect();
    let cases = vec![
        create("{}", "vectors"),
        create(r#"{"vectors": {}}"#, "vectors"),
        create(r#"{"vectors": 3}"#, "vectors"),
        create(r#"{"vectors": {"size": 0, "distance": "Dot"}}"#, "size"),
        create(r#"{"vectors": {"size": -1, "distance": "Dot"}}"#, "size"),
        create(
            r#"{"vectors": {"size": 65537, "distance": "Dot"}}"#,
            "65536 (vector_dim_max)",
        ),
        create(r#"{"vectors": {"size": 2}}"#, "distance"),
        create(r#"{"vectors": {"size": 2, "distance": "Hamming"}}"#, "Hamming"),
        create(
            r#"{"vectors": {"size": 2, "distance": "x"}}"#,
            "Cosine, Dot, Euclid or Manhattan",
        ),
        create(
            r#"{"vectors": {"t": {"size": 2, "distance": "Dot", "x": 1}}}"#,
            "unknown field `x`",
        ),
        create(
            &format!(r#"{{"vectors": {{{}}}}}"#, many.join(",")),
            "64 (vector_fields_max)",
        ),
        vector(
            r#""datatype": "float64""#,
            "vectors.datatype: float32, float16 and uint8",
        ),
        vector(r#""on_disk": 1"#, "on_disk"),
        vector(r#""memory": "pinned""#, "vectors.memory"),
        vector(
            r#""multivector_config": {"comparator": "mean"}"#,
            "multivector_config.comparator",
        ),
        vector(
            r#""multivector_config": {"comparator": "max_sim"}, "quantization_config": {"scalar": {"type": "int8"}}"#,
            "multi-vectors have no codes",
        ),
        vector(r#""hnsw_config": {"m": 1}"#, "hnsw_config.m"),
        vector(
            r#""hnsw_config": {"inline_storage": true, "profile": "compact"}"#,
            "vectors.hnsw_config.profile: contradicts inline_storage",
        ),
        with(r#""hnsw_config": {"profile": "small"}"#, "hnsw_config.profile"),
        vector(r#""hnsw_config": {"m": 257}"#, "256 (hnsw_m_max)"),
        vector(r#""hnsw_config": {"payload_m": -3}"#, "payload_m"),
        with(r#""shard_number": 0"#, "shard_number"),
        with(r#""shard_number": 65"#, "64 (shards_max)"),
        with(r#""replication_factor": 0"#, "replication_factor"),
        with(r#""write_consistency_factor": 0"#, "write_consistency_factor"),
        with(r#""sharding_method": "custom""#, "sharding_method"),
        with(r#""on_disk_payload": false"#, "on_disk_payload"),
        with(r#""sparse_vectors": {"": {}}"#, "a sparse vector needs a name"),
        with(r#""sparse_vectors": {"t": {"x": 1}}"#, "unknown field `x`"),
        with(
            r#""sparse_vectors": {"t": {"index": {"datatype": "uint8"}}}"#,
            "sparse_vectors.t.index.datatype",
        ),
        with(
            r#""sparse_vectors": {"t": {"modifier": "tf"}}"#,
            "sparse_vectors.t.modifier",
        ),
        create(
            r#"{"vectors": {"t": {"size": 2, "distance": "Dot"}}, "sparse_vectors": {"t": {}}}"#,
            "names a dense vector too",
        ),
        with(r#""wal_config": {}"#, "wal_config"),
        with(r#""strict_mode_config": 3"#, "strict_mode_config"),
        with(
            r#""hnsw_config": {"full_scan_threshold": -1}"#,
            "full_scan_threshold",
        ),
        with(
            r#""optimizers_config": {"indexing_threshold": -1}"#,
            "indexing_threshold",
        ),
        with(
            r#""optimizers_config": {"deleted_threshold": 2}"#,
            "optimizers_config.deleted_share_max",
        ),
        with(r#""init_from": {"collection": "c"}"#, "init_from"),
        named("%2e%2e", "name"),
        named(".", "name"),
        named("%2f", "name"),
        named("a%2fb", "name"),
        named("a%00b", "name"),
        named("%ff", "UTF-8"),
        named(&"x".repeat(300), "collection_name_bytes_max"),
        named("a%5cb", "name"),
        case("POST", "/collections", r#"{"name": "new"}"#, "dimensions"),
        case(
            "POST",
            "/collections",
            r#"{"name": "new", "dimensions": 2}"#,
            "distance",
        ),
        case(
            "POST",
            "/collections",
            r#"{"name": "", "dimensions": 2, "distance": "dot"}"#,
            "name",
        ),
        case(
            "POST",
            "/collections",
            r#"{"name": "../x", "dimensions": 2, "distance": "dot"}"#,
            "name",
        ),
        case(
            "POST",
            "/collections",
            r#"{"name": "n", "dimensions": 2, "distance": "dot", "vectors": {}}"#,
            "vectors",
        ),
        case(
            "POST",
            "/collections",
            r#"{"name": "c", "dimensions": 2, "distance": "dot"}"#,
            "`c`",
        ),
        case("GET", "/collections/z", "", "`z`"),
        case("GET", "/nowhere", "", "/nowhere"),
        case("GET", "/collections/c/points/1/2", "", "route"),
        case("PATCH", "/collections", good, "PATCH"),
        case("DELETE", "/collections", "", "DELETE"),
        case("GET", format!("{POINTS}/search"), "", "search"),
        case("PUT", "/health", "", "PUT"),
    ];
    check(&server(), cases);
}

#[test]
fn vector_fields() {
    let at = |name: &str, body: &str, says| {
        case(
            "PUT",
            format!("/collections/c/vectors/{name}"),
            body.to_owned(),
            says,
        )
    };
    let add = |body: &str, says| at("x", body, says);
    let dense = |rest: &str, says| {
        let body = format!(r#"{{"dense": {{"size": 2, "distance": "Dot", {rest}}}}}"#);
        at("x", &body, says)
    };
    let good = r#"{"dense": {"size": 2, "distance": "Dot"}}"#;
    let cases = vec![
        add("", "JSON"),
        add("{}", "dense, sparse"),
        add(
            r#"{"dense": {"size": 2, "distance": "Dot"}, "sparse": {}}"#,
            "give one of them",
        ),
        add(r#"{"dense": 3}"#, "dense"),
        add(r#"{"late": {}}"#, "unknown field `late`"),
        add(r#"{"dense": {"size": 2}}"#, "distance"),
        add(r#"{"dense": {"size": 0, "distance": "Dot"}}"#, "size"),
        add(
            r#"{"dense": {"size": 65537, "distance": "Dot"}}"#,
            "65536 (vector_dim_max)",
        ),
        add(r#"{"dense": {"size": 2, "distance": "x"}}"#, "dense.distance"),
        dense(r#""datatype": "turbo4""#, "dense.datatype"),
        dense(r#""hnsw_config": {"m": 1}"#, "hnsw_config.m"),
        dense(r#""x": 1"#, "unknown field `x`"),
        dense(
            r#""multivector_config": {"comparator": "max_sim"}, "quantization_config": {"scalar": {"type": "int8"}}"#,
            "multi-vectors have no codes",
        ),
        add(r#"{"sparse": {"datatype": "uint8"}}"#, "datatype"),
        add(
            r#"{"sparse": {"datatype": "float16", "index": {"datatype": "float16"}}}"#,
            "sparse.datatype",
        ),
        add(r#"{"sparse": {"modifier": "tf"}}"#, "sparse.modifier"),
        at(&"n".repeat(256), good, "255 (vector_name_bytes_max)"),
        at("%ff", good, "UTF-8"),
        at("a/b", good, "route"),
        case("PUT", "/collections/z/vectors/x", good, "`z`"),
        case("DELETE", "/collections/z/vectors/x", "", "`z`"),
        case("POST", "/collections/c/vectors/x", good, "POST"),
    ];
    check(&server(), cases);
}

#[test]
fn transport() {
    let server = server();
    let before = state(&server);
    let body = json!({"points": [{"id": 5, "vector": [1, 2]}]}).to_string();
    let put = |media, body: &[u8]| server.send_bytes("PUT", POINTS, media, body);
    let message = |answer: &Value| answer["status"]["error"].as_str().unwrap().to_owned();
    for media in ["text/plain", "application/x-www-form-urlencoded", "\u{ff}", ""] {
        let (status, answer) = put(Some(media), body.as_bytes());
        assert_eq!(status, 415, "{answer}");
        assert!(message(&answer).contains("application/json"));
    }
    let (status, answer) = put(JSON, &vec![b' '; (1 << 20) + 1]);
    assert_eq!(status, 413);
    assert!(message(&answer).contains("1048576 bytes (body_bytes_max)"));
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16)).repeat(20);
    let head = format!(
        "PUT {POINTS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    let (status, _, answer) = server.raw(format!("{head}{chunk}0\r\n\r\n").as_bytes());
    assert_eq!(status, 413, "{}", String::from_utf8_lossy(&answer));
    for raw in [
        &b"GARBAGE\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PUT /collections/c/points HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"PUT /collections/c/points HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let (status, _, _) = server.raw(raw);
        assert!(
            (400..500).contains(&status),
            "{status} to {:?}",
            String::from_utf8_lossy(raw)
        );
    }
    let uri = format!(
        "GET /{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "x".repeat(60_000)
    );
    assert!((400..500).contains(&server.raw(uri.as_bytes()).0));
    assert_eq!(state(&server), before);
}

#[test]
fn allowed_oddities() {
    let server = server();
    let points = json!({"points": [
        {"id": 0, "vector": [1, 2]}, {"id": u64::MAX, "vector": [1, 2]}, {"id": "x".repeat(512), "vector": [1, 2]},
        {"id": 5, "vector": [1, 2], "payload": {"v": 1}}, {"id": "5", "vector": [1, 2], "payload": {"v": 2}},
        {"id": "ключ/../%00", "vector": [1e-40, 3.4e38], "payload": {"": {"": [[], {}]}}},
    ]});
    server.ok("PUT", "/collections/c/points?wait=true", &points);
    assert_eq!(
        server.ok("GET", "/collections/c/points/5", &Value::Null)["payload"],
        json!({"v": 2})
    );
    assert_eq!(server.ok("GET", "/collections/c/points/0", &Value::Null)["id"], 0);
    let last = server.ok("GET", "/collections/c/points/18446744073709551615", &Value::Null);
    assert_eq!(last["id"], u64::MAX);
    let odd = server.ok(
        "GET",
        "/collections/c/points/%D0%BA%D0%BB%D1%8E%D1%87%2F..%2F%2500",
        &Value::Null,
    );
    assert_eq!(odd["payload"], json!({"": {"": [[], {}]}}));
    assert_eq!(
        server.ok("POST", "/collections/c/points/count", &json!({}))["count"],
        7
    );
    let beyond = json!({"vector": [1, 0], "offset": 1_000_000});
    assert_eq!(
        server.ok("POST", "/collections/c/points/search", &beyond),
        json!([])
    );
}
