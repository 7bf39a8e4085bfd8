//! Goal: promoting into memory changes where bytes are read from and nothing else: the same answers, within the
//! budget, given back when a segment is replaced, and "green" says that it is done. Method: one collection in a
//! temporary folder, answers compared bit by bit before and after, with budgets of nothing, of a part and of all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Status, Wait};
use ruvector_io::{MemIo, RealIo};
use ruvector_testkit::Clusters;

const POINTS: u64 = 3_000;
const DIM: usize = 64;
const MIB: u64 = 1 << 20;
const VECTORS_BYTES: u64 = POINTS * DIM as u64 * 4;

fn options(promoted_bytes_max: u64, threads: u32) -> DatabaseOptions {
    DatabaseOptions {
        maintenance_threads: threads,
        promoted_bytes_max: Some(promoted_bytes_max),
        ..DatabaseOptions::default()
    }
}

fn open(dir: &Path, budget: u64, threads: u32) -> (Database, Collection) {
    let io = Arc::new(RealIo::open(dir).unwrap());
    let database = Database::open(io, options(budget, threads)).unwrap();
    if database.collection_names().is_empty() {
        let config = CollectionConfig::single(DIM as u32, Distance::Cosine);
        database.create_collection("c", config).unwrap();
    }
    let collection = database.collection("c").unwrap();
    (database, collection)
}

fn fill(collection: &Collection) {
    let mut clusters = Clusters::new(5, 40, DIM, 0.5);
    let mut point = |id| Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), clusters.draw().0.into())]),
        payload: Map::from([("n".to_owned(), Value::Int(id as i64))]),
    };
    for batch in 0..6 {
        let ids = batch * POINTS / 6..(batch + 1) * POINTS / 6;
        let upsert = Upsert {
            points: ids.map(&mut point).collect(),
            ..Upsert::default()
        };
        write(collection, WriteOp::Upsert(upsert));
    }
}

fn write(collection: &Collection, operation: WriteOp) {
    collection
        .write(&Ctx::default(), operation, Wait::Durable)
        .unwrap();
}

/// A folder with the collection, optimized.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (database, collection) = open(dir.path(), 0, 0);
    fill(&collection);
    collection.optimize().unwrap();
    database.close().unwrap();
    dir
}

/// What searches by graph, by filter and by scan return, scores bit by bit.
fn answers(collection: &Collection) -> Vec<(PointId, u32)> {
    let mut clusters = Clusters::new(6, 40, DIM, 0.5);
    let even = (0..POINTS).step_by(2).map(PointId::Num).collect();
    let even = Filter::must(Condition::HasId(even));
    let mut answers = Vec::new();
    for number in 0..60 {
        let mut request = SearchRequest::nearest(clusters.draw().0, 10);
        request.params.exact = number % 3 == 0;
        request.filter = (number % 3 == 1).then(|| even.clone());
        let found = collection.search(&Ctx::default(), &request).unwrap();
        assert_eq!(found.len(), 10);
        answers.extend(found.into_iter().map(|point| (point.id, point.score.to_bits())));
    }
    answers
}

fn rest(collection: &Collection) {
    while collection.step().unwrap() {}
    assert_eq!(collection.info().status, Status::Green);
}

#[test]
fn answers_stay_the_same() {
    let dir = folder();
    let (database, collection) = open(dir.path(), 0, 0);
    assert!(
        !collection.step().unwrap(),
        "without a budget there is nothing to do"
    );
    let before = answers(&collection);
    let info = collection.info();
    assert_eq!((info.promoted_bytes, info.status), (0, Status::Green));
    let heap_bytes = info.ram_bytes;
    database.close().unwrap();
    drop((database, collection));

    let (database, collection) = open(dir.path(), 64 * MIB, 0);
    let info = collection.info();
    assert_eq!(
        (info.promoted_bytes, info.status),
        (0, Status::Yellow),
        "nobody has stepped"
    );
    assert_eq!(answers(&collection), before);
    let snapshot = collection.snapshot().unwrap();
    rest(&collection);
    let info = collection.info();
    assert!(info.promoted_bytes > 2 * VECTORS_BYTES, "{info:?}");
    assert_eq!(info.ram_bytes, heap_bytes + info.promoted_bytes);
    assert_eq!(answers(&collection), before);
    drop(snapshot);

    let budget = info.promoted_bytes - 1;
    database.close().unwrap();
    drop((database, collection));
    let (_database, collection) = open(dir.path(), budget, 0);
    rest(&collection);
    let promoted = collection.info().promoted_bytes;
    assert!(
        promoted > VECTORS_BYTES && promoted <= budget,
        "{promoted} of {budget}"
    );
    assert_eq!(answers(&collection), before);
}

