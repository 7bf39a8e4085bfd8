//! The search of an insertion at one level: all nodes are accepted, so that the closest found and those still to be
//! followed are one sorted list. Never takes a filter or a budget; `search` does.
//!
//! Finds what [`Walk::explore`] finds with two heaps (ties at the last place aside): a node that drops out of the
//! list is no closer than its worst, and would have ended the search. Putting a node in its place moves a few
//! hundred bytes at most for the breadths of insertions, and the result needs no sorting.

use crate::access::{Links, Vectors};
use crate::neighbor::{Key, Neighbor};
use crate::scratch::Scratch;
use crate::search::{AHEAD, Start, Walk};

/// Up to `breadth` nodes, closest first.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    breadth: usize,
    keys: Vec<Key>,
    /// Of each key, whether its links were followed.
    followed: Vec<bool>,
    /// All keys before this place were followed.
    next: usize,
}

impl Pool {
    fn reset(&mut self, breadth: usize) {
        self.breadth = breadth;
        self.keys.clear();
        self.followed.clear();
        self.next = 0;
    }

    /// Puts a node in its place; of equally distant ones that do not fit, those already here stay.
    #[inline]
    fn offer(&mut self, distance: f32, node: u32) {
        if self.keys.len() >= self.breadth {
            if self.keys.last().is_none_or(|worst| distance >= worst.distance()) {
                return;
            }
            self.keys.pop();
            self.followed.pop();
        }
        let key = Key::new(distance, node);
        let place = self.keys.partition_point(|known| *known < key);
        self.keys.insert(place, key);
        self.followed.insert(place, false);
        self.next = self.next.min(place);
    }

    /// The closest node not followed yet, which then counts as followed, and the one after it in the list.
    #[inline]
    fn follow(&mut self) -> Option<(u32, Option<u32>)> {
        self.next += self.followed.get(self.next..)?.iter().position(|done| !done)?;
        self.followed[self.next] = true;
        let after = self.keys.get(self.next + 1).map(|key| key.node());
        Some((self.keys[self.next].node(), after))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.keys.capacity() * size_of::<Key>() + self.followed.capacity()
    }
}

impl<V: Vectors + ?Sized, L: Links + ?Sized> Walk<'_, V, L> {
    /// Searches one level from `start` without a filter; leaves up to `ef` nodes in `scratch.found`, closest first.
    pub(crate) fn explore_all(&mut self, level: u8, ef: usize, start: Start, scratch: &mut Scratch) {
        scratch.visited.begin(self.len);
        scratch.visited.insert(start.node);
        scratch.pool.reset(ef);
        match start.distance {
            Some(distance) => scratch.pool.offer(distance, start.node),
            None => self.follow(start.node, None, level, scratch),
        }
        while let Some((node, after)) = scratch.pool.follow() {
            self.follow(node, after, level, scratch);
        }
        scratch.found.clear();
        let keys = scratch.pool.keys.iter();
        scratch.found.extend(keys.map(|key| key.neighbor()));
        if scratch.found.is_empty() {
            scratch.found.push(Neighbor {
                distance: start.distance.unwrap_or(f32::INFINITY),
                node: start.node,
            });
        }
    }

    /// Offers the nodes that `node` links to; the links of `after` are asked for meanwhile.
    #[inline]
    fn follow(&mut self, node: u32, after: Option<u32>, level: u8, scratch: &mut Scratch) {
        let Scratch {
            visited,
            pool,
            links: fresh,
            ..
        } = scratch;
        if self.links.links(node, level, fresh).is_err() {
            self.outcome.unreadable += 1;
            return;
        }
        self.outcome.expanded += 1;
        visited.retain_fresh(fresh, self.len);
        for &next in fresh.iter().take(AHEAD) {
            self.space.vectors.prefetch(next);
        }
        if let Some(after) = after {
            self.links.prefetch(after);
        }
        for at in 0..fresh.len() {
            if let Some(&next) = fresh.get(at + AHEAD) {
                self.space.vectors.prefetch(next);
            }
            let node = fresh[at];
            let Some(vector) = self.space.vectors.vector(node) else {
                self.outcome.unreadable += 1;
                continue;
            };
            self.outcome.distances += 1;
            pool.offer(self.space.between(self.query, vector), node);
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: the list holds the closest offered, each is followed once, closest first among those there. Method: a
    //! fixed sequence of distances with repeats, against a sorted model.
    use super::*;

    #[test]
    fn holds_the_closest_and_follows_each_once() {
        let mut pool = Pool::default();
        pool.reset(8);
        let (mut model, mut followed) = (Vec::new(), Vec::new());
        for node in 0..500u32 {
            let distance = (node.wrapping_mul(2_654_435_761) >> 20) as f32 / 16.0;
            pool.offer(distance, node);
            model.push(Neighbor { distance, node });
            model.sort();
            model.truncate(8);
            let distances: Vec<f32> = pool.keys.iter().map(|key| key.distance()).collect();
            assert_eq!(
                distances,
                model.iter().map(|near| near.distance).collect::<Vec<_>>()
            );
            if node % 3 == 0 {
                let open = pool.keys.iter().zip(&pool.followed).find(|(_, done)| !**done);
                let open = open.map(|(key, _)| key.node());
                assert_eq!(pool.follow().map(|(node, _)| node), open);
                followed.extend(open);
            }
        }
        while let Some((node, _)) = pool.follow() {
            followed.push(node);
        }
        let count = followed.len();
        followed.sort_unstable();
        followed.dedup();
        assert_eq!(followed.len(), count);
        assert!(
            pool.keys
                .iter()
                .all(|key| followed.binary_search(&key.node()).is_ok())
        );
    }
}
