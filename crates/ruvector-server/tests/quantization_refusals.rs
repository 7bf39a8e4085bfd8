//! Goal: codes that are not served, and changes that cannot be made, are refused by the path of their field and change
//! nothing. Method: tables of bodies against one server.
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
const PATH: &str = "/collections/c";

fn server() -> Server {
    let server = Server::start(ServerConfig::default());
    let good =
        json!({"vectors": {"t": {"size": 2, "distance": "Manhattan"}, "u": {"size": 2, "distance": "Dot"}}});
    server.ok("PUT", PATH, &good);
    server
}

fn refused(server: &Server, (method, path): (&str, &str), body: &str, says: &str) {
    let config = || server.ok("GET", PATH, &NULL)["config"].take();
    let before = config();
    let (status, answer) = server.send_bytes(method, path, Some("application/json"), body.as_bytes());
    let message = answer["status"]["error"].as_str().unwrap_or_default();
    let body = &body[..body.len().min(200)];
    assert!(matches!(status, 400 | 422), "{method} {body}: {answer}");
    assert!(
        message.contains(says),
        "{method} {body}: {message:?} lacks {says:?}"
    );
    assert_eq!(config(), before);
}

/// Refusals of a `quantization_config` by their place in it.
fn bad_codes() -> Vec<(&'static str, &'static str)> {
    vec![
        (r#"{}"#, ": takes exactly one of"),
        (r#"{"scalar": null}"#, ": takes exactly one of"),
        (r#"{"lsh": {"bits": 8}, "binary": {}}"#, ": takes exactly one of"),
        (r#"{"turbo": {"bits": "bits4"}}"#, ".turbo: rotated codes"),
        (r#"{"vector": {}}"#, ".vector: unknown field `vector`"),
        (r#"{"scalar": {}}"#, ".scalar: missing field `type`"),
        (
            r#"{"scalar": {"type": "int4"}}"#,
            ".scalar.type: unknown variant `int4`",
        ),
        (
            r#"{"scalar": {"type": "int8", "quantile": 0.4}}"#,
            ".scalar: quantile must be",
        ),
        (r#"{"scalar": {"type": "int8", "quantile": 1e300}}"#, ".scalar"),
        (
            r#"{"scalar": {"type": "int8", "qantile": 1}}"#,
            ".scalar.qantile: unknown field",
        ),
        (
            r#"{"scalar": {"type": "int8", "memory": "pinned"}}"#,
            ".scalar.memory: always_ram",
        ),
        (
            r#"{"product": {"compression": "x5"}}"#,
            ".product.compression: unknown variant",
        ),
        (
            r#"{"product": {"compression": "x4", "query_bits": 4}}"#,
            ".product: product codes",
        ),
        (
            r#"{"binary": {"encoding": "four_bits"}}"#,
            ".binary.encoding: unknown variant",
        ),
        (
            r#"{"binary": {"query_encoding": "x"}}"#,
            ".binary.query_encoding: unknown variant",
        ),
        (
            r#"{"binary": {"query_encoding": "binary", "query_bits": 4}}"#,
            ".binary.query_bits: query_encoding and query_bits",
        ),
        (
            r#"{"binary": {"always_ram": 1}}"#,
            ".binary.always_ram: invalid type",
        ),
        (r#"{"rotated": {}}"#, ".rotated: missing field `bits`"),
        (
            r#"{"rotated": {"bits": 3}}"#,
            ".rotated.bits: takes 1, 1.5, 2, 4 or 8",
        ),
        (r#"{"rotated": {"bits": "2"}}"#, ".rotated.bits: expected 1, 1.5"),
        (
            r#"{"rotated": {"bits": 2, "query_bits": 5}}"#,
            ".rotated.query_bits: takes",
        ),
        (
            r#"{"rotated": {"bits": 2, "query_bits": "half"}}"#,
            ".rotated.query_bits: expected",
        ),
        (r#"{"neural": {"bits": 0}}"#, ".neural: bits must be 1 to 8,192"),
        (r#"{"lsh": {"bits": 8193}}"#, ".lsh: bits must be 1 to 8,192"),
        (r#"{"lsh": {"bits": -1}}"#, ".lsh.bits: invalid value"),
        (r#"{"lsh": []}"#, ".lsh"),
        (r#"[]"#, ": invalid"),
    ]
}

#[test]
fn codes() {
    let server = server();
    let create = ("PUT", "/collections/new");
    for (codes, says) in bad_codes() {
        let says = &format!("quantization_config{says}");
        let own = format!(
            r#"{{"vectors": {{"t": {{"size": 2, "distance": "Dot", "quantization_config": {codes}}}}}}}"#
        );
        refused(&server, create, &own, &format!("t.{says}"));
        let all =
            format!(r#"{{"vectors": {{"size": 2, "distance": "Dot"}}, "quantization_config": {codes}}}"#);
        refused(&server, create, &all, says);
        let change = format!(r#"{{"quantization_config": {codes}}}"#);
        refused(&server, ("PATCH", PATH), &change, says);
        let change = format!(r#"{{"vectors": {{"u": {{"quantization_config": {codes}}}}}}}"#);
        refused(&server, ("PATCH", PATH), &change, &format!("vectors.u.{says}"));
    }
}

#[test]
fn changes() {
    let server = server();
    let patch = |body: &str, says: &str| refused(&server, ("PATCH", PATH), body, says);
    patch(
        r#"{"quantization_config": "disabled"}"#,
        "quantization_config: invalid value",
    );
    let binary = r#"{"quantization_config": {"binary": {}}}"#;
    patch(
        binary,
        "vectors.t.quantization_config: only scalar codes serve the Manhattan distance",
    );
    patch(
        r#"{"vectors": {"v": {}}}"#,
        "vectors: there is no vector named \"v\"",
    );
    patch(
        r#"{"vectors": {"t": {"size": 3}}}"#,
        "vectors.t.size: unknown field `size`",
    );
    patch(r#"{"shard_number": 3}"#, "shard_number: unknown field");
    patch("", "EOF");
    for (field, value) in [
        ("sparse_vectors", "{}"),
        ("strict_mode_config", r#"{"enabled": true}"#),
        ("params.on_disk_payload", "false"),
        ("optimizers_config.max_segment_size", "5"),
    ] {
        let body = match field.split_once('.') {
            Some((outer, inner)) => format!(r#"{{"{outer}": {{"{inner}": {value}}}}}"#),
            None => format!(r#"{{"{field}": {value}}}"#),
        };
        patch(&body, &format!("Not supported: {field}: "));
    }
    patch(
        r#"{"vectors": {"t": {"memory": "pinned"}}}"#,
        "Not supported: vectors.t.memory: ",
    );
    patch(
        r#"{"hnsw_config": {"inline_storage": false}}"#,
        "hnsw_config.inline_storage: is fixed when the collection is created",
    );
    patch(
        r#"{"optimizers_config": {"active_rows_max": 7}}"#,
        "is fixed when the collection is created",
    );
    let deep = format!("{}1{}", "{\"scalar\": ".repeat(5_000), "}".repeat(5_000));
    for body in [
        format!(r#"{{"quantization_config": {deep}}}"#),
        format!(r#"{{"params": {deep}}}"#),
        format!(r#"{{"vectors": {{"t": {{"quantization_config": {{"rotated": {{"bits": {deep}}}}}}}}}}}"#),
    ] {
        patch(&body, "");
    }
    let (status, answer) = server.send_bytes("PATCH", "/collections/z", None, binary.as_bytes());
    assert_eq!(status, 404, "{answer}");
}
