//! Exact search by scanning a range of ordinals: for small segments, narrow filters and as the measure of recall.
//! Never touches links.

use std::ops::Range;

use crate::access::{Space, Vectors};
use crate::neighbor::Neighbor;
use crate::search::Outcome;
use crate::top_k::TopK;

/// Fills `out` with the `k` accepted neighbours of `query` in `range`, closest first, equally distant ones by
/// ordinal. The range is cut to the vectors there are. `accept` is called only for those that would enter the
/// result. Vectors that cannot be read are counted and passed over.
///
/// Cost: one distance a vector; memory O(k) at most, allocated as results come.
pub fn exact<V: Vectors + ?Sized>(
    query: &[V::Component],
    space: Space<'_, V>,
    range: Range<u32>,
    accept: &mut dyn FnMut(u32) -> bool,
    k: usize,
    out: &mut Vec<Neighbor>,
) -> Outcome {
    out.clear();
    let mut outcome = Outcome::default();
    if k == 0 {
        return outcome;
    }
    let mut best = TopK::new(k);
    for node in range.start..range.end.min(space.vectors.len()) {
        let Some(vector) = space.vectors.vector(node) else {
            outcome.unreadable += 1;
            continue;
        };
        let distance = space.between(query, vector);
        outcome.distances += 1;
        if best.would_enter(distance) && accept(node) {
            best.push(Neighbor { distance, node });
        }
    }
    best.drain_sorted(out);
    outcome
}
