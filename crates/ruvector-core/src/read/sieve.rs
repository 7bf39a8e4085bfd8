//! Chosen nodes of the fast layout compared in up to three sieves, each finer and dearer than the last: short codes that lie
//! side by side, the 8-bit codes of the layout, the vectors. For filters that keep too few points for a walk.

use ruvector_graph::fast::RANK;
use ruvector_graph::{FastOutcome, FastScratch, FastSearch, Neighbor};
use ruvector_quant::{CodeQuery, QueryPrecision};
use ruvector_storage::{CodeBlock, SealedField};
use ruvector_types::{CodeWidth, Codes};

use crate::kernels::finite;

/// Codes compared at once.
const BLOCK: usize = 64;

/// Standard deviations of the short codes' estimates within which a node may still belong to the result: the more, the
/// broader a search is to be. Two leave out up to three of a hundred true neighbours, three hardly any.
fn deviations(breadth: usize) -> f32 {
    (2.0 + (breadth as f32 - 32.0) / 64.0).clamp(2.0, 3.0)
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
    gathered: Vec<u8>,
    estimates: Vec<Neighbor>,
    /// The least of the estimates, ascending.
    best: Vec<f32>,
    nodes: Vec<u32>,
    /// Whether short codes could not be read in the last one.
    pub(crate) is_damaged: bool,
    /// What the last sieve that reads codes left, in no order.
    pub(crate) found: Vec<Neighbor>,
}

impl Sieve {
    /// Leaves in `found` those of `nodes` that may belong to the nearest accepted; `None` without a fast layout.
    /// `is_sure`: `accept` is true of every node, and the first sieve need not ask.
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
            Some(codes) if self.coarse(codes, request, nodes) => {
                self.nodes.clear();
                self.nodes
                    .extend(self.estimates.iter().map(|neighbor| neighbor.node));
                &self.nodes[..]
            }
            _ => nodes,
        };
        Some(fast.scan(request, chosen, accept, &mut self.scratch, &mut self.found))
    }

    /// Leaves in `estimates` those that may be among the `wanted` nearest by their short codes; false if some cannot be
    /// read.
    fn coarse(&mut self, codes: &CodeBlock, request: &FastSearch<'_>, nodes: &[u32]) -> bool {
        let (encoder, deviations) = (codes.encoder(), deviations(request.breadth));
        if encoder
            .prepare_into(request.query, QueryPrecision::Eight, &mut self.query)
            .is_err()
        {
            return false;
        }
        self.estimates.clear();
        self.best.clear();
        let mut distances = [0.0; BLOCK];
        let (margin, mut reach) = (deviations * self.deviation(codes), f32::INFINITY);
        for (at, block) in nodes.chunks(BLOCK).enumerate() {
            let later = nodes.iter().skip((at + 1) * BLOCK).take(BLOCK);
            later.for_each(|node| codes.prefetch(*node));
            let size = encoder.code_bytes().max(1);
            self.gathered.resize(block.len() * size, 0);
            for (node, place) in block.iter().zip(self.gathered.chunks_exact_mut(size)) {
                let Some(code) = codes.rows(*node..*node + 1) else {
                    self.is_damaged = true;
                    return false;
                };
                copy(code, place);
            }
            let distances = &mut distances[..block.len()];
            if self.query.distances(&self.gathered, distances).is_err() {
                return false;
            }
            for (node, distance) in block.iter().zip(distances.iter()) {
                if *distance <= reach {
                    let distance = finite(*distance);
                    self.estimates.push(Neighbor {
                        distance,
                        node: *node,
                    });
                    // The first few estimates are often outliers, and of two that overflow to opposite ends nothing is
                    // known.
                    reach = finite(self.offer(distance, request.wanted.max(RANK)) + margin);
                }
            }
        }
        self.estimates.retain(|neighbor| neighbor.distance <= reach);
        true
    }

    /// How far estimates err: the most among codes that lie evenly. The same whichever nodes are compared, and in whichever
    /// order, so that what passes depends on neither.
    fn deviation(&self, codes: &CodeBlock) -> f32 {
        let step = (codes.len() / DEVIATION_CODES).max(1) as usize;
        let sampled = (0..codes.len()).step_by(step).take(DEVIATION_CODES as usize);
        let codes = sampled.filter_map(|node| codes.rows(node..node + 1));
        codes.fold(0.0, |most, code| most.max(self.query.deviation(code)))
    }

    /// Takes a distance among the `kept` best; the worst of these, infinite while they are fewer.
    fn offer(&mut self, distance: f32, kept: usize) -> f32 {
        let place = self.best.partition_point(|known| *known < distance);
        if place < kept {
            self.best.insert(place, distance);
            self.best.truncate(kept);
        }
        match self.best.len() < kept {
            true => f32::INFINITY,
            false => self.best.last().copied().unwrap_or(f32::INFINITY),
        }
    }
}

/// Copies a code; those of usual lengths as two parts of fixed length, which may overlap, instead of by a call.
#[inline]
fn copy(code: &[u8], place: &mut [u8]) {
    fn parts<const N: usize>(code: &[u8], place: &mut [u8]) -> Option<()> {
        *place.first_chunk_mut::<N>()? = *code.first_chunk()?;
        *place.last_chunk_mut::<N>()? = *code.last_chunk()?;
        Some(())
    }
    let copied = match code.len() {
        _ if code.len() != place.len() => None,
        16..=32 => parts::<16>(code, place),
        33..=64 => parts::<32>(code, place),
        65..=128 => parts::<64>(code, place),
        _ => None,
    };
    if copied.is_none() {
        place
            .iter_mut()
            .zip(code)
            .for_each(|(place, byte)| *place = *byte);
    }
}

/// Whether codes are worth a sieve of their own: short, and with estimates that say how far they err.
fn are_short(codes: &CodeBlock) -> bool {
    use CodeWidth::{Four, One, OneAndHalf, Two};
    matches!(codes.codes(), Codes::Rotated(One | OneAndHalf | Two | Four))
}

#[cfg(test)]
mod tests;
