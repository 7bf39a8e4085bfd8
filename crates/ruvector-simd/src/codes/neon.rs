//! NEON code kernels for aarch64. Never compiled for a target without NEON, so they need no proof at run time.
#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::quads::{self, Quad};
use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeKernels, fits};

/// The kernels of this target.
pub(super) fn kernels() -> CodeKernels {
    CodeKernels {
        estimate: |query, block, scale, out| {
            if !fits(query, block) {
                return 0;
            }
            let (factors, codes) = block.split_at(BLOCK_FACTOR_BYTES);
            // SAFETY: this module is compiled only where every CPU of the target has NEON.
            unsafe { finish(query, factors, scale, level_sums(&query.levels, codes), out) }
        },
        // SAFETY: see above.
        dot: |query, code| unsafe { dot(query, code) },
        prepare: quads::prepare::<float32x4_t>,
        rotate: quads::rotate::<float32x4_t>,
    }
}

/// Distances from level sums and the factors of the block.
#[inline]
#[target_feature(enable = "neon")]
fn finish(
    query: &BlockQuery,
    factors: &[u8],
    scale: BlockScale,
    sums: [uint16x8_t; 4],
    out: &mut [f32; BLOCK_NEIGHBORS],
) -> u32 {
    let unit = vdupq_n_f32(query.unit * scale.mul);
    let least = vdupq_n_f32(query.least * scale.mul);
    let below = vdupq_n_f32(scale.below);
    let (base, scale) = (vdupq_n_f32(scale.base), vdupq_n_f32(scale.add));
    let (mul, add) = factors.split_at(2 * BLOCK_NEIGHBORS);
    let factors = mul.as_chunks().0.iter().zip(add.as_chunks().0);
    let mut found = vdupq_n_u32(0);
    let mut places = load_places();
    let sums = sums.into_iter().flat_map(|sums| [vmovl_u16(vget_low_u16(sums)), vmovl_high_u16(sums)]);
    for ((sums, (mul, add)), out) in sums.zip(factors).zip(out.as_chunks_mut().0) {
        let signed = vfmaq_f32(least, vcvtq_f32_u32(sums), unit);
        let estimate = vfmaq_f32(vfmaq_f32(base, widen(add), scale), widen(mul), signed);
        estimate.store(out);
        found = vorrq_u32(found, vandq_u32(vcltq_f32(estimate, below), places));
        places = vshlq_n_u32::<4>(places);
    }
    // No bit occurs twice.
    vaddvq_u32(found)
}
