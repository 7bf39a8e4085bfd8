//! Insertion into a live graph (Alg. 1). Writers serialise outside, by a mutex of the engine's; one that does not
//! is refused and changes nothing.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::access::{Entry, Links, Space, Vectors};
use crate::live::LiveGraph;
use crate::neighbor::Neighbor;
use crate::scratch::Scratch;
use crate::search::{SearchParams, Start, Walk};

/// Why a node was not inserted. The graph is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// All nodes that there is room for are in.
    #[error("the graph is full at {capacity} nodes")]
    Full {
        /// The graph's capacity, in nodes.
        capacity: u32,
    },
    /// Another insertion is running: the caller failed to serialise its writers.
    #[error("another insertion is in progress")]
    Concurrent,
    /// What was found is another node's than the next.
    #[error("neighbours of node {found} were found, node {next} is to be inserted")]
    Order {
        /// The node they were found for.
        found: u32,
        /// The ordinal to be inserted.
        next: u32,
    },
    /// The next node has no vector yet.
    #[error("node {node} has no vector: there are {vectors}")]
    NoVector {
        /// The ordinal to be inserted.
        node: u32,
        /// How many vectors there are.
        vectors: u32,
    },
}

/// The right to write; given back on drop.
pub(super) struct Writing<'a>(&'a LiveGraph);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.writing.store(false, Release);
    }
}

impl LiveGraph {
    /// Inserts the next ordinal, `len()`, and returns it. Its vector must be readable through `space` before the
    /// call. A vector that is there but cannot be read gives a node without links, which no search meets.
    ///
    /// Cost: about ef_construct·m distances for the search and ef_construct·m/3 for choosing and pruning. Searches
    /// go on meanwhile. Allocates nothing once warm, but a chunk of links now and then.
    ///
    /// # Errors
    /// [`InsertError`]; the graph is then unchanged.
    pub fn insert<V: Vectors + ?Sized>(
        &self,
        space: Space<'_, V>,
        scratch: &mut Scratch,
    ) -> Result<u32, InsertError> {
        let (_writing, node) = self.admit(space)?;
        let level = self.create_next(node)?;
        if let Some(vector) = space.vectors.vector(node) {
            self.link(Entry { node, level }, vector, space, scratch);
        }
        self.len.store(node + 1, Release);
        Ok(node)
    }

    /// The right to write, and the ordinal to write next, if it has a vector and there is room.
    pub(super) fn admit<V: Vectors + ?Sized>(
        &self,
        space: Space<'_, V>,
    ) -> Result<(Writing<'_>, u32), InsertError> {
        if self
            .writing
            .compare_exchange(false, true, Acquire, Relaxed)
            .is_err()
        {
            return Err(InsertError::Concurrent);
        }
        let writing = Writing(self);
        let (node, capacity, vectors) = (self.len(), self.capacity(), space.vectors.len());
        if node >= capacity {
            return Err(InsertError::Full { capacity });
        }
        if node >= vectors {
            return Err(InsertError::NoVector { node, vectors });
        }
        Ok((writing, node))
    }

    /// Makes the record of the next node; its level.
    pub(super) fn create_next(&self, node: u32) -> Result<u8, InsertError> {
        let capacity = self.capacity();
        let level = self.create(node, self.params.draw_level(node));
        level.ok_or(InsertError::Full { capacity })
    }

    /// Links a node whose record is made, and makes it the entry when it is higher than that. First its own lists,
    /// level by level from the top, then those towards it from the bottom: who meets it on some level can go on from
    /// it on that level and on all below.
    fn link<V: Vectors + ?Sized>(
        &self,
        new: Entry,
        vector: &[V::Component],
        space: Space<'_, V>,
        scratch: &mut Scratch,
    ) {
        let Some(entry) = self.entry() else {
            self.set_entry(new);
            return;
        };
        let ef = self.params.ef_construct as usize;
        let params = SearchParams {
            query: vector,
            ef,
            distances_max: None,
            reach: None,
        };
        let mut walk = Walk::new(&params, space, self);
        let mut start = walk.descend(entry, new.level, scratch);
        for level in (0..=new.level.min(entry.level)).rev() {
            walk.explore(level, ef, start, &mut |found| found != new.node, scratch);
            self.gather(start, scratch);
            start = scratch
                .found
                .first()
                .map_or(start, |&closest| Start::from(closest));
            self.write_chosen(new.node, level, space, scratch);
        }
        self.announce(new.node, 0, space, scratch);
        for level in 1..=new.level.min(entry.level) {
            self.recall_chosen(new.node, level, (vector, space), scratch);
            self.announce(new.node, level, space, scratch);
        }
        if new.level > entry.level {
            self.set_entry(new);
        }
    }

