//! Search in the fast layout: a frontier of candidates by estimate; a visit measures the node by its 8-bit code and
//! estimates all its neighbours in one sweep. Allocates nothing once warm.

use ruvector_simd::{Metric, distance};

use super::bound::stretched;
use super::frontier::Candidate;
use super::layout::{FastGraph, link};
use super::request::{BREADTH_SPREAD, FastLane, FastOutcome, FastSearch, ORIENTED, Verdict};
use super::scratch::{FastScratch, block_scale, known};
use crate::bytes::Bytes;
use crate::neighbor::Neighbor;

/// Hubs that a search starts from.
const STARTS: usize = 4;
/// Standard deviations of the 8-bit distances within which a node may still belong to the result.
pub(super) const DEVIATIONS: f32 = 4.0;

/// A search under way.
#[derive(Clone, Copy, Debug)]
struct Walk {
    outcome: FastOutcome,
    next: Option<Candidate>,
    /// Whether nodes are asked about where they are seen.
    is_eager: bool,
}

impl<B: Bytes> FastGraph<B> {
    /// Fills `out`, in no order, with the accepted nodes visited, or seen by an eager walk, that may belong to the `wanted`
    /// nearest: those whose distance by the 8-bit code is no farther from the `wanted`-th best than such distances err.
    /// The caller measures them exactly. Refused nodes route but are not returned.
    ///
    /// Visits the closest candidates known, one after the other, until the next is farther than the slack of
    /// `breadth` allows beyond the `wanted`-th best accepted (the tenth at least).
    ///
    /// Cost: a rotation of the query, then for each visit one read of `stride` bytes.
    pub fn search(
        &self,
        request: &FastSearch<'_>,
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> FastOutcome {
        out.clear();
        if !self.fits(request) {
            return FastOutcome::default();
        }
        let mut walk = self.begin(request, scratch);
        while self.visit(request, &mut walk, accept, scratch, out) {}
        self.finish(request, walk, scratch, out)
    }

    /// As [`Self::search`], for several searches at once, one visit of each in turn: while one computes, the memory that
    /// the others have asked for arrives. The outcomes stand in the lanes.
    pub fn search_many(&self, lanes: &mut [FastLane<'_>]) {
        let mut walks: Vec<Option<Walk>> = lanes
            .iter_mut()
            .map(|lane| {
                lane.out.clear();
                lane.outcome = FastOutcome::default();
                let fits = self.fits(&lane.request);
                fits.then(|| self.begin(&lane.request, lane.scratch))
            })
            .collect();
        let mut under_way = true;
        while under_way {
            under_way = false;
            for (lane, slot) in lanes.iter_mut().zip(&mut walks) {
                let Some(walk) = slot else { continue };
                under_way = true;
                let FastLane {
                    request,
                    accept,
                    scratch,
                    out,
                    outcome,
                } = lane;
                if !self.visit(request, walk, *accept, scratch, out) {
                    *outcome = self.finish(request, *walk, scratch, out);
                    *slot = None;
                }
            }
        }
    }

    /// The distance beyond which a search of this breadth looks no further, where the tenth best (or a later one that is the
    /// last wanted) is at `worst`: for graphs over vectors of the same kind that know no slack. `None` if this one knows none
    /// for the breadth.
    pub fn reach(&self, query: &[f32], breadth: usize, worst: f32) -> Option<f32> {
        let slack = self.slack.at(breadth);
        let lengths = self.header.length_squared - distance(Metric::Dot)(query, query);
        let stretch = (1.0 + slack) * (1.0 + slack);
        slack
            .is_finite()
            .then(|| stretched((self.header.metric, lengths), worst, stretch))
    }

    pub(super) fn fits(&self, request: &FastSearch<'_>) -> bool {
        request.query.len() == self.rotation.dim() && request.breadth > 0
    }

    fn begin(&self, request: &FastSearch<'_>, scratch: &mut FastScratch) -> Walk {
        scratch.begin(self, request);
        self.start(scratch);
        Walk {
            outcome: FastOutcome::default(),
            next: scratch.frontier.best(),
            is_eager: false,
        }
    }

    /// Visits the best candidate; false where the search has ended.
    #[inline]
    fn visit(
        &self,
        request: &FastSearch<'_>,
        walk: &mut Walk,
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> bool {
        let Some(candidate) = walk.next else {
            return false;
        };
        let outcome = &mut walk.outcome;
        let least = (request.breadth / BREADTH_SPREAD) as u64;
        // Refused nodes do not count, so that however many there are, enough others are found.
        let far = candidate.estimate > scratch.bound.limit() && outcome.visited >= least;
        let many = !walk.is_eager && out.len() >= request.breadth.saturating_mul(BREADTH_SPREAD);
        if far || many {
            return false;
        }
        if request.visits_max == Some(outcome.visited) {
            outcome.exhausted = true;
            return false;
        }
        if let Some(trial) = request.trial.filter(|_| !walk.is_eager)
            && trial.after == outcome.visited
        {
            match trial.verdict(out.len(), outcome.visited) {
                Verdict::Eager => {
                    walk.is_eager = true;
                    scratch.ask_frontier(accept);
                }
                Verdict::GoOn => {}
                Verdict::GiveUp => {
                    outcome.exhausted = true;
                    return false;
                }
            }
        }
        if let Some(elsewhere) = request.elsewhere.filter(|_| outcome.visited == ORIENTED) {
            scratch.bound.heed(elsewhere);
        }
        scratch.frontier.remove(candidate);
        let second = self.prefetch_best(scratch);
        let node = candidate.node;
        let Some(block) = self.node(node) else {
            outcome.unreadable += 1;
            walk.next = second;
            return true;
        };
        outcome.visited += 1;
        let distance = scratch.measure(self.header.metric, block.code, block.tail);
        if (request.trial.is_none() || scratch.judged.insert(node)) && accept(node) {
            out.push(Neighbor { distance, node });
            scratch.bound.accept(distance);
        }
        let early = outcome.visited < least;
        match walk.is_eager {
            true => {
                self.measure_seen(scratch, out);
                scratch.expand_asking(distance, &block, early, accept);
                scratch.seen.iter().for_each(|node| self.prefetch_code(*node));
                scratch.tighten(&self.slack);
            }
            false => scratch.expand(distance, &block, early),
        }
        walk.next = self.prefetch_best(scratch);
        true
    }

    /// Measures the accepted nodes that were seen and not visited.
    fn measure_seen(&self, scratch: &mut FastScratch, out: &mut Vec<Neighbor>) {
        for at in 0..scratch.seen.len() {
            let Some(node) = scratch.seen.get(at).copied() else {
                break;
            };
            // A damaged one is counted where it is visited.
            let Some((code, tail)) = self.code(node) else {
                continue;
            };
            let distance = scratch.measure(self.header.metric, code, tail);
            out.push(Neighbor { distance, node });
            scratch.bound.accept(distance);
        }
        scratch.seen.clear();
    }

    /// Leaves in `out` what may belong to the result.
    fn finish(
        &self,
        request: &FastSearch<'_>,
        walk: Walk,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> FastOutcome {
        self.measure_seen(scratch, out);
        let deviation = scratch.deviation(self);
        let reach = known(scratch.bound.best(request.wanted) + DEVIATIONS * deviation);
        out.retain(|neighbor| neighbor.distance <= reach);
        FastOutcome {
            deviation,
            ..walk.outcome
        }
    }

    /// The best candidate, whose node is asked for from memory unless the search would end before it.
    #[inline]
    fn prefetch_best(&self, scratch: &FastScratch) -> Option<Candidate> {
        let best = scratch.frontier.best();
        if let Some(best) = best.filter(|best| best.estimate <= scratch.bound.limit()) {
            self.prefetch(best.node);
        }
        best
    }

    /// Starts from the closest hubs.
    fn start(&self, scratch: &mut FastScratch) {
        let base = match self.header.metric {
            Metric::Euclid => scratch.query.norm_squared,
            metric => distance(metric)(&scratch.query.rotated, &self.center),
        };
        for (ids, block, tail) in self.hubs() {
            let scale = block_scale(base, tail, f32::INFINITY);
            let found =
                (scratch.kernels.estimate)(&scratch.query.tables, block, scale, &mut scratch.estimates);
            for (place, estimate) in scratch.estimates.iter().enumerate() {
                let known = found >> place & 1 == 1;
                scratch
                    .hub_estimates
                    .push(if known { *estimate } else { f32::INFINITY });
                scratch.hubs.push(link(ids, place));
            }
        }
        for _ in 0..STARTS {
            let closest = (scratch.least)(&scratch.hub_estimates);
            let Some(estimate) = scratch.hub_estimates.get_mut(closest) else {
                break;
            };
            let start = (std::mem::replace(estimate, f32::INFINITY), scratch.hubs[closest]);
            if start.0 < f32::INFINITY {
                self.prefetch(start.1);
                scratch
                    .frontier
                    .extend(std::iter::once(start), |node| scratch.met.insert(node));
            }
        }
    }
}
