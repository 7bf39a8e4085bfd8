//! Chosen nodes of the fast layout compared in up to three sieves, each finer and dearer than the last: short codes that lie
//! side by side, the 8-bit codes of the layout, the vectors. For filters that keep too few points for a walk.

use ruvector_graph::fast::RANK;
use ruvector_graph::{FastGraph, FastOutcome, FastScratch, FastSearch, Neighbor};
use ruvector_quant::{CodeQuery, QueryPrecision};
use ruvector_storage::{CodeBlock, Component, SealedField};
use ruvector_types::{CodeWidth, Codes};

use crate::kernels::finite;

/// Distances looked at together.
const LANES: usize = 16;

/// Standard deviations of the short codes' estimates within which a node may still belong to the result: the more, the
/// broader a search is to be. Two leave out three of a hundred neighbours as far as the last wanted, and fewer of the nearer
/// ones; three hardly any.
fn deviations(breadth: usize) -> f32 {
    let broader = breadth as f32 - 32.0;
    let per_breadth = if broader < 0.0 { 32.0 } else { 64.0 };
    (1.5 + broader / per_breadth).clamp(1.0, 3.0)
}

/// Nodes measured beyond those wanted before the first sieve says what passes: the more, the nearer it is to what is wanted.
const MEASURED_MORE: usize = 22;

/// Codes that tell how far estimates err.
const DEVIATION_CODES: u32 = 64;

/// Nodes below which the first sieve costs more than it spares.
const CODED_NODES_MIN: usize = 256;

/// Memory of a thread.
#[derive(Default)]
pub(crate) struct Sieve {
    scratch: FastScratch,
    query: CodeQuery,
    /// By the short codes, of all nodes.
    distances: Vec<f32>,
    /// The least of each [`LANES`] of them.
    minima: Vec<f32>,
    /// Some that may be the least.
    best: Vec<f32>,
    /// The nodes that the first sieve left.
    passed: Vec<u32>,
    /// Whether short codes could not be read in the last one.
    pub(crate) is_damaged: bool,
    /// What the last sieve that reads codes left, in no order.
    pub(crate) found: Vec<Neighbor>,
}

impl Sieve {
    /// Leaves in `found` those of `nodes` that may belong to the nearest accepted; `None` without a fast layout.
    /// `is_sure`: `accept` is true of every node. The first sieve never asks, so it is passed over where that is not known.
    pub(crate) fn sift(
        &mut self,
        field: &SealedField,
        request: &FastSearch<'_>,
        (nodes, is_sure): (&[u32], bool),
        accept: &mut dyn FnMut(u32) -> bool,
    ) -> Option<FastOutcome> {
        let fast = field.fast.as_ref()?;
        self.is_damaged = false;
        let codes = field
            .codes
            .as_ref()
            .filter(|_| is_sure && nodes.len() >= CODED_NODES_MIN);
        let chosen = match codes.filter(|codes| are_short(codes)) {
            Some(codes) if self.coarse((fast, codes), request, nodes) => {
                let (scratch, found) = (&mut self.scratch, &mut self.found);
                return Some(fast.scan_again(request, &self.passed, accept, scratch, found));
            }
            _ => nodes,
        };
        Some(fast.scan(request, chosen, accept, &mut self.scratch, &mut self.found))
    }

    /// Leaves in `passed` those that may be among the `wanted` nearest by their short codes; false if some cannot be
    /// read.
    fn coarse(
        &mut self,
        (fast, codes): (&FastGraph<Component>, &CodeBlock),
        request: &FastSearch<'_>,
        nodes: &[u32],
    ) -> bool {
        let (encoder, deviations) = (codes.encoder(), deviations(request.breadth));
        if encoder
            .prepare_into(request.query, QueryPrecision::Eight, &mut self.query)
            .is_err()
        {
            return false;
        }
        let Some(sound) = codes.sound(nodes) else {
            self.is_damaged = true;
            return false;
        };
        self.distances.resize(nodes.len(), 0.0);
        if self
            .query
            .distances_of(sound, nodes, &mut self.distances)
            .is_err()
        {
            return false;
        }
        let Some(deviation) = self.deviation(codes) else {
            self.is_damaged = true;
            return false;
        };
        let Some(farthest) = self.farthest(fast, request, nodes) else {
            return false;
        };
        // Of two that overflow to opposite ends nothing is known.
        let reach = finite(farthest + deviations * deviation);
        self.pass(nodes, reach);
        true
    }

