//! Carries a graph over to a new numbering without its deleted nodes: what a merge does to the larger segment
//! before it inserts the rest. Runs in steps; never publishes a graph before every node can be reached.
//!
//! A kept node's links are copied. Where some of them led to dropped nodes, the node chooses again, by the
//! heuristic of insertion, among its kept neighbours and the kept neighbours of the dropped ones (as in the
//! repair of FreshDiskANN, Singh et al. 2021, Alg. 4). At the end the graph is walked from its entry, and the
//! nodes that the deletions cut off are searched for and linked again.

use crate::access::{Entry, Links, Space, Vectors, linked_level};
use crate::live::LiveGraph;
use crate::neighbor::Neighbor;
use crate::params::{GraphParams, LEVEL_MAX};
use crate::scratch::Scratch;

/// The new ordinal of a node that is not carried over.
pub const DROPPED: u32 = u32::MAX;

/// Why a graph cannot be carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// The kept nodes are not numbered 0, 1, 2, … in their old order.
    #[error("old node {old} maps to {new}, expected {expected}")]
    Order {
        /// The first node out of order.
        old: u32,
        /// Its new ordinal in the map.
        new: u32,
        /// The ordinal it should have.
        expected: u32,
    },
    /// More nodes are kept than the new graph takes, or the map is longer than ordinals go.
    #[error("{kept} nodes to carry over, room for {capacity}")]
    Capacity {
        /// Nodes kept.
        kept: u64,
        /// The new graph's capacity.
        capacity: u32,
    },
    /// `finish` before `step` returned true.
    #[error("{uncopied} nodes are still to be copied, {unwalked} to be walked")]
    Unfinished {
        /// Old nodes not looked at.
        uncopied: u32,
        /// New nodes that the closing walk has not passed.
        unwalked: u32,
    },
}

/// A carry-over in progress.
///
/// Memory beside the new graph: the map, a bit a node, and small buffers.
#[derive(Debug)]
pub struct CarryOver<L> {
    source: L,
    map: Vec<u32>,
    kept: u32,
    graph: LiveGraph,
    /// The next old node to copy.
    next: u32,
    /// The source's entry is kept, and is the new one too.
    entry_kept: bool,
    reach: Option<Reach>,
    done: bool,
    gathered: Vec<u32>,
    links: Vec<u32>,
    second: Vec<u32>,
    scratch: Scratch,
}

/// The walk over the copied nodes that ends a carry-over.
#[derive(Debug)]
struct Reach {
    reached: Vec<u64>,
    stack: Vec<u32>,
    /// All nodes below are reached, or have no readable vector.
    next: u32,
}

impl<L: Links> CarryOver<L> {
    /// Prepares to carry over `source`, whose node i becomes `map[i]`, or nothing where that is [`DROPPED`].
    /// The kept nodes are numbered from 0 in their old order. `capacity` bounds the new graph.
    ///
    /// # Errors
    /// [`CarryError::Order`], [`CarryError::Capacity`].
    pub fn new(source: L, map: Vec<u32>, params: GraphParams, capacity: u32) -> Result<Self, CarryError> {
        if map.len() >= DROPPED as usize {
            return Err(CarryError::Capacity {
                kept: map.len() as u64,
                capacity,
            });
        }
        let mut kept = 0;
        for (old, &new) in map.iter().enumerate() {
            if new != DROPPED && new != kept {
                return Err(CarryError::Order {
                    old: old as u32,
                    new,
                    expected: kept,
                });
            }
            kept += u32::from(new != DROPPED);
        }
        if kept > capacity {
            return Err(CarryError::Capacity {
                kept: u64::from(kept),
                capacity,
            });
        }
        Ok(Self {
            source,
            map,
            kept,
            graph: LiveGraph::new(params, capacity),
            next: 0,
            entry_kept: false,
            reach: None,
            done: false,
            gathered: Vec::new(),
            links: Vec::new(),
            second: Vec::new(),
            scratch: Scratch::new(),
        })
    }

    /// Works on up to `nodes_max` nodes (one at least); true when all is done. `space` holds the vectors under
    /// the **new** numbering, at least the kept ones.
    ///
    /// Cost a node: a copy of its lists; where they led to dropped nodes, about one distance for each of its and
    /// the dropped nodes' neighbours; a search for each of the few nodes that were cut off.
    pub fn step<V: Vectors + ?Sized>(&mut self, space: Space<'_, V>, nodes_max: u32) -> bool {
        for _ in 0..nodes_max.max(1) {
            if (self.next as usize) < self.map.len() {
                self.copy_next(space);
            } else if !self.reach_next(space) {
                self.done = true;
                return true;
            }
        }
        false
    }

    /// The new graph; `insert` goes on from there.
    ///
    /// # Errors
    /// [`CarryError::Unfinished`] before `step` has returned true.
    pub fn finish(self) -> Result<LiveGraph, CarryError> {
        if self.done {
            return Ok(self.graph);
        }
        let walked = self.reach.as_ref().map_or(0, |reach| reach.next);
        Err(CarryError::Unfinished {
            uncopied: self.map.len() as u32 - self.next,
            unwalked: self.kept - walked,
        })
    }

