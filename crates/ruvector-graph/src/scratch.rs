//! Working memory of searches and insertions, one per thread, reused: once warm nothing is allocated per query.
//! Never carries an answer from one call to the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::neighbor::{Key, Neighbor};
use crate::pool::Pool;
use crate::select::Selection;
use crate::top_k::TopK;

/// Reusable buffers. Any scratch serves any graph; it grows to the largest it met (one byte a node).
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) visited: Visited,
    pub(crate) frontier: BinaryHeap<Reverse<Key>>,
    pub(crate) results: TopK,
    pub(crate) pool: Pool,
    pub(crate) links: Vec<u32>,
    /// Candidates of an insertion at one level, closest first.
    pub(crate) found: Vec<Neighbor>,
    /// The neighbours chosen from `found`.
    pub(crate) chosen: Selection,
    /// A full list with its newcomer, ranked by distance from the list's owner.
    pub(crate) ranked: Vec<Neighbor>,
    /// What remains of `ranked`.
    pub(crate) kept: Selection,
}

impl Scratch {
    /// Empty; the first call that uses it allocates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let neighbors =
            self.found.capacity() + self.ranked.capacity() + self.chosen.capacity() + self.kept.capacity();
        self.visited.marks.capacity()
            + self.pool.heap_bytes()
            + self.links.capacity() * size_of::<u32>()
            + (self.frontier.capacity() + self.results.capacity()) * size_of::<Key>()
            + neighbors * size_of::<Neighbor>()
    }
}

/// The set of nodes met: a node is in it when its mark is the current epoch, so that emptying it is one
/// increment. One byte a node keeps the array in cache; it is wiped every 255 searches.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    marks: Vec<u8>,
    epoch: u8,
}

impl Visited {
    /// Empties the set and makes room for nodes below `len`.
    pub(crate) fn begin(&mut self, len: u32) {
        if self.marks.len() < len as usize {
            self.marks.resize(len as usize, 0);
        }
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            self.marks.fill(0);
            self.epoch = 1;
        }
    }

    /// Adds one node; false when it was there or is out of range.
    #[inline]
    pub(crate) fn insert(&mut self, node: u32) -> bool {
        let Some(mark) = self.marks.get_mut(node as usize) else {
            return false;
        };
        let fresh = *mark != self.epoch;
        *mark = self.epoch;
        fresh
    }

    /// Adds all of `nodes` that are below `len`, and keeps in it only those that were not there.
    #[inline]
    pub(crate) fn retain_fresh(&mut self, nodes: &mut Vec<u32>, len: u32) {
        let marks = &mut self.marks[..len as usize];
        let mut kept = 0;
        for at in 0..nodes.len() {
            let node = nodes[at];
            let Some(mark) = marks.get_mut(node as usize) else {
                continue;
            };
            // Branch-free: the slot is overwritten by the next fresh node where this one is not.
            nodes[kept] = node;
            kept += usize::from(*mark != self.epoch);
            *mark = self.epoch;
        }
        nodes.truncate(kept);
    }
}
