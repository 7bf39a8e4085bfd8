//! The code kernels in plain Rust: the twins that the fast ones are tested against, and the fallback.

use half::f16;

use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeBits, fits, portable};

/// See [`super::CodeKernels::estimate`].
pub fn estimate(
    query: &BlockQuery,
    block: &[u8],
    scale: BlockScale,
    out: &mut [f32; BLOCK_NEIGHBORS],
) -> u32 {
    if !fits(query, block) {
        return 0;
    }
    let (factors, codes) = block.split_at(BLOCK_FACTOR_BYTES);
    let mut sums = [0u32; BLOCK_NEIGHBORS];
    for (levels, group) in query.levels.chunks_exact(16).zip(codes.chunks_exact(16)) {
        for (at, byte) in group.iter().enumerate() {
            sums[at] += u32::from(levels[usize::from(byte & 15)]);
            sums[at + 16] += u32::from(levels[usize::from(byte >> 4)]);
        }
    }
    let factor = |at: usize| f16::from_le_bytes([factors[2 * at], factors[2 * at + 1]]).to_f32();
    for (at, (estimate, sum)) in out.iter_mut().zip(sums).enumerate() {
        let signed = query.least * scale.mul + query.unit * scale.mul * sum as f32;
        *estimate = scale.base + scale.add * factor(BLOCK_NEIGHBORS + at) + factor(at) * signed;
    }
    out.iter().enumerate().fold(0, |mask, (at, estimate)| {
        mask | u32::from(*estimate < scale.below) << at
    })
}

/// See [`super::CodeKernels::dot`].
pub fn dot(query: &[f32], code: &[i8]) -> f32 {
    query.iter().zip(code).map(|(x, c)| x * f32::from(*c)).sum()
}

/// See [`super::CodeKernels::prepare`].
pub fn prepare(prepared: &mut BlockQuery, query: &[f32], bits: CodeBits) {
    portable::prepare(prepared, query, bits);
}

/// See [`super::CodeKernels::rotate`].
pub fn rotate(data: &mut [f32], signs: &[f32]) {
    portable::rotate(data, signs);
}
