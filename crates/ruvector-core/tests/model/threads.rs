//! Writers at the same time, on files, with maintenance in the background. Panics at the first difference.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::{MemIo, RealIo};
use ruvector_testkit::{Generator, Model};

use crate::check::{Check, same_points, scroll_all};
use crate::run::config;

fn open(dir: &tempfile::TempDir) -> Database {
    Database::open(
        Arc::new(RealIo::open(dir.path()).unwrap()),
        DatabaseOptions::default(),
    )
    .unwrap()
}

fn collection(database: &Database, config: CollectionConfig) -> Collection {
    database.create_collection("c", config).unwrap();
    database.collection("c").unwrap()
}

fn counter(id: u64, n: i64) -> Point {
    let payload = Map::from([("n".to_owned(), Value::Int(n))]);
    Point {
        id: PointId::Num(id),
        vectors: NamedVectors::new(),
        payload,
    }
}

fn value_of(collection: &Collection, id: u64) -> Option<i64> {
    let ids = [PointId::Num(id)];
    let got = collection
        .get(
            &Ctx::default(),
            &ids,
            &PayloadSelector::All,
            &VectorSelector::None,
        )
        .unwrap();
    match got.first()?.payload.as_ref()?.get("n") {
        Some(Value::Int(n)) => Some(*n),
        other => panic!("n of {id} is {other:?}"),
    }
}

/// Goal: of writers that insert the same id, exactly one wins; of those that replace what they read, none is lost.
/// Method: four threads insert-only the same 60 ids, then increment ten counters under a condition on the value read.
#[test]
fn conditional_writes_at_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let collection = collection(&database, config(0));
    let wins: Vec<Vec<u64>> = in_threads(4, |thread| {
        let insert = |id: u64| {
            let points = vec![counter(id, thread as i64)];
            let upsert = Upsert {
                points,
                mode: UpdateMode::InsertOnly,
                condition: None,
            };
            let wait = if id.is_multiple_of(2) {
                Wait::Durable
            } else {
                Wait::Accepted
            };
            collection
                .write(&Ctx::default(), WriteOp::Upsert(upsert), wait)
                .unwrap()
                .points_touched
        };
        (0..60).map(insert).collect()
    });
    collection.flush().unwrap();
    for id in 0..60 {
        let winners: Vec<usize> = (0..4).filter(|thread| wins[*thread][id as usize] == 1).collect();
        assert_eq!(winners.len(), 1, "winners of {id}: {winners:?}");
        assert_eq!(value_of(&collection, id), Some(winners[0] as i64));
    }

    let zero = Upsert {
        points: (0..10).map(|id| counter(id, 0)).collect(),
        ..Upsert::default()
    };
    collection
        .write(&Ctx::default(), WriteOp::Upsert(zero), Wait::Durable)
        .unwrap();
    let increments: Vec<[i64; 10]> = in_threads(4, |thread| {
        let mut done = [0; 10];
        for turn in 0..150 {
            let id = (turn * 7 + thread as u64) % 10;
            let read = value_of(&collection, id).unwrap();
            let path = PayloadPath::key("n");
            let same = FieldCondition {
                path,
                test: FieldTest::Match(Match::Integer(read)),
            };
            let upsert = Upsert {
                points: vec![counter(id, read + 1)],
                mode: UpdateMode::UpdateOnly,
                condition: Some(Filter::must(Condition::Field(same))),
            };
            let outcome = collection
                .write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)
                .unwrap();
            done[id as usize] += outcome.points_touched as i64;
        }
        done
    });
    let check = |collection: &Collection| {
        for id in 0..10 {
            let sum: i64 = increments.iter().map(|done| done[id]).sum();
            assert!(sum > 0);
            assert_eq!(value_of(collection, id as u64), Some(sum), "counter {id}");
        }
    };
    check(&collection);
    drop((collection, database));
    check(&open(&dir).collection("c").unwrap());
}

/// Goal: writers of disjoint points do not disturb each other, over seals, merges and a reopen.
/// Method: four threads, each with its own range of ids and its own model; the models together are what is found.
#[test]
fn disjoint_writers_at_the_same_time() {
    for seed in ruvector_testkit::seeds(3) {
        println!("seed {seed}");
        let dir = tempfile::tempdir().unwrap();
        let database = open(&dir);
        let config = config(seed);
        let collection = collection(&database, config.clone());
        let models = in_threads(4, |thread| own_writes(&collection, seed, thread));
        collection.flush().unwrap();
        let mut model = Model::new(config.clone());
        models.into_iter().for_each(|part| model.extend(part));
        let mut random = Generator::new(seed, &config);
        let mut check = |collection: &Collection, what: &str| {
            let snapshot = collection.snapshot().unwrap();
            let check = Check {
                snapshot: &snapshot,
                model: &model,
                config: &config,
                what,
            };
            check.points(&mut random);
            for _ in 0..20 {
                check.filtered(&mut random);
                check.search(&mut random);
            }
        };
        check(&collection, "written");
        drop((collection, database));
        let database = open(&dir);
        check(&database.collection("c").unwrap(), "reopened");
        database.collection("c").unwrap().optimize().unwrap();
        check(&database.collection("c").unwrap(), "optimized");
    }
}

