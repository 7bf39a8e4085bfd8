//! Goal: a field that is added is empty and serves at once; one that is removed is gone at once, costs nothing soon, and
//! shows nothing when its name comes back. Method: every kind after every kind under one name, in every state of the
//! optimizer; figures of real files; the limits.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, ErrorKind, Wait};
use ruvector_io::{Io, MemIo, RealIo};

use crate::{all_points, dense, having, multi, open, point, sparse, upsert, vector};

/// A collection of two shards with a dense field, and 60 points.
fn filled(io: Arc<dyn Io>) -> (Database, Collection) {
    let database = open(io).unwrap();
    let mut config = CollectionConfig::single(3, Distance::Euclid);
    config.shards = 2;
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let points = (0..60).map(|id| point(id, [("", vector(&dense(3), id))]));
    upsert(&collection, points.collect(), Wait::Durable).unwrap();
    (database, collection)
}

/// Gives every third point a vector of a field.
fn give(collection: &Collection, name: &'static str, field: &VectorField) {
    let update = |id: u64| PointVectors {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(name.to_owned(), vector(field, id))]),
    };
    let points = (0..60).step_by(3).map(update).collect();
    let update = WriteOp::UpdateVectors {
        points,
        condition: None,
    };
    collection.write(&Ctx::default(), update, Wait::Durable).unwrap();
}

#[test]
fn a_name_comes_back_without_its_old_vectors() {
    let kinds = [dense(4), dense(6), multi(4), sparse()];
    for (at, (first, second)) in kinds
        .iter()
        .flat_map(|first| kinds.iter().map(move |second| (first, second)))
        .enumerate()
    {
        for state in 0..4 {
            let what = format!("{first:?}, then {second:?}, state {state}");
            let io = Arc::new(MemIo::new());
            let (mut database, mut collection) = filled(io.clone());
            assert!(database.add_vector_field("c", "x", first).unwrap());
            assert_eq!(having(&collection, "x", first), (0, 0), "{what}");
            give(&collection, "x", first);
            if state == 1 || state == 2 {
                collection.optimize().unwrap();
            }
            // So often that its answer is kept.
            (0..3).for_each(|_| assert_eq!(having(&collection, "x", first), (20, 20), "{what}"));
            assert!(database.remove_vector_field("c", "x").unwrap());
            assert!(
                all_points(&collection)
                    .iter()
                    .all(|point| point.vectors.as_ref().unwrap().len() == 1)
            );
            if state >= 2 {
                database.close().unwrap();
                database = open(io.clone()).unwrap();
                collection = database.collection("c").unwrap();
            }
            assert!(database.add_vector_field("c", "x", second).unwrap());
            assert_eq!(having(&collection, "x", second), (0, 0), "{what}");
            give(&collection, "x", second);
            assert_eq!(having(&collection, "x", second), (20, 20), "{what}");
            if at % 2 == 0 {
                collection.optimize().unwrap();
            }
            let found = all_points(&collection);
            assert_eq!(found.len(), 60, "{what}");
            for (id, record) in (0..).zip(found) {
                let expected = (id % 3 == 0).then(|| vector(second, id));
                assert_eq!(
                    record.vectors.unwrap().get("x"),
                    expected.as_ref(),
                    "{what}: {id}"
                );
            }
            assert_eq!(having(&collection, "x", second), (20, 20), "{what}");
        }
    }
}

