//! Goal: a search at default settings finds at least 95 % of the ten nearest points in every state of the optimizer,
//! whatever the filter lets through; payload updates cost no graph work.
//! Method: 6,000 clustered vectors from a fixed seed, exact answers in f64, one collection led through its states.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod filters;
mod recommend;

use bench::{Bench, POINTS};
use ruvector_core::Ctx;
use ruvector_core::types::*;
use ruvector_io::{Io, MemIo};

fn through_all_states(optimizer: OptimizerConfig) {
    let mut bench = Bench::new(optimizer);
    let ids: Vec<u64> = (0..POINTS).collect();
    bench.upsert(&ids);
    let info = bench.collection.info();
    assert!(
        info.indexed_vectors < info.vectors,
        "the graphs are unfinished: {info:?}"
    );
    bench.check("loaded");
    bench.steps(15);
    bench.check("after 15 steps");
    bench.steps(25);
    bench.check("after 40 steps");
    bench.collection.optimize().unwrap();
    assert_eq!(bench.collection.info().indexed_vectors, POINTS);
    bench.check("optimized");
    let third: Vec<u64> = ids.iter().copied().filter(|id| id % 10 < 3).collect();
    bench.delete(&third);
    bench.check("30 % deleted");
    bench.steps(3);
    bench.check("30 % deleted, while they are removed");
    bench.upsert(&third);
    bench.check("30 % upserted again");
    bench.steps(20);
    bench.check("30 % upserted again, after 20 steps");
    bench.settle();
    bench.check("settled");
    bench.reopen();
    bench.check("reopened");
    bench.collection.optimize().unwrap();
    bench.check("optimized again");
}

#[test]
fn recall_holds_in_every_state() {
    through_all_states(OptimizerConfig::default());
}

#[test]
fn recall_holds_in_every_state_of_many_segments() {
    let optimizer = OptimizerConfig {
        active_rows_max: 1_100,
        segments_max: 3,
        ..OptimizerConfig::default()
    };
    through_all_states(optimizer);
}

/// The names of the files that hold vectors and graphs.
fn vector_files(io: &MemIo, dir: &str, found: &mut Vec<String>) {
    for entry in io.list(dir).unwrap() {
        let path = if dir.is_empty() {
            entry.name.clone()
        } else {
            format!("{dir}/{}", entry.name)
        };
        if entry.is_dir {
            vector_files(io, &path, found);
        } else if entry.name.contains("vectors") || entry.name.contains("graph") {
            found.push(path);
        }
    }
}

/// Goal: one payload key set on every point by filter inserts nothing into any graph, nor does the optimizer
/// afterwards, and sealed vectors and graphs stay the files they were.
/// Method: the counter of insertions and the names of the files, in an active segment's state and a sealed one's.
#[test]
fn payload_updates_do_no_graph_work() {
    let mut bench = Bench::new(OptimizerConfig::default());
    bench.upsert(&(0..1_500).collect::<Vec<_>>());
    bench.settle();
    let set = |key: &str| WriteOp::SetPayload {
        payload: Map::from([(key.to_owned(), Value::Bool(true))]),
        path: None,
        points: PointSelector::Filter(Filter::default()),
    };
    let before = bench.collection.info().graph_insertions;
    assert_eq!(before, 1_500);
    assert_eq!(bench.write(set("active")), 1_500);
    bench.settle();
    assert_eq!(
        bench.collection.info().graph_insertions,
        before,
        "in the active segment"
    );

    bench.collection.optimize().unwrap();
    let before = bench.collection.info().graph_insertions;
    let mut files = Vec::new();
    vector_files(&bench.io, "", &mut files);
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(bench.write(set("sealed")), 1_500);
    assert_eq!(
        bench.collection.info().graph_insertions,
        before,
        "in a sealed segment"
    );
    bench.settle();
    bench.collection.optimize().unwrap();
    assert_eq!(bench.collection.info().graph_insertions, before, "optimized");
    let mut after = Vec::new();
    vector_files(&bench.io, "", &mut after);
    assert_eq!(after, files, "vectors and graphs were written again");
    let path = PayloadPath::key("sealed");
    let test = FieldTest::Match(Match::Bool(true));
    let filter = Some(Filter::must(Condition::Field(FieldCondition { path, test })));
    assert_eq!(
        bench
            .collection
            .count(&Ctx::default(), &CountRequest { filter })
            .unwrap(),
        1_500
    );
}
