//! Damaged bytes, and vectors that cannot be read, give bounded answers.

use ruvector_graph::{Bytes, FastError, FastGraph, FastScratch, FastSearch, Vectors, fast};
use ruvector_simd::Metric;

use crate::dataset::{Flat, Random, clustered};
use crate::{SEED, encode, links_of, request};

/// Those of the layout: header, and a node of `p` padded components.
const HEADER_BYTES: usize = 64;

/// Two bits a component of a neighbour: all of these tests but one have few dimensions.
const fn stride(padded: usize) -> usize {
    320 + 9 * padded
}

/// The tables of slacks and of recalls at the end.
const TABLES_BYTES: usize = 128;

/// A small graph and its bytes: 8 dimensions, 64 padded.
fn small() -> (Flat, Vec<u8>) {
    let vectors = clustered(400, 8, 1);
    let bytes = encode(Metric::Euclid, &vectors);
    (vectors, bytes)
}

/// Searches any bytes; what comes out must be bounded, whatever they are.
fn search_hostile(bytes: Vec<u8>, dim: usize, scratch: &mut FastScratch) -> bool {
    let Ok(graph) = FastGraph::open(bytes) else {
        return false;
    };
    let mut out = Vec::new();
    let mut asked = 0;
    let mut accept = |_| {
        asked += 1;
        true
    };
    let query: Vec<f32> = (0..dim).map(|at| (at as f32).sin()).collect();
    let outcome = graph.search(&request(&query, 40), &mut accept, scratch, &mut out);
    assert!(outcome.visited <= u64::from(graph.len()) && asked == outcome.visited);
    assert!(out.len() as u64 <= outcome.visited && !outcome.deviation.is_nan());
    assert!(out.iter().all(|n| n.node < graph.len() && !n.distance.is_nan()));
    true
}

