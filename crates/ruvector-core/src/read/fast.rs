//! Search of a sealed segment in the fast layout: candidates by their codes, the best of them measured exactly. The
//! filter is asked about the nodes visited only. Never answers in part: the caller then goes another way.

use std::cell::RefCell;

use ruvector_graph::PlainGraph;
use ruvector_graph::{FastScratch, FastSearch, Neighbor};
use ruvector_storage::{Component, SealedField, VectorBlock};

use super::codes::offer_by_codes;
use super::nearest::{Query, Target};
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
    (ef, candidates): (usize, usize),
    top: &mut TopHits,
) -> FastEnd {
    let Some(fast) = &field.fast else {
        return FastEnd::Unavailable;
    };
    SCRATCH.with_borrow_mut(|(scratch, found)| {
        let request = FastSearch {
            query: query.vector,
            wanted: candidates,
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
        let by_codes = query
            .codes
            .filter(|usage| !usage.rescore)
            .zip(field.codes.as_ref());
        match by_codes {
            None => target.measure(query, &field.vectors, found, top),
            Some((usage, codes)) => {
                if !offer_by_codes(query, target, (field, codes), (usage, found), top) {
                    query.core.note_damage();
                    return FastEnd::Unavailable;
                }
            }
        }
        FastEnd::Answered
    })
}