/// Bytes promoted of a collection with a hash of 1,024 bits: 128 bytes a point and more.
fn promoted(budget: u64, on_disk: bool, always_ram: bool) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let io = Arc::new(RealIo::open(dir.path()).unwrap());
    let database = Database::open(io, options(budget, 0)).unwrap();
    let mut config = CollectionConfig::single(DIM as u32, Distance::Cosine);
    for vector in config.vectors.values_mut() {
        vector.on_disk = on_disk;
        vector.quantization = Some(QuantizationConfig {
            always_ram,
            ..QuantizationConfig::of(Codes::Lsh { bits: 1_024 })
        });
    }
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    fill(&collection);
    collection.optimize().unwrap();
    rest(&collection);
    collection.info().promoted_bytes
}

#[test]
fn the_configuration_says_what_goes_into_memory() {
    let all = promoted(64 * MIB, false, false);
    // The vectors' component: the vectors, and a trailer.
    assert_eq!(all - promoted(64 * MIB, true, false), VECTORS_BYTES + 32);
    // The fast graph and the codes do not fit together: whichever goes first keeps the other out.
    let fast_bytes = POINTS * 896;
    let budget = fast_bytes + POINTS * 128;
    let (free, pinned) = (promoted(budget, false, false), promoted(budget, false, true));
    assert!(
        free > fast_bytes && pinned < fast_bytes,
        "{free} {pinned} of {budget}"
    );
}

/// Goal: what the configuration says of memory holds from the moment it is changed, for vectors and multi-vectors. Method: a
/// collection whose vectors all stay in their files; told otherwise, one field after the other, and then back.
#[test]
fn the_configuration_may_change_its_mind() {
    let dir = tempfile::tempdir().unwrap();
    let io = Arc::new(RealIo::open(dir.path()).unwrap());
    let database = Database::open(io, options(64 * MIB, 0)).unwrap();
    let mut config = CollectionConfig::single(DIM as u32, Distance::Cosine);
    let multi = VectorConfig {
        multivector: Some(MultiVectorComparator::MaxSim),
        ..VectorConfig::new(32, Distance::Dot)
    };
    config.vectors.insert("m".to_owned(), multi);
    config
        .vectors
        .values_mut()
        .for_each(|vector| vector.on_disk = true);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let write_all = || {
        fill(&collection);
        let update = |id| PointVectors {
            id: PointId::Num(id),
            vectors: NamedVectors::from([(
                "m".to_owned(),
                Vector::Multi(MultiVector {
                    dim: 32,
                    numbers: vec![id as f32; 32],
                }),
            )]),
        };
        write(
            &collection,
            WriteOp::UpdateVectors {
                points: (0..POINTS).map(update).collect(),
                condition: None,
            },
        );
        collection.optimize().unwrap();
        rest(&collection);
        collection.info().promoted_bytes
    };
    let on_disk = |name: &str, on_disk: bool| {
        let changed = database.update_config("c", |config| {
            config.vectors.get_mut(name).unwrap().on_disk = on_disk;
            Ok::<(), ruvector_core::Error>(())
        });
        changed.unwrap();
        rest(&collection);
        collection.info().promoted_bytes
    };
    let graphs_only = write_all();
    // The vectors, where each ends, and a trailer.
    let multi_bytes = POINTS * (32 * 4 + 8) + 32;
    assert_eq!(on_disk("m", false), graphs_only + multi_bytes);
    assert_eq!(on_disk("", false), graphs_only + multi_bytes + VECTORS_BYTES + 32);
    // What is in memory stays there until its segment is written again.
    on_disk("m", true);
    on_disk("", true);
    let again = write_all();
    assert!(
        again.abs_diff(graphs_only) < graphs_only / 10,
        "{again}, {graphs_only} before"
    );
}

/// Bytes of the indexes of `a` and `b` in memory, and of the first on disk; `a` is declared as given, `b` plainly.
fn promoted_indexes(budget: u64, on_disk: bool, is_principal: bool) -> (u64, u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let (database, collection) = open(dir.path(), budget, 0);
    fill(&collection);
    // Long strings, each its own, make indexes that are worth promoting.
    for id in 0..POINTS {
        let text = Value::String(format!("{id:0>160}"));
        let payload = Map::from([("a".to_owned(), text.clone()), ("b".to_owned(), text)]);
        let points = PointSelector::Ids(vec![PointId::Num(id)]);
        let set = WriteOp::OverwritePayload { payload, points };
        collection.write(&Ctx::default(), set, Wait::Accepted).unwrap();
    }
    let index = FieldIndex {
        kind: IndexKind::Keyword { prefix: false },
        on_disk,
        is_principal,
    };
    let plain = FieldIndex {
        on_disk: false,
        is_principal: false,
        ..index.clone()
    };
    for (key, index) in [("a", index), ("b", plain)] {
        let path = PayloadPath::key(key);
        database.create_index("c", &path, index).unwrap();
    }
    collection.optimize().unwrap();
    let indexes = collection.indexes();
    let [a, b] = ["a", "b"].map(|key| &indexes[&PayloadPath::key(key)]);
    assert_eq!((a.points, a.points_waiting), (POINTS, 0));
    (a.ram_bytes, b.ram_bytes, a.disk_bytes)
}

