//! Best-first search over any links (Alg. 2 and 5), with a filter that never starves: refused nodes route but
//! take no result slot. Never calls the filter for a node that could not enter the result.

use std::cmp::Reverse;

use crate::access::{Entry, Links, Space, Vectors};
use crate::fast::{BREADTH_SPREAD, ORIENTED};
use crate::neighbor::{Key, Neighbor};
use crate::scratch::Scratch;

/// Vectors asked for ahead of the one being compared: far enough to hide a miss, few enough to stay in L1.
pub(crate) const AHEAD: usize = 4;

/// What to look for and how hard.
#[derive(Clone, Copy, Debug)]
pub struct SearchParams<'a, C = f32> {
    /// The query, of the vectors' dimension.
    pub query: &'a [C],
    /// How many results to collect; also how far around the query to look.
    pub ef: usize,
    /// Stop after this many distances and say so. The only bound on a search whose filter accepts little.
    pub distances_max: Option<u64>,
    /// Look no farther than this, once [`ORIENTED`] nodes of the lowest level were expanded, and a [`BREADTH_SPREAD`]th of
    /// `ef`.
    pub reach: Option<f32>,
}

/// What a search cost, and whether its answer is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Distances computed.
    pub distances: u64,
    /// Nodes whose links were followed.
    pub expanded: u64,
    /// Stopped at `distances_max` with nodes left to look at.
    pub exhausted_budget: bool,
    /// Vectors and link lists passed over because they could not be read.
    pub unreadable: u64,
}

/// Fills `out` with up to `ef` accepted neighbours of the query, closest first.
///
/// Two structures: a frontier over all nodes, and a bounded heap over the accepted ones. The search ends when
/// that heap is full and the closest node of the frontier is farther than the worst result, when the frontier
/// is empty, or at `distances_max`. `accept` is called at most once a node, and only where the node could enter
/// the result, so it may be an expensive filter. An entry that cannot be read is still routed through.
///
/// Allocates nothing once `scratch` and `out` are warm. Cost: about m·log(len) + ef·m/2 distances.
pub fn search<V: Vectors + ?Sized, L: Links + ?Sized>(
    params: &SearchParams<'_, V::Component>,
    space: Space<'_, V>,
    links: &L,
    accept: &mut dyn FnMut(u32) -> bool,
    scratch: &mut Scratch,
    out: &mut Vec<Neighbor>,
) -> Outcome {
    out.clear();
    let mut walk = Walk::new(params, space, links);
    if params.ef == 0 {
        return walk.outcome;
    }
    if let Some(entry) = links.entry() {
        let start = walk.descend(entry, 0, scratch);
        walk.explore(0, params.ef, start, accept, scratch);
        scratch.results.drain_sorted(out);
    }
    walk.outcome
}

/// Where to begin on a level. `distance` is `None` for a node that cannot be compared, only routed through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) node: u32,
    pub(crate) distance: Option<f32>,
}

impl From<Neighbor> for Start {
    fn from(neighbor: Neighbor) -> Self {
        Self {
            node: neighbor.node,
            distance: Some(neighbor.distance),
        }
    }
}

/// One query's way through one graph.
pub(crate) struct Walk<'a, V: Vectors + ?Sized, L: ?Sized> {
    pub(crate) query: &'a [V::Component],
    pub(crate) space: Space<'a, V>,
    pub(crate) links: &'a L,
    pub(crate) len: u32,
    distances_max: u64,
    reach: f32,
    pub(crate) outcome: Outcome,
}

impl<'a, V: Vectors + ?Sized, L: Links + ?Sized> Walk<'a, V, L> {
    pub(crate) fn new(params: &SearchParams<'a, V::Component>, space: Space<'a, V>, links: &'a L) -> Self {
        Self {
            query: params.query,
            space,
            links,
            len: space.vectors.len(),
            distances_max: params.distances_max.unwrap_or(u64::MAX),
            reach: params.reach.unwrap_or(f32::INFINITY),
            outcome: Outcome::default(),
        }
    }