fn own_writes(collection: &Collection, seed: u64, thread: usize) -> Model {
    let mut random = Generator::new(seed * 100 + thread as u64, &collection.config());
    (random.first_id, random.ids_max) = (thread * 100, 100);
    let mut model = Model::new(collection.config());
    let own = Condition::HasId(random.all_ids());
    for _ in 0..120 {
        let mut write = random.write();
        confine(&mut write, &own);
        let wait = if random.random.one_in(2) {
            Wait::Durable
        } else {
            Wait::Accepted
        };
        let outcome = collection.write(&Ctx::default(), write.clone(), wait).unwrap();
        assert_eq!(
            outcome.points_touched,
            model.apply(&write),
            "seed {seed}, thread {thread}: {write:?}"
        );
    }
    model
}

/// Adds to a write's filter that points must be of this thread.
fn confine(write: &mut WriteOp, own: &Condition) {
    let points = match write {
        WriteOp::Upsert(_) | WriteOp::UpdateVectors { .. } => return,
        WriteOp::Delete(points)
        | WriteOp::DeleteVectors { points, .. }
        | WriteOp::SetPayload { points, .. }
        | WriteOp::OverwritePayload { points, .. }
        | WriteOp::DeletePayload { points, .. }
        | WriteOp::ClearPayload { points } => points,
    };
    if let PointSelector::Filter(filter) = points {
        filter.must.push(own.clone());
    }
}

/// Goal: a reader sees states between writes only, over all shards at once, never an older one after a newer one,
/// and the four counters always in order.
/// Method: one thread writes and keeps the model after each write, another reads snapshots; each must be a state.
#[test]
fn readers_see_states_between_writes() {
    let seed = 2;
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let collection = collection(&database, config(seed));
    let done = AtomicBool::new(false);
    let (states, seen) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut random = Generator::new(seed + 1, &collection.config());
            let mut seen = Vec::new();
            while !done.load(Ordering::Relaxed) {
                seen.push(scroll_all(&collection.snapshot().unwrap(), &mut random, None));
                for shard in collection.info().shards {
                    let seqs = [
                        shard.appended_seq,
                        shard.durable_seq,
                        shard.committed_seq,
                        shard.visible_seq,
                    ];
                    assert!(seqs.is_sorted_by(|a, b| a >= b), "{shard:?}");
                }
            }
            seen
        });
        let _end = SetAtEnd(&done);
        let mut random = Generator::new(seed, &collection.config());
        let mut model = Model::new(collection.config());
        let mut states = vec![model.clone()];
        for number in 0..300 {
            let write = random.write();
            let wait = if number % 8 == 7 {
                Wait::Durable
            } else {
                Wait::Accepted
            };
            collection.write(&Ctx::default(), write.clone(), wait).unwrap();
            model.apply(&write);
            states.push(model.clone());
        }
        done.store(true, Ordering::Relaxed);
        (states, reader.join().unwrap())
    });
    let mut at = 0;
    for records in &seen {
        let same = |state: &Model| same_points(records, state, &collection.config());
        let next = states[at..].iter().position(same);
        at += next.unwrap_or_else(|| panic!("seed {seed}: not a state after write {at}: {:?}", ids(records)));
    }
    assert!(!seen.is_empty());
}

/// Goal: a batch over two shards is seen whole or not at all, however commits and writes meet.
/// Method: one thread writes the same number into points of both shards without waiting, another commits all the
/// time, the third reads both points from one snapshot.
#[test]
fn batches_over_shards_are_seen_whole() {
    let io = Arc::new(MemIo::new());
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let database = Database::open(io, options).unwrap();
    let mut two_shards = CollectionConfig::single(4, Distance::Dot);
    two_shards.shards = 2;
    let collection = collection(&database, two_shards);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                collection.flush().unwrap();
            }
        });
        scope.spawn(|| {
            let ids: Vec<PointId> = (0..8).map(PointId::Num).collect();
            let (all, none) = (PayloadSelector::All, VectorSelector::None);
            while !done.load(Ordering::Relaxed) {
                let seen = collection.get(&Ctx::default(), &ids, &all, &none).unwrap();
                assert!(
                    seen.iter().all(|point| point.payload == seen[0].payload),
                    "a torn batch: {seen:?}"
                );
            }
        });
        let _end = SetAtEnd(&done);
        for n in 0..10_000 {
            let points = (0..8).map(|id| counter(id, n)).collect();
            let write = WriteOp::Upsert(Upsert {
                points,
                ..Upsert::default()
            });
            collection.write(&Ctx::default(), write, Wait::Accepted).unwrap();
        }
    });
}

/// Lets the reader end, also when the writer panics.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn ids(records: &[PointRecord]) -> BTreeMap<&PointId, u64> {
    records
        .iter()
        .map(|record| (&record.id, record.version))
        .collect()
}

fn in_threads<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..count)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
