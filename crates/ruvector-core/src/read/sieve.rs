//! Chosen nodes of the fast layout compared in up to three sieves, each finer and dearer than the last: short codes that lie
//! side by side, the 8-bit codes of the layout, the vectors. For filters that keep too few points for a walk.

use ruvector_graph::fast::RANK;
use ruvector_graph::{FastOutcome, FastScratch, FastSearch, Neighbor};
use ruvector_quant::{CodeQuery, QueryPrecision};
use ruvector_storage::{CodeBlock, SealedField};
use ruvector_types::{CodeWidth, Codes};

use crate::kernels::finite;

/// Distances looked at together.
const LANES: usize = 16;

/// Standard deviations of the short codes' estimates within which a node may still belong to the result: the more, the
/// broader a search is to be. Two leave out up to three of a hundred true neighbours, three hardly any.
fn deviations(breadth: usize) -> f32 {
    let broader = breadth as f32 - 32.0;
    let per_breadth = if broader < 0.0 { 32.0 } else { 64.0 };
    (2.0 + broader / per_breadth).clamp(1.5, 3.0)
}

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
    /// The least of them, ascending.
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
            Some(codes) if self.coarse(codes, request, nodes) => &self.passed,
            _ => nodes,
        };
        Some(fast.scan(request, chosen, accept, &mut self.scratch, &mut self.found))
    }

    /// Leaves in `passed` those that may be among the `wanted` nearest by their short codes; false if some cannot be
    /// read.
    fn coarse(&mut self, codes: &CodeBlock, request: &FastSearch<'_>, nodes: &[u32]) -> bool {
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
        let margin = deviations * self.deviation(codes);
        // Of two that overflow to opposite ends nothing is known.
        let reach = finite(self.worst_of_best(request.wanted.max(RANK)) + margin);
        // Which pass is known to nobody beforehand: no branch depends on it.
        self.passed.clear();
        self.passed.resize(nodes.len(), 0);
        let mut taken = 0;
        for (node, distance) in nodes.iter().zip(&self.distances) {
            self.passed[taken] = *node;
            taken += usize::from(*distance <= reach);
        }
        self.passed.truncate(taken);
        true
    }

    /// The last of so many least distances; infinite where there are fewer.
    fn worst_of_best(&mut self, kept: usize) -> f32 {
        self.best.clear();
        let mut worst = f32::INFINITY;
        for chunk in self.distances.chunks(LANES) {
            // Seldom: whole chunks are passed over at once.
            if !chunk
                .iter()
                .fold(false, |any, distance| any | (*distance < worst))
            {
                continue;
            }
            for distance in chunk {
                if *distance < worst {
                    worst = offer(&mut self.best, *distance, kept);
                }
            }
        }
        worst
    }

    /// How far estimates err: the most among codes that lie evenly. The same whichever nodes are compared, and in whichever
    /// order, so that what passes depends on neither.
    fn deviation(&self, codes: &CodeBlock) -> f32 {
        let step = (codes.len() / DEVIATION_CODES).max(1) as usize;
        let sampled = (0..codes.len()).step_by(step).take(DEVIATION_CODES as usize);
        let codes = sampled.filter_map(|node| codes.rows(node..node + 1));
        codes.fold(0.0, |most, code| most.max(self.query.deviation(code)))
    }
}

/// Takes a distance among the `kept` best, ascending; the worst of these, infinite while they are fewer.
fn offer(best: &mut Vec<f32>, distance: f32, kept: usize) -> f32 {
    let place = best.partition_point(|known| *known < distance);
    best.insert(place, distance);
    best.truncate(kept);
    match best.len() < kept {
        true => f32::INFINITY,
        false => best.last().copied().unwrap_or(f32::INFINITY),
    }
}

/// Whether codes are worth a sieve of their own: short, and with estimates that say how far they err.
fn are_short(codes: &CodeBlock) -> bool {
    use CodeWidth::{Four, One, OneAndHalf, Two};
    matches!(codes.codes(), Codes::Rotated(One | OneAndHalf | Two | Four))
}

#[cfg(test)]
mod tests;
