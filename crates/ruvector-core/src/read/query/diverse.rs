//! Points near a vector and unlike each other: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998). Never looks
//! beyond the candidates it is given.

use super::measure::Scorer;
use super::{Found, Located, Run};
use crate::Error;
use crate::view::SegmentView;

/// A candidate not chosen yet.
struct Pending<'a> {
    found: Found,
    segment: &'a SegmentView,
    row: u32,
    relevance: f32,
    /// To the most similar one of those chosen.
    likeness: f32,
}

/// Up to `wanted` of `candidates`, in the order chosen: each time the one with the most relevance that is not like those
/// chosen before. `diversity` weighs the second, one less it the first. Similarities are distances turned round (of euclid,
/// squared ones). Cost: `wanted` comparisons for each candidate.
pub(super) fn choose(
    run: &Run<'_>,
    candidates: Vec<Found>,
    nearest: &Scorer,
    diversity: f32,
    wanted: usize,
) -> Result<Vec<Found>, Error> {
    let core = &run.snapshot.core;
    let pending = candidates.into_iter().filter_map(|found| {
        let Located { segment, row, .. } = run.located(&found.id)?;
        let relevance = 0.0 - nearest.distance(core, segment, row)?;
        Some(Pending {
            found,
            segment,
            row,
            relevance,
            likeness: f32::NEG_INFINITY,
        })
    });
    let mut pending: Vec<Pending<'_>> = pending.collect();
    let mut chosen = Vec::with_capacity(wanted.min(pending.len()));
    while chosen.len() < wanted && !pending.is_empty() {
        run.ctx.check(core.io.as_ref())?;
        let worth = |one: &Pending<'_>| match chosen.is_empty() {
            true => one.relevance,
            false => (1.0 - diversity) * one.relevance - diversity * one.likeness,
        };
        let Some(best) = last_greatest(pending.iter().map(worth)) else {
            break;
        };
        let best = pending.swap_remove(best);
        if let Some(scorer) = nearest.of_row(best.segment, best.row) {
            run.ctx.count(0, pending.len() as u64);
            for one in &mut pending {
                // Of two multi-vectors it matters which one asks: the one that is not chosen.
                let distance = match nearest.is_one_sided() {
                    false => scorer.distance(core, one.segment, one.row),
                    true => nearest
                        .of_row(one.segment, one.row)
                        .and_then(|asking| asking.distance(core, best.segment, best.row)),
                };
                if let Some(distance) = distance {
                    one.likeness = one.likeness.max(0.0 - distance);
                }
            }
        }
        chosen.push(best.found);
    }
    Ok(chosen)
}

/// The place of the greatest number, of equal ones the last.
fn last_greatest(numbers: impl Iterator<Item = f32>) -> Option<usize> {
    let placed = numbers.enumerate();
    placed.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place)
}
