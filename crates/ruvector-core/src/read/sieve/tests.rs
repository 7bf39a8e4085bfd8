//! Goal: what the sieves leave holds the nearest of the nodes asked about; codes only make it fewer, and where they are
//! missing, damaged or not to be relied on they are done without. Method: random vectors, of which no code tells much, in
//! a real segment; every third of them sifted, beside a plain comparison; bits flipped on a simulated disk.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use ruvector_graph::Vectors;
use ruvector_io::sim::SimDisk;
use ruvector_types::{
    CollectionConfig, Condition, Distance, Filter, Map, NamedVectors, Point, PointId, QuantizationConfig,
    SearchRequest, Upsert, WriteOp,
};

use super::*;
use crate::view::Source;
use crate::{Ctx, Database, DatabaseOptions, Wait};

const DIM: usize = 64;
const POINTS: usize = 3_000;
const WANTED: usize = 10;
const QUERIES: usize = 40;

/// Numbers without a pattern, from -1 to 1.
fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let draw = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..len).map(draw).collect()
}

fn scaled(mut numbers: Vec<f32>, scale: f32) -> Vec<f32> {
    numbers.iter_mut().for_each(|number| *number *= scale);
    numbers
}

fn open(disk: &SimDisk) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        // Components are read where they lie, and checked there.
        promoted_bytes_max: Some(0),
        ..DatabaseOptions::default()
    };
    Database::open(Arc::new(disk.clone()), options).unwrap()
}

/// A disk with one sealed segment, each point's vector the noise of its number.
fn disk(codes: Option<Codes>) -> SimDisk {
    disk_of(codes, Distance::Euclid, 1.0)
}

/// The same, compared otherwise and each number so many times as large.
fn disk_of(codes: Option<Codes>, distance: Distance, scale: f32) -> SimDisk {
    let disk = SimDisk::new(1);
    let database = open(&disk);
    let mut config = CollectionConfig::single(DIM as u32, distance);
    for vector in config.vectors.values_mut() {
        (vector.hnsw.m, vector.hnsw.ef_construct) = (8, 32);
        vector.quantization = codes.map(QuantizationConfig::of);
    }
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let point = |number: usize| Point {
        id: PointId::Num(number as u64),
        vectors: NamedVectors::from([(String::new(), scaled(noise(number as u64, DIM), scale).into())]),
        payload: Map::new(),
    };
    let upsert = Upsert {
        points: (0..POINTS).map(point).collect(),
        ..Upsert::default()
    };
    let context = Ctx::default();
    collection
        .write(&context, WriteOp::Upsert(upsert), Wait::Durable)
        .unwrap();
    collection.optimize().unwrap();
    database.close().unwrap();
    disk
}

/// Runs a check on the only field of the only segment.
fn with_field(disk: &SimDisk, check: impl FnOnce(&SealedField)) {
    let database = open(disk);
    let snapshot = database.collection("c").unwrap().snapshot().unwrap();
    let mut segments = snapshot.view.shards.iter().flat_map(|shard| &shard.segments);
    let sealed = segments.find_map(|segment| match &segment.source {
        Source::Sealed(sealed) => Some(sealed),
        Source::Active(_) => None,
    });
    check(sealed.unwrap().fields[0].as_ref().unwrap());
}

/// Recall of the sieves, and the share of the nodes that passed the first one: 0 if it was not used.
fn sift(field: &SealedField, nodes: &[u32], is_sure: bool) -> (f64, f64) {
    sift_farther(field, (nodes, 0), is_sure)
}

/// The same, of the nodes without so many of the nearest to each query.
fn sift_farther(field: &SealedField, (nodes, nearest): (&[u32], usize), is_sure: bool) -> (f64, f64) {
    let (mut found, mut passed) = (0, 0);
    let mut sieve = Sieve::default();
    for query in (0..QUERIES).map(|number| noise(1_000_003 + number as u64, DIM)) {
        let distance = |node: u32| {
            let typed = field.vectors.typed::<f32>();
            let vector = typed.vector(node).unwrap();
            let squares = vector.iter().zip(&query).map(|(a, b)| (a - b) * (a - b));
            squares.sum::<f32>()
        };
        let mut truth = nodes.to_vec();
        truth.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        let nodes = &truth.split_off(nearest)[..];
        let truth = &nodes[..WANTED];
        let mut nodes = nodes.to_vec();
        nodes.sort_unstable();
        let request = request(&query);
        let outcome = sieve
            .sift(field, &request, (&nodes, is_sure), &mut |_| true)
            .unwrap();
        assert!(outcome.unreadable == 0 && sieve.found.iter().all(|neighbor| nodes.contains(&neighbor.node)));
        let is_found = |node: &&u32| sieve.found.iter().any(|neighbor| neighbor.node == **node);
        found += truth.iter().filter(is_found).count();
        // Where the first sieve was given up, the second one saw all.
        passed += match outcome.visited == nodes.len() as u64 {
            true => 0,
            false => outcome.visited,
        };
    }
    let all = (QUERIES * (nodes.len() - nearest)) as f64;
    (found as f64 / (QUERIES * WANTED) as f64, passed as f64 / all)
}

