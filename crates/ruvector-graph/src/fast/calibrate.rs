//! Learns from the graph itself how far searches have to look, and what they find: searches for some of its own vectors, each
//! as if it were not there. Never looks at codes: full vectors tell the same and are at hand.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ruvector_simd::{Metric, distance};

use super::recalls::Recalls;
use super::request::BREADTH_SPREAD;
use super::slack::{Slack, visits_max};
use crate::neighbor::{Key, Neighbor};
use crate::scratch::Visited;

/// The rank whose distance is the measure; searches for fewer neighbours use it too.
pub const RANK: usize = 10;

/// One in so many walks, and each for which the nearest are known, goes on as far as the largest breadth of the table needs;
/// the others, to [`SHORT_BREADTH`]. Breadths that are asked for are small, and there a slack that is off by a little costs the
/// most recall.
const LONG_ONE_IN: usize = 4;
/// The breadth up to which all walks count.
const SHORT_BREADTH: f32 = 64.0;

/// The ways of the searches so far: for each, after every visit, the largest ratio up to then of the next candidate's
/// distance and the k-th best one's.
#[derive(Debug, Default)]
pub(super) struct Calibration {
    ways: Vec<Vec<f32>>,
    /// For each way whose nearest are known, its place and the visits at which it came to them.
    finds: Vec<(usize, Vec<u32>)>,
    visited: Visited,
    frontier: BinaryHeap<Reverse<Key>>,
    best: Vec<f32>,
    links: Vec<u32>,
}

/// What a calibrating search looks at: distances of the query to nodes, as squared lengths, and the graph.
pub(super) struct Ground<'a> {
    /// Nodes.
    pub(super) nodes: u32,
    /// The node that stands for the query.
    pub(super) node: u32,
    /// Whether a node is among its [`RANK`] nearest, where that is known.
    pub(super) is_near: Option<&'a dyn Fn(u32) -> bool>,
    /// The squared distance of a node.
    pub(super) distance: &'a dyn Fn(u32) -> f32,
    /// The links of a node.
    pub(super) links: &'a mut dyn FnMut(u32, &mut Vec<u32>),
}

impl Calibration {
    /// Walks from the closest of `starts`, as a search without an end would, and keeps the ratios; the visits made.
    pub(super) fn walk(&mut self, ground: Ground<'_>, starts: impl Iterator<Item = u32>) -> usize {
        self.visited.begin(ground.nodes);
        self.visited.insert(ground.node);
        self.frontier.clear();
        self.best.clear();
        let (mut way, mut finds) = (Vec::new(), Vec::new());
        let mut peak = 0.0f32;
        let is_long = ground.is_near.is_some() || self.ways.len().is_multiple_of(LONG_ONE_IN);
        let visits_max = match is_long {
            true => visits_max(),
            false => SHORT_BREADTH as usize * BREADTH_SPREAD,
        };
        let start = starts
            .filter(|node| *node != ground.node)
            .map(|node| Neighbor {
                distance: (ground.distance)(node),
                node,
            })
            .min();
        if let Some(start) = start {
            self.visited.insert(start.node);
            self.frontier.push(Reverse(Key::new(start.distance, start.node)));
        }
        while let Some(Reverse(key)) = self.frontier.pop() {
            let next = key.neighbor();
            if let Some(worst) = self.best.get(RANK - 1) {
                peak = peak.max(ratio(next.distance, *worst));
            }
            if finds.len() < RANK && ground.is_near.is_some_and(|is_near| is_near(next.node)) {
                finds.push(way.len() as u32);
            }
            way.push(peak);
            // Where the nearest are known, what the broadest search finds last is to be known too.
            let goes_on = ground.is_near.is_some() && finds.len() < RANK;
            if way.len() >= visits_max && !(goes_on && way.len() < visits_max * BREADTH_SPREAD) {
                break;
            }
            let place = self.best.partition_point(|known| *known <= next.distance);
            self.best.insert(place, next.distance);
            self.best.truncate(RANK);
            (ground.links)(next.node, &mut self.links);
            for node in self.links.drain(..) {
                if self.visited.insert(node) {
                    self.frontier
                        .push(Reverse(Key::new((ground.distance)(node), node)));
                }
            }
        }
        if ground.is_near.is_some() {
            self.finds.push((self.ways.len(), finds));
        }
        let visits = way.len();
        self.ways.push(way);
        visits
    }

