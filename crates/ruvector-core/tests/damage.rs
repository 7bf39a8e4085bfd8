//! Goal: a flipped bit is reported and isolated, never served, never fatal. Method: a database with every kind of
//! file on the simulated disk; seeded flips in each file, one at a time; everything is opened, read, written
//! again, optimized and compared with a model that knows nothing of the damage. A failure prints file and bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, Error, ErrorKind, Status, Wait};
use ruvector_io::sim::{PowerLoss, SimDisk};
use support::Announce;
use support::check::{self, Least, n_below};
use support::history::{History, Points, Stored};
use support::random::{Random, id};
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
    let hnsw = HnswConfig { m: 32, ef_construct: 64 };
    let field = |(name, dim): (&str, usize)| {
        (name.to_owned(), VectorConfig { dim: dim as u32, distance: Distance::Euclid, hnsw })
    };
    let optimizer = OptimizerConfig { log_bytes_max: 4096, deleted_share_max: 0.9, ..OptimizerConfig::default() };
    CollectionConfig { vectors: DIMS.into_iter().map(field).collect(), shards: 1, optimizer }
}

/// A point with half a kilobyte of payload.
fn point(random: &mut Random, number: u64) -> Point {
    let mut point = random.point(id(number), &DIMS);
    point.payload.insert("long".to_owned(), Value::String(format!("{:0500}", random.next())));
    point
}

fn points(seed: u64, numbers: impl IntoIterator<Item = u64>) -> WriteOp {
    let mut random = Random::new(seed);
    let points = numbers.into_iter().map(|number| point(&mut random, number)).collect();
    WriteOp::Upsert(Upsert { points, ..Upsert::default() })
}

fn write(database: &Database, name: &str, history: &mut History, operation: WriteOp) {
    let parts = history.begin(&operation);
    database.collection(name).unwrap().write(&Ctx::default(), operation, Wait::Durable).unwrap();
    history.promise(&parts, true);
}