fn every_third() -> Vec<u32> {
    (0..POINTS as u32).step_by(3).collect()
}

fn request(query: &[f32]) -> FastSearch<'_> {
    FastSearch {
        query,
        wanted: WANTED,
        breadth: 64,
        visits_max: None,
        trial: None,
        elsewhere: None,
    }
}

#[test]
fn the_nearest_stay() {
    for width in [CodeWidth::One, CodeWidth::Two, CodeWidth::Four] {
        with_field(&disk(Some(Codes::Rotated(width))), |field| {
            let (recall, passed) = sift(field, &every_third(), true);
            assert!(recall >= 0.99, "{width:?}: {recall}");
            assert!(passed > 0.0 && passed < 0.6, "{width:?}: {passed}");
            // Too few, or not sure to match: the first sieve is not asked.
            let few: Vec<u32> = (0..CODED_NODES_MIN as u32 - 1).collect();
            assert_eq!(sift(field, &few, true), (1.0, 0.0));
            assert_eq!(sift(field, &every_third(), false), (1.0, 0.0));
        });
    }
}

/// Goal: where a filter keeps what is far, and so many nodes are as far as the nearest of these, the errors of many estimates
/// hide none. Method: the farther halves, with an own share for each query.
#[test]
fn the_nearest_of_the_far_stay() {
    for width in [CodeWidth::One, CodeWidth::Two] {
        with_field(&disk(Some(Codes::Rotated(width))), |field| {
            let all: Vec<u32> = (0..POINTS as u32).collect();
            let (recall, passed) = sift_farther(field, (&all, POINTS / 2), true);
            assert!(recall >= 0.99, "{width:?}: {recall}");
            assert!(passed > 0.0 && passed < 0.95, "{width:?}: {passed}");
        });
    }
}

#[test]
fn codes_can_be_done_without() {
    // None at all, and codes that do not tell how far they err.
    for codes in [None, Some(Codes::Binary(CodeWidth::One))] {
        with_field(&disk(codes), |field| {
            assert_eq!(field.codes.is_some(), codes.is_some());
            assert_eq!(sift(field, &every_third(), true), (1.0, 0.0));
        });
    }
    // A bit that flips among wide codes hurts the region it is in; among short ones of a few rows, all of them.
    for (width, stay) in [(CodeWidth::Four, true), (CodeWidth::One, false)] {
        let disk = disk(Some(Codes::Rotated(width)));
        let files = disk.files();
        let (path, len) = files.iter().find(|(path, _)| path.contains(".codes.")).unwrap();
        disk.flip_bit(path, len / 8, 3).unwrap();
        with_field(&disk, |field| {
            assert_eq!(sift(field, &every_third(), true), (1.0, 0.0));
            let damaged = field
                .codes
                .as_ref()
                .map(|codes| codes.component().damage().is_some());
            assert_eq!(damaged, stay.then_some(true), "{width:?}");
        });
    }
}

/// Goal: estimates beyond all bounds hide nothing. Method: products of vectors whose sums overflow, both ways.
#[test]
fn overflow_hides_nothing() {
    for scale in [1e18, 1e20, 1e25] {
        let disk = disk_of(Some(Codes::Rotated(CodeWidth::Two)), Distance::Dot, scale);
        with_field(&disk, |field| {
            let (nodes, mut sieve) = (every_third(), Sieve::default());
            for number in 0..8 {
                let query = scaled(noise(number, DIM), scale);
                let request = request(&query);
                let sifted = sieve.sift(field, &request, (&nodes, true), &mut |_| true);
                if sifted.is_some() {
                    assert!(sieve.found.len() >= WANTED, "{scale}: {}", sieve.found.len());
                }
            }
        });
        let ids = (0..POINTS as u64).step_by(3).map(PointId::Num).collect();
        for filter in [None, Some(Filter::must(Condition::HasId(ids)))] {
            let mut request = SearchRequest::nearest(scaled(noise(1, DIM), scale), WANTED);
            request.filter = filter;
            let database = open(&disk);
            let collection = database.collection("c").unwrap();
            let found = collection.search(&Ctx::default(), &request).unwrap();
            assert_eq!(found.len(), WANTED, "{scale}");
        }
    }
}
