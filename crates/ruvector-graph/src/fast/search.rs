//! Search in the fast layout: a heap of candidates by estimate; a visit measures the node by its 8-bit code and
//! estimates all its neighbours in one sweep. Allocates nothing once warm.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ruvector_quant::EdgeScale;
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeKernels};
use ruvector_simd::{Metric, distance};

use super::DEGREE;
use super::bound::Bound;
use super::calibrate::RANK;
use super::layout::{FastGraph, NodeBlock, Tail, link};
use crate::neighbor::{Key, Neighbor};
use crate::plain::Bytes;
use crate::scratch::Visited;

/// Hubs that a search starts from.
const STARTS: usize = 4;
/// How much more or fewer visits than the average a query may take.
pub const BREADTH_SPREAD: usize = 4;

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
    bound: Bound,
    /// Nodes that are or were in the frontier.
    met: Visited,
    /// Candidates by estimate.
    frontier: BinaryHeap<Reverse<Key>>,
    /// Those found first: the hubs closest to the query.
    starts: Vec<Neighbor>,
    estimates: [f32; 32],
    fresh: [Key; 32],
    kernels: CodeKernels,
}

impl Default for FastScratch {
    fn default() -> Self {
        FastScratch {
            query: FastQuery::default(),
            bound: Bound::default(),
            met: Visited::default(),
            frontier: BinaryHeap::new(),
            starts: Vec::new(),
            estimates: [0.0; 32],
            fresh: [Key::new(0.0, 0); 32],
            kernels: CodeKernels::detect(),
        }
    }
}

/// What to search for.
#[derive(Clone, Copy, Debug)]
pub struct FastSearch<'a> {
    /// The query, of the dimension of the vectors.
    pub query: &'a [f32],
    /// Neighbours wanted. Their distance bounds the search.
    pub wanted: usize,
    /// Visits that a query like the data itself takes on average where all nodes are accepted. Hard ones visit up to
    /// [`BREADTH_SPREAD`] times as many that are accepted, easy ones down to that part of it.
    pub breadth: usize,
    /// Visits at which the search gives up, with what it has. Only this bounds a search that accepts few nodes.
    pub visits_max: Option<u64>,
}

/// What a search cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FastOutcome {
    /// Nodes visited.
    pub visited: u64,
    /// Nodes passed over because their bytes are damaged.
    pub unreadable: u64,
    /// Whether [`FastSearch::visits_max`] ended the search.
    pub exhausted: bool,
    /// Standard deviation of the distances in the result: their 8-bit codes round.
    pub deviation: f32,
}

impl<B: Bytes> FastGraph<B> {
    /// Fills `out` with all accepted nodes visited, closest first by their 8-bit codes; the caller measures the
    /// best of them exactly. Refused nodes route but are not returned.
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
        if request.query.len() != self.rotation.dim() || request.breadth == 0 {
            return FastOutcome::default();
        }
        scratch.begin(self, request);
        self.start(scratch);
        let outcome = self.walk(request, accept, scratch, out);
        out.sort_unstable();
        let factor = if self.header.metric == Metric::Euclid {
            2.0
        } else {
            1.0
        };
        let deviation = known(factor * self.header.deviation * scratch.query.norm_squared.sqrt());
        FastOutcome { deviation, ..outcome }
    }

    fn walk(
        &self,
        request: &FastSearch<'_>,
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut FastScratch,
        out: &mut Vec<Neighbor>,
    ) -> FastOutcome {
        let mut outcome = FastOutcome::default();
        let least = (request.breadth / BREADTH_SPREAD) as u64;
        let accepted_max = request.breadth.saturating_mul(BREADTH_SPREAD);
        while let Some(Reverse(key)) = scratch.frontier.pop() {
            // Refused nodes do not count, so that however many there are, enough others are found.
            let far = key.distance() > scratch.bound.limit() && outcome.visited >= least;
            if far || out.len() >= accepted_max {
                break;
            }
            if request.visits_max == Some(outcome.visited) {
                outcome.exhausted = true;
                break;
            }
            self.prefetch_next(scratch);
            let node = key.node();
            let Some(block) = self.node(node) else {
                outcome.unreadable += 1;
                continue;
            };
            outcome.visited += 1;
            let distance = scratch.measure(self.header.metric, &block);
            if accept(node) {
                out.push(Neighbor { distance, node });
                scratch.bound.accept(distance);
            }
            scratch.expand(distance, &block, outcome.visited < least);
            self.prefetch_next(scratch);
        }
        outcome
    }

    #[inline]
    fn prefetch_next(&self, scratch: &FastScratch) {
        if let Some(Reverse(next)) = scratch.frontier.peek() {
            self.prefetch(next.node());
        }
    }

    /// Starts from the closest hubs.
    fn start(&self, scratch: &mut FastScratch) {
        let base = match self.header.metric {
            Metric::Euclid => scratch.query.norm_squared,
            metric => distance(metric)(&scratch.query.rotated, &self.center),
        };
        for (ids, block, tail) in self.hubs() {
            let worst = scratch.starts.get(STARTS - 1);
            let below = worst.map_or(f32::INFINITY, |worst| worst.distance);
            let scale = block_scale(base, tail, below);
            let mut found =
                (scratch.kernels.estimate)(&scratch.query.tables, block, scale, &mut scratch.estimates);
            while found != 0 {
                let place = found.trailing_zeros() as usize;
                found &= found - 1;
                let (distance, node) = (scratch.estimates[place], link(ids, place));
                scratch.starts.push(Neighbor { distance, node });
            }
            scratch.starts.sort_unstable();
            scratch.starts.truncate(STARTS);
        }
        for at in 0..scratch.starts.len() {
            let Neighbor { distance, node } = scratch.starts[at];
            if scratch.met.insert(node) {
                self.prefetch(node);
                scratch.frontier.push(Reverse(Key::new(distance, node)));
            }
        }
    }
}

