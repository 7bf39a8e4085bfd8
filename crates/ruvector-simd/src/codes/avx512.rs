//! AVX-512 code kernels: twice the width of the AVX2 ones, which prepare their queries. Never hands one out unless the
//! CPU has AVX-512 F, BW and VL beside AVX2, FMA and F16C.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeKernels, avx2, fits};

/// The kernels, if this CPU has what they need.
pub(super) fn kernels() -> Option<CodeKernels> {
    let narrow = avx2::kernels()?;
    let present = std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512vl");
    present.then_some(CodeKernels {
        name: "avx512",
        estimate: |query, block, scale, out| {
            if !fits(query, block) || !query.levels.len().is_multiple_of(64) {
                return avx2::kernels().map_or(0, |narrow| (narrow.estimate)(query, block, scale, out));
            }
            // SAFETY: the CPU has the features; `fits` has compared the lengths.
            unsafe { estimate(query, block, scale, out) }
        },
        // SAFETY: the CPU has the features; lengths are checked inside.
        dot: |query, code| unsafe { dot(query, code) },
        ..narrow
    })
}

/// # Safety
/// The CPU must have AVX-512 F, BW and VL, AVX2, FMA and F16C; `fits(query, block)`, with levels in multiples of 64.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
unsafe fn estimate(
    query: &BlockQuery,
    block: &[u8],
    scale: BlockScale,
    out: &mut [f32; BLOCK_NEIGHBORS],
) -> u32 {
    // SAFETY: by the caller's contract the block holds 128 bytes of factors and as many bytes of codes as the
    // query has levels; every load stays inside.
    unsafe {
        let codes = block.as_ptr().add(BLOCK_FACTOR_BYTES);
        let sums = level_sums(query.levels.as_ptr(), codes, query.levels.len());
        avx2::finish(query, block, scale, sums, out)
    }
}

/// The level sums of 32 neighbours as four times eight u16, in order.
///
/// # Safety
/// The CPU must have AVX-512 F, BW and VL; `levels` and `codes` must be readable for `bytes`, a multiple of 64.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn level_sums(levels: *const u8, codes: *const u8, bytes: usize) -> [__m128i; 4] {
    let low_half = _mm512_set1_epi8(15);
    // As in the AVX2 kernel: `all` adds pairs of bytes as u16 and carries between them, `odd` the odd bytes alone.
    let [mut all_0, mut odd_0, mut all_1, mut odd_1] = [_mm512_setzero_si512(); 4];
    let mut at = 0;
    while at < bytes {
        // SAFETY: `at + 64 ≤ bytes`.
        let (code, table) = unsafe {
            (
                _mm512_loadu_si512(codes.add(at).cast()),
                _mm512_loadu_si512(levels.add(at).cast()),
            )
        };
        let found_0 = _mm512_shuffle_epi8(table, _mm512_and_si512(code, low_half));
        let high = _mm512_and_si512(_mm512_srli_epi16::<4>(code), low_half);
        let found_1 = _mm512_shuffle_epi8(table, high);
        all_0 = _mm512_add_epi16(all_0, found_0);
        odd_0 = _mm512_add_epi16(odd_0, _mm512_srli_epi16::<8>(found_0));
        all_1 = _mm512_add_epi16(all_1, found_1);
        odd_1 = _mm512_add_epi16(odd_1, _mm512_srli_epi16::<8>(found_1));
        at += 64;
    }
    let [a, b] = interleave(all_0, odd_0);
    let [c, d] = interleave(all_1, odd_1);
    [a, b, c, d]
}

/// Adds the four lanes (four groups of components) and puts even and odd neighbours in order.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn interleave(all: __m512i, odd: __m512i) -> [__m128i; 2] {
    let even = _mm512_sub_epi16(all, _mm512_slli_epi16::<8>(odd));
    let lanes = |x| {
        let halves = _mm256_add_epi16(_mm512_castsi512_si256(x), _mm512_extracti64x4_epi64::<1>(x));
        _mm_add_epi16(
            _mm256_castsi256_si128(halves),
            _mm256_extracti128_si256::<1>(halves),
        )
    };
    let (even, odd) = (lanes(even), lanes(odd));
    [_mm_unpacklo_epi16(even, odd), _mm_unpackhi_epi16(even, odd)]
}

/// # Safety
/// The CPU must have AVX-512 F.
#[target_feature(enable = "avx512f")]
unsafe fn dot(query: &[f32], code: &[i8]) -> f32 {
    let len = query.len().min(code.len());
    let whole = len / 64 * 64;
    let mut sums = [_mm512_setzero_ps(); 4];
    let mut at = 0;
    while at < whole {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let from = at + lane * 16;
            // SAFETY: `from + 16 ≤ whole`, at most the length of both.
            unsafe {
                let bytes = _mm_loadu_si128(code.as_ptr().add(from).cast());
                let values = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
                *sum = _mm512_fmadd_ps(values, _mm512_loadu_ps(query.as_ptr().add(from)), *sum);
            }
        }
        at += 64;
    }
    let sum = _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3]));
    _mm512_reduce_add_ps(sum) + super::scalar::dot(&query[whole..len], &code[whole..len])
}
