//! AVX2 code kernels. Never hands one out unless the CPU has AVX2, FMA and F16C.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeKernels, avx2_queries, fits};

/// The kernels, if this CPU has what they need.
pub(super) fn kernels() -> Option<CodeKernels> {
    let present = std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("fma")
        && std::is_x86_feature_detected!("f16c");
    present.then_some(CodeKernels {
        name: "avx2+fma+f16c",
        // SAFETY (all): the CPU has the features; they do not go away. Lengths are checked inside.
        estimate: |query, block, scale, out| {
            if !fits(query, block) {
                return 0;
            }
            // SAFETY: see above; `fits` has compared the lengths.
            unsafe { estimate(query, block, scale, out) }
        },
        // SAFETY: see above.
        dot: |query, code| unsafe { dot(query, code) },
        // SAFETY: see above.
        prepare: |prepared, query, bits| unsafe { avx2_queries::prepare(prepared, query, bits) },
        // SAFETY: see above.
        rotate: |data, signs| unsafe { avx2_queries::rotate(data, signs) },
    })
}

/// # Safety
/// The CPU must have AVX2, FMA and F16C; `fits(query, block)`.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn estimate(
    query: &BlockQuery,
    block: &[u8],
    scale: BlockScale,
    out: &mut [f32; BLOCK_NEIGHBORS],
) -> u32 {
    // SAFETY: by the caller's contract the block holds 128 bytes of factors and as many bytes of codes as the
    // query has levels, a multiple of 32; every load below stays inside.
    unsafe {
        let codes = block.as_ptr().add(BLOCK_FACTOR_BYTES);
        let sums = level_sums(query.levels.as_ptr(), codes, query.levels.len());
        finish(query, block, scale, sums, out)
    }
}

/// Distances from level sums.
///
/// # Safety
/// The CPU must have AVX2, FMA and F16C; the block must hold its 128 bytes of factors.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn finish(
    query: &BlockQuery,
    block: &[u8],
    scale: BlockScale,
    sums: [__m128i; 4],
    out: &mut [f32; BLOCK_NEIGHBORS],
) -> u32 {
    // SAFETY: by the caller's contract; `out` holds 32 numbers.
    unsafe {
        let unit = _mm256_set1_ps(query.unit * scale.mul);
        let least = _mm256_set1_ps(query.least * scale.mul);
        let below = _mm256_set1_ps(scale.below);
        let (base, scale) = (_mm256_set1_ps(scale.base), _mm256_set1_ps(scale.add));
        let mut mask = 0;
        for (eight, sums) in sums.into_iter().enumerate() {
            let signed = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums)), unit, least);
            let mul = _mm256_cvtph_ps(_mm_loadu_si128(block.as_ptr().add(eight * 16).cast()));
            let add = _mm256_cvtph_ps(_mm_loadu_si128(block.as_ptr().add(64 + eight * 16).cast()));
            let estimate = _mm256_fmadd_ps(mul, signed, _mm256_fmadd_ps(add, scale, base));
            _mm256_storeu_ps(out.as_mut_ptr().add(eight * 8), estimate);
            let found = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(estimate, below));
            mask |= (found as u32) << (eight * 8);
        }
        mask
    }
}

/// The level sums of 32 neighbours as four times eight u16, in order.
///
/// # Safety
/// The CPU must have AVX2; `levels` and `codes` must be readable for `bytes`, a multiple of 32.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn level_sums(levels: *const u8, codes: *const u8, bytes: usize) -> [__m128i; 4] {
    // SAFETY: by the caller's contract.
    unsafe {
        let low_half = _mm256_set1_epi8(15);
        // Sums of neighbours 0–15 and 16–31: `all` adds pairs of bytes as u16 and carries between them, `odd` the
        // odd bytes alone; the even ones follow.
        let [mut all_0, mut odd_0, mut all_1, mut odd_1] = [_mm256_setzero_si256(); 4];
        let mut at = 0;
        while at < bytes {
            let code = _mm256_loadu_si256(codes.add(at).cast());
            let table = _mm256_loadu_si256(levels.add(at).cast());
            let found_0 = _mm256_shuffle_epi8(table, _mm256_and_si256(code, low_half));
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(code), low_half);
            let found_1 = _mm256_shuffle_epi8(table, high);
            all_0 = _mm256_add_epi16(all_0, found_0);
            odd_0 = _mm256_add_epi16(odd_0, _mm256_srli_epi16::<8>(found_0));
            all_1 = _mm256_add_epi16(all_1, found_1);
            odd_1 = _mm256_add_epi16(odd_1, _mm256_srli_epi16::<8>(found_1));
            at += 32;
        }
        let [a, b] = interleave(all_0, odd_0);
        let [c, d] = interleave(all_1, odd_1);
        [a, b, c, d]
    }
}

/// Adds the two lanes (two groups of components) and puts even and odd neighbours in order.
#[inline]
#[target_feature(enable = "avx2")]
fn interleave(all: __m256i, odd: __m256i) -> [__m128i; 2] {
    let even = _mm256_sub_epi16(all, _mm256_slli_epi16::<8>(odd));
    let lanes = |x| _mm_add_epi16(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
    let (even, odd) = (lanes(even), lanes(odd));
    [_mm_unpacklo_epi16(even, odd), _mm_unpackhi_epi16(even, odd)]
}

/// # Safety
/// The CPU must have AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
unsafe fn dot(query: &[f32], code: &[i8]) -> f32 {
    let len = query.len().min(code.len());
    let whole = len / 32 * 32;
    let mut sums = [_mm256_setzero_ps(); 4];
    let mut at = 0;
    while at < whole {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let from = at + lane * 8;
            // SAFETY: `from + 8 ≤ whole`, at most the length of both.
            unsafe {
                let bytes = _mm_loadl_epi64(code.as_ptr().add(from).cast());
                let values = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
                *sum = _mm256_fmadd_ps(values, _mm256_loadu_ps(query.as_ptr().add(from)), *sum);
            }
        }
        at += 32;
    }
    let sum = _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3]));
    let sum = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps::<1>(sum));
    let sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    let sum = _mm_add_ss(sum, _mm_shuffle_ps::<1>(sum, sum));
    _mm_cvtss_f32(sum) + super::scalar::dot(&query[whole..len], &code[whole..len])
}
