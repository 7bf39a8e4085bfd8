//! How far a search of the fast layout looks, from the best it has found. Never counts visits.

use ruvector_simd::Metric;

use super::calibrate::{squared, unsquared};

/// The least of the numbers offered, up to a rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Least {
    rank: usize,
    values: Vec<f32>,
}

impl Least {
    pub(super) fn begin(&mut self, rank: usize) {
        self.rank = rank;
        self.values.clear();
    }

    fn is_full(&self) -> bool {
        self.values.len() == self.rank
    }

    /// The last of them.
    pub(super) fn last(&self) -> Option<f32> {
        self.values.last().copied()
    }

    /// Takes in a number; the one at the rank, if that is new.
    #[inline]
    pub(super) fn offer(&mut self, value: f32) -> Option<f32> {
        let full = self.is_full();
        if full && self.values.last().is_some_and(|last| value >= *last) {
            return None;
        }
        if full {
            self.values.pop();
        }
        let place = self.values.partition_point(|known| *known < value);
        self.values.insert(place, value);
        self.values.last().copied().filter(|_| self.is_full())
    }
}

/// How far an eager search is cut short: 0 not at all, 1 as if all nodes were accepted. Measured on wordnet117k at a share
/// of a tenth: at 0.4 twice the visits of 0.7, for the same recall more of them.
const THRIFT: f32 = 0.6;

/// The distance beyond which no candidate is kept or visited.
#[derive(Debug)]
pub(super) struct Bound {
    metric: Metric,
    /// Squared lengths of the query and of the longest vector, together.
    lengths: f32,
    /// (1 + slack)².
    stretch: f32,
    /// The distances of the best accepted.
    best: Least,
    limit: f32,
    /// The distance of the `rank`-th best known otherwise; infinite until it counts.
    elsewhere: f32,
    /// What `stretch` is multiplied with for `limit`.
    tightness: f32,
    loose: f32,
}

impl Default for Bound {
    fn default() -> Self {
        Bound {
            metric: Metric::Dot,
            lengths: 0.0,
            stretch: 1.0,
            best: Least::default(),
            limit: f32::INFINITY,
            elsewhere: f32::INFINITY,
            tightness: 1.0,
            loose: f32::INFINITY,
        }
    }
}

impl Bound {
    /// Starts a search: `lengths` as in [`squared`], and the rank whose distance counts.
    pub(super) fn begin(&mut self, (metric, lengths): (Metric, f32), slack: f32, rank: usize) {
        (self.metric, self.lengths) = (metric, lengths);
        self.stretch = (1.0 + slack) * (1.0 + slack);
        self.best.begin(rank);
        self.limit = f32::INFINITY;
        self.loose = f32::INFINITY;
        self.elsewhere = f32::INFINITY;
        self.tightness = 1.0;
    }

    /// From here on, as many are known otherwise as the rank says, at this distance at most. No effect without a slack:
    /// then the rank is the breadth.
    pub(super) fn heed(&mut self, elsewhere: f32) {
        if self.stretch > 1.0 {
            self.elsewhere = elsewhere;
            self.update(self.worst());
        }
    }

    /// The distance at the rank, of those accepted here.
    fn worst(&self) -> f32 {
        let worst = self.best.values.last().copied().filter(|_| self.best.is_full());
        worst.unwrap_or(f32::INFINITY)
    }

    /// The distance beyond which no node is asked about.
    pub(super) fn loose(&self) -> f32 {
        self.loose
    }

    /// Lets the search end the earlier the smaller the `share` of nodes that are accepted: where distances grow with the
    /// `growth`-th power of their rank, at the rank that lies [`THRIFT`] of the way, by its logarithm, from that of the
    /// accepted among all nodes to that among the accepted.
    pub(super) fn tighten(&mut self, growth: f32, share: f32) {
        self.tightness = share.powf(2.0 * growth * THRIFT);
        if self.best.is_full() {
            self.update(self.worst());
        }
    }

    fn update(&mut self, worst: f32) {
        let worst = worst.min(self.elsewhere);
        self.loose = stretched((self.metric, self.lengths), worst, self.stretch);
        self.limit = match self.tightness < 1.0 {
            true => stretched((self.metric, self.lengths), worst, self.stretch * self.tightness),
            false => self.loose,
        };
    }

    /// The distance beyond which the search ends; infinite until the rank is reached.
    #[inline]
    pub(super) fn limit(&self) -> f32 {
        self.limit
    }

    /// The distance of the `place`-th best accepted, from 1 on; infinite if there are fewer.
    pub(super) fn best(&self, place: usize) -> f32 {
        let at = place.saturating_sub(1);
        self.best.values.get(at).copied().unwrap_or(f32::INFINITY)
    }

    /// Takes in the distance of one accepted.
    #[inline]
    pub(super) fn accept(&mut self, distance: f32) {
        if let Some(worst) = self.best.offer(distance) {
            self.update(worst);
        }
    }
}

/// The kernel's distance whose square is so many times that of another.
pub(super) fn stretched((metric, lengths): (Metric, f32), distance: f32, times: f32) -> f32 {
    let far = unsquared(metric, lengths, times * squared(metric, lengths, distance));
    if far.is_nan() { f32::INFINITY } else { far }
}
