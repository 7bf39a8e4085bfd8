//! Goal: a change of the fields, and with it whatever else the catalog is asked for, never waits for the optimizer's work that
//! a writer does. Method: a backend whose next ids component waits at a gate; a writer held up by a full backlog gets
//! there; fields and collections are changed while it stands.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use ruvector_core::Wait;
use ruvector_core::types::*;
use ruvector_io::MemIo;

use crate::{all_points, dense, having, open, point, upsert, vector};

/// How long a change may take, with a thousand times what it needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Files in memory, and a gate.
#[derive(Debug)]
struct Gate {
    files: MemIo,
    /// Whether the next one has to wait.
    is_shut: AtomicBool,
    /// Two meet there twice: when one arrives, and when the other lets it go.
    meeting: Barrier,
}

impl Gate {
    fn before_create(&self, path: &str) {
        if path.contains(".ids.") && self.is_shut.swap(false, Ordering::AcqRel) {
            self.meeting.wait();
            self.meeting.wait();
        }
    }

    fn clock(&self, now: Duration) -> Duration {
        now
    }
}

ruvector_testkit::hooked_io!(Gate.files);

#[test]
fn a_change_of_fields_does_not_wait_for_writers_that_help_the_optimizer() {
    let io = Arc::new(Gate {
        files: MemIo::new(),
        is_shut: AtomicBool::new(false),
        meeting: Barrier::new(2),
    });
    let database = open(io.clone()).unwrap();
    let mut config = CollectionConfig::single(3, Distance::Euclid);
    config.optimizer.active_rows_max = 10;
    database.create_collection("c", config.clone()).unwrap();
    let collection = database.collection("c").unwrap();
    let write = |ids: std::ops::Range<u64>| {
        let points = ids.map(|id| point(id, [("", vector(&dense(3), id))]));
        upsert(&collection, points.collect(), Wait::Durable)
    };
    // So many that are not sealed that the next writer has to help.
    (0..8).for_each(|batch| write(batch * 10..batch * 10 + 10).unwrap());
    io.is_shut.store(true, Ordering::Release);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(80..120));
        io.meeting.wait();
        let (done, wait) = channel();
        let (database, config) = (&database, &config);
        let changes = scope.spawn(move || {
            let is_new = database.add_vector_field("c", "x", &dense(2)).unwrap();
            database.create_collection("d", config.clone()).unwrap();
            done.send(()).unwrap();
            is_new
        });
        let in_time = wait.recv_timeout(PATIENCE).is_ok();
        io.meeting.wait();
        writer.join().unwrap().unwrap();
        assert!(changes.join().unwrap());
        assert!(in_time, "the change waited for a writer at the gate");
    });
    assert_eq!(all_points(&collection).len(), 120);
    assert_eq!(having(&collection, "x", &dense(2)), (0, 0));
    while database.step().unwrap() {}
    assert_eq!(all_points(&collection).len(), 120);
}
