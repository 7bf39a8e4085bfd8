//! Damaged bytes in the plain layout.
// Goal: hostile bytes give an error or bounded answers, never a panic. Method: every truncation of the header and
// random ones beyond, and random flips and overwrites of header, lists and index, each searched and carried over.

mod dataset;

use dataset::{PARAMS, Random, build, clustered, find, space};
use ruvector_graph::{Bytes, CarryOver, PlainError, PlainGraph, plain};

const COUNT: u32 = 400;

#[test]
fn truncated_bytes_do_not_open() {
    let vectors = clustered(COUNT as usize, 8, 1);
    let bytes = plain::encode(&build(&vectors, PARAMS), COUNT, PARAMS).unwrap();
    let mut random = Random(2);
    let lengths = (0..64).chain((0..200).map(|_| random.below(bytes.len() as u32 - 1) as usize));
    for length in lengths {
        assert!(PlainGraph::open(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let (expected, found) = (bytes.len() as u64, longer.len() as u64);
    assert_eq!(
        PlainGraph::open(longer).err(),
        Some(PlainError::Length { expected, found })
    );
}

#[test]
fn flipped_bytes_give_bounded_answers() {
    let vectors = clustered(COUNT as usize, 8, 1);
    let original = plain::encode(&build(&vectors, PARAMS), COUNT, PARAMS).unwrap();
    let level0_end = 48 + COUNT as usize * (2 + 2 * PARAMS.m as usize * 3);
    let mut random = Random(3);
    let mut opened = 0;
    for round in 0..600 {
        let mut bytes = original.clone();
        let range = [0..48, 48..level0_end, level0_end..bytes.len()][round % 3].clone();
        for _ in 0..1 + random.below(8) {
            let at = range.start + random.below(range.len() as u32) as usize;
            bytes[at] = if random.below(2) == 0 {
                bytes[at] ^ 1 << random.below(8)
            } else {
                random.next() as u8
            };
        }
        let Ok(graph) = PlainGraph::open(bytes) else {
            continue;
        };
        opened += 1;
        let (found, outcome) = find(&[0.1; 8], 20, &vectors, &graph, &mut |_| true);
        assert!(
            found.len() <= 20 && found.iter().all(|neighbor| neighbor.node < COUNT),
            "round {round}"
        );
        assert!(outcome.distances <= 16 * u64::from(COUNT), "round {round}");
        let map = (0..graph.len().min(COUNT)).collect();
        let mut carry = CarryOver::new(&graph, map, PARAMS, COUNT).unwrap();
        while !carry.step(space(&vectors), 64) {}
        let carried = carry.finish().unwrap();
        assert!(
            plain::encode(&carried, carried.len(), PARAMS).is_ok(),
            "round {round}"
        );
    }
    assert!(opened >= 400, "{opened}");
}

/// Bytes of which some regions cannot be read.
struct Holes<'a>(&'a [u8], u64);

impl Bytes for Holes<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn bytes(&self, range: std::ops::Range<u64>) -> Option<&[u8]> {
        let hole = range.start / 512 % self.1 == 2 || range.end / 512 % self.1 == 2;
        if hole { None } else { self.0.bytes(range) }
    }
}

#[test]
fn regions_that_cannot_be_read_are_counted() {
    let vectors = clustered(COUNT as usize, 8, 1);
    let bytes = plain::encode(&build(&vectors, PARAMS), COUNT, PARAMS).unwrap();
    let graph = PlainGraph::open(Holes(&bytes, 16)).unwrap();
    let (found, outcome) = find(&[0.1; 8], COUNT as usize, &vectors, &graph, &mut |_| true);
    assert!(
        found.len() > 100 && outcome.unreadable > 0,
        "{} {outcome:?}",
        found.len()
    );
}
