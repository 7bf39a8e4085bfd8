//! The generator that training draws from: SplitMix64 (Steele, Lea, Flood 2014). Never started from anything but a seed.

use crate::rotation::mix;

/// A sequence of pseudo-random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.word()) * end as u128) >> 64) as usize
    }

    /// Nearly normal, of deviation 1: the sum of eight uniform numbers.
    pub(crate) fn normal(&mut self) -> f32 {
        let sum: u64 = (0..4)
            .map(|_| self.word())
            .map(|x| (x >> 40) + (x << 32 >> 40))
            .sum();
        // A uniform number has the variance 1/12.
        let unit = 1.0 / (1u64 << 24) as f32;
        (sum as f32 * unit - 4.0) * (12.0f32 / 8.0).sqrt()
    }
}
