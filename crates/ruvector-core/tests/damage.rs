//! Goal: a flipped bit is reported and isolated, never served, never fatal. Method: a database with every kind of
//! file on the simulated disk; seeded flips in each file, one at a time; everything is opened, read, written
//! again, optimized and compared with a model that knows nothing of the damage. A failure prints file and bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, Status, Wait};
use ruvector_io::sim::{PowerLoss, SimDisk};
use support::Announce;
use support::check::{self, Least};
use support::history::History;
use support::random::{LATE, Random, id, with_more_fields};
use support::readings::{check_healed, check_recall, get, is_corrupt, read_all};
use support::workload::{config, open, upsert};

const DIMS: [(&str, usize); 2] = [("", 64), ("side", 3)];
/// Enough for several checksummed regions of vectors, payloads and links, and for searches by graph.
const POINTS: u64 = 320;
const FLIPS: u64 = 6;
const SHARD: &str = "collections/00000000/shard-0000/";

/// A database of two collections on a disk at rest, what is in them, and the log's length before its last record.
struct Sample {
    disk: SimDisk,
    hurt: History,
    well: History,
    last_record_at: u64,
}

fn hurt_config() -> CollectionConfig {
    let hnsw = HnswConfig {
        m: 32,
        ef_construct: 64,
        ..HnswConfig::default()
    };
    let field = |(name, dim): (&str, usize)| {
        (
            name.to_owned(),
            VectorConfig {
                hnsw,
                ..VectorConfig::new(dim as u32, Distance::Euclid)
            },
        )
    };
    let optimizer = OptimizerConfig {
        log_bytes_max: 4096,
        deleted_share_max: 0.9,
        ..OptimizerConfig::default()
    };
    with_more_fields(CollectionConfig {
        sparse_vectors: Default::default(),
        settings: Default::default(),
        vectors: DIMS.into_iter().map(field).collect(),
        shards: 1,
        optimizer,
    })
}

/// A point with half a kilobyte of payload.
fn point(random: &mut Random, number: u64) -> Point {
    let mut point = random.point(id(number), &DIMS);
    point.payload.insert(
        "long".to_owned(),
        Value::String(format!("{:0500}", random.next())),
    );
    point
}

fn points(seed: u64, numbers: impl IntoIterator<Item = u64>) -> WriteOp {
    let mut random = Random::new(seed);
    let points = numbers
        .into_iter()
        .map(|number| point(&mut random, number))
        .collect();
    WriteOp::Upsert(Upsert {
        points,
        ..Upsert::default()
    })
}

fn write(database: &Database, name: &str, history: &mut History, operation: WriteOp) {
    let parts = history.begin(&operation);
    database
        .collection(name)
        .unwrap()
        .write(&Ctx::default(), operation, Wait::Durable)
        .unwrap();
    history.promise(&parts, true);
}

impl Sample {
    fn new() -> Sample {
        let disk = SimDisk::new(1);
        let database = Database::open(
            std::sync::Arc::new(disk.clone()),
            ruvector_core::DatabaseOptions {
                maintenance_threads: 0,
                ..Default::default()
            },
        )
        .unwrap();
        let (mut hurt, mut well) = (History::new(1), History::new(2));
        database.create_collection("hurt", hurt_config()).unwrap();
        database.create_collection("well", config(2)).unwrap();
        write(&database, "well", &mut well, upsert(1, 0..30));
        for batch in 0..4 {
            write(
                &database,
                "hurt",
                &mut hurt,
                points(batch, batch * POINTS / 4..(batch + 1) * POINTS / 4),
            );
        }
        database.collection("hurt").unwrap().optimize().unwrap();
        // Deletes and payload updates over the sealed segment, enough of them to be sealed themselves.
        let deleted = PointSelector::Ids((3..9).map(id).collect());
        write(&database, "hurt", &mut hurt, WriteOp::Delete(deleted));
        let payload = Map::from([("note".to_owned(), Value::String("n".repeat(5_000)))]);
        let updated = PointSelector::Ids((20..26).map(id).collect());
        write(
            &database,
            "hurt",
            &mut hurt,
            WriteOp::SetPayload {
                payload,
                path: None,
                points: updated,
            },
        );
        while database.step().unwrap() {}
        for number in 0..3 {
            write(&database, "hurt", &mut hurt, points(number, [number]));
        }
        let log_bytes = || database.collection("hurt").unwrap().info().shards[0].log_bytes;
        let last_record_at = log_bytes();
        write(&database, "hurt", &mut hurt, points(9, [9]));
        assert!(last_record_at < log_bytes());
        database.close().unwrap();
        Sample {
            disk,
            hurt,
            well,
            last_record_at,
        }
    }

