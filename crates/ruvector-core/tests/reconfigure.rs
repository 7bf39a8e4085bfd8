//! Goal: what a collection is told while in use, it does: graphs of other parameters, none, or again; points are found
//! throughout, and what is fixed is refused. Method: one collection on the memory backend without threads, changed and
//! stepped to rest after each change; figures and exact answers compared, then a reopen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, DatabaseOptions, Error, ErrorKind, Status, Wait};
use ruvector_io::{Io, MemIo};

const DIM: u64 = 8;
const POINTS: u64 = 1_500;

fn vector(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 1_000) as f32 / 500.0 - 1.0
    };
    (0..DIM).map(|_| next()).collect()
}

fn open(io: &MemIo) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(Arc::new(io.clone()), options).unwrap()
}

fn upsert(database: &Database, ids: std::ops::Range<u64>) {
    let point = |id| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vector(id).into())]),
        payload: Map::new(),
    };
    let upsert = WriteOp::Upsert(Upsert {
        points: ids.map(point).collect(),
        ..Upsert::default()
    });
    let collection = database.collection("c").unwrap();
    collection.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
}

/// Steps to rest, and checks that points are found; vectors in all and those that a graph finds.
fn settle(database: &Database, what: &str) -> (u64, u64) {
    let mut steps = 0;
    while database.step().unwrap() {
        steps += 1;
        assert!(steps < 100_000, "{what}: does not come to rest");
    }
    let collection = database.collection("c").unwrap();
    for id in [0, 333, 1_499] {
        let hits = collection.search(&Ctx::default(), &SearchRequest::nearest(vector(id), 1));
        assert_eq!(hits.unwrap()[0].id, PointId::Num(id), "{what}");
    }
    let info = collection.info();
    assert_eq!(
        (info.points, info.status),
        (POINTS, Status::Green),
        "{what}: {info:?}"
    );
    (info.vectors, info.indexed_vectors)
}

fn change(database: &Database, change: impl FnOnce(&mut CollectionConfig)) -> Result<(), Error> {
    database.update_config("c", |config| {
        change(config);
        Ok::<(), Error>(())
    })
}

#[test]
fn graphs_follow_the_configuration() {
    let io = MemIo::new();
    let database = open(&io);
    let mut config = CollectionConfig::single(DIM as u32, Distance::Euclid);
    config.optimizer.active_rows_max = 400;
    config.optimizer.indexing_threshold_kib = Some(0);
    database.create_collection("c", config).unwrap();
    for batch in 0..15 {
        upsert(&database, batch * 100..batch * 100 + 100);
    }
    assert_eq!(settle(&database, "no graph is asked for"), (POINTS, 0));
    change(&database, |config| config.optimizer.indexing_threshold_kib = None).unwrap();
    assert_eq!(settle(&database, "graphs are"), (POINTS, POINTS));
    let insertions = || database.collection("c").unwrap().info().graph_insertions;
    let before = insertions();
    change(&database, |config| config.optimizer.flush_interval_s = 9).unwrap();
    settle(&database, "nothing about graphs");
    assert_eq!(insertions(), before, "graphs that are as asked for stay");
    change(&database, |config| {
        config.change_hnsw(HnswConfig {
            m: 5,
            ..config.settings.hnsw
        })
    })
    .unwrap();
    let sealed_rows = |database: &Database| {
        let info = database.collection("c").unwrap().info();
        info.points - info.shards.iter().map(|shard| shard.active_rows).sum::<u64>()
    };
    settle(&database, "other graphs");
    assert!(
        insertions() >= before + sealed_rows(&database),
        "made from nothing"
    );
    change(&database, |config| {
        config.change_hnsw(HnswConfig {
            m: 0,
            ..config.settings.hnsw
        })
    })
    .unwrap();
    let (_, indexed) = settle(&database, "no links");
    assert_eq!(
        indexed,
        POINTS - sealed_rows(&database),
        "sealed segments have no graph"
    );
    change(&database, |config| {
        config.change_hnsw(HnswConfig {
            m: 6,
            ..config.settings.hnsw
        });
        config.settings.metadata = Map::from([("owner".to_owned(), Value::from("us"))]);
    })
    .unwrap();
    assert_eq!(settle(&database, "links again"), (POINTS, POINTS));
    let config = database.collection("c").unwrap().config();
    database.close().unwrap();
    let database = open(&io);
    assert_eq!(database.collection("c").unwrap().config(), config);
    assert_eq!(
        (config.vectors[""].hnsw.m, config.settings.metadata.len()),
        (6, 1)
    );
    settle(&database, "reopened");
}

