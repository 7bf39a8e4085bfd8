//! AVX2 kernels over f32, and over f16 widened to f32 by the CPU. Never rounds a product before adding it.

use std::arch::x86_64::*;

use crate::fold::fold;

/// The three kernels over `$element`, eight components a register.
macro_rules! kernels {
    ($module:ident, $element:ty, $load:path) => {
        pub(super) mod $module {
            use super::*;

            #[target_feature(enable = "avx2,fma,f16c")]
            pub(in super::super) fn dot(a: &[$element], b: &[$element]) -> f32 {
                -sum(a, b, |sum, x, y| _mm256_fmadd_ps(x, y, sum))
            }

            #[target_feature(enable = "avx2,fma,f16c")]
            pub(in super::super) fn euclid(a: &[$element], b: &[$element]) -> f32 {
                sum(a, b, |sum, x, y| {
                    let difference = _mm256_sub_ps(x, y);
                    _mm256_fmadd_ps(difference, difference, sum)
                })
            }

            #[target_feature(enable = "avx2,fma,f16c")]
            pub(in super::super) fn manhattan(a: &[$element], b: &[$element]) -> f32 {
                let sign = _mm256_set1_ps(-0.0);
                sum(a, b, |sum, x, y| {
                    _mm256_add_ps(sum, _mm256_andnot_ps(sign, _mm256_sub_ps(x, y)))
                })
            }

            #[inline]
            #[target_feature(enable = "avx2,fma,f16c")]
            fn sum(a: &[$element], b: &[$element], add: impl Fn(__m256, __m256, __m256) -> __m256) -> f32 {
                let zero = _mm256_setzero_ps();
                let join = |x, y| _mm256_add_ps(x, y);
                horizontal_sum(fold::<8, _, _, _>(
                    (a, b),
                    zero,
                    |part| $load(part),
                    add,
                    join,
                ))
            }
        }
    };
}

kernels!(single, f32, crate::avx2::load_f32);
kernels!(half, ::half::f16, crate::avx2::load_f16);

#[inline]
#[target_feature(enable = "avx2")]
fn horizontal_sum(lanes: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}
