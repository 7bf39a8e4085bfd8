//! Goal: an index costs what it holds: twenty of an empty collection cost kilobytes, and a dropped one nothing. Method:
//! the figures of `Io::disk_bytes` on real files.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_io::{Io, RealIo};

use crate::{index, integer, open, path, write};

const KIB: u64 = 1 << 10;

#[test]
fn a_dropped_index_frees_its_disk_and_empty_ones_cost_kilobytes() {
    let dir = tempfile::tempdir().unwrap();
    let io = Arc::new(RealIo::open(dir.path()).unwrap());
    let database = open(io.clone()).unwrap();
    let disk = || io.disk_bytes("").unwrap();
    let config = CollectionConfig::single(8, Distance::Dot);
    database.create_collection("empty", config.clone()).unwrap();
    let before = disk();
    for number in 0..20 {
        let kinds = [
            IndexKind::Keyword { prefix: false },
            IndexKind::Float,
            IndexKind::Datetime,
            IndexKind::Null,
        ];
        let kind = kinds[number % 4].clone();
        database
            .create_index("empty", &path(&format!("key {number}[]")), index(kind))
            .unwrap();
    }
    while database.step().unwrap() {}
    let cost = disk() - before;
    println!("20 indexes of an empty collection: {cost} bytes");
    assert!(cost < 16 * KIB, "{cost} bytes");

    database.create_collection("full", config).unwrap();
    let collection = database.collection("full").unwrap();
    for batch in 0..10u64 {
        let point = |id| Point {
            id: PointId::Num(id),
            vectors: NamedVectors::new(),
            payload: Map::from([
                ("n".to_owned(), Value::Int(id as i64)),
                ("word".to_owned(), Value::String(format!("word number {id}"))),
            ]),
        };
        let upsert = Upsert {
            points: (batch * 500..batch * 500 + 500).map(point).collect(),
            ..Upsert::default()
        };
        write(&collection, WriteOp::Upsert(upsert)).unwrap();
    }
    collection.optimize().unwrap();
    let before = disk();
    database.create_index("full", &path("n"), integer()).unwrap();
    database
        .create_index("full", &path("word"), index(IndexKind::Keyword { prefix: false }))
        .unwrap();
    while database.step().unwrap() {}
    let with = disk();
    let infos = collection.indexes();
    let said: u64 = infos.values().map(|info| info.disk_bytes).sum();
    println!(
        "two indexes of 5,000 points: {} bytes, {said} said",
        with - before
    );
    assert!(said > 5_000 * 8 && with - before >= said, "{infos:?}");
    assert!(with - before < said + 8 * KIB, "{infos:?}");
    for name in ["n", "word"] {
        assert!(database.drop_index("full", &path(name)).unwrap());
        assert!(!database.drop_index("full", &path(name)).unwrap());
    }
    while database.step().unwrap() {}
    assert!(disk() < before + 4 * KIB, "{} bytes left", disk() - before);
}
