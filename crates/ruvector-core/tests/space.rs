//! Goal: what is empty costs next to nothing: an empty collection on disk, one whose points were all deleted, and a
//! thousand empty collections on disk and in memory. One test, so that nothing else moves the memory it measures.
//! Method: the real backend in a temporary folder, the figures of `Io::disk_bytes` and `Io::memory`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::{Io, RealIo};
use ruvector_testkit::Clusters;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

fn fill(collection: &Collection) {
    let mut clusters = Clusters::new(3, 10, 64, 0.5);
    for batch in 0..8u64 {
        let points = (batch * 500..batch * 500 + 500).map(|id| {
            let payload = Map::from([(
                "text".to_owned(),
                Value::from("a sentence of some length about nothing"),
            )]);
            let vectors = NamedVectors::from([(String::new(), clusters.draw().0.into())]);
            Point {
                id: PointId::Num(id),
                vectors,
                payload,
            }
        });
        let upsert = Upsert {
            points: points.collect(),
            ..Upsert::default()
        };
        collection
            .write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)
            .unwrap();
    }
}

#[test]
fn what_is_empty_costs_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let io = Arc::new(RealIo::open(dir.path()).unwrap());
    let database = Database::open(io.clone(), DatabaseOptions::default()).unwrap();
    let config = CollectionConfig::single(64, Distance::Cosine);

    database.create_collection("full once", config.clone()).unwrap();
    let collection = database.collection("full once").unwrap();
    let empty = collection.info().disk_bytes;
    println!("empty: {} KiB", empty / KIB);
    assert!(empty < 64 * KIB, "an empty collection takes {empty} bytes");
    assert!(
        io.disk_bytes("").unwrap() < 64 * KIB,
        "a database with an empty collection"
    );
    fill(&collection);
    collection.optimize().unwrap();
    assert!(collection.info().disk_bytes > MIB, "the data is there");
    let all = PointSelector::Filter(Filter::default());
    collection
        .write(&Ctx::default(), WriteOp::Delete(all), Wait::Durable)
        .unwrap();
    collection.optimize().unwrap();
    let info = collection.info();
    println!(
        "all deleted: {} KiB on disk, {} KiB on the heap",
        info.disk_bytes / KIB,
        info.ram_bytes / KIB
    );
    assert!(info.disk_bytes < MIB && info.ram_bytes < MIB, "{info:?}");
    assert_eq!(info.points, 0);

    let (ram, disk) = (io.memory().resident_bytes, io.disk_bytes("").unwrap());
    for number in 0..1_000 {
        database
            .create_collection(&format!("empty {number}"), config.clone())
            .unwrap();
    }
    let ram = io.memory().resident_bytes.saturating_sub(ram);
    let disk = io.disk_bytes("").unwrap() - disk;
    println!(
        "1,000 empty: {} KiB of memory, {} KiB on disk",
        ram / KIB,
        disk / KIB
    );
    assert!(
        ram < 64 * MIB,
        "1,000 empty collections take {ram} bytes of memory"
    );
    assert!(
        disk < 64 * MIB,
        "1,000 empty collections take {disk} bytes on disk"
    );
    database.close().unwrap();

    let reopened = Arc::new(RealIo::open(dir.path()).unwrap());
    let before = reopened.memory().resident_bytes;
    let database = Database::open(reopened.clone(), DatabaseOptions::default()).unwrap();
    assert_eq!(database.collection_names().len(), 1_001);
    let ram = reopened.memory().resident_bytes.saturating_sub(before);
    assert!(
        ram < 64 * MIB,
        "1,000 empty collections take {ram} bytes of memory after a reopen"
    );
}