impl Sample {
    fn new() -> Sample {
        let disk = SimDisk::new(1);
        let database = Database::open(
            std::sync::Arc::new(disk.clone()),
            ruvector_core::DatabaseOptions { maintenance_threads: 0, ..Default::default() },
        )
        .unwrap();
        let (mut hurt, mut well) = (History::new(1), History::new(2));
        database.create_collection("hurt", hurt_config()).unwrap();
        database.create_collection("well", config(2)).unwrap();
        write(&database, "well", &mut well, upsert(1, 0..30));
        for batch in 0..4 {
            write(&database, "hurt", &mut hurt, points(batch, batch * POINTS / 4..(batch + 1) * POINTS / 4));
        }
        database.collection("hurt").unwrap().optimize().unwrap();
        // Deletes and payload updates over the sealed segment, enough of them to be sealed themselves.
        let deleted = PointSelector::Ids((3..9).map(id).collect());
        write(&database, "hurt", &mut hurt, WriteOp::Delete(deleted));
        let payload = Map::from([("note".to_owned(), Value::String("n".repeat(5_000)))]);
        let updated = PointSelector::Ids((20..26).map(id).collect());
        write(&database, "hurt", &mut hurt, WriteOp::SetPayload { payload, path: None, points: updated });
        while database.step().unwrap() {}
        for number in 0..3 {
            write(&database, "hurt", &mut hurt, points(number, [number]));
        }
        let log_bytes = || database.collection("hurt").unwrap().info().shards[0].log_bytes;
        let last_record_at = log_bytes();
        write(&database, "hurt", &mut hurt, points(9, [9]));
        assert!(last_record_at < log_bytes());
        database.close().unwrap();
        Sample { disk, hurt, well, last_record_at }
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

/// Asserts that an error is about damage.
fn is_corrupt(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

/// Reads everything in every way; each answer must be right, or missing, or refused as damaged. Returns the points
/// that are missing or refused.
fn read_all(collection: &Collection, expected: &Points) -> Vec<PointId> {
    let mut bad = Vec::new();
    for number in 0..POINTS + 20 {
        let id = id(number);
        let found = get(collection, &id);
        match (found, expected.get(&id)) {
            (Ok(found), stored) if found.as_ref() == stored => {}
            (Ok(Some(found)), stored) => panic!("{id}: {found:?} served, {stored:?} written"),
            (Ok(None), _) => bad.push(id),
            (Err(error), stored) => {
                is_corrupt(&error);
                assert!(stored.is_some(), "{id}: {error}");
                bad.push(id);
            }
        }
    }
    let count = collection.count(&Ctx::default(), &CountRequest::default()).unwrap();
    assert!(count <= expected.len() as u64);
    scroll(collection, expected);
    let mut random = Random::new(1);
    for exact in [true, false] {
        for filter in [None, Some(n_below(50))] {
            let mut request = SearchRequest::nearest(random.vector(64), 5);
            request.params = SearchParams { exact, hnsw_ef: Some(30) };
            request.filter = filter;
            search(collection, &mut request, expected);
        }
    }
    bad
}

fn get(collection: &Collection, id: &PointId) -> Result<Option<Stored>, Error> {
    let ids = std::slice::from_ref(id);
    let found = collection.get(&Ctx::default(), ids, &PayloadSelector::All, &VectorSelector::All)?;
    Ok(found.into_iter().next().map(|record| check::stored(record).1))
}

fn scroll(collection: &Collection, expected: &Points) {
    let request = ScrollRequest {
        from: None,
        limit: 1000,
        filter: None,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::All,
    };
    match collection.scroll(&Ctx::default(), &request) {
        Err(error) => is_corrupt(&error),
        Ok(page) => {
            for (id, stored) in page.points.into_iter().map(check::stored) {
                assert_eq!(Some(&stored), expected.get(&id), "{id}");
            }
        }
    }
}

/// Every hit is a point that was written and matches, at its right distance, and no readable one is passed over.
fn search(collection: &Collection, request: &mut SearchRequest, expected: &Points) {
    let found = match collection.search(&Ctx::default(), request) {
        Err(error) => return is_corrupt(&error),
        Ok(found) => found,
    };
    let limit = std::mem::replace(&mut request.limit, expected.len());
    let ranked = check::nearest(request, expected);
    let mut from = 0;
    for hit in &found {
        let at = ranked.iter().position(|(score, id)| *score == hit.score && *id == hit.id);
        let at = at.unwrap_or_else(|| panic!("{hit:?} is no match, or at a wrong distance"));
        assert!(at >= from, "out of order: {found:?}");
        from = at + 1;
    }
    request.limit = limit;
    request.with_payload = PayloadSelector::All;
    request.with_vectors = VectorSelector::All;
    match collection.search(&Ctx::default(), request) {
        Err(error) => is_corrupt(&error),
        Ok(found) => {
            for hit in found {
                let stored = &expected[&hit.id];
                assert_eq!((hit.payload.as_ref(), hit.vectors.as_ref()), (Some(&stored.payload), Some(&stored.vectors)));
            }
        }
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
        if bad.len() > 300 { wholly += 1 } else { partly += 1 }
        sample.check_well(&database);

        let mut random = Random::new(7);
        let again: Vec<Point> = (0..POINTS)
            .filter(|number| bad.contains(&id(*number)) && history.latest().contains_key(&id(*number)))
            .map(|number| point(&mut random, number))
            .collect();
        for points in again.chunks(64) {
            let upsert = Upsert { points: points.to_vec(), ..Upsert::default() };
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

/// Every point of the model is served as it was written last.
fn check_healed(collection: &Collection, history: &History) {
    assert_eq!(check::scrolled(collection), history.latest());
    for (id, stored) in &history.latest() {
        assert_eq!(get(collection, id).unwrap().as_ref(), Some(stored));
    }
    let mut request = SearchRequest::nearest(Random::new(3).vector(64), 5);
    request.params.exact = true;
    let found = collection.search(&Ctx::default(), &request).unwrap();
    let found: Vec<(f32, PointId)> = found.into_iter().map(|hit| (hit.score, hit.id)).collect();
    assert_eq!(found, check::nearest(&request, &history.latest()));
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
            assert!(read_all(&collection, &expected).iter().all(|id| !expected.contains_key(id)));
            sample.check_well(&database);
            while searched_before && collection.info().status == Status::Red {
                assert!(collection.step().unwrap(), "at rest and not healed: {:?}", collection.info());
            }
            check_recall(&collection, &expected);
            collection.optimize().unwrap();
            let info = collection.info();
            assert_eq!((info.status, info.indexed_vectors), (Status::Green, info.vectors), "{info:?}");
            check_recall(&collection, &expected);
            check_healed(&collection, &sample.hurt);
        });
    }
    assert!(met > 0, "no search met the damage");
}

fn check_recall(collection: &Collection, expected: &Points) {
    let (mut right, mut wanted) = (0, 0);
    for stored in expected.values().step_by(7) {
        let mut request = SearchRequest::nearest(stored.vectors[""].clone(), 5);
        request.params.hnsw_ef = Some(30);
        let found = collection.search(&Ctx::default(), &request).unwrap();
        let nearest = check::nearest(&request, expected);
        wanted += nearest.len();
        right += nearest.iter().filter(|(_, id)| found.iter().any(|hit| hit.id == *id)).count();
        assert_eq!(found.len(), 5);
    }
    assert!(right * 20 >= wanted * 19, "recall {right} of {wanted}");
}

/// A collection that cannot be opened refuses everything but its description and deletion.
fn is_closed_off(database: &Database) {
    let collection = database.collection("hurt").unwrap();
    let ctx = Ctx::default();
    let info = collection.info();
    assert_eq!((info.status, info.damages.len()), (Status::Red, 1), "{info:?}");
    is_corrupt(&collection.count(&ctx, &CountRequest::default()).unwrap_err());
    is_corrupt(&collection.search(&ctx, &SearchRequest::nearest(vec![0.0; 64], 1)).unwrap_err());
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
