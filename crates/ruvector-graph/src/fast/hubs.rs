//! Chooses the nodes that searches start from: as many as a sweep can afford, half of them where the nodes are, half where
//! no other is near. Never looks at links.
//!
//! A search finds its way within a dense region, and between such that lie close. A region as large as a hub's share
//! of the nodes but far from all others must have one of its own: nothing else leads there early. A random choice of h
//! nodes misses e⁻¹ of h such regions, so half of the hubs are the farthest from those before (Gonzalez 1985), among
//! four times as many candidates: few enough that single outliers do not take all the places.

use super::DEGREE;

/// Nodes for a hub, beyond `BLOCKS_SMALL` blocks.
const NODES_PER_HUB: u32 = 512;
/// Blocks of hubs up to 131,072 nodes (if there are 32 times as many): more gained nothing there.
const BLOCKS_SMALL: u32 = 8;
/// A sweep over so many takes as long as some ten visits.
const BLOCKS_MAX: u32 = 128;
/// Nodes looked at for each hub.
const CANDIDATES_PER_HUB: u32 = 4;

/// Blocks of hubs for so many nodes.
pub(super) fn blocks(nodes: u32) -> u32 {
    let degree = DEGREE as u32;
    let small = (nodes / (degree * 32)).clamp(1, BLOCKS_SMALL);
    small.max(nodes / (NODES_PER_HUB * degree)).min(BLOCKS_MAX)
}

/// A choice in progress.
#[derive(Debug, Default)]
pub(super) struct Hubs {
    candidates: Vec<u32>,
    /// Of each candidate, the distance of the closest hub; less than any if it is one.
    far: Vec<f32>,
    chosen: Vec<u32>,
    wanted: usize,
}

impl Hubs {
    /// Begins to choose up to `wanted` of the readable nodes below `nodes`.
    pub(super) fn begin(nodes: u32, wanted: u32, is_readable: impl Fn(u32) -> bool) -> Hubs {
        let candidates: Vec<u32> = even_sample(nodes, wanted.saturating_mul(CANDIDATES_PER_HUB))
            .filter(|node| is_readable(*node))
            .collect();
        Hubs {
            far: vec![f32::INFINITY; candidates.len()],
            chosen: Vec::new(),
            wanted: (wanted as usize).min(candidates.len()),
            candidates,
        }
    }

    /// Chooses one more; false if there are enough, or all others lie where one is. Cost: `distance` of all candidates.
    pub(super) fn choose(&mut self, distance: impl Fn(u32, u32) -> f32) -> bool {
        if self.chosen.len() >= self.wanted {
            return false;
        }
        let mut even = even_sample(self.candidates.len() as u32, self.wanted.div_ceil(2) as u32);
        let pick = match even.nth(self.chosen.len()) {
            Some(at) => at as usize,
            None => {
                let farthest = |a: &usize, b: &usize| self.far[*a].total_cmp(&self.far[*b]);
                match (0..self.far.len()).max_by(farthest) {
                    Some(at) if self.far[at] > 0.0 => at,
                    _ => return false,
                }
            }
        };
        let hub = self.candidates[pick];
        self.chosen.push(hub);
        for (far, candidate) in self.far.iter_mut().zip(&self.candidates) {
            let near = distance(hub, *candidate);
            *far = if near < *far { near } else { *far };
        }
        self.far[pick] = f32::NEG_INFINITY;
        true
    }

    /// What a choice costs, in distances.
    pub(super) fn cost(&self) -> u32 {
        self.candidates.len() as u32
    }

    /// Those chosen.
    pub(super) fn chosen(&self) -> &[u32] {
        &self.chosen
    }
}

/// Up to `count` of the numbers below `len`, evenly spread.
pub(super) fn even_sample(len: u32, count: u32) -> impl Iterator<Item = u32> {
    let count = count.min(len);
    (0..count).map(move |at| (u64::from(at) * u64::from(len) / u64::from(count.max(1))) as u32)
}

#[cfg(test)]
mod tests {
    //! Goal: every far region has a hub, outliers do not take them all, none comes twice. Method: numbers on a line in
    //! groups far apart, in no order; one in eight far from everything; then equal and not comparable ones.
    use super::*;
    use std::collections::HashSet;

    const REGIONS: u32 = 300;
    const NODES: u32 = 100 * REGIONS;

    /// Regions in an order without a pattern.
    fn region(node: u32) -> u32 {
        (u64::from(node).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u32 % REGIONS
    }

    fn choose(wanted: u32, place: impl Fn(u32) -> f32) -> Vec<u32> {
        let mut hubs = Hubs::begin(NODES, wanted, |node| !node.is_multiple_of(7));
        while hubs.choose(|a, b| (place(a) - place(b)).abs()) {}
        let distinct: HashSet<&u32> = hubs.chosen().iter().collect();
        assert_eq!(distinct.len(), hubs.chosen().len());
        assert!(hubs.chosen().iter().all(|node| node % 7 != 0 && *node < NODES));
        hubs.chosen
    }

    #[test]
    fn regions_have_hubs() {
        let within = |node: u32| (node % 97) as f32 / 97.0;
        let hubs = choose(512, |node| region(node) as f32 * 100.0 + within(node));
        let regions: HashSet<u32> = hubs.iter().map(|node| region(*node)).collect();
        assert_eq!((hubs.len(), regions.len() as u32), (512, REGIONS));
        let outlier = |node: u32| node.is_multiple_of(8);
        let hubs = choose(512, |node| match outlier(node) {
            true => node as f32 * 1e6,
            false => within(node),
        });
        let inside = hubs.iter().filter(|node| !outlier(**node)).count();
        assert!(inside >= 200, "{inside}");
    }

    #[test]
    fn equal_ones_are_not_chosen_twice() {
        assert_eq!(choose(64, |_| 1.0).len(), 32, "the even half");
        assert_eq!(choose(64, |_| f32::NAN).len(), 64);
        assert!(!Hubs::begin(0, 32, |_| true).choose(|_, _| 0.0));
    }

    #[test]
    fn blocks_grow_with_the_nodes() {
        let counts = [0, 5_000, 10_000, 117_000, 1_000_000, 10_000_000].map(blocks);
        assert_eq!(counts, [1, 4, 8, 8, 61, 128]);
    }
}
