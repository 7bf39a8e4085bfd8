//! Goal: a read that turns out long is answered as if it had been carried out in one piece, and holds up no other. Method:
//! exact searches of many vectors on a clock that stops those who read it often; short requests are made while more long
//! ones than there are async threads stand still, then these go on and their answers are compared with the truth.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::cell::Cell;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use harness::Server;
use ruvector_core::{Database, DatabaseOptions};
use ruvector_io::MemIo;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

const POINTS: usize = 30_000;
const DIM: usize = 128;
/// Long reads at once; the server of the harness has two async threads.
const LONG: usize = 3;
/// Readings of the clock after which a thread stands still. A short request reads it a few times, a long one hundreds of
/// times.
const READINGS_MAX: u32 = 60;
/// A thousand times what a short request needs.
const PATIENCE: Duration = Duration::from_secs(20);

thread_local! {
    static READINGS: Cell<u32> = const { Cell::new(0) };
}

/// Files in memory, and a clock on which every reading takes a millisecond while it is shut.
#[derive(Debug)]
struct Gate {
    files: MemIo,
    shut: Mutex<Shut>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Shut {
    is_shut: bool,
    waiting: usize,
}

impl Gate {
    fn before_create(&self, _path: &str) {}

    fn clock(&self, now: Duration) -> Duration {
        let mut shut = self.shut.lock().unwrap();
        if !shut.is_shut {
            READINGS.set(0);
            return now;
        }
        self.files.advance(Duration::from_millis(1));
        READINGS.set(READINGS.get() + 1);
        if READINGS.get() > READINGS_MAX {
            shut.waiting += 1;
            self.changed.notify_all();
            shut = self.changed.wait_while(shut, |shut| shut.is_shut).unwrap();
            shut.waiting -= 1;
        }
        now
    }

    fn shut(&self, is_shut: bool) {
        self.shut.lock().unwrap().is_shut = is_shut;
        self.changed.notify_all();
    }

    /// Whether so many threads come to stand still.
    fn hold(&self, count: usize) -> bool {
        let shut = self.shut.lock().unwrap();
        let waiting = self
            .changed
            .wait_timeout_while(shut, PATIENCE, |shut| shut.waiting < count);
        waiting.unwrap().0.waiting >= count
    }
}

ruvector_testkit::hooked_io!(Gate.files);

/// Small whole numbers, so that scores are exact; equal ones are in the order of their ids.
fn component(at: usize) -> f64 {
    ((at.wrapping_mul(2_654_435_761) >> 9) % 15) as f64 - 7.0
}

/// A collection without a graph: every search is a scan.
fn load(server: &Server) {
    let create = json!({"vectors": {"size": DIM, "distance": "Dot", "hnsw_config": {"m": 0}}});
    server.ok("PUT", "/collections/c", &create);
    for first in (0..POINTS).step_by(5_000) {
        let point = |id: usize| -> Value {
            let vector: Vec<f64> = (0..DIM).map(|at| component(id * DIM + at)).collect();
            json!({"id": id, "vector": vector})
        };
        let points: Vec<Value> = (first..first + 5_000).map(point).collect();
        let points = json!({"points": points});
        server.ok("PUT", "/collections/c/points?wait=true", &points);
    }
}

#[test]
fn a_long_read_is_whole_and_holds_up_nobody() {
    let gate = Arc::new(Gate {
        files: MemIo::new(),
        shut: Mutex::default(),
        changed: Condvar::new(),
    });
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let database = Database::open(gate.clone(), options).unwrap();
    let config = ServerConfig {
        readers_max: LONG,
        ..ServerConfig::default()
    };
    let server = Server::start_on(config, database);
    load(&server);
    let query: Vec<f64> = (0..DIM).map(|at| component(at + 77)).collect();
    let score = |id: usize| -> f64 { (0..DIM).map(|at| component(id * DIM + at) * query[at]).sum() };
    let mut best: Vec<usize> = (0..POINTS).collect();
    best.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
    let ask = json!({"vector": query, "limit": 20_000, "params": {"exact": true}});

    gate.shut(true);
    std::thread::scope(|scope| {
        let search = || server.ok("POST", "/collections/c/points/search", &ask);
        let long: Vec<_> = (0..LONG).map(|_| scope.spawn(search)).collect();
        let are_held = gate.hold(LONG);
        let (answered, answers) = channel();
        let server = &server;
        scope.spawn(move || {
            (0..4).for_each(|_| {
                server.ok("GET", "/collections/c/points/7", &Value::Null);
            });
            answered.send(()).unwrap();
        });
        let in_time = answers.recv_timeout(PATIENCE).is_ok();
        gate.shut(false);
        assert!(are_held, "the searches did not turn out long");
        assert!(in_time, "short requests waited for long ones");
        for found in long {
            let found = found.join().unwrap();
            let found = found.as_array().unwrap();
            let ids: Vec<u64> = found.iter().map(|hit| hit["id"].as_u64().unwrap()).collect();
            assert_eq!(ids.len(), 20_000);
            for (id, wanted) in ids.iter().zip(&best).take(100) {
                assert_eq!(*id as usize, *wanted);
            }
        }
    });
}