    /// The table: for each breadth the slack at which the searches would have made that many visits on average.
    pub(super) fn slack(&self) -> Slack {
        Slack::by(|visits| {
            if self.mean_visits(visits, f32::MAX) < visits {
                return f32::INFINITY;
            }
            let (mut low, mut high) = (0.0, 1.0f32);
            while self.mean_visits(visits, high) < visits && high < 1e6 {
                high *= 2.0;
            }
            for _ in 0..24 {
                let middle = (low + high) / 2.0;
                match self.mean_visits(visits, middle) < visits {
                    true => low = middle,
                    false => high = middle,
                }
            }
            high
        })
    }

    /// The share of the [`RANK`] nearest that the searches of each breadth would have found, with its slack.
    pub(super) fn recalls(&self, slack: &Slack) -> Recalls {
        Recalls::by(slack, |breadth, slack| {
            let found = self.finds.iter().map(|(way, finds)| {
                let visits = visits(&self.ways[*way], breadth, slack) as u32;
                finds.iter().filter(|find| **find < visits).count()
            });
            found.sum::<usize>() as f32 / (self.finds.len() * RANK) as f32
        })
    }

    /// Of searches of a breadth with this slack, which visit a [`BREADTH_SPREAD`]th of the breadth at least and so many
    /// times it at most.
    fn mean_visits(&self, breadth: f32, slack: f32) -> f32 {
        let one_in = if breadth > SHORT_BREADTH { LONG_ONE_IN } else { 1 };
        let (mut sum, mut count) = (0.0, 0.0f32);
        for way in self.ways.iter().step_by(one_in) {
            sum += visits(way, breadth, slack);
            count += 1.0;
        }
        sum / count.max(1.0)
    }
}

/// The visits of a search of this breadth and slack that goes this way; without a slack it ends by their number.
fn visits(way: &[f32], breadth: f32, slack: f32) -> f32 {
    if slack.is_infinite() {
        return breadth;
    }
    let spread = BREADTH_SPREAD as f32;
    let visits = way.partition_point(|ratio| *ratio <= 1.0 + slack);
    (visits as f32).clamp(breadth / spread, breadth * spread)
}

/// The ratio of two distances given as squares; infinite over zero.
fn ratio(far: f32, near: f32) -> f32 {
    let ratio = (far.max(0.0) / near.max(0.0)).sqrt();
    if ratio.is_nan() { f32::INFINITY } else { ratio }
}

/// The squared distance that a kernel's distance stands for: itself, or for inner products that of the two vectors
/// with one more component, which makes all stored ones as long as the longest (Bachrach et al. 2014). `lengths` is
/// the sum of the query's and the longest stored vector's squared lengths.
#[inline]
pub(super) fn squared(metric: Metric, lengths: f32, kernel: f32) -> f32 {
    match metric {
        Metric::Euclid => kernel.max(0.0),
        Metric::Dot | Metric::Manhattan => (lengths + 2.0 * kernel).max(0.0),
    }
}

/// The kernel's distance of a squared distance: the inverse of [`squared`].
#[inline]
pub(super) fn unsquared(metric: Metric, lengths: f32, squared: f32) -> f32 {
    match metric {
        Metric::Euclid => squared,
        Metric::Dot | Metric::Manhattan => (squared - lengths) / 2.0,
    }
}

/// A row's squared length.
pub(super) fn length_squared(row: &[f32]) -> f32 {
    -distance(Metric::Dot)(row, row)
}
