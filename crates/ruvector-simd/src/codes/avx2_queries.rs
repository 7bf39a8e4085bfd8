//! What prepares a query, with AVX2: rotation and tables of the portable code, bit for bit. Never fuses or reorders
//! its arithmetic.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{BlockQuery, CodeBits, TWO_BIT_LEVELS, portable, transform_len};

/// See [`super::CodeKernels::prepare`].
#[target_feature(enable = "avx2")]
pub(super) fn prepare(prepared: &mut BlockQuery, query: &[f32], bits: CodeBits) {
    match bits {
        CodeBits::One => prepare_signs(prepared, query),
        CodeBits::Two => prepare_pairs(prepared, query),
    }
}

/// Two groups a step, one in each lane.
#[target_feature(enable = "avx2")]
fn prepare_signs(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = portable::measure(prepared, query, CodeBits::One);
    let (zero, level_max) = (_mm256_setzero_ps(), _mm256_set1_ps(level_max));
    let (minus, plus) = (_mm256_set1_ps(-2.0 * per_unit), _mm256_set1_ps(2.0 * per_unit));
    let groups = query.as_chunks::<8>().0.iter();
    for (groups, levels) in groups.zip(prepared.levels.as_chunks_mut().0) {
        let groups = load(groups);
        let clear = _mm256_max_ps(_mm256_mul_ps(minus, groups), zero);
        let set = _mm256_max_ps(_mm256_mul_ps(plus, groups), zero);
        let sums = |x| {
            _mm256_add_ps(
                _mm256_shuffle_ps::<0b01_00_01_00>(x, x),
                _mm256_shuffle_ps::<0b11_11_10_10>(x, x),
            )
        };
        let low = sums(_mm256_unpacklo_ps(clear, set));
        let high = sums(_mm256_unpackhi_ps(clear, set));
        store_levels(low, high, level_max, levels);
    }
}

/// Two groups a step, one in each lane.
#[target_feature(enable = "avx2")]
fn prepare_pairs(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = portable::measure(prepared, query, CodeBits::Two);
    let (per_unit, level_max) = (_mm_set1_ps(per_unit), _mm256_set1_ps(level_max));
    let [a, b, c, d] = TWO_BIT_LEVELS;
    let (values, top) = (_mm256_setr_ps(a, b, c, d, a, b, c, d), _mm_set1_ps(d));
    let first = _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2);
    let second = _mm256_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3);
    let pairs = query.as_chunks::<4>().0.iter();
    for (pairs, levels) in pairs.zip(prepared.levels.as_chunks_mut().0) {
        // SAFETY: the chunk holds four numbers.
        let x = _mm_mul_ps(per_unit, unsafe { _mm_loadu_ps(pairs.as_ptr()) });
        let least = _mm_mul_ps(top, _mm_andnot_ps(_mm_set1_ps(-0.0), x));
        let above_least = |places| {
            let spread = |x| _mm256_permutevar8x32_ps(_mm256_castps128_ps256(x), places);
            let contribution = _mm256_add_ps(_mm256_mul_ps(values, spread(x)), spread(least));
            _mm256_max_ps(contribution, _mm256_setzero_ps())
        };
        store_levels(above_least(first), above_least(second), level_max, levels);
    }
}

/// In each lane the sums of each number of `low` and, slower, each of `high`, as levels.
#[inline]
#[target_feature(enable = "avx2")]
fn store_levels(low: __m256, high: __m256, level_max: __m256, to: &mut [u8; 32]) {
    let four = |high| _mm256_cvtps_epi32(_mm256_min_ps(_mm256_add_ps(low, high), level_max));
    let front = _mm256_packs_epi32(
        four(_mm256_permute_ps::<0b00_00_00_00>(high)),
        four(_mm256_permute_ps::<0b01_01_01_01>(high)),
    );
    let back = _mm256_packs_epi32(
        four(_mm256_permute_ps::<0b10_10_10_10>(high)),
        four(_mm256_permute_ps::<0b11_11_11_11>(high)),
    );
    // SAFETY: room for 32 bytes is there.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_packus_epi16(front, back)) };
}

/// See [`super::CodeKernels::rotate`].
#[target_feature(enable = "avx2")]
pub(super) fn rotate(data: &mut [f32], signs: &[f32]) {
    let padded = data.len();
    if padded < 64 || !padded.is_multiple_of(16) {
        return;
    }
    let len = transform_len(padded);
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
