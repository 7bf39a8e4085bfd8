//! Goal: what a log says of a vector is taken for the field that it names, left out if that field was removed, and never
//! taken for something else or lost in silence. Method: a record of one vector added to the log of a closed database, of
//! every kind for every field, of those that never were too.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, ErrorKind, Status, Wait};
use ruvector_io::MemIo;
use ruvector_storage::{FIRST_RAGGED, Log, LogOperation, LogPoint, LogRecord};

use crate::{dense, multi, open, point, sparse, upsert, vector};

const DIR: &str = "collections/00000000/shard-0000/log";

/// A closed database: a dense field of 3 dimensions, one of 4 that was removed, sparse vectors, multi-vectors of 2.
fn closed() -> Arc<MemIo> {
    let io = Arc::new(MemIo::new());
    let database = open(io.clone()).unwrap();
    let config = CollectionConfig::single(3, Distance::Euclid);
    database.create_collection("c", config).unwrap();
    for (name, field) in [("gone", dense(4)), ("s", sparse()), ("m", multi(2))] {
        assert!(database.add_vector_field("c", name, &field).unwrap());
    }
    let collection = database.collection("c").unwrap();
    let vectors = [("", vector(&dense(3), 1)), ("gone", vector(&dense(4), 1))];
    upsert(&collection, vec![point(1, vectors)], Wait::Durable).unwrap();
    assert!(database.remove_vector_field("c", "gone").unwrap());
    database.close().unwrap();
    io
}

/// Adds a point of one vector to the log.
fn log(io: &Arc<MemIo>, number: u16, vector: Vector) {
    let (mut log, records) = Log::open(io.clone(), DIR, 0, 0).unwrap();
    let point = LogPoint {
        id: PointId::Num(2),
        vectors: vec![(number, vector)],
        payload: ruvector_payload::encode(&Map::new()).into(),
    };
    let record = LogRecord {
        seq: records.last().unwrap().seq + 1,
        epoch: 1,
        shard: 0,
        siblings: Vec::new(),
        operation: LogOperation::Upsert(vec![point]),
    };
    log.append(&record, 0).unwrap();
    log.sync().unwrap();
}

#[test]
fn a_vector_of_another_kind_is_damage_and_one_of_a_removed_field_is_left_out() {
    let kinds = [dense(3), dense(4), sparse(), multi(2), multi(3)];
    // By number, the kinds that such a vector may be of.
    let fields: [(u16, &[usize]); 6] = [
        (0, &[0]),
        (1, &[0, 1]),
        (2, &[]),
        (FIRST_RAGGED, &[2]),
        (FIRST_RAGGED | 1, &[3]),
        (FIRST_RAGGED | 2, &[]),
    ];
    for (number, allowed) in fields {
        for (at, kind) in kinds.iter().enumerate() {
            let io = closed();
            log(&io, number, vector(kind, 5));
            let database = open(io).unwrap();
            let collection = database.collection("c").unwrap();
            let what = format!("field {number}, {kind:?}");
            let counted = collection.count(&Ctx::default(), &CountRequest::default());
            let info = collection.info();
            if allowed.contains(&at) {
                assert_eq!((counted.unwrap(), info.points), (2, 2), "{what}");
                let taken = u64::from(number != 1);
                assert_eq!(info.vectors, 1 + taken, "{what}");
            } else {
                assert_eq!(counted.unwrap_err().kind(), ErrorKind::Corrupt, "{what}");
                assert_eq!(info.status, Status::Red, "{what}");
                let named = format!("another kind than field {number}");
                assert!(info.damages[0].contains(&named), "{what}: {info:?}");
            }
        }
    }
}