    /// Goes from the entry down to the level above `to`, on each to the closest node it finds.
    pub(crate) fn descend(&mut self, entry: Entry, to: u8, scratch: &mut Scratch) -> Start {
        let mut start = self.start(entry);
        for level in (to + 1..=entry.level).rev() {
            self.explore(level, 1, start, &mut |_| true, scratch);
            start = scratch.results.farthest().map_or(start, Start::from);
        }
        start
    }

    /// The entry, compared where its vector can be read.
    pub(crate) fn start(&mut self, entry: Entry) -> Start {
        let vector = (entry.node < self.len)
            .then(|| self.space.vectors.vector(entry.node))
            .flatten();
        self.outcome.distances += u64::from(vector.is_some());
        Start {
            node: entry.node,
            distance: vector.map(|vector| self.space.between(self.query, vector)),
        }
    }

    /// Searches one level from `start`; leaves up to `ef` accepted nodes in `scratch.results`.
    pub(crate) fn explore(
        &mut self,
        level: u8,
        ef: usize,
        start: Start,
        accept: &mut dyn FnMut(u32) -> bool,
        scratch: &mut Scratch,
    ) {
        scratch.visited.begin(self.len);
        scratch.visited.insert(start.node);
        scratch.results.reset(ef);
        scratch.frontier.clear();
        scratch.frontier.push(Reverse(Key::new(
            start.distance.unwrap_or(f32::INFINITY),
            start.node,
        )));
        if let Some(distance) = start.distance
            && accept(start.node)
        {
            scratch.results.push(Neighbor {
                distance,
                node: start.node,
            });
        }
        let oriented = match level {
            0 => self.outcome.expanded + ORIENTED.max((ef / BREADTH_SPREAD) as u64),
            _ => u64::MAX,
        };
        while let Some(Reverse(key)) = scratch.frontier.pop() {
            let farthest = scratch.results.worst().unwrap_or(f32::INFINITY);
            let beyond = key.distance() > self.reach && self.outcome.expanded >= oriented;
            let done = key.distance() > farthest || beyond;
            if done || self.outcome.exhausted_budget {
                break;
            }
            self.expand(key.node(), level, accept, scratch);
        }
    }

    /// Follows the links of one node: visited checks for all first, then distances with vectors prefetched.
    #[inline]
    fn expand(&mut self, node: u32, level: u8, accept: &mut dyn FnMut(u32) -> bool, scratch: &mut Scratch) {
        let Scratch {
            visited,
            frontier,
            results,
            links: fresh,
            ..
        } = scratch;
        if self.links.links(node, level, fresh).is_err() {
            self.outcome.unreadable += 1;
            return;
        }
        self.outcome.expanded += 1;
        visited.retain_fresh(fresh, self.len);
        let allowed = self.distances_max.saturating_sub(self.outcome.distances);
        if (fresh.len() as u64) > allowed {
            fresh.truncate(allowed as usize);
            self.outcome.exhausted_budget = true;
        }
        for &next in fresh.iter().take(AHEAD) {
            self.space.vectors.prefetch(next);
        }
        if let Some(Reverse(next)) = frontier.peek() {
            self.links.prefetch(next.node());
        }
        for at in 0..fresh.len() {
            if let Some(&next) = fresh.get(at + AHEAD) {
                self.space.vectors.prefetch(next);
            }
            let node = fresh[at];
            let Some(vector) = self.space.vectors.vector(node) else {
                self.outcome.unreadable += 1;
                continue;
            };
            let distance = self.space.between(self.query, vector);
            self.outcome.distances += 1;
            if results.would_enter(distance) {
                frontier.push(Reverse(Key::new(distance, node)));
                if accept(node) {
                    results.push(Neighbor { distance, node });
                }
            }
        }
    }
}
