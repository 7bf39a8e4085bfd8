//! Goal: when writes cease, what is left in memory is sealed after a rest, once; a write now and then does not write a
//! segment each time; "green" says that nothing is left. Method: a database in memory whose clock the test moves,
//! stepped by hand; then one with threads and the real clock.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, ShardInfo, Status, Wait};
use ruvector_io::{Io, MemIo, RealIo};
use ruvector_testkit::Clusters;

const DIM: usize = 8;
const SECOND: Duration = Duration::from_secs(1);

fn create(io: Arc<dyn Io>, threads: u32, optimizer: OptimizerConfig) -> (Database, Collection) {
    let options = DatabaseOptions {
        maintenance_threads: threads,
        ..DatabaseOptions::default()
    };
    let database = Database::open(io, options).unwrap();
    let config = CollectionConfig {
        optimizer,
        ..CollectionConfig::single(DIM as u32, Distance::Euclid)
    };
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    (database, collection)
}

fn upsert(collection: &Collection, clusters: &mut Clusters, ids: std::ops::Range<u64>) {
    let point = |id| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), clusters.draw().0.into())]),
        payload: Map::new(),
    };
    let points = ids.map(point).collect();
    let upsert = WriteOp::Upsert(Upsert {
        points,
        ..Upsert::default()
    });
    collection.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
}

/// Steps until there is nothing to do.
fn settle(collection: &Collection) -> (ShardInfo, Status) {
    while collection.step().unwrap() {}
    let info = collection.info();
    (info.shards[0].clone(), info.status)
}

fn nearest(collection: &Collection, clusters: &mut Clusters) -> Vec<PointId> {
    let mut request = SearchRequest::nearest(clusters.draw().0, 10);
    request.params.exact = true;
    let found = collection.search(&Ctx::default(), &request).unwrap();
    found.into_iter().map(|point| point.id).collect()
}

#[test]
fn the_last_rows_are_sealed_after_a_rest() {
    let io = Arc::new(MemIo::new());
    let (_database, collection) = create(io.clone(), 0, OptimizerConfig::default());
    let mut clusters = Clusters::new(1, 20, DIM, 0.5);
    upsert(&collection, &mut clusters, 0..3_000);
    let (shard, status) = settle(&collection);
    assert_eq!((shard.active_rows, status), (3_000, Status::Yellow), "{shard:?}");
    io.advance(SECOND * 2);
    upsert(&collection, &mut clusters, 0..1);
    io.advance(SECOND * 2);
    assert_eq!(
        settle(&collection).0.active_rows,
        3_001,
        "a write begins the rest anew"
    );
    let before = nearest(&collection, &mut Clusters::new(2, 20, DIM, 0.5));
    io.advance(SECOND);
    let (shard, status) = settle(&collection);
    assert_eq!((shard.active_rows, shard.sealed_segments), (0, 1), "{shard:?}");
    assert_eq!((shard.deleted_rows, status), (0, Status::Green));
    assert_eq!(nearest(&collection, &mut Clusters::new(2, 20, DIM, 0.5)), before);
    io.advance(SECOND * 100);
    assert!(!collection.step().unwrap(), "it is sealed once");
}

#[test]
fn a_write_now_and_then_does_not_seal_each_time() {
    let io = Arc::new(MemIo::new());
    let (_database, collection) = create(io.clone(), 0, OptimizerConfig::default());
    let mut clusters = Clusters::new(3, 20, DIM, 0.5);
    let (mut seals, mut unsealed) = (0, 0);
    for id in 0..2_100 {
        upsert(&collection, &mut clusters, id..id + 1);
        io.advance(SECOND * 4);
        let (shard, status) = settle(&collection);
        seals += u64::from(shard.active_rows < unsealed);
        unsealed = shard.active_rows;
        assert_eq!(status, Status::Green, "all that is due is done");
    }
    assert_eq!((seals, unsealed), (2, 2_100 - 2 * 1_024));
}

#[test]
fn a_load_without_optimize_ends_in_few_sealed_segments() {
    let io = Arc::new(MemIo::new());
    let optimizer = OptimizerConfig {
        active_rows_max: 2_000,
        ..OptimizerConfig::default()
    };
    let (_database, collection) = create(io.clone(), 0, optimizer);
    let mut clusters = Clusters::new(4, 20, DIM, 0.5);
    for batch in 0..43 {
        upsert(&collection, &mut clusters, batch * 500..(batch + 1) * 500);
        collection.step().unwrap();
    }
    io.advance(SECOND * 3);
    let (shard, status) = settle(&collection);
    assert_eq!((shard.active_rows, status), (0, Status::Green), "{shard:?}");
    assert!(shard.sealed_segments <= 3, "{shard:?}");
}

#[test]
fn threads_seal_by_the_real_clock() {
    let dir = tempfile::tempdir().unwrap();
    let io = Arc::new(RealIo::open(dir.path()).unwrap());
    let (database, collection) = create(io, 2, OptimizerConfig::default());
    let started = Instant::now();
    upsert(&collection, &mut Clusters::new(5, 20, DIM, 0.5), 0..1_500);
    while collection.info().status != Status::Green {
        assert!(started.elapsed() < SECOND * 60, "{:?}", collection.info());
        // Without asking for its state meanwhile, which wakes the threads.
        std::thread::sleep(SECOND * 5);
    }
    assert!(started.elapsed() >= SECOND * 3);
    let shard = &collection.info().shards[0];
    assert_eq!((shard.active_rows, shard.sealed_segments), (0, 1), "{shard:?}");
    database.close().unwrap();
}
