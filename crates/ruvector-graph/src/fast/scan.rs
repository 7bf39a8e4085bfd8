//! Chosen nodes measured by their own codes, without a walk: where so few are accepted that a walk would pass by most.
//! Never reads links.

use super::layout::FastGraph;
use super::request::{FastOutcome, FastSearch};
use super::scratch::{FastScratch, known};
use super::search::DEVIATIONS;
use crate::bytes::Bytes;
use crate::neighbor::Neighbor;

/// How many nodes before it is measured a node is asked for from memory.
const AHEAD: usize = 8;

impl<B: Bytes> FastGraph<B> {
    /// Fills `out`, in no order, with those of `nodes` that may belong to the `wanted` nearest accepted: as
    /// [`Self::search`] does, but complete. `accept` is asked about nodes that would belong. Breadth and `visits_max` do
    /// not matter; a node measured counts as visited.
    ///
    /// Cost: a rotation of the query, then for each node a read of its code: a byte a dimension.
    pub fn scan(
        &self,
        request: &FastSearch<'_>,
        nodes: &[u32],
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> FastOutcome {
        if self.fits(request) {
            let first = nodes.iter().take(AHEAD);
            first.for_each(|node| self.prefetch_code(*node));
            scratch.take_query(self, request);
        }
        self.scan_again(request, nodes, accept, scratch, out)
    }

    /// As [`Self::scan`] for the query of the last scan of this graph with this `scratch`: it is not rotated again.
    pub fn scan_again(
        &self,
        request: &FastSearch<'_>,
        nodes: &[u32],
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> FastOutcome {
        out.clear();
        if !self.fits(request) {
            return FastOutcome::default();
        }
        scratch.begin_scan(self, request);
        let deviation = scratch.deviation(self);
        let margin = DEVIATIONS * deviation;
        let mut outcome = FastOutcome {
            deviation,
            ..FastOutcome::default()
        };
        for (at, node) in nodes.iter().enumerate() {
            if let Some(later) = nodes.get(at + AHEAD) {
                self.prefetch_code(*later);
            }
            let Some((code, tail)) = self.code(*node) else {
                outcome.unreadable += 1;
                continue;
            };
            outcome.visited += 1;
            let distance = scratch.measure(self.header.metric, code, tail);
            let reach = known(scratch.bound.best(request.wanted) + margin);
            if distance <= reach && accept(*node) {
                out.push(Neighbor {
                    distance,
                    node: *node,
                });
                scratch.bound.accept(distance);
            }
        }
        let reach = known(scratch.bound.best(request.wanted) + margin);
        out.retain(|neighbor| neighbor.distance <= reach);
        outcome
    }
}
