//! Search in the fast layout: a frontier of candidates by estimate; a visit measures the node by its 8-bit code and
//! estimates all its neighbours in one sweep. Allocates nothing once warm.

use ruvector_quant::EdgeScale;
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeKernels};
use ruvector_simd::{LeastFn, Metric, distance, least};

use super::DEGREE;
use super::bound::{Bound, stretched};
use super::calibrate::RANK;
use super::frontier::{Candidate, Frontier};
use super::layout::{FastGraph, NodeBlock, Tail, link};
use super::slack::Slack;
use crate::neighbor::Neighbor;
use crate::plain::Bytes;
use crate::scratch::Visited;

/// Hubs that a search starts from.
const STARTS: usize = 4;
/// How much more or fewer visits than the average a query may take.
pub const BREADTH_SPREAD: usize = 4;
/// Standard deviations of the 8-bit distances within which a node may still belong to the result.
pub(super) const DEVIATIONS: f32 = 4.0;

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
    pub(super) bound: Bound,
    /// Nodes that are or were in the frontier.
    met: Visited,
    /// Nodes that an eager search has asked about.
    judged: Visited,
    /// Accepted nodes to be measured.
    seen: Vec<u32>,
    /// Nodes that an eager search asked about, and those of them that were accepted.
    asked: (u64, u64),
    frontier: Frontier,
    /// The estimates of the hubs, and which nodes they are.
    hub_estimates: Vec<f32>,
    hubs: Vec<u32>,
    estimates: [f32; 32],
    kernels: CodeKernels,
    least: LeastFn,
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
    /// How to go on where most nodes are refused; `None`: as before.
    pub eager: Option<Eager>,
    /// The distance of the `wanted`-th best known from other graphs, with `wanted` of [`RANK`] or more: what is farther
    /// than the slack of `breadth` allows beyond it is left out. It counts from visit [`ORIENTED`] on, for on the way to
    /// the nearest everything is far.
    pub elsewhere: Option<f32>,
}

/// Visits after which a search has come near its query: those of a breadth that finds nine tenths of the nearest.
pub const ORIENTED: u64 = 16;

/// After some visits, nodes are asked about and measured where they are seen as neighbours, not only where they are
/// visited; and the search ends the earlier the fewer of them are accepted. For filters that have nothing to do with the
/// query, and where asking costs little.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eager {
    /// Visits before that.
    pub after: u64,
    /// The share of all nodes that is accepted. Where the share of those visited is another one, the filter does have to do
    /// with the query, and the search gives up as at [`FastSearch::visits_max`].
    pub share: f32,
}

impl Eager {
    /// Whether so many of the nodes visited were to be expected.
    fn suits(&self, accepted: usize, visited: u64) -> bool {
        let expected = self.share * visited as f32;
        let spread = 2.0 * expected.sqrt() + 1.0;
        (accepted as f32 - expected).abs() <= spread
    }
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

/// One of several searches made at once.
pub struct FastLane<'a> {
    /// What to search for.
    pub request: FastSearch<'a>,
    /// As in [`FastGraph::search`].
    pub accept: &'a mut dyn FnMut(u32) -> bool,
    /// Buffers of this search alone.
    pub scratch: &'a mut FastScratch,
    /// The result, as in [`FastGraph::search`].
    pub out: &'a mut Vec<Neighbor>,
    /// What it cost.
    pub outcome: FastOutcome,
}

impl std::fmt::Debug for FastLane<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FastLane")
            .field("request", &self.request)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// A search under way.
#[derive(Clone, Copy, Debug)]
struct Walk {
    outcome: FastOutcome,
    next: Option<Candidate>,
    /// Whether nodes are asked about where they are seen.
    is_eager: bool,
}

impl<B: Bytes> FastGraph<B> {
    /// Fills `out`, in no order, with the accepted nodes visited that may belong to the `wanted` nearest: those whose
    /// distance by the 8-bit code is no farther from the `wanted`-th best than such distances err. The caller measures
    /// them exactly. Refused nodes route but are not returned.
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
        if let Some(eager) = request.eager.filter(|_| !walk.is_eager)
            && eager.after == outcome.visited
        {
            walk.is_eager = eager.suits(out.len(), outcome.visited);
            if !walk.is_eager {
                outcome.exhausted = true;
                return false;
            }
            scratch.ask_frontier(accept);
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
        if (request.eager.is_none() || scratch.judged.insert(node)) && accept(node) {
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
        if request.eager.is_some() {
            self.judged.begin(graph.header.nodes);
        }
    }

    /// Begins a scan, which has no frontier and no slack.
    pub(super) fn begin_scan<B: Bytes>(&mut self, graph: &FastGraph<B>, request: &FastSearch<'_>) {
        self.query.prepare(graph, request.query, self.kernels);
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
    fn expand(&mut self, base: f32, block: &NodeBlock<'_>, early: bool) {
        let limit = if early { f32::INFINITY } else { self.bound.limit() };
        let scale = block_scale(base, block.tail, limit);
        let mut found = (self.kernels.estimate)(&self.query.tables, block.block, scale, &mut self.estimates);
        let offered = std::iter::from_fn(|| {
            let place = found.trailing_zeros() as usize;
            (place < DEGREE).then(|| {
                found &= found - 1;
                (self.estimates[place], link(block.links, place))
            })
        });
        self.frontier.extend(offered, |node| self.met.insert(node));
    }
}

impl FastScratch {
    /// As [`Self::expand`]; the accepted among the neighbours are kept in `seen`.
    #[inline]
    fn expand_asking(
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
        let offered = std::iter::from_fn(|| {
            let place = fresh.trailing_zeros() as usize;
            (place < DEGREE).then(|| {
                fresh &= fresh - 1;
                (self.estimates[place], link(block.links, place))
            })
        });
        self.frontier.extend(offered, |node| self.met.insert(node));
    }

    /// Asks about the candidates that are near enough.
    fn ask_frontier(&mut self, accept: &mut dyn FnMut(u32) -> bool) {
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
    fn tighten(&mut self, slack: &Slack) {
        let share = (self.asked.1 as f32 + 1.0) / (self.asked.0 as f32 + 1.0);
        self.bound.tighten(slack.growth(), share.min(1.0));
    }
}

/// Infinity for what is not a number: an overflow, or damage.
#[inline]
pub(super) fn known(value: f32) -> f32 {
    if value.is_nan() { f32::INFINITY } else { value }
}
