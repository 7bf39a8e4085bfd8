//! A node with its distance, and the packed form that heaps compare. Never holds NaN: distances are taken
//! through `Space`, which maps it to infinity.

use std::cmp::Ordering;

/// A node and its distance from a query. Ordered by distance, then node; closest first.
#[derive(Clone, Copy, Debug)]
pub struct Neighbor {
    /// Smaller is closer.
    pub distance: f32,
    /// The node's ordinal.
    pub node: u32,
}

impl Neighbor {
    /// An integer in the same order.
    #[inline]
    pub(crate) fn key(&self) -> Key {
        Key::new(self.distance, self.node)
    }
}

impl Ord for Neighbor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance
            .total_cmp(&other.distance)
            .then(self.node.cmp(&other.node))
    }
}

impl PartialOrd for Neighbor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Neighbor {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Neighbor {}

/// A [`Neighbor`] as one integer in the same order: heaps compare it in one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u64);

impl Key {
    #[inline]
    pub(crate) fn new(distance: f32, node: u32) -> Self {
        let bits = distance.to_bits();
        // Order-preserving: negative floats are complemented, positive ones get the top bit.
        let flip = ((bits as i32) >> 31) as u32 | 0x8000_0000;
        Self(u64::from(bits ^ flip) << 32 | u64::from(node))
    }

    #[inline]
    pub(crate) fn node(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub(crate) fn distance(self) -> f32 {
        let ordered = (self.0 >> 32) as u32;
        let flip = !((ordered as i32) >> 31) as u32 | 0x8000_0000;
        f32::from_bits(ordered ^ flip)
    }

    #[inline]
    pub(crate) fn neighbor(self) -> Neighbor {
        Neighbor {
            distance: self.distance(),
            node: self.node(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: the packed order is the documented order. Method: all pairs of telling distances and nodes.
    #[test]
    fn keys_order_as_neighbors_do() {
        let distances = [
            f32::NEG_INFINITY,
            -2.5,
            -1e-30,
            -0.0,
            0.0,
            1e-30,
            1.0,
            f32::MAX,
            f32::INFINITY,
        ];
        let all: Vec<Neighbor> = distances
            .iter()
            .flat_map(|&distance| [0, 7, u32::MAX].map(|node| Neighbor { distance, node }))
            .collect();
        for a in &all {
            let key = Key::new(a.distance, a.node);
            assert_eq!(key.neighbor(), *a);
            for b in &all {
                assert_eq!(key.cmp(&Key::new(b.distance, b.node)), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }
}
