//! Construction parameters and the limits the link layouts rest on. Never changes after a graph is created.

/// The smallest degree that keeps a graph navigable.
pub const M_MIN: u32 = 2;
/// The largest degree: a level-0 list of 2·512 ids fits the count field of every layout.
pub const M_MAX: u32 = 512;
/// The highest level a node can have.
pub const LEVEL_MAX: u8 = 15;

/// How a graph is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphParams {
    /// Links a node makes when it is inserted, and the most it has above level 0; level 0 allows 2·m.
    /// Taken into [`M_MIN`]..=[`M_MAX`].
    pub m: u32,
    /// Size of the candidate list of an insertion; at least m is used.
    pub ef_construct: u32,
    /// Levels are a pure function of seed and ordinal, so equal input builds equal graphs.
    pub seed: u64,
}

impl GraphParams {
    /// The parameters with `m` and `ef_construct` inside their limits.
    pub fn clamped(self) -> Self {
        let m = self.m.clamp(M_MIN, M_MAX);
        Self {
            m,
            ef_construct: self.ef_construct.max(m),
            seed: self.seed,
        }
    }

    /// The most links a list at `level` holds.
    pub fn degree(self, level: u8) -> usize {
        if level == 0 {
            2 * self.m as usize
        } else {
            self.m as usize
        }
    }

    /// The level of a new node: at least l with probability m⁻ˡ (Alg. 1 with m_L = 1/ln m, in integers so that
    /// every platform draws alike).
    pub(crate) fn draw_level(self, ordinal: u32) -> u8 {
        let draw = mix(self.seed ^ u64::from(ordinal).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut threshold = u64::MAX / u64::from(self.m.max(M_MIN));
        let mut level = 0;
        while level < LEVEL_MAX && draw < threshold {
            level += 1;
            threshold /= u64::from(self.m.max(M_MIN));
        }
        level
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014), twice so that close inputs share nothing.
fn mix(input: u64) -> u64 {
    let round = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    round(round(input.wrapping_add(0x9e37_79b9_7f4a_7c15)))
}
