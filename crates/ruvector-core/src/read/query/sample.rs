//! Points by chance, each set of them as likely as any other of its size. Never gives a point twice.

/// Keeps `wanted` of what it is offered (algorithm R, Vitter 1985).
pub(super) struct Reservoir<T> {
    wanted: usize,
    seen: u64,
    state: u64,
    kept: Vec<T>,
}

impl<T> Reservoir<T> {
    /// What is kept follows from `seed` and what is offered.
    pub(super) fn new(wanted: usize, seed: u64) -> Reservoir<T> {
        Reservoir {
            wanted,
            seen: 0,
            state: seed,
            kept: Vec::new(),
        }
    }

    pub(super) fn offer(&mut self, item: T) {
        self.seen += 1;
        if self.kept.len() < self.wanted {
            self.kept.push(item);
            return;
        }
        let place = self.below(self.seen) as usize;
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = item;
        }
    }

    /// What was kept, in an order by chance (Fisher and Yates).
    pub(super) fn shuffled(mut self) -> Vec<T> {
        for end in (1..self.kept.len()).rev() {
            let place = self.below(end as u64 + 1) as usize;
            self.kept.swap(place, end);
        }
        self.kept
    }

    /// Uniform below `end`, to 2⁻⁶⁴ times `end`.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(end)) >> 64) as u64
    }

    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}
