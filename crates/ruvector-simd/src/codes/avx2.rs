//! AVX2 code kernels. Never hands one out unless the CPU has AVX2, FMA and F16C.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeBits, CodeKernels, fits};

/// The kernels, if this CPU has what they need.
pub(super) fn kernels() -> Option<CodeKernels> {
    let present = std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("fma")
        && std::is_x86_feature_detected!("f16c");
    present.then_some(CodeKernels {
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
        prepare: |prepared, query, bits| unsafe { prepare(prepared, query, bits) },
        // SAFETY: see above.
        rotate: |data, signs| unsafe { rotate(data, signs) },
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

/// The tables of the portable code, bit for bit: the same operations in the same order, none fused.
#[target_feature(enable = "avx2")]
pub(super) fn prepare(prepared: &mut BlockQuery, query: &[f32], bits: CodeBits) {
    match bits {
        CodeBits::One => prepare_signs(prepared, query),
        // Sixteen levels are written as four equal steps of four, which the compiler makes vectors of.
        CodeBits::Two => super::portable::prepare_pairs(prepared, query),
    }
}

#[target_feature(enable = "avx2")]
fn prepare_signs(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = super::portable::measure(prepared, query, CodeBits::One);
    let (zero, level_max) = (_mm_setzero_ps(), _mm256_set1_ps(level_max));
    let (minus, plus) = (_mm_set1_ps(-2.0 * per_unit), _mm_set1_ps(2.0 * per_unit));
    let [first, second] = [[0, 0, 0, 0, 1, 1, 1, 1], [2, 2, 2, 2, 3, 3, 3, 3]]
        .map(|[a, b, c, d, e, f, g, h]| _mm256_setr_epi32(a, b, c, d, e, f, g, h));
    let groups = query.chunks_exact(4).zip(prepared.levels.chunks_exact_mut(16));
    for (group, levels) in groups {
        // SAFETY: the chunk holds four numbers.
        let group = unsafe { _mm_loadu_ps(group.as_ptr()) };
        let clear = _mm_max_ps(_mm_mul_ps(minus, group), zero);
        let set = _mm_max_ps(_mm_mul_ps(plus, group), zero);
        let (low, high) = (_mm_unpacklo_ps(clear, set), _mm_unpackhi_ps(clear, set));
        let sums = |x| {
            _mm_add_ps(
                _mm_shuffle_ps::<0b01_00_01_00>(x, x),
                _mm_shuffle_ps::<0b11_11_10_10>(x, x),
            )
        };
        let (low, high) = (
            _mm256_set_m128(sums(low), sums(low)),
            _mm256_castps128_ps256(sums(high)),
        );
        let eight = |places| {
            let sum = _mm256_add_ps(low, _mm256_permutevar8x32_ps(high, places));
            _mm256_cvtps_epi32(_mm256_min_ps(sum, level_max))
        };
        // Fours of levels in the order 0, 2 | 1, 3.
        let words = _mm256_packs_epi32(eight(first), eight(second));
        let bytes = _mm256_packus_epi16(words, words);
        let ordered = _mm_unpacklo_epi32(
            _mm256_castsi256_si128(bytes),
            _mm256_extracti128_si256::<1>(bytes),
        );
        // SAFETY: the chunk takes sixteen bytes.
        unsafe { _mm_storeu_si128(levels.as_mut_ptr().cast(), ordered) };
    }
}

/// The rotation of the portable code, bit for bit: the same sums and products, none fused.
#[target_feature(enable = "avx2")]
pub(super) fn rotate(data: &mut [f32], signs: &[f32]) {
    let padded = data.len();
    if padded == 0 || !padded.is_multiple_of(64) {
        return;
    }
    let len = super::transform_len(padded);
    for (round, signs) in signs.chunks_exact(padded).enumerate() {
        for (x, sign) in data.chunks_exact_mut(8).zip(signs.chunks_exact(8)) {
            store(x, _mm256_mul_ps(load(x), load(sign)));
        }
        let start = if round.is_multiple_of(2) { 0 } else { padded - len };
        hadamard(&mut data[start..start + len]);
        if len != padded {
            let (front, back) = data.split_at_mut(padded / 2);
            let scale = _mm256_set1_ps(std::f32::consts::FRAC_1_SQRT_2);
            butterfly(front, back, |x| _mm256_mul_ps(x, scale));
        }
    }
}

/// As in the portable code.
#[target_feature(enable = "avx2")]
fn hadamard(data: &mut [f32]) {
    for piece in data.chunks_exact_mut(64) {
        hadamard_64(piece);
    }
    let mut half = 64;
    while half < data.len() {
        for pair in data.chunks_exact_mut(2 * half) {
            let (front, back) = pair.split_at_mut(half);
            butterfly(front, back, |x| x);
        }
        half *= 2;
    }
}

/// Sums to the front, differences to the back.
#[inline]
#[target_feature(enable = "avx2")]
fn butterfly(front: &mut [f32], back: &mut [f32], then: impl Fn(__m256) -> __m256) {
    for (front, back) in front.chunks_exact_mut(8).zip(back.chunks_exact_mut(8)) {
        let (a, b) = (load(front), load(back));
        store(front, then(_mm256_add_ps(a, b)));
        store(back, then(_mm256_sub_ps(a, b)));
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn hadamard_64(data: &mut [f32]) {
    let mut rows = [_mm256_setzero_ps(); 8];
    // The signs of the steps over 1, 2 and 4 places: minus where the place has the bit.
    let odd = _mm256_setr_ps(0.0, -0.0, 0.0, -0.0, 0.0, -0.0, 0.0, -0.0);
    let pairs = _mm256_setr_ps(0.0, 0.0, -0.0, -0.0, 0.0, 0.0, -0.0, -0.0);
    let fours = _mm256_setr_ps(0.0, 0.0, 0.0, 0.0, -0.0, -0.0, -0.0, -0.0);
    for (row, from) in rows.iter_mut().zip(data.chunks_exact(8)) {
        let x = load(from);
        let x = _mm256_add_ps(_mm256_permute_ps::<0b10_11_00_01>(x), _mm256_xor_ps(x, odd));
        let x = _mm256_add_ps(_mm256_permute_ps::<0b01_00_11_10>(x), _mm256_xor_ps(x, pairs));
        *row = _mm256_add_ps(_mm256_permute2f128_ps::<1>(x, x), _mm256_xor_ps(x, fours));
    }
    for half in [1, 2, 4] {
        for start in (0..8).step_by(2 * half) {
            for at in start..start + half {
                let (a, b) = (rows[at], rows[at + half]);
                (rows[at], rows[at + half]) = (_mm256_add_ps(a, b), _mm256_sub_ps(a, b));
            }
        }
    }
    for (row, to) in rows.into_iter().zip(data.chunks_exact_mut(8)) {
        store(to, row);
    }
}

/// The first eight numbers, of at least eight.
#[inline]
#[target_feature(enable = "avx2")]
fn load(from: &[f32]) -> __m256 {
    assert!(from.len() >= 8);
    // SAFETY: just checked; where the caller's chunks are of eight the check costs nothing.
    unsafe { _mm256_loadu_ps(from.as_ptr()) }
}

/// As [`load`].
#[inline]
#[target_feature(enable = "avx2")]
fn store(to: &mut [f32], numbers: __m256) {
    assert!(to.len() >= 8);
    // SAFETY: just checked.
    unsafe { _mm256_storeu_ps(to.as_mut_ptr(), numbers) }
}
