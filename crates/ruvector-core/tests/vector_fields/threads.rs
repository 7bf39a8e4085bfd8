//! Goal: writers and readers meet a field that comes and goes: a write is taken whole for the field that is there or refused,
//! and no read mixes two fields of one name. Method: threads on one collection, the field with another number of dimensions
//! each time; then a reopen, whose replay must come to the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, ErrorKind, Wait};
use ruvector_io::MemIo;

use crate::{all_points, dense, having, open, point, upsert, vector};

/// Times that the field comes and goes.
const TURNS: u64 = 60;

/// Where the threads are.
#[derive(Default)]
struct State {
    done: AtomicBool,
    turn: AtomicU64,
    attempts: AtomicU64,
}

impl State {
    /// Returns once so many writes more were tried.
    fn wait_for(&self, attempts: u64) {
        let end = self.attempts.load(Ordering::Acquire) + attempts;
        while self.attempts.load(Ordering::Acquire) < end {
            std::thread::yield_now();
        }
    }
}

/// Writes taken and refused.
fn write_until(state: &State, collection: &Collection, first: u64) -> (u64, u64) {
    let (mut taken, mut refused) = (0, 0);
    while !state.done.load(Ordering::Acquire) {
        state.attempts.fetch_add(1, Ordering::AcqRel);
        let dim = 2 + state.turn.load(Ordering::Acquire) % 5;
        let points = (first..first + 8).map(|id| {
            let x = vector(&dense(dim as u32), taken + id);
            point(id, [("", vector(&dense(3), id)), ("x", x)])
        });
        let wait = if taken % 3 == 0 {
            Wait::Durable
        } else {
            Wait::Accepted
        };
        match upsert(collection, points.collect(), wait) {
            Ok(()) => taken += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
                refused += 1;
            }
        }
    }
    (taken, refused)
}

fn read_until(state: &State, collection: &Collection) {
    while !state.done.load(Ordering::Acquire) {
        let snapshot = collection.snapshot().unwrap();
        let ids: Vec<PointId> = (0..32).map(PointId::Num).collect();
        let found = snapshot.get(
            &Ctx::default(),
            &ids,
            &PayloadSelector::None,
            &VectorSelector::All,
        );
        let dims: Vec<usize> = found
            .unwrap()
            .iter()
            .filter_map(|record| Some(record.vectors.as_ref()?.get("x")?.dense()?.len()))
            .collect();
        assert!(dims.windows(2).all(|pair| pair[0] == pair[1]), "{dims:?}");
        for dim in 2..7 {
            let mut request = SearchRequest::nearest(vector(&dense(dim), 3), 40);
            request.using = "x".to_owned();
            if let Ok(hits) = snapshot.search(&Ctx::default(), &request) {
                assert!(hits.len() >= dims.len(), "{} of {}", hits.len(), dims.len());
            }
        }
    }
}

#[test]
fn writes_and_reads_meet_a_field_that_comes_and_goes() {
    let io = Arc::new(MemIo::new());
    let database = open(io.clone()).unwrap();
    let mut config = CollectionConfig::single(3, Distance::Euclid);
    config.shards = 2;
    config.optimizer.active_rows_max = 200;
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let state = State::default();
    std::thread::scope(|scope| {
        let (state, collection) = (&state, &collection);
        let writers: Vec<_> = (0..3)
            .map(|writer| scope.spawn(move || write_until(state, collection, writer * 8)))
            .collect();
        let reader = scope.spawn(|| read_until(state, collection));
        for number in 0..TURNS {
            state.turn.store(number, Ordering::Release);
            let field = dense(2 + (number % 5) as u32);
            assert!(database.add_vector_field("c", "x", &field).unwrap());
            state.wait_for(9);
            for _ in 0..4 {
                database.step().unwrap();
            }
            assert!(database.remove_vector_field("c", "x").unwrap());
            let has = |point: &PointRecord| point.vectors.as_ref().unwrap().contains_key("x");
            assert!(!all_points(collection).iter().any(has));
            state.wait_for(3);
        }
        state.done.store(true, Ordering::Release);
        reader.join().unwrap();
        let (taken, refused) = writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        println!("{taken} writes taken, {refused} refused");
        assert!(taken > TURNS && refused > 0);
    });
    collection.flush().unwrap();
    let before = all_points(&collection);
    database.close().unwrap();
    let database = open(io).unwrap();
    let collection = database.collection("c").unwrap();
    assert_eq!(all_points(&collection), before);
    database.add_vector_field("c", "x", &dense(4)).unwrap();
    assert_eq!(having(&collection, "x", &dense(4)), (0, 0));
}
