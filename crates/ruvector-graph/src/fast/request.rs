//! What a search in the fast layout is asked for, and what it says of itself. Never searches.

use super::scratch::FastScratch;
use crate::neighbor::Neighbor;

/// How much more or fewer visits than the average a query may take.
pub const BREADTH_SPREAD: usize = 4;

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
    /// The distance of the `wanted`-th best known from other graphs, with `wanted` of [`RANK`](super::RANK) or more: what is
    /// farther than the slack of `breadth` allows beyond it is left out. It counts from visit [`ORIENTED`] on, for on the way
    /// to the nearest everything is far.
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
    pub(super) fn suits(&self, accepted: usize, visited: u64) -> bool {
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