    /// The catalog's files, or the first collection's, whose path contains `part`.
    fn files(&self, part: &str) -> Vec<(String, u64)> {
        let mut files = self.disk.files();
        files.retain(|(path, _)| path.contains(part) && (part == "catalog." || path.starts_with(SHARD)));
        assert!(!files.is_empty(), "no {part} among {:?}", self.disk.files());
        files
    }

    /// Flips bits of a file, one at a time, in a copy of the disk each: at both ends and anywhere.
    fn flip_each(&self, part: &str, mut check: impl FnMut(&SimDisk, u64)) {
        for (path, len) in self.files(part) {
            let mut random = Random::new(len);
            let anywhere = (0..FLIPS).map(|_| random.below(len)).collect::<Vec<_>>();
            for byte in [0, len - 1].into_iter().chain(anywhere) {
                let bit = (byte % 8) as u8;
                let _announce = Announce(format!("{path} of {len} bytes, byte {byte}, bit {bit}"));
                let disk = self.disk.power_loss(1, PowerLoss::DurableOnly);
                disk.flip_bit(&path, byte, bit).unwrap();
                check(&disk, byte);
            }
        }
    }

    /// The other collection is as it was, and takes writes.
    fn check_well(&self, database: &Database) {
        let mut history = self.well.clone();
        let collection = database.collection("well").unwrap();
        check::recovered(&collection, &history, Least::Accepted);
        write(database, "well", &mut history, upsert(2, 10..20));
        check::recovered(&collection, &history, Least::Accepted);
    }
}

/// Damaged parts of rows: what can be read is right, what cannot is reported; writing the lost points again heals
/// what a user sees, at once, after a reopen and after the optimizer.
fn rows_are_isolated(sample: &Sample, part: &str) -> (u64, u64) {
    let (mut partly, mut wholly) = (0, 0);
    sample.flip_each(part, |disk, _| {
        let database = open(disk).unwrap();
        let collection = database.collection("hurt").unwrap();
        let mut history = sample.hurt.clone();
        let bad = read_all(&collection, &history.latest());
        let info = collection.info();
        assert_eq!(info.status, Status::Red, "{info:?}");
        assert!(!info.damages.is_empty());
        assert!(!bad.is_empty());
        if bad.len() > 300 {
            wholly += 1
        } else {
            partly += 1
        }
        sample.check_well(&database);

        let mut random = Random::new(7);
        let again: Vec<Point> = (0..POINTS)
            .filter(|number| bad.contains(&id(*number)) && history.latest().contains_key(&id(*number)))
            .map(|number| point(&mut random, number))
            .collect();
        for points in again.chunks(64) {
            let upsert = Upsert {
                points: points.to_vec(),
                ..Upsert::default()
            };
            write(&database, "hurt", &mut history, WriteOp::Upsert(upsert));
        }
        check_healed(&collection, &history);
        database.close().unwrap();
        let database = open(disk).unwrap();
        let collection = database.collection("hurt").unwrap();
        check_healed(&collection, &history);
        for _ in 0..2 {
            if let Err(error) = collection.optimize() {
                is_corrupt(&error);
            }
        }
        check_healed(&collection, &history);
    });
    (partly, wholly)
}

#[test]
fn damaged_payloads_cost_their_rows_only() {
    let (partly, _) = rows_are_isolated(&Sample::new(), ".payload.");
    assert!(partly > 0, "no flip spared other rows");
}

#[test]
fn damaged_vectors_cost_their_rows_only() {
    let sample = Sample::new();
    let (partly, _) = rows_are_isolated(&sample, ".vectors.f0.");
    assert!(partly > 0, "no flip spared other rows");
    rows_are_isolated(&sample, ".vectors.f1.");
    rows_are_isolated(&sample, ".ragged.f0.");
    rows_are_isolated(&sample, ".ragged.f1.");
}

