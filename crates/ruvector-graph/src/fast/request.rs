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
    /// When to look whether a filter lets a search go on; `None`: never.
    pub trial: Option<Trial>,
    /// The distance of the `wanted`-th best known from other graphs, with `wanted` of [`RANK`](super::RANK) or more: what is
    /// farther than the slack of `breadth` allows beyond it is left out. It counts from visit [`ORIENTED`] on, for on the way
    /// to the nearest everything is far.
    pub elsewhere: Option<f32>,
}

/// Visits after which a search has come near its query: those of a breadth that finds nine tenths of the nearest.
pub const ORIENTED: u64 = 16;

/// After some visits a filtered search looks at what it has accepted, and decides how to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Visits before that.
    pub after: u64,
    /// The share of all nodes that is accepted.
    pub share: f32,
    /// Whether a search whose filter has nothing to do with the query, since that share of the visited was accepted, goes on
    /// eagerly: nodes are asked about and measured where they are seen as neighbours, not only where they are visited, and
    /// the search ends the earlier the fewer are accepted. Where asking costs little. Otherwise it gives up as at
    /// [`FastSearch::visits_max`].
    pub eager: bool,
}

/// How a search goes on after its trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    Eager,
    GoOn,
    GiveUp,
}

/// One in so many of the visited must be accepted for a filter to keep what is near the query.
const FAVOURED_ONE_IN: usize = 4;

impl Trial {
    /// By how many of the visited were accepted: as many as expected, more since the filter keeps what is near the query, so
    /// that the search goes on as it was, or fewer.
    pub(super) fn verdict(&self, accepted: usize, visited: u64) -> Verdict {
        let expected = self.share * visited as f32;
        let spread = 2.0 * expected.sqrt() + 1.0;
        let more = accepted as f32 - expected;
        if more.abs() <= spread && self.eager {
            Verdict::Eager
        } else if more > spread && (accepted * FAVOURED_ONE_IN) as u64 >= visited {
            Verdict::GoOn
        } else {
            Verdict::GiveUp
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
    /// Whether the search gave up: at [`FastSearch::visits_max`], or after its trial.
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
