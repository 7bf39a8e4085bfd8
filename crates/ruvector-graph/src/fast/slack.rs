//! When a search ends: how much farther than the k-th best found a candidate may be and still be visited. Never decides
//! by a count of visits alone.
//!
//! Queries differ: one finds its neighbours at once, another needs ten times the visits for the same recall. A search
//! that ends when the next candidate is farther than `(1 + slack)` times the k-th best spends the visits where they
//! are needed (Al-Jazzazi et al., "Distance Adaptive Beam Search for Provably Accurate Graph-Based Nearest Neighbor
//! Search", 2025). Users choose a breadth, not a slack: the table gives the slack at which queries like the data
//! itself take that many visits on average.

/// Breadths with a slack of their own: 8·√2ʲ.
pub(super) const SLACKS: usize = 16;
/// Bytes of a table with a number for each of them.
pub(super) const TABLE_BYTES: usize = 4 * SLACKS;
/// The breadth at place 0.
const BREADTH_LEAST: f32 = 8.0;

/// Slacks by breadth; infinite where no slack takes so many visits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slack([f32; SLACKS]);

/// The breadth of a place in the table.
pub(super) fn breadth_at(place: f32) -> f32 {
    BREADTH_LEAST * (place / 2.0).exp2()
}

/// The most visits that a calibrating search needs to make.
pub(super) fn visits_max() -> usize {
    breadth_at(SLACKS as f32 - 1.0).ceil() as usize
}

/// A table as bytes.
pub(super) fn encode(numbers: [f32; SLACKS]) -> [u8; TABLE_BYTES] {
    let mut bytes = [0; TABLE_BYTES];
    for (word, number) in bytes.chunks_exact_mut(4).zip(numbers) {
        word.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// The numbers of a table; `None` for another length.
pub(super) fn decode(bytes: &[u8]) -> Option<[f32; SLACKS]> {
    let words: &[u8; TABLE_BYTES] = bytes.try_into().ok()?;
    let (words, _) = words.as_chunks::<4>();
    Some(std::array::from_fn(|place| f32::from_le_bytes(words[place])))
}

impl Slack {
    /// The slack of each place by `slack_of(visits)`, none smaller than that of the place before.
    pub(super) fn by(slack_of: impl Fn(f32) -> f32) -> Slack {
        let mut largest = 0.0f32;
        Slack(std::array::from_fn(|place| {
            largest = largest.max(slack_of(breadth_at(place as f32)));
            largest
        }))
    }

    /// The exponent by which distances grow with their rank: that of the table's steps; 0 where it does not tell.
    pub(super) fn growth(&self) -> f32 {
        let finite = |place: usize| self.0.get(place).copied().filter(|slack| slack.is_finite());
        match (finite(6), finite(12)) {
            (Some(near), Some(far)) => ((1.0 + far) / (1.0 + near)).log2() / 3.0,
            _ => 0.0,
        }
    }

    /// The breadths of the table, with their slacks.
    pub(super) fn places(&self) -> impl Iterator<Item = (f32, f32)> {
        let breadths = (0..SLACKS).map(|place| breadth_at(place as f32));
        breadths.zip(self.0)
    }

    pub(super) fn encode(&self) -> [u8; TABLE_BYTES] {
        encode(self.0)
    }

    /// `None` for another length, or a number below zero or that is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Slack> {
        let slacks = decode(bytes)?;
        let good = slacks.iter().all(|slack: &f32| *slack >= 0.0);
        good.then_some(Slack(slacks))
    }

    /// The slack for a breadth, between the table's places on a straight line over the logarithm of the breadth.
    /// Infinite beyond the table: then the breadth alone ends a search.
    pub(super) fn at(&self, breadth: usize) -> f32 {
        let place = (2.0 * (breadth.max(1) as f32 / BREADTH_LEAST).log2()).max(0.0);
        let low = place as usize;
        match (self.0.get(low), self.0.get(low + 1)) {
            (Some(a), _) if place == low as f32 => *a,
            (Some(a), Some(b)) if b.is_finite() => a + (b - a) * (place - low as f32),
            _ => f32::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a larger breadth never searches less. Method: a table and all breadths.
    use super::*;

    #[test]
    fn slack_rises_with_breadth() {
        let table = Slack::by(|visits| {
            if visits > 1_000.0 {
                f32::INFINITY
            } else {
                visits / 100.0
            }
        });
        let slacks: Vec<f32> = (0..3_000).map(|breadth| table.at(breadth)).collect();
        assert!(
            slacks.is_sorted() && slacks.iter().all(|slack| !slack.is_nan()),
            "{slacks:?}"
        );
        assert!((table.at(64) - 0.64).abs() < 1e-3 && table.at(2_000) == f32::INFINITY);
        assert_eq!(Slack::decode(&table.encode()), Some(table));
        assert_eq!(Slack::decode(&[0xff; TABLE_BYTES]), None);
        assert_eq!(Slack::decode(&[0; 4]), None);
    }
}