#[test]
fn truncated_bytes_do_not_open() {
    let (_, bytes) = small();
    let mut random = Random(2);
    let lengths = (0..HEADER_BYTES + 8).chain((0..200).map(|_| random.below(bytes.len() as u32) as usize));
    for length in lengths {
        assert!(FastGraph::open(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let (expected, found) = (bytes.len() as u64, longer.len() as u64);
    assert_eq!(
        FastGraph::open(longer).err(),
        Some(FastError::Length { expected, found })
    );
    let mut center = bytes;
    center[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(FastGraph::open(center).err(), Some(FastError::Center));
}

#[test]
fn damaged_bytes_give_bounded_answers() {
    let (_, original) = small();
    let mut scratch = FastScratch::default();
    // A larger graph first: marks that it leaves must not let ids of the smaller one out of range.
    assert!(search_hostile(
        encode(Metric::Dot, &clustered(900, 8, 4)),
        8,
        &mut scratch
    ));
    let nodes_at = original.len() - TABLES_BYTES - 400 * stride(64);
    let mut random = Random(3);
    let mut opened = 0;
    for round in 0..1_200 {
        let mut bytes = original.clone();
        let range = [0..HEADER_BYTES, HEADER_BYTES..nodes_at, nodes_at..bytes.len()][round % 3].clone();
        let noisy = random.below(40) == 0;
        let hits = if noisy {
            range.len() as u32
        } else {
            1 + random.below(8)
        };
        for _ in 0..hits {
            let at = range.start + random.below(range.len() as u32) as usize;
            bytes[at] = if random.below(2) == 0 {
                bytes[at] ^ 1 << random.below(8)
            } else {
                random.next() as u8
            };
        }
        opened += u32::from(search_hostile(bytes, 8, &mut scratch));
    }
    assert!(opened > 700, "{opened}");
}

#[test]
fn factors_that_are_no_numbers_end_the_search_in_time() {
    let (_, original) = small();
    let nodes_at = original.len() - TABLES_BYTES - 400 * stride(64);
    let halves = [0x7e00u16, 0x7c00, 0xfc00, 0x7bff, 0xfbff];
    let words = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.0, -1.0];
    let mut scratch = FastScratch::default();
    for half in halves {
        for word in words {
            let mut bytes = original.clone();
            let nodes_end = bytes.len() - TABLES_BYTES;
            for node in bytes[nodes_at..nodes_end].chunks_mut(stride(64)) {
                let factors = node[128..256].chunks_mut(2);
                factors.for_each(|factor| factor.copy_from_slice(&half.to_le_bytes()));
                let tail = stride(64) - 64;
                let numbers = node[tail..tail + 16].chunks_mut(4);
                numbers.for_each(|number| number.copy_from_slice(&word.to_le_bytes()));
            }
            assert!(search_hostile(bytes, 8, &mut scratch));
        }
    }
}

/// Goal: a damaged table of recalls is refused, or names a breadth that was measured. Method: each word of it replaced.
#[test]
fn tables_of_recalls_name_breadths_there_are() {
    let (_, original) = small();
    let (mut refused, at) = (0, original.len() - TABLES_BYTES / 2);
    for word in (at..original.len()).step_by(4) {
        for number in [
            f32::NAN,
            f32::INFINITY,
            -0.0,
            -1.0,
            0.0,
            1e-30,
            0.5,
            1.0,
            1.0 + f32::EPSILON,
        ] {
            let mut bytes = original.clone();
            bytes[word..word + 4].copy_from_slice(&number.to_le_bytes());
            match FastGraph::open(bytes) {
                Err(error) => {
                    assert_eq!(error, FastError::Recalls);
                    refused += 1;
                }
                Ok(graph) => {
                    let breadths =
                        [f32::NAN, -1.0, 0.0, 0.5, 0.95, 1.0, 2.0].map(|recall| graph.breadth_of(recall));
                    assert!(
                        breadths
                            .iter()
                            .flatten()
                            .all(|breadth| (8..=1_448).contains(breadth))
                    );
                }
            }
        }
    }
    assert!(refused >= 4 * 16, "{refused}");
}

/// Bytes of which some regions cannot be read.
struct Holes(Vec<u8>);

impl Bytes for Holes {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn bytes(&self, range: std::ops::Range<u64>) -> Option<&[u8]> {
        let hole = range.start > 8_192 && (range.start / 1024 % 10 == 2 || range.end / 1024 % 10 == 2);
        if hole {
            None
        } else {
            self.0.as_slice().bytes(range)
        }
    }
}

#[test]
fn regions_that_cannot_be_read_are_counted() {
    let graph = FastGraph::open(Holes(small().1)).unwrap();
    let mut out = Vec::new();
    let outcome = graph.search(
        &request(&[0.1; 8], 1_000),
        &mut |_| true,
        &mut FastScratch::default(),
        &mut out,
    );
    assert!(outcome.unreadable > 0 && outcome.visited > 100, "{outcome:?}");
}

#[test]
fn unreadable_vectors_are_passed_over() {
    let mut vectors = clustered(600, 24, 6);
    let links = links_of(Metric::Euclid, &vectors);
    vectors.unreadable = (0..600).filter(|node| node % 7 == 0).collect();
    let graph = FastGraph::open(fast::encode(Metric::Euclid, 24, &vectors, &links, SEED).unwrap()).unwrap();
    let mut out = Vec::new();
    let query = vectors.vector(1).unwrap();
    let search = FastSearch {
        wanted: 600,
        ..request(query, 100_000)
    };
    graph.search(&search, &mut |_| true, &mut FastScratch::default(), &mut out);
    assert!(
        out.len() > 450 && out.iter().all(|found| found.node % 7 != 0),
        "{}",
        out.len()
    );

    vectors.unreadable = (0..600).collect();
    let graph = FastGraph::open(fast::encode(Metric::Dot, 24, &vectors, &links, SEED).unwrap()).unwrap();
    graph.search(
        &request(&[1.0; 24], 50),
        &mut |_| true,
        &mut FastScratch::default(),
        &mut out,
    );
    assert!(out.is_empty());
}