    /// Leaves in `passed` those of `nodes` whose estimates are not beyond `reach`, in their order.
    fn pass(&mut self, nodes: &[u32], reach: f32) {
        self.passed.clear();
        let chunks = nodes.chunks(LANES).zip(self.distances.chunks(LANES));
        for ((nodes, distances), least) in chunks.zip(&self.minima) {
            // Most chunks hold none.
            if *least <= reach {
                let near = nodes
                    .iter()
                    .zip(distances)
                    .filter(|(_, distance)| **distance <= reach);
                self.passed.extend(near.map(|(node, _)| *node));
            }
        }
    }

    /// A distance that the last of those wanted is not beyond, but for what the finer codes err: that of the last wanted among
    /// the nearest by their short codes, measured. The estimates themselves would not do: the least of many that err are much
    /// too small where many nodes are as far as the nearest. `None`: all are to be measured.
    fn farthest(
        &mut self,
        fast: &FastGraph<Component>,
        request: &FastSearch<'_>,
        nodes: &[u32],
    ) -> Option<f32> {
        let worst = self.least(request.wanted.max(RANK) + MEASURED_MORE)?;
        if !worst.is_finite() {
            return None;
        }
        // All of those as far, lest their order counts.
        self.pass(nodes, worst);
        let (passed, found) = (&self.passed, &mut self.found);
        let outcome = fast.scan(request, passed, &mut |_| true, &mut self.scratch, found);
        let by_distance = |a: &Neighbor, b: &Neighbor| a.distance.total_cmp(&b.distance);
        let last = request.wanted.saturating_sub(1);
        let is_there = last < found.len();
        is_there.then(|| found.select_nth_unstable_by(last, by_distance).1.distance + outcome.deviation)
    }

    /// The last of the `kept` least estimates; `None` if there are fewer. Fills `minima`.
    fn least(&mut self, kept: usize) -> Option<f32> {
        let least = |chunk: &[f32]| {
            chunk
                .iter()
                .fold(f32::INFINITY, |a, b| if *b < a { *b } else { a })
        };
        self.minima.clear();
        self.minima.extend(self.distances.chunks(LANES).map(least));
        let last = kept.checked_sub(1)?;
        self.best.clear();
        self.best.extend_from_slice(&self.minima);
        // Where so many chunks have one as near, so many nodes are: the last of them is among those.
        let bound = match last < self.best.len() {
            true => *self.best.select_nth_unstable_by(last, f32::total_cmp).1,
            false => f32::INFINITY,
        };
        self.best.clear();
        for (chunk, least) in self.distances.chunks(LANES).zip(&self.minima) {
            if *least <= bound {
                self.best
                    .extend(chunk.iter().filter(|distance| **distance <= bound));
            }
        }
        (last < self.best.len()).then(|| *self.best.select_nth_unstable_by(last, f32::total_cmp).1)
    }

    /// How far estimates err: the most among codes that lie evenly; `None` if some cannot be read. The same whichever nodes
    /// are compared, and in whichever order, so that what passes depends on neither.
    fn deviation(&self, codes: &CodeBlock) -> Option<f32> {
        let step = (codes.len() / DEVIATION_CODES).max(1) as usize;
        let mut sampled = (0..codes.len()).step_by(step).take(DEVIATION_CODES as usize);
        sampled.try_fold(0.0f32, |most, node| {
            let code = codes.rows(node..node + 1)?;
            Some(most.max(self.query.deviation(code)))
        })
    }
}

/// Whether codes are worth a sieve of their own: short, and with estimates that say how far they err.
fn are_short(codes: &CodeBlock) -> bool {
    use CodeWidth::{Four, One, OneAndHalf, Two};
    matches!(codes.codes(), Codes::Rotated(One | OneAndHalf | Two | Four))
}

#[cfg(test)]
mod tests;
