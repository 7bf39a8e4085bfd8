//! Goal: a read that turns out long is answered as if it had been carried out in one piece, and holds up no other. Method:
//! exact searches of many vectors beside short requests; answers compared with those of a search by parts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::sync::atomic::{AtomicBool, Ordering};

use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

const POINTS: usize = 30_000;
const DIM: usize = 128;

/// Small whole numbers, so that scores are exact; equal ones are in the order of their ids.
fn component(at: usize) -> f64 {
    ((at.wrapping_mul(2_654_435_761) >> 9) % 15) as f64 - 7.0
}

#[test]
fn a_long_read_is_whole_and_holds_up_nobody() {
    let server = Server::start(ServerConfig::default());
    // Without a graph every search is a scan.
    let create = json!({"vectors": {"size": DIM, "distance": "Dot", "hnsw_config": {"m": 0}}});
    server.ok("PUT", "/collections/c", &create);
    for first in (0..POINTS).step_by(5_000) {
        let point = |id: usize| -> Value {
            let vector: Vec<f64> = (0..DIM).map(|at| component(id * DIM + at)).collect();
            json!({"id": id, "vector": vector})
        };
        let points: Vec<Value> = (first..first + 5_000).map(point).collect();
        server.ok(
            "PUT",
            "/collections/c/points?wait=true",
            &json!({"points": points}),
        );
    }
    let query: Vec<f64> = (0..DIM).map(|at| component(at + 77)).collect();
    let score = |id: usize| -> f64 { (0..DIM).map(|at| component(id * DIM + at) * query[at]).sum() };
    let mut best: Vec<usize> = (0..POINTS).collect();
    best.sort_by(|a, b| score(*b).total_cmp(&score(*a)));

    let ask = json!({"vector": query, "limit": 20_000, "params": {"exact": true}});
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // As many as there are async threads, so that none would be left if they ran there.
        let long: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    (0..4)
                        .map(|_| server.ok("POST", "/collections/c/points/search", &ask))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let short = scope.spawn(|| {
            let mut answered = 0;
            while !is_over.load(Ordering::Relaxed) {
                server.ok("GET", "/collections/c/points/7", &Value::Null);
                answered += 1;
            }
            answered
        });
        for long in long {
            for found in long.join().unwrap() {
                let found = found.as_array().unwrap();
                let ids: Vec<u64> = found.iter().map(|hit| hit["id"].as_u64().unwrap()).collect();
                assert_eq!(ids.len(), 20_000);
                for (id, wanted) in ids.iter().zip(&best).take(100) {
                    assert_eq!(*id as usize, *wanted);
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(short.join().unwrap() > 0);
    });
}
