//! Search of a sealed segment in the fast layout: candidates by their codes, the best of them measured exactly. The
//! filter is asked about the nodes visited only. Never answers in part: the caller then goes another way.

use std::cell::RefCell;

use ruvector_graph::PlainGraph;
use ruvector_graph::{FastScratch, FastSearch, Neighbor, Vectors};
use ruvector_storage::{Component, SealedField, VectorBlock};

use super::nearest::{Query, Target, finite};
use super::top::TopHits;

thread_local! {
    /// Search memory of this thread, as in `nearest`.
    static SCRATCH: RefCell<(FastScratch, Vec<Neighbor>)> = RefCell::default();
}

/// Visits of a filtered search, as a share of the vectors, at which it gives up for a scan. A bound on what a bad
/// filter costs, chosen without a measurement: the planner of payload indexes will know better.
const VISIT_SHARE: u32 = 16;
const VISITS_MIN: u32 = 512;

/// How a search of the fast layout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FastEnd {
    /// With the answer.
    Answered,
    /// There is no fast layout, or it could not be read to the end.
    Unavailable,
    /// So few of the nodes visited match the filter that a scan is due.
    Exhausted,
}

/// Offers the nearest live matching rows of `segment` to `top`, unless it ends otherwise than with the answer.
pub(crate) fn search(
    query: &Query<'_>,
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    field: &SealedField,
    ef: usize,
    top: &mut TopHits,
) -> FastEnd {
    let Some(fast) = &field.fast else {
        return FastEnd::Unavailable;
    };
    SCRATCH.with_borrow_mut(|(scratch, found)| {
        let request = FastSearch {
            query: query.vector,
            wanted: query.wanted,
            breadth: ef,
            visits_max: query
                .filter
                .as_ref()
                .map(|_| u64::from((fast.len() / VISIT_SHARE).max(VISITS_MIN))),
        };
        let mut accept = |ordinal| target.accepts(query, field.vectors.row(ordinal));
        let outcome = fast.search(&request, &mut accept, scratch, found);
        query.ctx.count(outcome.visited, 0);
        if outcome.unreadable > 0 {
            query.core.note_damage();
            return FastEnd::Unavailable;
        }
        if outcome.exhausted {
            return FastEnd::Exhausted;
        }
        measure(query, target, &field.vectors, found, top);
        FastEnd::Answered
    })
}

/// Measures exactly what may belong to the result, and offers it.
fn measure(
    query: &Query<'_>,
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    vectors: &VectorBlock,
    near: &[Neighbor],
    top: &mut TopHits,
) {
    query.ctx.count(0, near.len() as u64);
    for neighbor in near {
        vectors.prefetch(neighbor.node);
        target.segment.prefetch(vectors.row(neighbor.node));
    }
    for neighbor in near {
        let Some(vector) = vectors.vector(neighbor.node) else {
            query.core.note_damage();
            continue;
        };
        let distance = finite(query.kernel()(query.vector, vector));
        target.offer(distance, vectors.row(neighbor.node), top);
    }
}
