//! Insertion into a live graph (Alg. 1). Writers serialise outside, by a mutex of the engine's; one that does not
//! is refused and changes nothing.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::access::{Entry, Links, Space, Vectors};
use crate::live::LiveGraph;
use crate::neighbor::Neighbor;
use crate::scratch::Scratch;
use crate::search::{SearchParams, Start, Walk};
use crate::select::one_to_drop;

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

    /// Links a node whose record is made, level by level from its own down, and makes it the entry when it is
    /// higher than that.
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
            self.connect(new.node, level, space, scratch);
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
        self.connect(node, 0, space, scratch);
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

    /// Links `node` to the best of `scratch.found`, and those back to it; at least one of them accepts.
    pub(super) fn connect<V: Vectors + ?Sized>(
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
        let mut accepted = false;
        for at in 0..scratch.chosen.chosen.len() {
            let owner = scratch.chosen.chosen[at];
            accepted |= self.link_back(owner, node, level, space, scratch);
        }
        if let (false, Some(&closest)) = (accepted, scratch.chosen.chosen.first())
            && let Some(farthest) = scratch.rank_farthest(self, closest, node, level, space)
        {
            self.splice(closest.node, farthest, node, level);
        }
    }

    /// Adds `node` to the list of `owner`, whose distance from it is known. A full list drops the link
    /// that it misses least; false when that is `node`.
    fn link_back<V: Vectors + ?Sized>(
        &self,
        owner: Neighbor,
        node: u32,
        level: u8,
        space: Space<'_, V>,
        scratch: &mut Scratch,
    ) -> bool {
        let Some(list) = self.list(owner.node, level) else {
            return false;
        };
        if list.contains(node) || list.push(node) {
            return true;
        }
        scratch.rank(self, owner, node, level, space);
        match one_to_drop(space, &scratch.ranked) {
            Some(dropped) if dropped != node => self.splice(owner.node, dropped, node, level),
            _ => return false,
        }
        true
    }

    /// Turns owner → old into owner → new → old; see the module's note on reachability.
    fn splice(&self, owner: u32, old: u32, new: u32, level: u8) {
        if let Some(list) = self.list(new, level)
            && !list.contains(old)
        {
            list.push(old);
        }
        if let Some(list) = self.list(owner, level) {
            list.replace(old, new);
        }
    }
}

impl Scratch {
    /// Ranks the list of `owner` and the newcomer `node` by distance from `owner`, in `ranked`.
    fn rank<V: Vectors + ?Sized>(
        &mut self,
        graph: &LiveGraph,
        owner: Neighbor,
        node: u32,
        level: u8,
        space: Space<'_, V>,
    ) {
        self.links.clear();
        if let Some(list) = graph.list(owner.node, level) {
            list.read(&mut self.links);
        }
        self.ranked.clear();
        self.ranked.push(Neighbor {
            distance: owner.distance,
            node,
        });
        let center = space.vectors.vector(owner.node);
        for (at, &linked) in self.links.iter().enumerate() {
            if let Some(&next) = self.links.get(at + 1) {
                space.vectors.prefetch(next);
            }
            let distance = center.map_or(f32::INFINITY, |center| space.to_node(center, linked));
            self.ranked.push(Neighbor {
                distance,
                node: linked,
            });
        }
        self.ranked.sort_unstable();
    }

    /// The farthest link of `owner` other than `node`.
    fn rank_farthest<V: Vectors + ?Sized>(
        &mut self,
        graph: &LiveGraph,
        owner: Neighbor,
        node: u32,
        level: u8,
        space: Space<'_, V>,
    ) -> Option<u32> {
        self.rank(graph, owner, node, level, space);
        self.ranked
            .iter()
            .rev()
            .map(|neighbor| neighbor.node)
            .find(|&linked| linked != node)
    }
}
