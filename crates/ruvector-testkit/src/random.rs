//! Numbers from a seed: SplitMix64. Never reads a clock or the system's randomness.

use std::ops::RangeInclusive;

/// SplitMix64 (Steele, Lea, Flood 2014): every seed gives a full-period sequence of well-mixed words.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`; 0 if `end` is 0. The bias of the multiplication is below 2⁻⁴⁰ for the small ends of tests.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.word()) * end as u128) >> 64) as usize
    }

    /// A number within both bounds.
    pub fn within(&mut self, bounds: RangeInclusive<usize>) -> usize {
        bounds.start() + self.below(bounds.end() - bounds.start() + 1)
    }

    /// True once in `odds` times.
    pub fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    /// One of `choices`, which must not be empty.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let (radius, turn) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * turn).cos()
    }
}

/// The seeds of a randomised test: the one in `RUVECTOR_TEST_SEED`, to replay a failure, or `0..count`.
pub fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("RUVECTOR_TEST_SEED").map(|text| text.parse()) {
        Ok(Ok(seed)) => vec![seed],
        _ => (0..count).collect(),
    }
}
