//! The k closest of a stream of neighbors: a bounded max-heap. Never allocates more than it is given to hold.

use std::collections::BinaryHeap;

use crate::neighbor::{Key, Neighbor};

/// Keeps the `k` closest neighbors it was offered. Of equally distant ones the earlier offered stays, so that a
/// crowd of equal vectors costs one comparison each.
#[derive(Debug, Default)]
pub struct TopK {
    k: usize,
    heap: BinaryHeap<Key>,
}

impl TopK {
    /// Room for `k`; memory grows with what is pushed.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            heap: BinaryHeap::new(),
        }
    }

    /// Empties it and sets a new `k`, keeping the memory.
    pub fn reset(&mut self, k: usize) {
        self.heap.clear();
        self.k = k;
    }

    /// How many it holds.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The distance to beat: that of the worst neighbor held, once `k` are held.
    #[inline]
    pub fn worst(&self) -> Option<f32> {
        if self.heap.len() < self.k {
            None
        } else {
            self.heap.peek().map(|key| key.distance())
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.heap.capacity()
    }

    /// The worst neighbor held.
    pub(crate) fn farthest(&self) -> Option<Neighbor> {
        self.heap.peek().map(|key| key.neighbor())
    }

    /// Whether a neighbor at `distance` would be kept.
    #[inline]
    pub fn would_enter(&self, distance: f32) -> bool {
        if self.heap.len() < self.k {
            return true;
        }
        self.heap.peek().is_some_and(|key| distance < key.distance())
    }

    /// Offers a neighbor; true when it was kept. O(log k).
    #[inline]
    pub fn push(&mut self, neighbor: Neighbor) -> bool {
        let key = Key::new(neighbor.distance, neighbor.node);
        if self.heap.len() < self.k {
            self.heap.push(key);
            return true;
        }
        match self.heap.peek_mut() {
            Some(mut worst) if neighbor.distance < worst.distance() => {
                *worst = key;
                true
            }
            _ => false,
        }
    }

    /// Moves everything held to the end of `out`, closest first.
    pub fn drain_sorted(&mut self, out: &mut Vec<Neighbor>) {
        // As integers they sort fastest, and their memory stays here.
        let mut keys = std::mem::take(&mut self.heap).into_vec();
        keys.sort_unstable();
        out.extend(keys.drain(..).map(Key::neighbor));
        self.heap = keys.into();
    }
}
