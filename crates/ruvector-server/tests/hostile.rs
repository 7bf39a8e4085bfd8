//! Goal: no input brings a 5xx, a hang or a partial write; every refusal names the field and the limit.
//! Method: a table of bad requests against one server; after each the collections are as before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;
#[path = "hostile/points.rs"]
mod points;
#[path = "hostile/reads.rs"]
mod reads;

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

/// Goal: what a caller makes long is not sent back at length, and the rule is still read.
#[test]
fn refusals_are_short() {
    let server = server();
    let name = "n".repeat(500_000);
    for (path, body, says) in [
        (
            "scroll",
            json!({"filter": {"must": [{&name: []}]}}),
            "with a plain value to be equal to",
        ),
        ("count", json!({&name: 1}), "line 1 column"),
        ("search", json!({"vector": [1, 0], "with_vector": [&name]}), ""),
    ] {
        let (status, answer) = server.send("POST", &format!("{POINTS}/{path}"), &body);
        let message = answer["status"]["error"].as_str().unwrap();
        assert!(
            (400..500).contains(&status) && message.len() <= 2048,
            "{status} {}",
            message.len()
        );
        assert!(message.contains(" […] ") && message.contains(says), "{message}");
    }
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
