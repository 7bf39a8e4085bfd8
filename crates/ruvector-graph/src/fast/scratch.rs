//! The buffers of a search in the fast layout and the steps made in them: a query prepared, a node measured by its code,
//! its neighbours estimated and taken up. Never decides what is visited next. Allocates nothing once warm.

use ruvector_quant::EdgeScale;
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeKernels};
use ruvector_simd::{LeastFn, Metric, distance, least};

use super::DEGREE;
use super::bound::Bound;
use super::calibrate::RANK;
use super::frontier::Frontier;
use super::layout::{FastGraph, NodeBlock, Tail, link};
use super::request::FastSearch;
use super::slack::Slack;
use crate::bytes::Bytes;
use crate::scratch::Visited;

/// A query prepared for one graph.
#[derive(Debug, Default)]
pub(super) struct FastQuery {
    pub(super) rotated: Vec<f32>,
    pub(super) tables: BlockQuery,
    pub(super) norm_squared: f32,
}

/// Reusable buffers of a search.
#[derive(Debug)]
pub struct FastScratch {
    pub(super) query: FastQuery,
    pub(super) bound: Bound,
    /// Nodes that are or were in the frontier.
    pub(super) met: Visited,
    /// Nodes that an eager search has asked about.
    pub(super) judged: Visited,
    /// Accepted nodes to be measured.
    pub(super) seen: Vec<u32>,
    /// Nodes that an eager search asked about, and those of them that were accepted.
    asked: (u64, u64),
    pub(super) frontier: Frontier,
    /// The estimates of the hubs, and which nodes they are.
    pub(super) hub_estimates: Vec<f32>,
    pub(super) hubs: Vec<u32>,
    pub(super) estimates: [f32; 32],
    pub(super) kernels: CodeKernels,
    pub(super) least: LeastFn,
}

impl Default for FastScratch {
    fn default() -> Self {
        FastScratch {
            query: FastQuery::default(),
            bound: Bound::default(),
            met: Visited::default(),
            judged: Visited::default(),
            seen: Vec::new(),
            asked: (0, 0),
            frontier: Frontier::default(),
            hub_estimates: Vec::new(),
            hubs: Vec::new(),
            estimates: [0.0; 32],
            kernels: CodeKernels::detect(),
            least: least(),
        }
    }
}

#[inline]
pub(super) fn block_scale(base: f32, tail: Tail<'_>, below: f32) -> BlockScale {
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
        self.rotate(graph, query);
        (kernels.prepare)(&mut self.tables, &self.rotated, graph.header.bits);
    }

    /// What nodes are measured with; the tables stay those of another query.
    fn rotate<B: Bytes>(&mut self, graph: &FastGraph<B>, query: &[f32]) {
        graph.rotation.rotate(query, &mut self.rotated);
        if graph.header.metric == Metric::Euclid {
            let pairs = self.rotated.iter_mut().zip(&graph.center);
            pairs.for_each(|(x, center)| *x -= center);
        }
        self.norm_squared = -distance(Metric::Dot)(&self.rotated, &self.rotated);
    }
}

impl FastScratch {
    pub(super) fn begin<B: Bytes>(&mut self, graph: &FastGraph<B>, request: &FastSearch<'_>) {
        self.query.prepare(graph, request.query, self.kernels);
        self.met.begin(graph.header.nodes);
        self.frontier.clear();
        self.hub_estimates.clear();
        self.hubs.clear();
        let slack = graph.slack.at(request.breadth);
        let lengths = self.query.norm_squared + graph.header.length_squared;
        // Without a slack the search is the usual one: it ends at the `breadth`-th best.
        let (slack, rank) = match slack.is_finite() {
            true => (slack, request.wanted.max(RANK)),
            false => (0.0, request.wanted.max(request.breadth)),
        };
        self.bound.begin((graph.header.metric, lengths), slack, rank);
        self.seen.clear();
        self.asked = (0, 0);
        if request.trial.is_some() {
            self.judged.begin(graph.header.nodes);
        }
    }

    /// Prepares a query for scans.
    pub(super) fn take_query<B: Bytes>(&mut self, graph: &FastGraph<B>, request: &FastSearch<'_>) {
        self.query.rotate(graph, request.query);
    }

