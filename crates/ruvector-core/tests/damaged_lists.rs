//! Goal: damaged lists of a sparse field cost time only, and are built again. Method: lists of more than the two regions
//! that opening reads; bits flipped one at a time, in lists that opening passes over among them; searches before and
//! after are exact every time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Status, Wait};
use ruvector_io::sim::{PowerLoss, SimDisk};
use support::Announce;
use support::check;
use support::history::{History, Points};
use support::random::{Random, WORDS, id};
use support::workload::open;

const NAME: &str = "sparse";
const BATCHES: u64 = 16;
const BATCH: u64 = 64;
/// Dimensions, of which a point has about two in five: forty thousand postings of more than four bytes.
const DIMS: u32 = 100;
/// Bytes that a checksum covers, and where the first of them begin.
const REGION_BYTES: u64 = 64 << 10;
const HEADER_BYTES: u64 = 64;

fn config() -> CollectionConfig {
    CollectionConfig {
        vectors: Default::default(),
        sparse_vectors: [(WORDS.to_owned(), SparseVectorConfig::default())].into(),
        shards: 1,
        optimizer: OptimizerConfig::default(),
        settings: Default::default(),
    }
}

/// Some of the dimensions with whole numbers: sums are exact in any order.
fn sparse(random: &mut Random, percent: u64) -> SparseVector {
    let indices: Vec<u32> = (0..DIMS).filter(|_| random.chance(percent)).collect();
    let values = random.vector(indices.len());
    SparseVector { indices, values }
}

fn batch(random: &mut Random, at: u64) -> WriteOp {
    let numbers = at * BATCH..(at + 1) * BATCH;
    let point = |number| Point {
        id: id(number),
        vectors: [(WORDS.to_owned(), sparse(random, 40).into())].into(),
        payload: random.payload(),
    };
    WriteOp::Upsert(Upsert {
        points: numbers.map(point).collect(),
        ..Upsert::default()
    })
}

/// A disk at rest with one sealed segment, and what is in it.
fn sample() -> (SimDisk, Points) {
    let disk = SimDisk::new(1);
    let database = open(&disk).unwrap();
    database.create_collection(NAME, config()).unwrap();
    let collection = database.collection(NAME).unwrap();
    let (mut random, mut history) = (Random::new(8), History::new(1));
    for at in 0..BATCHES {
        let operation = batch(&mut random, at);
        let parts = history.begin(&operation);
        collection
            .write(&Ctx::default(), operation, Wait::Durable)
            .unwrap();
        history.promise(&parts, true);
    }
    collection.optimize().unwrap();
    database.close().unwrap();
    (disk, history.latest())
}

fn searches_are_exact(collection: &Collection, points: &Points) {
    let mut random = Random::new(5);
    for filter in [None, Some(check::n_below(50))] {
        let mut request = SearchRequest::nearest(sparse(&mut random, 20), 7);
        (request.using, request.filter) = (WORDS.to_owned(), filter);
        let found = collection.search(&Ctx::default(), &request).unwrap();
        let found: Vec<(f32, PointId)> = found.into_iter().map(|hit| (hit.score, hit.id)).collect();
        assert_eq!(found, check::nearest(&request, points));
    }
}

/// Whether a flipped bit was met by a search.
fn is_met(disk: &SimDisk, points: &Points) -> bool {
    let database = open(disk).unwrap();
    let collection = database.collection(NAME).unwrap();
    let is_open = collection.info().status != Status::Red;
    searches_are_exact(&collection, points);
    let is_met = is_open && collection.info().status == Status::Red;
    while collection.info().status == Status::Red {
        assert!(collection.step().unwrap(), "at rest: {:?}", collection.info());
    }
    searches_are_exact(&collection, points);
    assert_eq!(check::scrolled(&collection), *points);
    is_met
}

#[test]
fn damaged_lists_are_built_again() {
    let (disk, points) = sample();
    let files = disk.files();
    let lists: Vec<&(String, u64)> = files
        .iter()
        .filter(|(path, _)| path.contains(".sparse.f0."))
        .collect();
    let [(path, len)] = lists[..] else {
        panic!("one file of lists: {files:?}");
    };
    assert!(*len > HEADER_BYTES + 2 * REGION_BYTES, "{len} bytes are too few");
    let mut random = Random::new(*len);
    // In the lists alone; then at both ends and anywhere.
    let regions = (0..4).map(|at| HEADER_BYTES + at % 2 * REGION_BYTES + random.below(REGION_BYTES));
    let mut places: Vec<u64> = regions.collect();
    places.extend([0, len - 1, random.below(*len), random.below(*len)]);
    for (at, byte) in places.into_iter().enumerate() {
        let bit = (byte % 8) as u8;
        let _announce = Announce(format!("{path} of {len} bytes, byte {byte}, bit {bit}"));
        let disk = disk.power_loss(1, PowerLoss::DurableOnly);
        disk.flip_bit(path, byte, bit).unwrap();
        let is_met = is_met(&disk, &points);
        assert!(is_met || at >= 4, "opening, or no search, met the damage");
    }
}
