//! AVX-512 kernels over bytes: VNNI for products, VPOPCNTDQ for bits. Exact, and never saturate.

use std::arch::x86_64::*;

use super::load_bytes;
use crate::fold::fold;

/// The sign bit of every byte: added or taken away, it turns signed bytes into unsigned ones 128 higher.
const SIGNS: i8 = i8::MIN;

/// Kernels over u8.
pub(super) mod unsigned {
    use super::*;

    // x·y = x·(y − 128) + 128·x: VNNI multiplies unsigned by signed bytes only.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn dot(a: &[u8], b: &[u8]) -> f32 {
        let (products, plain) = products(
            (a, b),
            |part| load_bytes(part),
            |x, y| [(x, flip(y)), (x, _mm512_set1_epi8(1))],
        );
        let sums = _mm512_add_epi32(products, _mm512_slli_epi32::<7>(plain));
        -(_mm512_reduce_add_epi32(sums) as u32 as f32)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn euclid(a: &[u8], b: &[u8]) -> f32 {
        squares((a, b), |part| load_bytes(part))
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(in super::super) fn manhattan(a: &[u8], b: &[u8]) -> f32 {
        differences((a, b), |part| load_bytes(part))
    }
}

/// Kernels over i8.
pub(super) mod signed {
    use super::*;

    // x·y = (x + 128)·y − 128·y.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn dot(a: &[i8], b: &[i8]) -> f32 {
        let (products, plain) = products(
            (a, b),
            |part| load_bytes(part),
            |x, y| [(flip(x), y), (_mm512_set1_epi8(1), y)],
        );
        let sums = _mm512_sub_epi32(products, _mm512_slli_epi32::<7>(plain));
        -(_mm512_reduce_add_epi32(sums) as f32)
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(in super::super) fn euclid(a: &[i8], b: &[i8]) -> f32 {
        squares((a, b), |part| flip(load_bytes(part)))
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(in super::super) fn manhattan(a: &[i8], b: &[i8]) -> f32 {
        differences((a, b), |part| flip(load_bytes(part)))
    }
}

/// The number of bits that differ.
#[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
pub(super) fn hamming(a: &[u8], b: &[u8]) -> u32 {
    let add = |sum, x, y| _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(x, y)));
    let join = |x, y| _mm512_add_epi64(x, y);
    let sums = fold::<64, _, _, _>((a, b), _mm512_setzero_si512(), |part| load_bytes(part), add, join);
    _mm512_reduce_add_epi64(sums) as u32
}

#[inline]
#[target_feature(enable = "avx512f")]
fn flip(bytes: __m512i) -> __m512i {
    _mm512_xor_si512(bytes, _mm512_set1_epi8(SIGNS))
}

/// Two sums of products at once, each of an unsigned with a signed operand, as `pairs` makes them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products<E>(
    sides: (&[E], &[E]),
    load: impl Fn(&[E]) -> __m512i,
    pairs: impl Fn(__m512i, __m512i) -> [(__m512i, __m512i); 2],
) -> (__m512i, __m512i) {
    let zero = _mm512_setzero_si512();
    let add = |(first, second), x, y| {
        let [(u, s), (v, t)] = pairs(x, y);
        (
            _mm512_dpbusd_epi32(first, u, s),
            _mm512_dpbusd_epi32(second, v, t),
        )
    };
    let join = |x: (__m512i, __m512i), y: (__m512i, __m512i)| {
        (_mm512_add_epi32(x.0, y.0), _mm512_add_epi32(x.1, y.1))
    };
    fold::<64, _, _, _>(sides, (zero, zero), load, add, join)
}

/// Σ (x − y)² over unsigned bytes: even and odd differences, widened to 16 bits, squared and added by VNNI.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn squares<E>(sides: (&[E], &[E]), load: impl Fn(&[E]) -> __m512i) -> f32 {
    let zero = _mm512_setzero_si512();
    let add = |(even, odd), x, y| {
        let difference = _mm512_sub_epi8(_mm512_max_epu8(x, y), _mm512_min_epu8(x, y));
        let low = _mm512_and_si512(difference, _mm512_set1_epi16(0xff));
        let high = _mm512_srli_epi16::<8>(difference);
        (
            _mm512_dpwssd_epi32(even, low, low),
            _mm512_dpwssd_epi32(odd, high, high),
        )
    };
    let join = |x: (__m512i, __m512i), y: (__m512i, __m512i)| {
        (_mm512_add_epi32(x.0, y.0), _mm512_add_epi32(x.1, y.1))
    };
    let (even, odd) = fold::<64, _, _, _>(sides, (zero, zero), load, add, join);
    _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd)) as u32 as f32
}

/// Σ |x − y| over unsigned bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn differences<E>(sides: (&[E], &[E]), load: impl Fn(&[E]) -> __m512i) -> f32 {
    let add = |sum, x, y| _mm512_add_epi64(sum, _mm512_sad_epu8(x, y));
    let join = |x, y| _mm512_add_epi64(x, y);
    let sums = fold::<64, _, _, _>(sides, _mm512_setzero_si512(), load, add, join);
    _mm512_reduce_add_epi64(sums) as u32 as f32
}
