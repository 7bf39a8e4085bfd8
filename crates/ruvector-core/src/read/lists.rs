//! Sparse searches of one segment by its inverted lists. Never answers partly: if lists are damaged, nothing is offered
//! and the caller compares with the vectors.

use ruvector_sparse::{Sink, SparseIndex};
use ruvector_storage::{Component, SealedRagged};

use super::ragged::{Measure, RaggedQuery, RaggedTarget, of_score};
use super::top::TopHits;
use crate::active_ragged::ActiveRagged;
use crate::view::Source;
use crate::{Error, Way};

/// What measuring a vector that a filter chose costs, in postings summed.
const MEASURE_POSTINGS: u64 = 40;

/// Searches by lists and returns true, unless there are none, or comparing with the vectors costs less.
pub(super) fn search(
    query: &RaggedQuery<'_>,
    target: &RaggedTarget<'_>,
    top: &mut TopHits,
) -> Result<bool, Error> {
    let Measure::Sparse(weights, threshold) = &query.measure else {
        return Ok(false);
    };
    let scanned = target.filter.map(|filter| filter.rows_max());
    if let (Some(threshold), Some(scanned)) = (threshold, scanned)
        && scanned < u64::from(*threshold)
    {
        return Ok(false);
    }
    match &target.segment.source {
        Source::Active(active) => {
            let Some(field) = active.ragged(query.field.number) else {
                return Ok(false);
            };
            let lists = weights
                .iter()
                .map(|(dimension, _)| field.postings_len(*dimension) as u64);
            if is_cheap(scanned, lists.sum(), *threshold) {
                return Ok(false);
            }
            search_active(query, (weights, field), target, top)?;
            Ok(true)
        }
        Source::Sealed(sealed) => {
            let Some(Some(field)) = sealed.ragged.get(query.field.number) else {
                return Ok(false);
            };
            let Some(index) = &field.index else {
                return Ok(false);
            };
            let lists = weights.iter().map(|(dimension, _)| index.postings(*dimension));
            let lists = lists.map(|count| count.map_or(0, u64::from)).sum();
            if is_cheap(scanned, lists, *threshold) {
                return Ok(false);
            }
            search_sealed(query, weights, (field, index), target, top)
        }
    }
}

/// Whether measuring `scanned` vectors costs less than lists of so many postings. A threshold given decides alone.
fn is_cheap(scanned: Option<u64>, postings: u64, threshold: Option<u32>) -> bool {
    let cheap = |scanned: u64| scanned.saturating_mul(MEASURE_POSTINGS) < postings;
    threshold.is_none() && scanned.is_some_and(cheap)
}

fn search_active(
    query: &RaggedQuery<'_>,
    (weights, field): (&[(u32, f32)], &ActiveRagged),
    target: &RaggedTarget<'_>,
    top: &mut TopHits,
) -> Result<(), Error> {
    query.ctx.took(Way::Lists);
    let visible = target.visible as usize;
    let mut sums = vec![0.0f32; visible];
    let mut touched = vec![0u64; visible.div_ceil(64)];
    for (dimension, weight) in weights {
        query.ctx.check(query.core.io.as_ref())?;
        field.postings(*dimension, target.visible, &mut |ordinal, value| {
            let at = ordinal as usize;
            sums[at] += weight * value;
            touched[at / 64] |= 1 << (at % 64);
        });
    }
    for (word, mut left) in touched.into_iter().enumerate() {
        while left != 0 {
            let at = word * 64 + left.trailing_zeros() as usize;
            left &= left - 1;
            let distance = of_score(sums[at]);
            if top.admits(distance)
                && let Some(row) = field.row(at as u32)
                && target.accepts(row)
            {
                target.offer(distance, row, top);
            }
        }
    }
    Ok(())
}

fn search_sealed(
    query: &RaggedQuery<'_>,
    weights: &[(u32, f32)],
    (field, index): (&SealedRagged, &SparseIndex<Component>),
    target: &RaggedTarget<'_>,
    top: &mut TopHits,
) -> Result<bool, Error> {
    query.ctx.took(Way::Lists);
    let mut sink = Offers {
        query,
        target,
        field,
        top: top.clone(),
        stopped: None,
    };
    let Ok(searched) = index.search(weights, &mut sink) else {
        query.core.note_damage();
        return Ok(false);
    };
    if let Some(error) = sink.stopped {
        return Err(error);
    }
    *top = sink.top;
    query.ctx.count(0, searched.measured);
    Ok(true)
}

/// Takes what the lists of a sealed segment offer.
struct Offers<'a, 'b> {
    query: &'a RaggedQuery<'b>,
    target: &'a RaggedTarget<'b>,
    field: &'a SealedRagged,
    top: TopHits,
    stopped: Option<Error>,
}

impl Sink for Offers<'_, '_> {
    fn bound(&self) -> f32 {
        let worst = self
            .top
            .worst()
            .map_or(f32::NEG_INFINITY, |distance| 0.0 - distance);
        self.query
            .score_threshold
            .map_or(worst, |threshold| worst.max(threshold))
    }

    fn accepts(&mut self, ordinal: u32) -> bool {
        self.target.accepts(self.field.vectors.row(ordinal))
    }

    fn exact(&mut self, ordinal: u32) -> Option<f32> {
        let Some(vector) = self.field.vectors.vector(ordinal) else {
            self.query.core.note_damage();
            return None;
        };
        self.query.measure.distance(vector).map(|distance| 0.0 - distance)
    }

    fn offer(&mut self, ordinal: u32, score: f32) {
        let row = self.field.vectors.row(ordinal);
        self.target.offer(of_score(score), row, &mut self.top);
    }

    fn stop(&mut self) -> bool {
        self.stopped = self.query.ctx.check(self.query.core.io.as_ref()).err();
        self.stopped.is_some()
    }
}