    /// Begins a scan, which has no frontier and no slack, for the query prepared last.
    pub(super) fn begin_scan<B: Bytes>(&mut self, graph: &FastGraph<B>, request: &FastSearch<'_>) {
        let lengths = self.query.norm_squared + graph.header.length_squared;
        self.bound
            .begin((graph.header.metric, lengths), 0.0, request.wanted.max(1));
    }

    /// Standard deviation of the distances: 8-bit codes round.
    pub(super) fn deviation<B: Bytes>(&self, graph: &FastGraph<B>) -> f32 {
        let factor = if graph.header.metric == Metric::Euclid {
            2.0
        } else {
            1.0
        };
        known(factor * graph.header.deviation * self.query.norm_squared.sqrt())
    }

    /// The distance of a node by its own code.
    #[inline]
    pub(super) fn measure(&self, metric: Metric, code: &[u8], tail: Tail<'_>) -> f32 {
        let (scale, norm_squared) = tail.own();
        let inner = scale * (self.kernels.dot)(&self.query.rotated, bytemuck::cast_slice(code));
        match metric {
            Metric::Euclid => known(self.query.norm_squared + norm_squared - 2.0 * inner).max(0.0),
            Metric::Dot | Metric::Manhattan => known(-inner),
        }
    }

    /// Estimates the neighbours and takes those within the bound that were not met into the frontier; `early` in a
    /// search, the bound is not yet one.
    #[inline]
    pub(super) fn expand(&mut self, base: f32, block: &NodeBlock<'_>, early: bool) {
        let limit = if early { f32::INFINITY } else { self.bound.limit() };
        let scale = block_scale(base, block.tail, limit);
        let found = (self.kernels.estimate)(&self.query.tables, block.block, scale, &mut self.estimates);
        self.offer(found, block);
    }

    /// Takes the neighbours whose bits are set into the frontier, unless they were met.
    #[inline]
    fn offer(&mut self, mut places: u32, block: &NodeBlock<'_>) {
        let offered = std::iter::from_fn(|| {
            let place = places.trailing_zeros() as usize;
            (place < DEGREE).then(|| {
                places &= places - 1;
                (self.estimates[place], link(block.links, place))
            })
        });
        self.frontier.extend(offered, |node| self.met.insert(node));
    }

    /// As [`Self::expand`]; the accepted among the neighbours are kept in `seen`.
    #[inline]
    pub(super) fn expand_asking(
        &mut self,
        base: f32,
        block: &NodeBlock<'_>,
        early: bool,
        accept: &mut dyn FnMut(u32) -> bool,
    ) {
        let limit = if early { f32::INFINITY } else { self.bound.loose() };
        let walked = if early { f32::INFINITY } else { self.bound.limit() };
        let scale = block_scale(base, block.tail, limit);
        let mut found = (self.kernels.estimate)(&self.query.tables, block.block, scale, &mut self.estimates);
        let mut fresh = 0u32;
        while found != 0 {
            let place = found.trailing_zeros() as usize;
            found &= found - 1;
            let node = link(block.links, place);
            if self.judged.insert(node) {
                self.asked.0 += 1;
                if accept(node) {
                    self.asked.1 += 1;
                    self.seen.push(node);
                }
            }
            fresh |= u32::from(self.estimates[place] <= walked) << place;
        }
        self.offer(fresh, block);
    }

    /// Asks about the candidates that are near enough.
    pub(super) fn ask_frontier(&mut self, accept: &mut dyn FnMut(u32) -> bool) {
        let limit = self.bound.loose();
        for (estimate, node) in self.frontier.candidates() {
            if estimate <= limit && self.judged.insert(node) {
                self.asked.0 += 1;
                if accept(node) {
                    self.asked.1 += 1;
                    self.seen.push(node);
                }
            }
        }
    }

    /// Lets the search end the earlier the fewer nodes were accepted.
    pub(super) fn tighten(&mut self, slack: &Slack) {
        let share = (self.asked.1 as f32 + 1.0) / (self.asked.0 as f32 + 1.0);
        self.bound.tighten(slack.growth(), share.min(1.0));
    }
}

/// Infinity for what is not a number: an overflow, or damage.
#[inline]
pub(super) fn known(value: f32) -> f32 {
    if value.is_nan() { f32::INFINITY } else { value }
}
