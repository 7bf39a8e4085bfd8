//! Goal: what is written is found, by id, by vector, by filter, across the optimizer and a reopen.
//! Method: one small collection on the memory backend, every read after every change of state.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::MemIo;

fn vector(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..16)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % 1000) as f32 / 500.0 - 1.0
        })
        .collect()
}

fn point(id: u64) -> Point {
    let payload = Map::from([("n".to_owned(), Value::Int(id as i64))]);
    Point {
        id: PointId::Num(id),
        vectors: NamedVectors::from([(String::new(), vector(id).into())]),
        payload,
    }
}

#[test]
fn what_is_written_is_found() {
    let io = MemIo::new();
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let ctx = Ctx::default();
    let mut config = CollectionConfig::single(16, Distance::Euclid);
    config.shards = 2;
    config.optimizer.active_rows_max = 300;
    let database = Database::open(Arc::new(io.clone()), options.clone()).unwrap();
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    for batch in 0..10 {
        let points = (batch * 200..batch * 200 + 200).map(point).collect();
        let upsert = WriteOp::Upsert(Upsert {
            points,
            ..Upsert::default()
        });
        let outcome = collection.write(&ctx, upsert, Wait::Durable).unwrap();
        assert_eq!(outcome.points_touched, 200);
    }
    let check = |database: &Database, state: &str| {
        let collection = database.collection("c").unwrap();
        assert_eq!(
            collection.count(&ctx, &CountRequest::default()).unwrap(),
            2000,
            "{state}"
        );
        for id in [0, 7, 1999] {
            for exact in [false, true] {
                let mut request = SearchRequest::nearest(vector(id), 3);
                request.params.exact = exact;
                let found = collection.search(&ctx, &request).unwrap();
                assert_eq!(found[0].id, PointId::Num(id), "{state}");
                assert_eq!(found[0].score, 0.0);
            }
        }
        let range = Bounds {
            gte: Some(100.0),
            lt: Some(110.0),
            ..Bounds::default()
        };
        let path = PayloadPath::parse("n").unwrap();
        let filter = Filter::must(Condition::Field(FieldCondition {
            path,
            test: FieldTest::Range(range),
        }));
        let mut request = SearchRequest::nearest(vector(1), 20);
        request.filter = Some(filter);
        assert_eq!(collection.search(&ctx, &request).unwrap().len(), 10, "{state}");
    };
    check(&database, "loaded");
    for step in 0..40 {
        database.step().unwrap();
        check(&database, &format!("step {step}"));
    }
    collection.optimize().unwrap();
    check(&database, "optimized");
    let info = collection.info();
    assert_eq!(
        (info.segments, info.points, info.indexed_vectors),
        (2, 2000, 2000),
        "{info:?}"
    );
    database.close().unwrap();
    let database = Database::open(Arc::new(io), options).unwrap();
    check(&database, "reopened");
}
