//! Insertion in batches: the neighbours of all nodes of a batch are searched for, by any number of threads, in the
//! graph as it is before the batch; then the nodes are linked one by one. Never depends on the number of threads.
//!
//! A node also looks at all nodes of its batch that come before it, each compared directly, so it misses no neighbour
//! for being inserted with it (the batches of ParlayANN, Manohar et al. 2024, do without that).

use std::sync::atomic::Ordering::Release;

use crate::access::{Entry, Links, Space, Vectors};
use crate::live::{InsertError, LiveGraph};
use crate::neighbor::Neighbor;
use crate::scratch::Scratch;
use crate::search::{SearchParams, Start, Walk};

/// The neighbours found for a node that is to be inserted. Memory: 8 bytes for each of ef_construct a level.
#[derive(Debug)]
pub struct Found {
    node: u32,
    /// Nodes of the graph when it was searched: those from here to `node` were not seen.
    seen: u32,
    /// By level, closest first.
    lists: Vec<Vec<Neighbor>>,
}

impl LiveGraph {
    /// Searches for the neighbours of a node to be inserted soon: `len()` or one after it. Changes nothing, so any
    /// number of threads may call it for different nodes while nobody inserts.
    ///
    /// Cost: about ef_construct·m distances.
    pub fn find<V: Vectors + ?Sized>(&self, node: u32, space: Space<'_, V>, scratch: &mut Scratch) -> Found {
        let mut found = Found {
            node,
            seen: self.len(),
            lists: Vec::new(),
        };
        let (Some(entry), Some(vector)) = (self.entry(), space.vectors.vector(node)) else {
            return found;
        };
        let top = self.params.draw_level(node).min(entry.level);
        found.lists.resize_with(usize::from(top) + 1, Vec::new);
        let ef = self.params.ef_construct as usize;
        let params = SearchParams {
            query: vector,
            ef,
            distances_max: None,
            reach: None,
        };
        let mut walk = Walk::new(&params, space, self);
        let mut start = walk.descend(entry, top, scratch);
        for level in (0..=top).rev() {
            walk.explore_all(level, ef, start, scratch);
            start = scratch
                .found
                .first()
                .map_or(start, |&closest| Start::from(closest));
            found.lists[usize::from(level)].extend_from_slice(&scratch.found);
        }
        found
    }

    /// Inserts the node that `found` is of, which must be the next. Only for a graph that no reader can have reached:
    /// one would meet the node on a level whose list below is not written yet. Cost: choosing and pruning, about ef_construct·m/3
    /// distances, and one for each node of the batch before it.
    ///
    /// # Errors
    /// [`InsertError`]; the graph is then unchanged.
    pub fn insert_found<V: Vectors + ?Sized>(
        &self,
        found: &Found,
        space: Space<'_, V>,
        scratch: &mut Scratch,
    ) -> Result<u32, InsertError> {
        let (_writing, node) = self.admit(space)?;
        if found.node != node {
            let (found, next) = (found.node, node);
            return Err(InsertError::Order { found, next });
        }
        let level = self.create_next(node)?;
        if let Some(vector) = space.vectors.vector(node) {
            self.link_found(Entry { node, level }, vector, (found, space), scratch);
        }
        self.len.store(node + 1, Release);
        Ok(node)
    }

    fn link_found<V: Vectors + ?Sized>(
        &self,
        new: Entry,
        vector: &[V::Component],
        (found, space): (&Found, Space<'_, V>),
        scratch: &mut Scratch,
    ) {
        let Some(entry) = self.entry() else {
            self.set_entry(new);
            return;
        };
        let at = |node| Neighbor {
            distance: space.to_node(vector, node),
            node,
        };
        for level in (0..=new.level.min(entry.level)).rev() {
            scratch.found.clear();
            let list = found.lists.get(usize::from(level));
            scratch.found.extend(list.into_iter().flatten());
            let unseen = (found.seen..new.node).filter(|node| self.list(*node, level).is_some());
            let readable = unseen.filter(|node| space.vectors.vector(*node).is_some());
            readable.for_each(|node| enter(&mut scratch.found, at(node), self.params.ef_construct as usize));
            if scratch.found.is_empty() {
                scratch.found.push(at(entry.node));
            }
            self.write_chosen(new.node, level, space, scratch);
            self.announce(new.node, level, space, scratch);
        }
        if new.level > entry.level {
            self.set_entry(new);
        }
    }
}

/// Puts one more in its place in a sorted list that keeps the closest `most`.
fn enter(list: &mut Vec<Neighbor>, one: Neighbor, most: usize) {
    if list.len() >= most {
        if list.last().is_none_or(|last| *last <= one) {
            return;
        }
        list.pop();
    }
    let place = list.partition_point(|known| *known < one);
    list.insert(place, one);
}
