//! Search of a sealed segment in the fast layout, by a walk or by a scan of the rows that may match: candidates by their
//! codes, the best of them measured exactly. Never answers in part: the caller then goes another way.

use std::cell::RefCell;

use ruvector_graph::PlainGraph;
use ruvector_graph::{FastLane, FastOutcome, FastScratch, FastSearch, Neighbor};
use ruvector_storage::{Component, SealedField, VectorBlock};

use super::codes::offer_by_codes;
use super::matching::SegmentFilter;
use super::nearest::{Query, Target, elsewhere};
use super::plan::Budget;
use super::sieve::Sieve;
use super::top::TopHits;
use crate::{Error, Way};

/// Searches made at once: while one computes, the memory that the others have asked for arrives. Chosen, not tuned; what
/// it gains stands in docs/performance.md.
pub(crate) const LANES: usize = 4;

thread_local! {
    /// Search memory of this thread, as in `nearest`.
    static SIEVE: RefCell<Sieve> = RefCell::default();
    static SCRATCH: RefCell<[(FastScratch, Vec<Neighbor>); LANES]> = RefCell::default();
}

/// How a search of the fast layout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FastEnd {
    /// With the answer.
    Answered,
    /// There is no fast layout, or it could not be read to the end.
    Unavailable,
    /// A scan of whole vectors is due: too few of the nodes visited match the filter, or too many are wanted.
    Exhausted,
}

/// Offers the nearest live matching rows of `segment` to `top`, unless it ends otherwise than with the answer.
pub(crate) fn search(
    query: &Query<'_>,
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    field: &SealedField,
    (ef, candidates, budget): (usize, usize, Option<Budget>),
    top: &mut TopHits,
) -> FastEnd {
    let Some(fast) = &field.fast else {
        return FastEnd::Unavailable;
    };
    query.ctx.took_with(Way::FastGraph, query.ef_in(target.segment));
    SCRATCH.with_borrow_mut(|[(scratch, found), ..]| {
        let request = FastSearch {
            query: query.vector,
            wanted: candidates,
            breadth: ef,
            visits_max: budget.map(|budget| budget.visits),
            trial: budget.and_then(|budget| budget.trial),
            elsewhere: elsewhere(query, candidates, top),
        };
        let mut accept = |ordinal| target.accepts(field.vectors.row(ordinal));
        let outcome = fast.search(&request, &mut accept, scratch, found);
        conclude(query, target, field, (outcome, found), top)
    })
}

/// Candidates wanted up to which rows are sifted: the best are kept in order, which costs more the more there are.
const SIFTED_MAX: usize = 1_024;

/// Offers the nearest of the rows that may match, all of them measured by their codes. `Exhausted`: so many are wanted
/// that they are compared in full as well.
pub(crate) fn scan(
    query: &Query<'_>,
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    (field, filter): (&SealedField, &SegmentFilter<'_>),
    candidates: usize,
    top: &mut TopHits,
) -> Result<FastEnd, Error> {
    if field.fast.is_none() {
        return Ok(FastEnd::Unavailable);
    }
    if candidates > SIFTED_MAX {
        return Ok(FastEnd::Exhausted);
    }
    let ef = query.ef_in(target.segment);
    query.ctx.took_with(Way::FastScan, ef);
    query.ctx.check(query.core.io.as_ref())?;
    let nodes = nodes(target, field, filter);
    SIEVE.with_borrow_mut(|sieve| {
        let request = FastSearch {
            query: query.vector,
            wanted: candidates,
            breadth: ef.max(1),
            visits_max: None,
            trial: None,
            elsewhere: None,
        };
        let is_sure = filter.rows_open() == 0;
        let mut accept = |ordinal| is_sure || filter.accepts(field.vectors.row(ordinal));
        let outcome = sieve.sift(field, &request, (&nodes, is_sure), &mut accept);
        if sieve.is_damaged {
            query.core.note_damage();
        }
        match outcome {
            Some(outcome) => Ok(conclude(query, target, field, (outcome, &sieve.found), top)),
            None => Ok(FastEnd::Unavailable),
        }
    })
}

/// The nodes of the rows that may match.
fn nodes(
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    field: &SealedField,
    filter: &SegmentFilter<'_>,
) -> Vec<u32> {
    let mut nodes = Vec::with_capacity(filter.rows_max() as usize);
    filter.append_candidates(&mut nodes);
    // Where every row has a vector, they have the same numbers.
    if field.vectors.len() != target.segment.rows {
        let ordinals = nodes.iter().filter_map(|row| field.vectors.ordinal(*row));
        nodes = ordinals.collect();
    }
    nodes
}

/// As [`search`], for up to [`LANES`] searches at once; how each ended.
pub(crate) fn search_many(
    lanes: &mut [Lane<'_, '_>],
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    field: &SealedField,
) -> [FastEnd; LANES] {
    let mut ends = [FastEnd::Unavailable; LANES];
    let Some(fast) = &field.fast else {
        return ends;
    };
    SCRATCH.with_borrow_mut(|memory| {
        let queries: Vec<&Query<'_>> = lanes.iter().map(|lane| lane.query).collect();
        let mut accepts: Vec<_> = queries
            .iter()
            .map(|_| move |ordinal| target.accepts(field.vectors.row(ordinal)))
            .collect();
        let mut searches: Vec<FastLane<'_>> = Vec::with_capacity(LANES);
        for ((lane, accept), (scratch, out)) in lanes.iter().zip(&mut accepts).zip(memory.iter_mut()) {
            searches.push(FastLane {
                request: FastSearch {
                    query: lane.query.vector,
                    wanted: lane.breadth.1,
                    breadth: lane.breadth.0,
                    visits_max: None,
                    trial: None,
                    elsewhere: elsewhere(lane.query, lane.breadth.1, lane.top),
                },
                accept,
                scratch,
                out,
                outcome: FastOutcome::default(),
            });
        }
        fast.search_many(&mut searches);
        let outcomes: Vec<FastOutcome> = searches.into_iter().map(|search| search.outcome).collect();
        let found = outcomes.into_iter().zip(memory.iter());
        for (at, (lane, (outcome, (_, near)))) in lanes.iter_mut().zip(found).enumerate() {
            // What the next one measures arrives meanwhile.
            if let Some((_, next)) = memory.get(at + 1).filter(|_| at + 1 < queries.len()) {
                target.prefetch(&field.vectors, next);
            }
            ends[at] = conclude(lane.query, target, field, (outcome, near), lane.top);
        }
    });
    ends
}

/// One of several searches made at once.
pub(crate) struct Lane<'a, 'q> {
    pub(crate) query: &'a Query<'q>,
    /// Breadth, and candidates wanted.
    pub(crate) breadth: (usize, usize),
    pub(crate) top: &'a mut TopHits,
}

/// Offers what a search found, measured as the query wants it.
fn conclude(
    query: &Query<'_>,
    target: &Target<'_, VectorBlock, PlainGraph<Component>>,
    field: &SealedField,
    (outcome, found): (FastOutcome, &[Neighbor]),
    top: &mut TopHits,
) -> FastEnd {
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
        None => target.measure(query, found, top),
        Some((usage, codes)) => {
            if !offer_by_codes(query, target, (field, codes), (usage, found), top) {
                query.core.note_damage();
                return FastEnd::Unavailable;
            }
        }
    }
    FastEnd::Answered
}
