//! Goal: codes are configured, used, changed and described as asked. Method: one server; each kind of codes in turn,
//! with the answers of an exact search as the truth.
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

const POINTS: usize = 400;
const DIM: usize = 32;
const NULL: Value = Value::Null;

/// Numbers from -1 to 1 that look random (SplitMix64).
fn noise(seed: usize) -> f64 {
    let mut x = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

fn vector(row: usize) -> Vec<f64> {
    (0..DIM).map(|at| noise(row * DIM + at)).collect()
}

fn fill(server: &Server, path: &str) {
    let points: Vec<Value> = (0..POINTS)
        .map(|row| json!({"id": row, "vector": vector(row)}))
        .collect();
    let points = json!({"points": points});
    server.ok("PUT", &format!("{path}/points?wait=true"), &points);
}

/// The description once the optimizer has nothing left to do. Of a collection without graphs, once searches that measure
/// nothing exactly go by codes, or no longer do.
fn settled(server: &Server, path: &str, coded: bool) -> Value {
    let started = Instant::now();
    loop {
        let info = server.ok("GET", path, &NULL);
        let done = match info["config"]["hnsw_config"]["m"].as_u64() {
            Some(0) => by_codes(server, path) == coded,
            _ => info["status"] == "green",
        };
        if done {
            return info;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{info}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn by_codes(server: &Server, path: &str) -> bool {
    let alone = json!({"hnsw_ef": 400, "quantization": {"rescore": false}});
    search(server, path, &alone) != search(server, path, &json!({"exact": true}))
}

/// Ids and scores of some searches.
fn search(server: &Server, path: &str, params: &Value) -> Vec<Vec<(u64, f64)>> {
    (0..8)
        .map(|query| {
            let body = json!({"vector": vector(10_000 + query), "limit": 10, "params": params});
            let found = server.ok("POST", &format!("{path}/points/search"), &body);
            let hit = |hit: &Value| (hit["id"].as_u64().unwrap(), hit["score"].as_f64().unwrap());
            found.as_array().unwrap().iter().map(hit).collect()
        })
        .collect()
}

fn recall(found: &[Vec<(u64, f64)>], truth: &[Vec<(u64, f64)>]) -> f64 {
    let pairs = found.iter().zip(truth);
    let hits =
        pairs.flat_map(|(found, truth)| truth.iter().map(|(id, _)| found.iter().any(|hit| hit.0 == *id)));
    hits.filter(|hit| *hit).count() as f64 / truth.iter().flatten().count() as f64
}

/// Searches by the codes that are there find what there is to find; whether there are codes shows in the scores.
fn check_searches(server: &Server, path: &str, coded: bool) {
    let truth = search(server, path, &json!({"exact": true}));
    let ignored = search(
        server,
        path,
        &json!({"hnsw_ef": 400, "quantization": {"ignore": true}}),
    );
    assert_eq!(ignored, truth);
    let rescored = json!({"quantization": {"rescore": true, "oversampling": 12.5}});
    let rescored = search(server, path, &rescored);
    assert!(recall(&rescored, &truth) > 0.8, "{}", recall(&rescored, &truth));
    assert!(recall(&search(server, path, &NULL), &truth) > 0.5);
    let alone = search(
        server,
        path,
        &json!({"hnsw_ef": 400, "quantization": {"rescore": false}}),
    );
    assert_eq!(alone != truth, coded);
    assert!(recall(&alone, &truth) > 0.15, "{}", recall(&alone, &truth));
}

/// Each kind as it is given and as it is shown.
fn kinds() -> Vec<(Value, Value)> {
    let same = |kind: Value| (kind.clone(), kind);
    vec![
        same(json!({"scalar": {"type": "int8", "quantile": 0.99, "always_ram": true}})),
        (
            json!({"scalar": {"type": "int8", "query_bits": 8, "memory": null}}),
            json!({"scalar": {"type": "int8", "query_bits": 8, "always_ram": false}}),
        ),
        same(json!({"product": {"compression": "x8", "always_ram": true}})),
        (
            json!({"binary": {}}),
            json!({"binary": {"encoding": "one_bit", "query_encoding": "binary", "always_ram": false}}),
        ),
        same(
            json!({"binary": {"encoding": "one_and_half_bits", "query_encoding": "scalar4bits", "always_ram": true}}),
        ),
        same(json!({"binary": {"encoding": "two_bits", "query_bits": "full", "always_ram": false}})),
        (
            json!({"rotated": {"bits": 1.5}}),
            json!({"rotated": {"bits": 1.5, "query_bits": "full", "always_ram": false}}),
        ),
        same(json!({"rotated": {"bits": 4, "query_bits": "same", "always_ram": true}})),
        same(json!({"neural": {"bits": 256, "query_bits": 4, "always_ram": false}})),
        same(json!({"lsh": {"bits": 256, "query_bits": "full", "always_ram": true}})),
    ]
}

#[test]
fn codes_are_given_used_and_changed() {
    let server = Server::start(ServerConfig::default());
    for (at, (given, shown)) in kinds().into_iter().enumerate() {
        let path = format!("/collections/c{at}");
        let graph = if at % 2 == 0 {
            json!({"m": 8, "inline_storage": at % 4 == 0})
        } else {
            json!({"m": 0, "profile": "compact"})
        };
        let config = json!({"vectors": {"size": DIM, "distance": "Cosine", "on_disk": at % 3 == 0},
                            "hnsw_config": graph, "quantization_config": given,
                            "optimizers_config": {"active_rows_max": 300}});
        server.ok("PUT", &path, &config);
        fill(&server, &path);
        let info = settled(&server, &path, true);
        assert_eq!(info["config"]["quantization_config"], shown);
        assert_eq!(
            info["config"]["params"]["vectors"],
            json!({"size": DIM, "distance": "Cosine", "datatype": "float32", "on_disk": at % 3 == 0})
        );
        assert_eq!(info["config"]["hnsw_config"]["inline_storage"], at % 4 == 0);
        assert_eq!(
            info["config"]["hnsw_config"]["m"],
            if at % 2 == 0 { 8 } else { 0 }
        );
        check_searches(&server, &path, true);
    }
    let path = "/collections/c0";
    let other = json!({"rotated": {"bits": 8, "query_bits": 8, "always_ram": false}});
    let change =
        json!({"vectors": {"": {"quantization_config": other}}, "params": null, "hnsw_config": null});
    assert_eq!(server.ok("PATCH", path, &change), true);
    assert_eq!(
        settled(&server, path, true)["config"]["quantization_config"],
        other
    );
    check_searches(&server, path, true);
    let off = json!({"quantization_config": "Disabled"});
    assert_eq!(server.ok("PATCH", &format!("{path}?timeout=9"), &off), true);
    assert_eq!(
        settled(&server, path, false)["config"]["quantization_config"],
        NULL
    );
    check_searches(&server, path, false);
    assert_eq!(server.ok("PATCH", path, &json!({})), true);
}

#[test]
fn vectors_have_codes_of_their_own() {
    let server = Server::start(ServerConfig::default());
    let (one, two) = (
        json!({"rotated": {"bits": 1, "query_bits": "full", "always_ram": false}}),
        json!({"scalar": {"type": "int8", "always_ram": false}}),
    );
    let config = json!({"name": "n", "quantization_config": one, "vectors": {
        "a": {"size": 4, "distance": "Dot"},
        "b": {"size": 4, "distance": "Manhattan", "quantization_config": two, "on_disk": true}}});
    server.ok("POST", "/collections", &config);
    let shown = || {
        let config = server.ok("GET", "/collections/n", &NULL)["config"].take();
        let vectors = &config["params"]["vectors"];
        let of = |name: &str| vectors[name]["quantization_config"].clone();
        (config["quantization_config"].clone(), of("a"), of("b"))
    };
    assert_eq!(shown(), (NULL, one.clone(), two.clone()));
    let change = |body: Value| server.ok("PATCH", "/collections/n", &body);
    change(json!({"quantization_config": two}));
    assert_eq!(shown(), (two.clone(), NULL, NULL));
    change(
        json!({"quantization_config": "Disabled", "vectors": {"a": {"quantization_config": one}, "b": {}}}),
    );
    assert_eq!(shown(), (NULL, one, NULL));
}
