//! AVX-512 kernels over f32, sixteen components a register. Never rounds a product before adding it.

use std::arch::x86_64::*;

use super::load_f32;
use crate::fold::fold;

#[target_feature(enable = "avx512f")]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    -sum(a, b, |sum, x, y| _mm512_fmadd_ps(x, y, sum))
}

#[target_feature(enable = "avx512f")]
pub(super) fn euclid(a: &[f32], b: &[f32]) -> f32 {
    sum(a, b, |sum, x, y| {
        let difference = _mm512_sub_ps(x, y);
        _mm512_fmadd_ps(difference, difference, sum)
    })
}

#[target_feature(enable = "avx512f")]
pub(super) fn manhattan(a: &[f32], b: &[f32]) -> f32 {
    sum(a, b, |sum, x, y| {
        _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(x, y)))
    })
}

/// What `add` adds over the common prefix.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum(a: &[f32], b: &[f32], add: impl Fn(__m512, __m512, __m512) -> __m512) -> f32 {
    let join = |x, y| _mm512_add_ps(x, y);
    _mm512_reduce_add_ps(fold::<16, _, _, _>(
        (a, b),
        _mm512_setzero_ps(),
        |part| load_f32(part),
        add,
        join,
    ))
}