#[test]
fn damaged_ids_deletes_and_updates_set_their_segment_aside() {
    let sample = Sample::new();
    for part in [".ids.", ".deletes.", ".delta."] {
        let (partly, wholly) = rows_are_isolated(&sample, part);
        assert!(partly == 0 && wholly > 0, "{part}");
    }
}

// Goal: a damaged graph costs time only, and is built again. Method: searches by graph before and after, whose
// recall is that of a sound graph; the optimizer in the background, and at full effort without any search before.
#[test]
fn a_damaged_graph_is_built_again() {
    let sample = Sample::new();
    let expected = sample.hurt.latest();
    let mut met = 0;
    for (searched_before, part) in [(true, ".graph.f0."), (true, ".graph.f1."), (false, ".graph.f0.")] {
        sample.flip_each(part, |disk, _| {
            let database = open(disk).unwrap();
            let collection = database.collection("hurt").unwrap();
            if searched_before {
                check_recall(&collection, &expected);
                met += u64::from(collection.info().status == Status::Red);
            }
            assert!(
                read_all(&collection, &expected)
                    .iter()
                    .all(|id| !expected.contains_key(id))
            );
            sample.check_well(&database);
            while searched_before && collection.info().status == Status::Red {
                assert!(
                    collection.step().unwrap(),
                    "at rest and not healed: {:?}",
                    collection.info()
                );
            }
            check_recall(&collection, &expected);
            collection.optimize().unwrap();
            let info = collection.info();
            // Multi-vectors have no index.
            let late = expected
                .values()
                .filter(|stored| stored.vectors.contains_key(LATE));
            assert_eq!(
                (info.status, info.indexed_vectors + late.count() as u64),
                (Status::Green, info.vectors),
                "{info:?}"
            );
            check_recall(&collection, &expected);
            check_healed(&collection, &sample.hurt);
        });
    }
    assert!(met > 0, "no search met the damage");
}

/// A collection that cannot be opened refuses everything but its description and deletion.
fn is_closed_off(database: &Database) {
    let collection = database.collection("hurt").unwrap();
    let ctx = Ctx::default();
    let info = collection.info();
    assert_eq!((info.status, info.damages.len()), (Status::Red, 1), "{info:?}");
    is_corrupt(&collection.count(&ctx, &CountRequest::default()).unwrap_err());
    is_corrupt(
        &collection
            .search(&ctx, &SearchRequest::nearest(vec![0.0; 64], 1))
            .unwrap_err(),
    );
    is_corrupt(&get(&collection, &id(1)).unwrap_err());
    is_corrupt(&collection.write(&ctx, points(1, [1]), Wait::Durable).unwrap_err());
    is_corrupt(&collection.optimize().unwrap_err());
    is_corrupt(&collection.flush().unwrap_err());
    assert!(database.delete_collection("hurt").unwrap());
    assert_eq!(database.collection_names(), ["well"]);
}

#[test]
fn a_damaged_manifest_closes_its_collection_only() {
    let sample = Sample::new();
    sample.flip_each("manifest.", |disk, _| {
        let database = open(disk).unwrap();
        sample.check_well(&database);
        is_closed_off(&database);
    });
}

#[test]
fn a_damaged_catalog_refuses_to_open() {
    let sample = Sample::new();
    sample.flip_each("catalog.", |disk, _| is_corrupt(&open(disk).unwrap_err()));
}

// Goal: an acknowledged record that is damaged is never dropped in silence while a later one shows that it was
// acknowledged. Method: flips in the log; only in the very last record they may pass for a torn tail.
#[test]
fn a_damaged_log_closes_its_collection_only() {
    let sample = Sample::new();
    let (mut closed_off, mut tail) = (0, 0);
    sample.flip_each("/log/", |disk, byte| {
        let database = open(disk).unwrap();
        sample.check_well(&database);
        if byte < sample.last_record_at {
            is_closed_off(&database);
            closed_off += 1;
        } else {
            let shard = &sample.hurt.shards[0];
            let recovered = &shard.states[shard.last() as usize - 1];
            assert_eq!(check::scrolled(&database.collection("hurt").unwrap()), *recovered);
            tail += 1;
        }
    });
    assert!(closed_off > 0 && tail > 0, "{closed_off} {tail}");
}
