//! Links towards a new node, and what full lists give up for them. Never leaves a node without a way to it.

use crate::access::{Space, Vectors};
use crate::live::LiveGraph;
use crate::neighbor::Neighbor;
use crate::scratch::Scratch;
use crate::select::one_to_drop;

impl LiveGraph {
    /// Links the nodes of `scratch.chosen` back to `node`; at least one of them accepts.
    pub(super) fn announce<V: Vectors + ?Sized>(
        &self,
        node: u32,
        level: u8,
        space: Space<'_, V>,
        scratch: &mut Scratch,
    ) {
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
        self.ranked.sort_unstable_by_key(Neighbor::key);
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
