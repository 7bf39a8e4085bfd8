//! Choosing diverse neighbours: the heuristic of Alg. 4 with keepPrunedConnections. Never looks at links.

use crate::access::{Space, Vectors};
use crate::neighbor::Neighbor;

/// The outcome of one selection, reusable.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The chosen: first the diverse ones, closest first, then the closest of the pruned.
    pub(crate) chosen: Vec<Neighbor>,
    /// Candidates not chosen; the last is the one to miss least.
    pub(crate) rest: Vec<Neighbor>,
}

impl Selection {
    /// Chooses up to `room` of `candidates`, which are sorted by their distance from the node being linked.
    ///
    /// A candidate is diverse when no chosen one is closer to it than the node is. Where diversity leaves room,
    /// the closest of the others fill it. Cost: at most `room` distances a candidate, few in practice.
    pub(crate) fn choose<V: Vectors + ?Sized>(
        &mut self,
        space: Space<'_, V>,
        candidates: &[Neighbor],
        room: usize,
    ) {
        self.chosen.clear();
        self.rest.clear();
        for (at, candidate) in candidates.iter().enumerate() {
            if self.chosen.len() == room {
                self.rest.extend_from_slice(&candidates[at..]);
                return;
            }
            if let Some(next) = candidates.get(at + 1) {
                space.vectors.prefetch(next.node);
            }
            if self.is_diverse(space, *candidate) {
                self.chosen.push(*candidate);
            } else {
                self.rest.push(*candidate);
            }
        }
        let fill = (room - self.chosen.len()).min(self.rest.len());
        self.chosen.extend(self.rest.drain(..fill));
    }

    pub(crate) fn capacity(&self) -> usize {
        self.chosen.capacity() + self.rest.capacity()
    }

    fn is_diverse<V: Vectors + ?Sized>(&self, space: Space<'_, V>, candidate: Neighbor) -> bool {
        let Some(vector) = space.vectors.vector(candidate.node) else {
            return false;
        };
        self.chosen
            .iter()
            .all(|chosen| space.to_node(vector, chosen.node) >= candidate.distance)
    }
}

/// The one of `ranked`, which are sorted by their distance from a node, that it misses least: the farthest that is
/// closer to another of them than to the node, so that it is reached through that one; where there is none, the
/// farthest. Cost: a few distances, while the farthest are looked at.
pub(crate) fn one_to_drop<V: Vectors + ?Sized>(space: Space<'_, V>, ranked: &[Neighbor]) -> Option<u32> {
    for (at, candidate) in ranked.iter().enumerate().rev() {
        let Some(vector) = space.vectors.vector(candidate.node) else {
            return Some(candidate.node);
        };
        let closer = &ranked[..at];
        if closer
            .iter()
            .any(|other| space.to_node(vector, other.node) < candidate.distance)
        {
            return Some(candidate.node);
        }
    }
    ranked.last().map(|farthest| farthest.node)
}
