//! Chosen nodes of the fast layout compared in up to three sieves, each finer and dearer than the last: short codes that lie
//! side by side, the 8-bit codes of the layout, the vectors. For filters that keep too few points for a walk.

use ruvector_graph::{FastOutcome, FastScratch, FastSearch, Neighbor};
use ruvector_quant::{CodeQuery, QueryPrecision};
use ruvector_storage::{CodeBlock, SealedField};
use ruvector_types::{CodeWidth, Codes};

use super::nearest::finite;

/// Codes before that one a code is asked for from memory.
const AHEAD: usize = 16;

/// Nodes below which the first sieve costs more than it spares.
const CODED_NODES_MIN: usize = 256;

/// Memory of a thread.
#[derive(Default)]
pub(crate) struct Sieve {
    scratch: FastScratch,
    query: CodeQuery,
    estimates: Vec<Neighbor>,
    nodes: Vec<u32>,
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
        let codes = field
            .codes
            .as_ref()
            .filter(|_| is_sure && nodes.len() >= CODED_NODES_MIN);
        let kept = codes.and_then(|codes| Some((codes, kept(codes, request.wanted)?)));
        let chosen = match kept {
            Some((codes, kept))
                if nodes.len() > 2 * kept && self.coarse(codes, request.query, nodes, kept) =>
            {
                self.nodes.clear();
                self.nodes
                    .extend(self.estimates.iter().map(|neighbor| neighbor.node));
                &self.nodes[..]
            }
            _ => nodes,
        };
        Some(fast.scan(request, chosen, accept, &mut self.scratch, &mut self.found))
    }

    /// Leaves the `kept` nearest by their short codes in `estimates`; false if some cannot be read.
    fn coarse(&mut self, codes: &CodeBlock, query: &[f32], nodes: &[u32], kept: usize) -> bool {
        let encoder = codes.encoder();
        if encoder
            .prepare_into(query, QueryPrecision::Four, &mut self.query)
            .is_err()
        {
            return false;
        }
        self.estimates.clear();
        for (at, node) in nodes.iter().enumerate() {
            if let Some(later) = nodes.get(at + AHEAD) {
                codes.prefetch(*later);
            }
            let Some(code) = codes.rows(*node..*node + 1) else {
                return false;
            };
            self.estimates.push(Neighbor {
                distance: finite(self.query.distance(code)),
                node: *node,
            });
        }
        if kept < self.estimates.len() {
            self.estimates.select_nth_unstable(kept);
            self.estimates.truncate(kept);
        }
        true
    }
}

/// How many the first sieve leaves, so that hardly any of the `wanted` is among the others: by the width of the codes.
/// `None`: codes that say too little, or as much as the second sieve.
fn kept(codes: &CodeBlock, wanted: usize) -> Option<usize> {
    let factor = match codes.codes() {
        Codes::Rotated(CodeWidth::One) => 8,
        Codes::Rotated(CodeWidth::OneAndHalf) => 6,
        Codes::Rotated(CodeWidth::Two) => 4,
        Codes::Rotated(CodeWidth::Four) => 2,
        _ => return None,
    };
    Some((wanted * factor).max(64))
}