#[test]
fn whoever_reads_holds_what_it_read() {
    let (database, collection) = filled(Arc::new(MemIo::new()));
    database.add_vector_field("c", "x", &dense(4)).unwrap();
    give(&collection, "x", &dense(4));
    collection.optimize().unwrap();
    let snapshot = collection.snapshot().unwrap();
    let mut request = SearchRequest::nearest(vector(&dense(4), 9), 100);
    request.using = "x".to_owned();
    let before = snapshot.search(&Ctx::default(), &request).unwrap();
    assert_eq!(before.len(), 20);
    database.remove_vector_field("c", "x").unwrap();
    while database.step().unwrap() {}
    database.add_vector_field("c", "x", &sparse()).unwrap();
    assert_eq!(snapshot.search(&Ctx::default(), &request).unwrap(), before);
    let error = collection.search(&Ctx::default(), &request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}

#[test]
fn the_last_field_may_go_and_points_stay() {
    let io = Arc::new(MemIo::new());
    let (database, collection) = filled(io.clone());
    collection.optimize().unwrap();
    assert!(database.remove_vector_field("c", "").unwrap());
    database
        .update_config("c", |_| Ok::<(), ruvector_core::Error>(()))
        .unwrap();
    upsert(&collection, vec![point(100, [])], Wait::Durable).unwrap();
    let error = upsert(
        &collection,
        vec![point(1, [("", vector(&dense(3), 1))])],
        Wait::Durable,
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    while database.step().unwrap() {}
    database.close().unwrap();
    let database = open(io).unwrap();
    let collection = database.collection("c").unwrap();
    let found = all_points(&collection);
    assert!(
        found.len() == 61
            && found
                .iter()
                .all(|point| point.vectors.as_ref().unwrap().is_empty())
    );
    assert_eq!(collection.info().vectors, 0);
    assert!(database.add_vector_field("c", "", &dense(5)).unwrap());
    give(&collection, "", &dense(5));
    assert_eq!(having(&collection, "", &dense(5)), (20, 20));
}

#[test]
fn what_is_there_is_left_alone_and_what_differs_is_refused() {
    let (database, collection) = filled(Arc::new(MemIo::new()));
    let add = |name: &str, field: &VectorField| database.add_vector_field("c", name, field);
    assert!(add("x", &dense(4)).unwrap() && !add("x", &dense(4)).unwrap());
    assert!(!add("", &dense(3)).unwrap(), "whatever its other options are");
    let sparse_idf = VectorField::Sparse(SparseVectorConfig {
        modifier: Modifier::Idf,
        ..SparseVectorConfig::default()
    });
    assert!(add("s", &sparse_idf).unwrap());
    let too_long = "n".repeat(256);
    for (name, field) in [
        ("x", dense(5)),
        ("x", multi(4)),
        ("x", sparse()),
        ("s", sparse()),
        ("s", dense(4)),
        ("", sparse()),
        ("y", dense(0)),
        ("y", dense(70_000)),
        (&too_long, dense(2)),
    ] {
        let error = add(name, &field).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Invalid | ErrorKind::LimitExceeded),
            "{error}"
        );
    }
    assert!(add("y", &dense(2)).unwrap_or(false));
    let mut added = 0;
    let error = loop {
        match add(&format!("more {added}"), &dense(2)) {
            Ok(_) => added += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(added, 64 - 4);
    assert!(error.to_string().contains("vector_fields_max"), "{error}");
    assert_eq!(
        database
            .add_vector_field("nobody", "x", &dense(2))
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    assert!(!database.remove_vector_field("c", "nobody").unwrap());
    assert_eq!(
        collection.config().vectors.len() + collection.config().sparse_vectors.len(),
        64
    );
}

#[test]
fn a_removed_field_frees_its_disk_and_its_memory() {
    let dir = tempfile::tempdir().unwrap();
    let io = Arc::new(RealIo::open(dir.path()).unwrap());
    let database = open(io.clone()).unwrap();
    let disk = || io.disk_bytes("").unwrap();
    database
        .create_collection("c", CollectionConfig::single(4, Distance::Dot))
        .unwrap();
    let collection = database.collection("c").unwrap();
    let fields = [("x", dense(256)), ("m", multi(128)), ("s", sparse())];
    let write = |with: bool, ids: std::ops::Range<u64>| {
        let of = |id| {
            let given = fields
                .iter()
                .filter(|_| with)
                .map(move |(name, field)| (*name, vector(field, id)));
            point(id, given.chain([("", vector(&dense(4), id))]))
        };
        upsert(&collection, ids.map(of).collect(), Wait::Durable).unwrap();
    };
    write(false, 0..1_500);
    collection.optimize().unwrap();
    let (bytes_before, ram_before) = (disk(), collection.info().ram_bytes);
    for (name, field) in &fields {
        database.add_vector_field("c", name, field).unwrap();
    }
    write(true, 0..1_500);
    collection.optimize().unwrap();
    let (with, ram_with) = (disk(), collection.info().ram_bytes);
    assert!(with > bytes_before + (3 << 20), "{with}, {bytes_before} before");
    let insertions = collection.info().graph_insertions;
    for (name, _) in &fields {
        assert!(database.remove_vector_field("c", name).unwrap());
    }
    while database.step().unwrap() {}
    let info = collection.info();
    println!(
        "{bytes_before} bytes, {with} with three fields more, {} without them",
        disk()
    );
    assert!(
        disk() < bytes_before + (64 << 10),
        "{} bytes left",
        disk() - bytes_before
    );
    assert!(
        info.ram_bytes < ram_before + (ram_with - ram_before) / 8,
        "{info:?}, {ram_before} before"
    );
    assert_eq!(info.graph_insertions, insertions, "nothing is built again");
}