    /// Makes the next node with empty lists up to `level` or the highest there is room for; returns what it
    /// made. `None` when the graph is full. Only for a graph that no reader can have reached.
    pub(crate) fn adopt(&self, level: u8) -> Option<Entry> {
        let node = self.len();
        let level = self.create(node, level)?;
        self.len.store(node + 1, Release);
        Some(Entry { node, level })
    }

    /// Writes a whole list. Only for a graph that no reader can have reached.
    pub(crate) fn write_links(&self, node: u32, level: u8, ids: &[u32]) {
        if let Some(list) = self.list(node, level) {
            list.write(ids.iter().copied());
        }
    }

    /// Links a node that is in the graph again, at level 0, with what a search finds beside its present links.
    /// It must not be the entry. Only for a graph that no reader can have reached.
    pub(crate) fn relink<V: Vectors + ?Sized>(&self, node: u32, space: Space<'_, V>, scratch: &mut Scratch) {
        let (Some(entry), Some(vector)) = (self.entry(), space.vectors.vector(node)) else {
            return;
        };
        let ef = self.params.ef_construct as usize;
        let params = SearchParams {
            query: vector,
            ef,
            distances_max: None,
            reach: None,
        };
        let mut walk = Walk::new(&params, space, self);
        // Not from a node found above: that might be `node` itself, from which nothing leads on.
        let start = walk.start(entry);
        walk.explore(0, ef, start, &mut |found| found != node, scratch);
        self.gather(start, scratch);
        scratch.links.clear();
        if let Some(list) = self.list(node, 0) {
            list.read(&mut scratch.links);
        }
        for &present in &scratch.links {
            let distance = space.to_node(vector, present);
            scratch.found.push(Neighbor {
                distance,
                node: present,
            });
        }
        scratch.found.sort_unstable();
        scratch.found.dedup_by_key(|neighbor| neighbor.node);
        self.write_chosen(node, 0, space, scratch);
        self.announce(node, 0, space, scratch);
    }

    /// Moves the results to `found`; where there is none (the only way in cannot be read), its start stands in.
    pub(super) fn gather(&self, start: Start, scratch: &mut Scratch) {
        scratch.found.clear();
        scratch.results.drain_sorted(&mut scratch.found);
        if scratch.found.is_empty() {
            scratch.found.push(Neighbor {
                distance: start.distance.unwrap_or(f32::INFINITY),
                node: start.node,
            });
        }
    }

    /// Links `node` to the best of `scratch.found`, which stay in `scratch.chosen`.
    pub(super) fn write_chosen<V: Vectors + ?Sized>(
        &self,
        node: u32,
        level: u8,
        space: Space<'_, V>,
        scratch: &mut Scratch,
    ) {
        scratch
            .chosen
            .choose(space, &scratch.found, self.params.m as usize);
        if let Some(list) = self.list(node, level) {
            list.write(scratch.chosen.chosen.iter().map(|neighbor| neighbor.node));
        }
    }

    /// Fills `scratch.chosen` with what [`LiveGraph::write_chosen`] chose for `node`, the vector of which is given.
    fn recall_chosen<V: Vectors + ?Sized>(
        &self,
        node: u32,
        level: u8,
        (vector, space): (&[V::Component], Space<'_, V>),
        scratch: &mut Scratch,
    ) {
        scratch.links.clear();
        if let Some(list) = self.list(node, level) {
            list.read(&mut scratch.links);
        }
        let measured = scratch.links.iter().map(|&node| Neighbor {
            distance: space.to_node(vector, node),
            node,
        });
        scratch.chosen.chosen.clear();
        scratch.chosen.chosen.extend(measured);
    }
}
