//! Search of a sealed segment in the fast layout: candidates by their codes, the best of them measured exactly.
//! Never answers in part: damage on the way sends the caller to the plain graph.

use std::cell::RefCell;

use ruvector_graph::{FastScratch, Neighbor, Vectors};
use ruvector_storage::SealedField;

use super::nearest::{Place, Query, finite};
use super::top::{Hit, TopHits};
use crate::view::SegmentView;

/// Candidates kept for each unit of `ef`: one read in codes tells less than one read in full, and costs a fraction.
const BREADTH_PER_EF: f64 = 2.0;

/// Standard deviations of the 8-bit distances within which a candidate may still belong to the result.
const DEVIATIONS: f32 = 4.0;

thread_local! {
    /// Search memory of this thread, as in `nearest`.
    static SCRATCH: RefCell<(FastScratch, Vec<Neighbor>)> = RefCell::default();
}

/// Offers the nearest live rows of `segment` to `top`; false if the fast graph could not be read to the end.
pub(crate) fn search(
    query: &Query<'_>,
    segment: &SegmentView,
    field: &SealedField,
    (place, ef): (Place, usize),
    top: &mut TopHits,
) -> bool {
    let Some(fast) = &field.fast else { return false };
    let share_live = segment.live_rows() as f64 / f64::from(segment.rows.max(1));
    let breadth = (ef as f64 * BREADTH_PER_EF / share_live.max(0.01)).ceil() as usize;
    SCRATCH.with_borrow_mut(|(scratch, found)| {
        let mut accept = |ordinal| segment.is_live(field.vectors.row(ordinal));
        let outcome = fast.search(query.vector, breadth, &mut accept, scratch, found);
        if outcome.unreadable > 0 {
            query.core.note_damage();
            return false;
        }
        let worst = found
            .get(query.wanted.saturating_sub(1))
            .map_or(f32::INFINITY, |neighbor| neighbor.distance);
        let bound = worst + DEVIATIONS * outcome.deviation;
        let near = found.partition_point(|neighbor| neighbor.distance <= bound);
        found[..near]
            .iter()
            .for_each(|neighbor| field.vectors.prefetch(neighbor.node));
        for neighbor in &found[..near] {
            let Some(vector) = field.vectors.vector(neighbor.node) else {
                query.core.note_damage();
                continue;
            };
            let distance = finite(query.kernel()(query.vector, vector));
            let row = field.vectors.row(neighbor.node);
            if top.admits(distance)
                && let Some(id) = segment.id(row)
            {
                top.offer(Hit {
                    distance,
                    id,
                    shard: place.shard,
                    segment: place.segment,
                    row,
                });
            }
        }
        true
    })
}
