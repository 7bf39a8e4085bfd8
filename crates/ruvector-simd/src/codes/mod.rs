//! Kernels over vector codes: distances to 32 neighbours at once from their 1-bit codes, and the inner product of
//! a query with one 8-bit code. Never reads past the lengths it checks.
//!
//! The lookup follows André, Kermarrec and Le Scouarnec, "Cache locality is not enough" (VLDB 2015): the sixteen
//! sums of four signed query components fit one register, and a shuffle looks 32 of them up.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub mod scalar;

/// Neighbours of a block.
pub const BLOCK_NEIGHBORS: usize = 32;
/// Bytes of the factors at the head of a block: 32 × f16 `mul`, then 32 × f16 `add`.
pub const BLOCK_FACTOR_BYTES: usize = 2 * 2 * BLOCK_NEIGHBORS;

/// Bytes of a block over vectors of `dim` components (a multiple of 8): factors, then for each four components
/// 16 bytes of codes. In those, byte `j` holds neighbour `j` in its low half and neighbour `j + 16` in its high
/// half, component `c` at bit `c`.
pub const fn block_bytes(dim: usize) -> usize {
    BLOCK_FACTOR_BYTES + dim / 4 * 16
}

/// A query as the block kernel needs it.
#[derive(Clone, Debug, Default)]
pub struct BlockQuery {
    /// For each four components sixteen levels: the sum of the components, each added where the index has its bit
    /// and subtracted elsewhere, above the least such sum, in units of `unit`.
    pub levels: Vec<u8>,
    /// The value of one level.
    pub unit: f32,
    /// The sum of the least sums: what level 0 everywhere stands for.
    pub least: f32,
}

impl BlockQuery {
    /// Prepares the tables for `query`, whose length is a multiple of 8. Cost: 4 additions a component.
    pub fn prepare(&mut self, query: &[f32]) {
        let groups = query.len() / 4;
        let half_range = |group: &[f32]| group.iter().map(|x| x.abs()).sum::<f32>();
        let widest = query.chunks_exact(4).map(half_range).fold(0.0, f32::max);
        // The kernel adds levels in 16 bits.
        let level_max = (65_535 / groups.max(1)).min(255) as f32;
        self.unit = if widest > 0.0 {
            2.0 * widest / level_max
        } else {
            1.0
        };
        self.least = -query.chunks_exact(4).map(half_range).sum::<f32>();
        self.levels.resize(groups * 16, 0);
        let per_unit = 1.0 / self.unit;
        for (group, levels) in query.chunks_exact(4).zip(self.levels.chunks_exact_mut(16)) {
            fill(group, per_unit, levels);
        }
    }
}

/// The sixteen levels of one group, each half from the other by one component's sign.
#[inline]
fn fill(group: &[f32], per_unit: f32, levels: &mut [u8]) {
    let mut sums = [0.0f32; 16];
    for (bit, x) in group.iter().enumerate() {
        let width = 1 << bit;
        // A clear bit subtracts |x|-wise the least: work above it, so that all sums are at least zero.
        let (clear, set) = if *x > 0.0 { (0.0, 2.0 * x) } else { (-2.0 * x, 0.0) };
        for at in 0..width {
            sums[at + width] = sums[at] + set;
            sums[at] += clear;
        }
    }
    for (level, sum) in levels.iter_mut().zip(sums) {
        *level = (sum * per_unit + 0.5) as u8;
    }
}

/// How estimates are put together: `base + scale·(add + mul·s)`, where `s` is the sum of the query's components
/// signed by the neighbour's code; and which of them matter.
#[derive(Clone, Copy, Debug)]
pub struct BlockScale {
    /// The distance of the block's centre.
    pub base: f32,
    /// The scale of the factors.
    pub scale: f32,
    /// Estimates below this are reported.
    pub below: f32,
}

/// The kernels for this CPU.
#[derive(Clone, Copy, Debug)]
pub struct CodeKernels {
    /// Estimates for the 32 neighbours of a block of [`block_bytes`] bytes; returns a bit for each that is below
    /// [`BlockScale::below`]. A block or query of another length than they agree on gives 0 and leaves `out`.
    pub estimate: fn(&BlockQuery, &[u8], BlockScale, &mut [f32; BLOCK_NEIGHBORS]) -> u32,
    /// Σ query·code over the common prefix.
    pub dot: fn(&[f32], &[i8]) -> f32,
}

impl CodeKernels {
    /// The fastest kernels here. Ask once and keep the answer.
    pub fn detect() -> CodeKernels {
        #[cfg(target_arch = "x86_64")]
        if let Some(kernels) = avx2::kernels() {
            return kernels;
        }
        CodeKernels {
            estimate: scalar::estimate,
            dot: scalar::dot,
        }
    }
}

/// Whether the block and the query belong together.
#[inline]
pub(crate) fn fits(query: &BlockQuery, block: &[u8]) -> bool {
    block.len() == BLOCK_FACTOR_BYTES + query.levels.len() && query.levels.len().is_multiple_of(32)
}