#[inline]
fn block_scale(base: f32, tail: Tail<'_>, below: f32) -> BlockScale {
    let EdgeScale { mul, add } = tail.edges();
    BlockScale {
        base,
        mul,
        add,
        below,
    }
}

impl FastQuery {
    fn prepare<B: Bytes>(&mut self, graph: &FastGraph<B>, query: &[f32], kernels: CodeKernels) {
        graph.rotation.rotate(query, &mut self.rotated);
        if graph.header.metric == Metric::Euclid {
            let pairs = self.rotated.iter_mut().zip(&graph.center);
            pairs.for_each(|(x, center)| *x -= center);
        }
        (kernels.prepare)(&mut self.tables, &self.rotated, graph.header.bits);
        self.norm_squared = -distance(Metric::Dot)(&self.rotated, &self.rotated);
    }
}

impl FastScratch {
    fn begin<B: Bytes>(&mut self, graph: &FastGraph<B>, request: &FastSearch<'_>) {
        self.query.prepare(graph, request.query, self.kernels);
        self.met.begin(graph.header.nodes);
        self.frontier.clear();
        self.starts.clear();
        let slack = graph.slack.at(request.breadth);
        let lengths = self.query.norm_squared + graph.header.length_squared;
        // Without a slack the search is the usual one: it ends at the `breadth`-th best.
        let (slack, rank) = match slack.is_finite() {
            true => (slack, request.wanted.max(RANK)),
            false => (0.0, request.wanted.max(request.breadth)),
        };
        self.bound.begin((graph.header.metric, lengths), slack, rank);
    }

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

    /// Estimates the neighbours and takes those within the bound that were not met into the frontier; `early` in a
    /// search, the bound is not yet one.
    #[inline]
    fn expand(&mut self, base: f32, block: &NodeBlock<'_>, early: bool) {
        let limit = if early { f32::INFINITY } else { self.bound.limit() };
        let scale = block_scale(base, block.tail, limit);
        let mut found = (self.kernels.estimate)(&self.query.tables, block.block, scale, &mut self.estimates);
        // Which were met is known to nobody beforehand: no branch depends on it.
        let mut fresh = 0;
        while found != 0 {
            let place = found.trailing_zeros() as usize & (DEGREE - 1);
            found &= found - 1;
            let node = link(block.links, place);
            self.fresh[fresh & (DEGREE - 1)] = Key::new(self.estimates[place], node);
            fresh += usize::from(self.met.insert(node));
        }
        for key in &self.fresh[..fresh.min(DEGREE)] {
            self.frontier.push(Reverse(*key));
        }
    }
}

/// Infinity for what is not a number: an overflow, or damage.
#[inline]
fn known(value: f32) -> f32 {
    if value.is_nan() { f32::INFINITY } else { value }
}
