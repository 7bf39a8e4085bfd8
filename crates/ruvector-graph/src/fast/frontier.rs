//! The candidates of a search by estimate: many go in for each that comes out, so going in costs one store, and the
//! least is looked for, block by block, when it is asked for. Never allocates once warm.

use ruvector_simd::{LEAST_LANES, LeastFn, least};

/// Slots whose least is kept.
const BLOCK: usize = 64;
const _: () = assert!(BLOCK.is_multiple_of(LEAST_LANES));

/// A set of nodes with their estimates; equal ones come out as they went in.
#[derive(Debug)]
pub(super) struct Frontier {
    /// By slot; infinity where the slot is free.
    estimates: Vec<f32>,
    nodes: Vec<u32>,
    /// The least of each block of slots, and infinity up to a multiple of [`LEAST_LANES`].
    least: Vec<f32>,
    /// The slots of those.
    least_slots: Vec<u32>,
    /// Slots used so far; those taken since are not used again.
    len: usize,
    position_of_least: LeastFn,
}

/// A candidate, and where it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) estimate: f32,
    pub(super) node: u32,
    slot: usize,
}

impl Default for Frontier {
    fn default() -> Self {
        Frontier {
            estimates: Vec::new(),
            nodes: Vec::new(),
            least: Vec::new(),
            least_slots: Vec::new(),
            len: 0,
            position_of_least: least(),
        }
    }
}

impl Frontier {
    /// Empties it.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.least.clear();
    }

    /// Takes in up to `BLOCK` candidates: those offered for which `fresh` holds, which is asked once for each.
    #[inline]
    pub(super) fn extend(
        &mut self,
        offered: impl Iterator<Item = (f32, u32)>,
        mut fresh: impl FnMut(u32) -> bool,
    ) {
        let first = self.len;
        self.make_room();
        let room = first..first + BLOCK;
        let (estimates, nodes) = (&mut self.estimates[room.clone()], &mut self.nodes[room]);
        let mut taken = 0;
        for (estimate, node) in offered.take(BLOCK) {
            // Whether a node is fresh is known to nobody beforehand: no branch depends on it. The slot of one that is
            // not is overwritten by the next.
            let slot = taken & (BLOCK - 1);
            estimates[slot] = estimate.min(f32::MAX);
            nodes[slot] = node;
            taken += usize::from(fresh(node));
        }
        if let Some(free) = estimates.get_mut(taken) {
            *free = f32::INFINITY;
        }
        self.len += taken;
        for slot in first..self.len {
            let (block, estimate) = (slot / BLOCK, self.estimates[slot]);
            let less = estimate < self.least[block];
            self.least[block] = if less { estimate } else { self.least[block] };
            self.least_slots[block] = if less {
                slot as u32
            } else {
                self.least_slots[block]
            };
        }
    }

    /// Makes the next `BLOCK` slots, and the blocks they are in, free ones.
    fn make_room(&mut self) {
        let blocks = self.len / BLOCK + 2;
        if self.estimates.len() < blocks * BLOCK {
            self.estimates.resize(blocks * BLOCK, f32::INFINITY);
            self.nodes.resize(blocks * BLOCK, 0);
        }
        let begun = self.len.div_ceil(BLOCK);
        self.estimates[begun * BLOCK..blocks * BLOCK].fill(f32::INFINITY);
        if self.least.len() < blocks {
            self.least
                .resize(blocks.next_multiple_of(LEAST_LANES), f32::INFINITY);
            self.least_slots.resize(self.least.len(), 0);
        }
    }

    /// The candidate of the least estimate.
    #[inline]
    pub(super) fn best(&self) -> Option<Candidate> {
        let block = (self.position_of_least)(&self.least);
        let estimate = *self.least.get(block).filter(|least| **least < f32::INFINITY)?;
        let slot = self.least_slots[block] as usize;
        Some(Candidate {
            estimate,
            node: self.nodes[slot],
            slot,
        })
    }

    /// All candidates, in no order.
    pub(super) fn candidates(&self) -> impl Iterator<Item = (f32, u32)> + '_ {
        let slots = self.estimates.iter().zip(&self.nodes).take(self.len);
        let taken = slots.filter(|(estimate, _)| **estimate < f32::INFINITY);
        taken.map(|(estimate, node)| (*estimate, *node))
    }

    /// Takes a candidate out.
    #[inline]
    pub(super) fn remove(&mut self, candidate: Candidate) {
        let Candidate { slot, .. } = candidate;
        self.estimates[slot] = f32::INFINITY;
        let block = slot / BLOCK;
        let slots = &self.estimates[block * BLOCK..][..BLOCK];
        let least = (self.position_of_least)(slots);
        self.least[block] = slots[least];
        self.least_slots[block] = (block * BLOCK + least) as u32;
    }
}

#[cfg(test)]
mod tests {
    //! Goal: candidates come out in the order of their estimates. Method: random offers and removals against a sorted
    //! list, with ties, infinities, and searches of several sizes over one frontier.
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_out_in_order(rounds in prop::collection::vec(
            prop::collection::vec((prop::collection::vec((-9i8..9, any::<bool>()), 0..33), 0usize..9), 0..40),
            1..4,
        )) {
            let mut frontier = Frontier::default();
            for round in rounds {
                frontier.clear();
                let (mut model, mut node) = (Vec::new(), 0u32);
                for (offered, removed) in round {
                    let first = node;
                    node += offered.len() as u32;
                    let estimate = |at: u32| match offered[at as usize].0 {
                        8 => f32::INFINITY,
                        number => f32::from(number),
                    };
                    let fresh = |node: u32| offered[(node - first) as usize].1;
                    frontier.extend((first..node).map(|node| (estimate(node - first), node)), fresh);
                    let taken = (first..node).filter(|node| fresh(*node));
                    model.extend(taken.map(|node| (estimate(node - first).min(f32::MAX), node)));
                    model.sort_by(|a: &(f32, u32), b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                    for _ in 0..removed {
                        let best = frontier.best();
                        prop_assert_eq!(best.map(|best| (best.estimate, best.node)), model.first().copied());
                        if let Some(best) = best {
                            frontier.remove(best);
                            model.remove(0);
                        }
                    }
                }
            }
        }
    }
}
