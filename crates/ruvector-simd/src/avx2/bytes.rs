//! AVX2 kernels over bytes: products in 16 bits, sums in 32. Exact, and never saturate.

use std::arch::x86_64::*;

use super::{load_bytes, load_half};
use crate::fold::fold;

/// Kernels over u8.
pub(super) mod unsigned {
    use super::*;

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn dot(a: &[u8], b: &[u8]) -> f32 {
        let add = |sum, x, y| {
            let ([x_even, x_odd], [y_even, y_odd]) = (even_odd(x), even_odd(y));
            let products =
                _mm256_add_epi32(_mm256_madd_epi16(x_even, y_even), _mm256_madd_epi16(x_odd, y_odd));
            _mm256_add_epi32(sum, products)
        };
        let join = |x, y| _mm256_add_epi32(x, y);
        let zero = _mm256_setzero_si256();
        -(sum_of_8(fold::<32, _, _, _>(
            (a, b),
            zero,
            |part| load_bytes(part),
            add,
            join,
        )) as u32 as f32)
    }

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn euclid(a: &[u8], b: &[u8]) -> f32 {
        squares((a, b), |part| load_bytes(part))
    }

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn manhattan(a: &[u8], b: &[u8]) -> f32 {
        differences((a, b), |part| load_bytes(part))
    }
}

/// Kernels over i8.
pub(super) mod signed {
    use super::*;

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn dot(a: &[i8], b: &[i8]) -> f32 {
        let add = |sum, x, y| _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
        let join = |x, y| _mm256_add_epi32(x, y);
        let load = |part: &[i8]| _mm256_cvtepi8_epi16(load_half(part));
        let zero = _mm256_setzero_si256();
        -(sum_of_8(fold::<16, _, _, _>((a, b), zero, load, add, join)) as f32)
    }

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn euclid(a: &[i8], b: &[i8]) -> f32 {
        squares((a, b), |part| flipped(part))
    }

    #[target_feature(enable = "avx2")]
    pub(in super::super) fn manhattan(a: &[i8], b: &[i8]) -> f32 {
        differences((a, b), |part| flipped(part))
    }

    /// With their sign bits flipped, signed bytes are unsigned ones just as far apart.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn flipped(part: &[i8]) -> __m256i {
        _mm256_xor_si256(load_bytes(part), _mm256_set1_epi8(i8::MIN))
    }
}

/// The number of bits that differ. Each half byte is looked up in a table (Muła, Kurz and Lemire, "Faster
/// population counts using AVX2 instructions", 2018).
#[target_feature(enable = "avx2")]
pub(super) fn hamming(a: &[u8], b: &[u8]) -> u32 {
    let (zero, low_half) = (_mm256_setzero_si256(), _mm256_set1_epi8(0x0f));
    let counts = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    let add = |sum, x, y| {
        let bits = _mm256_xor_si256(x, y);
        let low = _mm256_and_si256(bits, low_half);
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bits), low_half);
        let ones = _mm256_add_epi8(
            _mm256_shuffle_epi8(counts, low),
            _mm256_shuffle_epi8(counts, high),
        );
        _mm256_add_epi64(sum, _mm256_sad_epu8(ones, zero))
    };
    let join = |x, y| _mm256_add_epi64(x, y);
    sum_of_4(fold::<32, _, _, _>(
        (a, b),
        zero,
        |part| load_bytes(part),
        add,
        join,
    ))
}

/// Unsigned bytes in 16 bits: the even ones, then the odd ones.
#[inline]
#[target_feature(enable = "avx2")]
fn even_odd(bytes: __m256i) -> [__m256i; 2] {
    [
        _mm256_and_si256(bytes, _mm256_set1_epi16(0xff)),
        _mm256_srli_epi16::<8>(bytes),
    ]
}

/// Σ (x − y)² over unsigned bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn squares<E>(sides: (&[E], &[E]), load: impl Fn(&[E]) -> __m256i) -> f32 {
    let add = |sum, x, y| {
        let difference = _mm256_sub_epi8(_mm256_max_epu8(x, y), _mm256_min_epu8(x, y));
        let [even, odd] = even_odd(difference);
        let squares = _mm256_add_epi32(_mm256_madd_epi16(even, even), _mm256_madd_epi16(odd, odd));
        _mm256_add_epi32(sum, squares)
    };
    let join = |x, y| _mm256_add_epi32(x, y);
    sum_of_8(fold::<32, _, _, _>(
        sides,
        _mm256_setzero_si256(),
        load,
        add,
        join,
    )) as u32 as f32
}

/// Σ |x − y| over unsigned bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn differences<E>(sides: (&[E], &[E]), load: impl Fn(&[E]) -> __m256i) -> f32 {
    let add = |sum, x, y| _mm256_add_epi64(sum, _mm256_sad_epu8(x, y));
    let join = |x, y| _mm256_add_epi64(x, y);
    sum_of_4(fold::<32, _, _, _>(
        sides,
        _mm256_setzero_si256(),
        load,
        add,
        join,
    )) as f32
}

/// The sum of eight 32-bit lanes, modulo 2³².
#[inline]
#[target_feature(enable = "avx2")]
fn sum_of_8(lanes: __m256i) -> i32 {
    let four = _mm_add_epi32(
        _mm256_castsi256_si128(lanes),
        _mm256_extracti128_si256::<1>(lanes),
    );
    let two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
    _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<1>(two)))
}

/// The sum of four 64-bit lanes, modulo 2³².
#[inline]
#[target_feature(enable = "avx2")]
fn sum_of_4(lanes: __m256i) -> u32 {
    let two = _mm_add_epi64(
        _mm256_castsi256_si128(lanes),
        _mm256_extracti128_si256::<1>(lanes),
    );
    _mm_cvtsi128_si32(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two))) as u32
}
