//! Goal: whatever is written, in whatever order and state of the optimizer, every read answers as a sorted map and
//! an exact search would, whatever payload indexes and vector fields come and go, held snapshots never change, and
//! writes in flight become visible in their order.
//! Method: random operations from seeds on the engine and on `ruvector_testkit::Model`, compared after each.
//! `RUVECTOR_TEST_SEED=n` replays one seed; a failure prints its seed and operation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod check;
mod fields;
mod indexes;
mod run;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use check::Recall;
use run::{Run, Size};
use ruvector_io::{Io, MemIo, RealIo};

/// Runs every seed on two threads; returns the recall of all searches that were not exact. Small segments are
/// scanned, so theirs must be complete.
fn run_seeds(
    seeds: &[u64],
    threads: u32,
    io: impl Fn() -> (Arc<dyn Io>, Option<tempfile::TempDir>) + Sync,
) -> Recall {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut recall = Recall::default();
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (io, _kept) = io();
            let mut run = Run::new(io, *seed, threads);
            run.operations();
            let floor = if Size::of(*seed) == Size::Graphs {
                0.95
            } else {
                1.0
            };
            assert!(run.recall.share() >= floor, "seed {seed}: {:?}", run.recall);
            recall.add(&run.recall);
        }
        recall
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        let mut all = Recall::default();
        for other in others {
            all.add(&other.join().unwrap());
        }
        all
    })
}

#[test]
fn engine_answers_as_the_model() {
    let seeds = ruvector_testkit::seeds(66);
    let recall = run_seeds(&seeds, 0, || (Arc::new(MemIo::new()), None));
    println!("{} graph answers, recall {:.4}", recall.expected, recall.share());
    if seeds.len() > 1 {
        assert!(
            seeds.iter().any(|seed| Size::of(*seed) == Size::Graphs),
            "no run walks graphs"
        );
    }
}

#[test]
fn engine_answers_as_the_model_on_files_with_maintenance_in_the_background() {
    run_seeds(&ruvector_testkit::seeds(8), 1, || {
        let dir = tempfile::tempdir().unwrap();
        (Arc::new(RealIo::open(dir.path()).unwrap()), Some(dir))
    });
}
