//! The best hits over all segments, in a total order: distance, then id. Ties never depend on where a point is
//! stored, so an exact search answers alike before and after the optimizer or a restart.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use ruvector_types::PointId;

/// A hit: where the point is, and how far.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) distance: f32,
    pub(crate) id: PointId,
    pub(crate) shard: u32,
    pub(crate) segment: u32,
    pub(crate) row: u32,
}

impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance
            .total_cmp(&other.distance)
            .then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Hit {}

/// Keeps the `wanted` best hits offered.
#[derive(Clone, Debug)]
pub(crate) struct TopHits {
    wanted: usize,
    heap: BinaryHeap<Hit>,
}

impl TopHits {
    pub(crate) fn new(wanted: usize) -> TopHits {
        TopHits {
            wanted,
            heap: BinaryHeap::with_capacity(wanted.min(1024) + 1),
        }
    }

    /// Whether a hit at `distance` could still enter.
    pub(crate) fn admits(&self, distance: f32) -> bool {
        self.heap.len() < self.wanted
            || self
                .heap
                .peek()
                .is_some_and(|worst| distance.total_cmp(&worst.distance) != Ordering::Greater)
    }

    /// The distance beyond which nothing enters any more, once so many were found.
    pub(crate) fn worst(&self) -> Option<f32> {
        let full = self.heap.len() >= self.wanted;
        self.heap.peek().filter(|_| full).map(|worst| worst.distance)
    }

    pub(crate) fn offer(&mut self, hit: Hit) {
        if self.heap.len() < self.wanted {
            self.heap.push(hit);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && hit < *worst
        {
            *worst = hit;
        }
    }

    /// The hits, best first.
    pub(crate) fn into_sorted(self) -> Vec<Hit> {
        self.heap.into_sorted_vec()
    }
}