#[test]
fn indexes_are_kept_where_they_are_declared() {
    let (a, b, disk_bytes) = promoted_indexes(64 * MIB, false, false);
    assert!(
        a > 256 << 10 && b > 256 << 10 && disk_bytes > 256 << 10,
        "{a} {b} {disk_bytes}"
    );
    let (a, b, _) = promoted_indexes(64 * MIB, true, true);
    assert!(a == 0 && b > 0, "on_disk goes before is_principal: {a} {b}");
    // The vectors and an index do not fit together: whichever goes first keeps the other out.
    let budget = VECTORS_BYTES + (64 << 10);
    let (a, b, _) = promoted_indexes(budget, false, true);
    assert!(a > 0 && b == 0, "{a} {b}");
    let (a, ..) = promoted_indexes(budget, false, false);
    assert_eq!(a, 0);
}

#[test]
fn optimize_and_the_background_promote() {
    let dir = tempfile::tempdir().unwrap();
    let (database, collection) = open(dir.path(), 64 * MIB, 1);
    fill(&collection);
    collection.optimize().unwrap();
    let info = collection.info();
    assert!(info.promoted_bytes > 2 * VECTORS_BYTES, "{info:?}");
    let (before, promoted) = (answers(&collection), info.promoted_bytes);
    database.close().unwrap();
    drop((database, collection));
    let (_database, collection) = open(dir.path(), 64 * MIB, 1);
    while collection.info().status != Status::Green {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(collection.info().promoted_bytes, promoted);
    assert_eq!(answers(&collection), before);
}

// Goal: copies are kept by a segment whose payload is rewritten, and given back by one that is replaced.
// Method: a budget below two sets of copies; the payload is rewritten while a snapshot holds the segment as it was,
// then every point is replaced.
#[test]
fn memory_is_shared_and_given_back() {
    let dir = folder();
    let (database, collection) = open(dir.path(), 64 * MIB, 0);
    rest(&collection);
    let all = collection.info().promoted_bytes;
    database.close().unwrap();
    drop((database, collection));

    let (_database, collection) = open(dir.path(), all + all / 2, 0);
    rest(&collection);
    let snapshot = collection.snapshot().unwrap();
    let payload = Map::from([("n".to_owned(), Value::Int(-1))]);
    let points = PointSelector::Filter(Filter::default());
    let path = None;
    let set = WriteOp::SetPayload {
        payload,
        path,
        points,
    };
    write(&collection, set);
    collection.optimize().unwrap();
    assert_eq!(collection.info().promoted_bytes, all);
    drop(snapshot);

    fill(&collection);
    collection.optimize().unwrap();
    let info = collection.info();
    assert_eq!((info.points, info.status), (POINTS, Status::Green));
    assert!(info.promoted_bytes.abs_diff(all) < all / 10, "{info:?} of {all}");
}

#[test]
fn a_damaged_graph_is_found_and_built_again() {
    let dir = folder();
    let shard = dir.path().join("collections/00000000/shard-0000");
    let files = std::fs::read_dir(shard)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let fast = |path: &std::path::PathBuf| path.to_string_lossy().contains(".fast.");
    let path = files.into_iter().find(fast).expect("a fast graph");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (_database, collection) = open(dir.path(), 64 * MIB, 0);
    assert_eq!(collection.info().status, Status::Yellow);
    while collection.info().status == Status::Yellow {
        assert!(collection.step().unwrap());
    }
    let info = collection.info();
    assert_eq!((info.status, info.damages.len()), (Status::Red, 1), "{info:?}");
    rest(&collection);
    assert!(collection.info().promoted_bytes > 2 * VECTORS_BYTES);
}

#[test]
fn memory_backends_promote_nothing() {
    let database = Database::open(Arc::new(MemIo::new()), options(64 * MIB, 0)).unwrap();
    let config = CollectionConfig::single(DIM as u32, Distance::Cosine);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    fill(&collection);
    collection.optimize().unwrap();
    let info = collection.info();
    assert_eq!((info.promoted_bytes, info.status), (0, Status::Green));
}
