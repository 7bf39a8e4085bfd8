//! Goal: a segment that is damaged lets go of a removed field as others do, and the shard's other work goes on. Method: a file
//! whose end rots while it is open, which is found when the vectors are copied into memory; then a field is removed, and
//! more is written than writers may leave unsealed.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Status, Wait};
use ruvector_io::RealIo;

use crate::{dense, open, point, upsert, vector};

const DIM: u32 = 64;
/// Vectors of more than the 256 KiB from which on they are copied.
const POINTS: u64 = 1_200;
/// Of a component, before its body.
const HEADER_BYTES: u64 = 64;

/// The files of the collection whose names contain `part`.
fn files(dir: &Path, part: &str) -> Vec<PathBuf> {
    let shard = std::fs::read_dir(dir.join("collections/00000000/shard-0000")).unwrap();
    let paths = shard.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.to_string_lossy().contains(part))
        .collect()
}

/// Writes over the trailer of the vectors, in place: the mapping sees it.
fn damage(path: &Path) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    let trailer_at = HEADER_BYTES + POINTS * u64::from(DIM) * 4;
    file.seek(SeekFrom::Start(trailer_at)).unwrap();
    file.write_all(&[0xff; 8]).unwrap();
}

#[test]
fn a_damaged_segment_lets_go_of_a_removed_field_and_work_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let write = |collection: &ruvector_core::Collection, ids: std::ops::Range<u64>, with_x: bool| {
        let of = |id: u64| {
            let x = with_x.then(|| ("x", vector(&dense(4), id)));
            point(id, x.into_iter().chain([("", vector(&dense(DIM), id))]))
        };
        upsert(collection, ids.map(of).collect(), Wait::Durable)
    };
    let database = open(Arc::new(RealIo::open(dir.path()).unwrap())).unwrap();
    let mut config = CollectionConfig::single(DIM, Distance::Euclid);
    config.vectors.values_mut().for_each(|vector| vector.hnsw.m = 0);
    config.optimizer.active_rows_max = 100;
    database.create_collection("c", config).unwrap();
    assert!(database.add_vector_field("c", "x", &dense(4)).unwrap());
    let collection = database.collection("c").unwrap();
    for at in 0..POINTS / 100 {
        write(&collection, at * 100..at * 100 + 100, true).unwrap();
        while database.step().unwrap() {}
    }
    collection.optimize().unwrap();
    database.close().unwrap();
    drop((collection, database));

    let database = open(Arc::new(RealIo::open(dir.path()).unwrap())).unwrap();
    let collection = database.collection("c").unwrap();
    let [path] = &files(dir.path(), ".vectors.f0.")[..] else {
        panic!("one segment");
    };
    damage(path);
    while database.step().unwrap() {}
    assert_eq!(collection.info().status, Status::Red, "the damage is found");
    assert!(files(dir.path(), ".f1.").len() > 1, "vectors and a graph");
    assert!(database.remove_vector_field("c", "x").unwrap());
    // As many as are sealed before a crowd of segments waits for merges, and those that writers may leave.
    for at in 0..25 {
        let first = POINTS + at * 100;
        write(&collection, first..first + 100, false).unwrap();
        if at > 9 {
            database.step().unwrap();
        }
    }
    while database.step().unwrap() {}
    let info = collection.info();
    let [shard] = &info.shards[..] else {
        panic!("one shard")
    };
    assert_eq!((shard.active_rows, info.points), (0, POINTS + 2_500), "{info:?}");
    assert!(info.segments < 8, "{info:?}");
    let [damage] = &info.damages[..] else {
        panic!("{info:?}")
    };
    assert!(damage.contains(".vectors.f0."), "{damage}");
    assert!(files(dir.path(), ".f1.").is_empty(), "its bytes are free");
    let request = SearchRequest::nearest(vector(&dense(DIM), 5), 1);
    let hits = collection.search(&Ctx::default(), &request).unwrap();
    assert_eq!(hits.first().map(|hit| hit.score), Some(0.0));
}
