//! Search in the fast layout: a pool of candidates ordered by estimate; a visit measures the node by its 8-bit
//! code and estimates all its neighbours in one sweep. Allocates nothing once warm.

use ruvector_quant::EdgeScale;
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeKernels};
use ruvector_simd::{Metric, distance};

use super::layout::{FastGraph, NodeBlock, link};
use crate::neighbor::Neighbor;
use crate::plain::Bytes;
use crate::scratch::Visited;

/// Hubs that a search starts from.
const STARTS: usize = 4;

/// A query prepared for one graph.
#[derive(Debug, Default)]
pub(super) struct FastQuery {
    rotated: Vec<f32>,
    tables: BlockQuery,
    norm_squared: f32,
}

/// Reusable buffers of a search.
#[derive(Debug)]
pub struct FastScratch {
    query: FastQuery,
    visited: Visited,
    /// Estimate and node, closest first; those before the cursor were visited.
    pool: Vec<(f32, u32)>,
    estimates: [f32; 32],
    kernels: CodeKernels,
}

impl Default for FastScratch {
    fn default() -> Self {
        FastScratch {
            query: FastQuery::default(),
            visited: Visited::default(),
            pool: Vec::new(),
            estimates: [0.0; 32],
            kernels: CodeKernels::detect(),
        }
    }
}

/// What a search cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FastOutcome {
    /// Nodes visited.
    pub visited: u64,
    /// Nodes passed over because their bytes are damaged.
    pub unreadable: u64,
    /// Standard deviation of the distances in the result: their 8-bit codes round.
    pub deviation: f32,
}

impl<B: Bytes> FastGraph<B> {
    /// Fills `out` with all accepted nodes visited, closest first by their 8-bit codes; the caller measures the
    /// best of them exactly. Visits nodes until the `breadth` closest candidates known are all visited. Refused
    /// nodes route but are not returned. `query` has the dimension of the vectors.
    ///
    /// Cost: a rotation of the query, then for each visit one read of `stride` bytes.
    pub fn search(
        &self,
        query: &[f32],
        breadth: usize,
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> FastOutcome {
        out.clear();
        let mut outcome = FastOutcome::default();
        if query.len() != self.rotation.dim() || breadth == 0 {
            return outcome;
        }
        scratch.query.prepare(self, query, scratch.kernels);
        scratch.visited.begin(self.header.nodes);
        scratch.pool.clear();
        self.start(scratch);
        let mut cursor = 0;
        while let Some((_, node)) = scratch.pool.get(cursor).copied() {
            cursor += 1;
            if let Some((_, next)) = scratch.pool.get(cursor) {
                self.prefetch(*next);
            }
            if !scratch.visited.insert(node) {
                continue;
            }
            let Some(block) = self.node(node) else {
                outcome.unreadable += 1;
                continue;
            };
            outcome.visited += 1;
            let measured = scratch.measure(self.header.metric, &block);
            if accept(node) {
                out.push(Neighbor {
                    distance: measured,
                    node,
                });
            }
            let lowest = scratch.expand(measured, &block, breadth);
            cursor = cursor.min(lowest);
        }
        out.sort_unstable();
        let factor = if self.header.metric == Metric::Euclid {
            2.0
        } else {
            1.0
        };
        outcome.deviation = known(factor * self.header.deviation * scratch.query.norm_squared.sqrt());
        outcome
    }

    /// Puts the closest hubs into the pool.
    fn start(&self, scratch: &mut FastScratch) {
        let base = match self.header.metric {
            Metric::Euclid => scratch.query.norm_squared,
            metric => distance(metric)(&scratch.query.rotated, &self.center),
        };
        for (ids, block, tail) in self.hubs() {
            let below = match scratch.pool.get(STARTS - 1) {
                Some(worst) => worst.0,
                None => f32::INFINITY,
            };
            let EdgeScale { mul, add } = tail.edges();
            let scale = BlockScale {
                base,
                mul,
                add,
                below,
            };
            let mut found =
                (scratch.kernels.estimate)(&scratch.query.tables, block, scale, &mut scratch.estimates);
            while found != 0 {
                let place = found.trailing_zeros() as usize;
                found &= found - 1;
                insert(
                    &mut scratch.pool,
                    scratch.estimates[place],
                    link(ids, place),
                    STARTS,
                );
            }
        }
        for (_, node) in &scratch.pool {
            self.prefetch(*node);
        }
    }
}

impl FastQuery {
    fn prepare<B: Bytes>(&mut self, graph: &FastGraph<B>, query: &[f32], kernels: CodeKernels) {
        graph.rotation.rotate(query, &mut self.rotated);
        if graph.header.metric == Metric::Euclid {
            let pairs = self.rotated.iter_mut().zip(&graph.center);
            pairs.for_each(|(x, center)| *x -= center);
        }
        (kernels.prepare)(&mut self.tables, &self.rotated);
        self.norm_squared = -distance(Metric::Dot)(&self.rotated, &self.rotated);
    }
}

impl FastScratch {
    /// The distance of a node by its own code.
    #[inline]
    fn measure(&self, metric: Metric, block: &NodeBlock<'_>) -> f32 {
        let (scale, norm_squared) = block.tail.own();
        let inner = scale * (self.kernels.dot)(&self.query.rotated, bytemuck::cast_slice(block.code));
        match metric {
            Metric::Euclid => known(self.query.norm_squared + norm_squared - 2.0 * inner).max(0.0),
            Metric::Dot | Metric::Manhattan => known(-inner),
        }
    }

    /// Estimates the neighbours and puts the promising ones into the pool; the lowest place that changed.
    #[inline]
    fn expand(&mut self, base: f32, block: &NodeBlock<'_>, breadth: usize) -> usize {
        let below = match self.pool.get(breadth - 1) {
            Some(worst) => worst.0,
            None => f32::INFINITY,
        };
        let EdgeScale { mul, add } = block.tail.edges();
        let scale = BlockScale {
            base,
            mul,
            add,
            below,
        };
        let mut found = (self.kernels.estimate)(&self.query.tables, block.block, scale, &mut self.estimates);
        let mut lowest = usize::MAX;
        while found != 0 {
            let place = found.trailing_zeros() as usize;
            found &= found - 1;
            let node = link(block.links, place);
            if !self.visited.contains(node) {
                lowest = lowest.min(insert(&mut self.pool, self.estimates[place], node, breadth));
            }
        }
        lowest
    }
}

/// Infinity for what is not a number: an overflow, or damage.
#[inline]
fn known(value: f32) -> f32 {
    if value.is_nan() { f32::INFINITY } else { value }
}

/// Inserts into the sorted pool, which keeps `breadth` candidates; the place, or the greatest number if none.
#[inline]
fn insert(pool: &mut Vec<(f32, u32)>, estimate: f32, node: u32, breadth: usize) -> usize {
    if pool.len() >= breadth {
        if pool.last().is_some_and(|worst| estimate >= worst.0) {
            return usize::MAX;
        }
        pool.pop();
    }
    let place = pool.partition_point(|known| known.0 < estimate);
    pool.insert(place, (estimate, node));
    place
}