/// Goal: the segment in memory has the graph that is asked for today, not the one of when it was opened. Method: links are
/// asked for and asked off while points are in memory, and points come after each change; nothing is reopened.
#[test]
fn graphs_in_memory_follow_the_configuration() {
    let database = open(&MemIo::new());
    let links = |m: u32| {
        change(&database, |config| {
            let vectors = config.vectors.values_mut();
            vectors.for_each(|vector| vector.hnsw.m = m);
        })
        .unwrap();
    };
    let mut config = CollectionConfig::single(DIM as u32, Distance::Euclid);
    config.vectors.values_mut().for_each(|vector| vector.hnsw.m = 0);
    config.optimizer.active_rows_max = 1_000;
    database.create_collection("c", config).unwrap();
    for batch in 0..15 {
        upsert(&database, batch * 100..batch * 100 + 100);
    }
    assert_eq!(settle(&database, "no links"), (POINTS, 0));
    let active_rows = || database.collection("c").unwrap().info().shards[0].active_rows;
    assert_eq!(active_rows(), 500);
    links(6);
    assert_eq!(settle(&database, "links"), (POINTS, POINTS));
    upsert(&database, 0..100);
    assert_eq!(settle(&database, "links of what came later"), (POINTS, POINTS));
    links(0);
    upsert(&database, 100..200);
    assert_eq!(
        (settle(&database, "none again"), active_rows()),
        ((POINTS, 0), 100)
    );
    // What is said of files alone leaves the segment in memory as it is.
    change(&database, |config| {
        config
            .vectors
            .values_mut()
            .for_each(|vector| vector.on_disk = true);
        config.optimizer.flush_interval_s = 9;
    })
    .unwrap();
    assert_eq!((settle(&database, "on disk"), active_rows()), ((POINTS, 0), 100));
}

#[test]
fn a_paused_optimizer_seals_only() {
    let database = open(&MemIo::new());
    let mut config = CollectionConfig::single(DIM as u32, Distance::Euclid);
    config.optimizer.active_rows_max = 50;
    config.optimizer.jobs_max = Some(0);
    database.create_collection("c", config).unwrap();
    for batch in 0..15 {
        upsert(&database, batch * 100..batch * 100 + 100);
        while database.step().unwrap() {}
    }
    let (_, indexed) = settle(&database, "paused");
    let segments = || database.collection("c").unwrap().info().segments;
    assert!(indexed == 0 && segments() > 10, "{indexed}, {}", segments());
    change(&database, |config| config.optimizer.jobs_max = Some(1)).unwrap();
    assert_eq!(settle(&database, "at work"), (POINTS, POINTS));
    assert!(segments() <= 6, "{}", segments());
}

/// Goal: what leaves all as it was costs no write of the catalog. Method: every such call, told by the catalog's file, whose
/// name has its generation; then one that does change something.
#[test]
fn what_changes_nothing_writes_nothing() {
    let io = MemIo::new();
    let database = open(&io);
    let config = CollectionConfig::single(DIM as u32, Distance::Euclid);
    database.create_collection("c", config).unwrap();
    let index = FieldIndex {
        kind: IndexKind::Keyword { prefix: false },
        on_disk: false,
        is_principal: false,
    };
    let (path, absent) = (PayloadPath::key("a"), PayloadPath::key("b"));
    database.create_index("c", &path, index.clone()).unwrap();
    let catalog = || {
        let files = io.list("").unwrap().into_iter().map(|entry| entry.name);
        files
            .filter(|name| name.starts_with("catalog."))
            .collect::<Vec<_>>()
    };
    let before = catalog();
    database.create_index("c", &path, index.clone()).unwrap();
    assert!(!database.drop_index("c", &absent).unwrap());
    change(&database, |config| config.optimizer.flush_interval_s += 0).unwrap();
    let none = [(String::new(), None)].into();
    database.update_quantization("c", &none).unwrap();
    let there = VectorField::Vectors(VectorConfig::new(DIM as u32, Distance::Euclid));
    assert!(!database.add_vector_field("c", "", &there).unwrap());
    assert!(!database.remove_vector_field("c", "nobody").unwrap());
    assert_eq!(catalog(), before);
    database.create_index("c", &absent, index).unwrap();
    assert_ne!(catalog(), before);
}

#[test]
fn what_is_fixed_is_refused() {
    let database = open(&MemIo::new());
    let config = CollectionConfig::single(DIM as u32, Distance::Euclid);
    database.create_collection("c", config.clone()).unwrap();
    let refused: [fn(&mut CollectionConfig); 6] = [
        |config| config.shards = 2,
        |config| config.optimizer.active_rows_max = 9,
        |config| config.vectors.values_mut().for_each(|vector| vector.dim = 9),
        |config| {
            config
                .vectors
                .values_mut()
                .for_each(|vector| vector.hnsw.profile = GraphProfile::Compact)
        },
        |config| {
            _ = config
                .vectors
                .insert("more".to_owned(), VectorConfig::new(3, Distance::Dot))
        },
        |config| config.settings.replication_factor = 0,
    ];
    for refused in refused {
        assert_eq!(change(&database, refused).unwrap_err().kind(), ErrorKind::Invalid);
    }
    let mut deep = Value::Null;
    (0..100).for_each(|_| deep = Value::Array(vec![std::mem::replace(&mut deep, Value::Null)]));
    let deep = change(&database, |config| {
        drop(config.settings.metadata.insert("deep".to_owned(), deep))
    });
    assert!(deep.unwrap_err().to_string().contains("metadata"));
    assert_eq!(database.collection("c").unwrap().config(), config);
}