    /// The new ordinal of an old node, where it is kept.
    fn renumber(map: &[u32], old: u32) -> Option<u32> {
        map.get(old as usize).copied().filter(|&new| new != DROPPED)
    }

    fn copy_next<V: Vectors + ?Sized>(&mut self, space: Space<'_, V>) {
        let old = self.next;
        self.next += 1;
        if Self::renumber(&self.map, old).is_none() {
            return;
        }
        let level = linked_level(&self.source, old, &mut self.links).min(LEVEL_MAX);
        // In order, so that the node made is the one that the map names; `new` has checked the room.
        let Some(Entry { node, level }) = self.graph.adopt(level) else {
            return;
        };
        for at in 0..=level {
            let repair = self.gather(old, node, at);
            self.write(node, at, repair, space);
        }
        if self.entry_kept || space.vectors.vector(node).is_none() {
            return;
        }
        self.entry_kept = self.source.entry().is_some_and(|entry| entry.node == old);
        if self.entry_kept || self.graph.entry().is_none_or(|highest| level > highest.level) {
            self.graph.set_entry(Entry { node, level });
        }
    }

    /// Collects in `gathered` the new numbers that `node` may link to; true when links were lost, so that it
    /// must choose among more.
    fn gather(&mut self, old: u32, node: u32, level: u8) -> bool {
        self.gathered.clear();
        if self.source.links(old, level, &mut self.links).is_err() {
            return false;
        }
        self.gathered
            .extend(self.links.iter().filter_map(|&id| Self::renumber(&self.map, id)));
        if self.gathered.len() == self.links.len() {
            return false;
        }
        for &id in &self.links {
            let dropped = Self::renumber(&self.map, id).is_none();
            if dropped && self.source.links(id, level, &mut self.second).is_ok() {
                self.gathered
                    .extend(self.second.iter().filter_map(|&id| Self::renumber(&self.map, id)));
            }
        }
        self.gathered.retain(|&id| id != node);
        self.gathered.sort_unstable();
        self.gathered.dedup();
        true
    }

    fn write<V: Vectors + ?Sized>(&mut self, node: u32, level: u8, repair: bool, space: Space<'_, V>) {
        let room = self.graph.params().degree(level);
        let vector = if repair || self.gathered.len() > room {
            space.vectors.vector(node)
        } else {
            None
        };
        let Some(vector) = vector else {
            self.gathered.truncate(room);
            self.graph.write_links(node, level, &self.gathered);
            return;
        };
        let ranked = &mut self.scratch.ranked;
        ranked.clear();
        for (at, &id) in self.gathered.iter().enumerate() {
            if let Some(&next) = self.gathered.get(at + 2) {
                space.vectors.prefetch(next);
            }
            if let Some(other) = space.vectors.vector(id) {
                ranked.push(Neighbor {
                    distance: space.between(vector, other),
                    node: id,
                });
            }
        }
        ranked.sort_unstable();
        self.scratch.kept.choose(space, ranked, room);
        self.gathered.clear();
        self.gathered
            .extend(self.scratch.kept.chosen.iter().map(|neighbor| neighbor.node));
        self.graph.write_links(node, level, &self.gathered);
    }

    /// One node of the closing walk; false when it is over.
    fn reach_next<V: Vectors + ?Sized>(&mut self, space: Space<'_, V>) -> bool {
        let (graph, kept) = (&self.graph, self.kept);
        let reach = self.reach.get_or_insert_with(|| Reach::new(graph.entry(), kept));
        if let Some(node) = reach.stack.pop() {
            let _ = graph.links(node, 0, &mut self.links);
            let alone = self.links.is_empty() && graph.entry().is_some_and(|entry| entry.node != node);
            if alone {
                graph.relink(node, space, &mut self.scratch);
                let _ = graph.links(node, 0, &mut self.links);
            }
            self.links.iter().for_each(|&id| reach.add(id));
            return true;
        }
        if reach.next >= kept {
            return false;
        }
        let node = reach.next;
        reach.next += 1;
        if !reach.contains(node) && space.vectors.vector(node).is_some() {
            graph.relink(node, space, &mut self.scratch);
            reach.add(node);
        }
        true
    }
}

impl Reach {
    fn new(entry: Option<Entry>, nodes: u32) -> Self {
        let mut reach = Self {
            reached: vec![0; nodes.div_ceil(64) as usize],
            stack: Vec::new(),
            next: 0,
        };
        if let Some(entry) = entry {
            reach.add(entry.node);
        }
        reach
    }

    fn contains(&self, node: u32) -> bool {
        self.reached
            .get(node as usize / 64)
            .is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    fn add(&mut self, node: u32) {
        if let Some(word) = self.reached.get_mut(node as usize / 64)
            && *word >> (node % 64) & 1 == 0
        {
            *word |= 1 << (node % 64);
            self.stack.push(node);
        }
    }
}
