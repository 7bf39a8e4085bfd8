//! AVX2 kernels over f32, f16 and bytes, widened to f32 by the CPU. Never rounds a product before adding it.

use std::arch::x86_64::*;

use crate::fold::fold_mixed;

/// The three kernels of `$left` and `$right`, eight components a register.
macro_rules! kernels {
    ($module:ident, ($left:ty, $right:ty), ($load_left:path, $load_right:path)) => {
        pub(super) mod $module {
            use super::*;

            #[target_feature(enable = "avx2,fma,f16c")]
            pub(in super::super) fn dot(a: &[$left], b: &[$right]) -> f32 {
                -sum(a, b, |sum, x, y| _mm256_fmadd_ps(x, y, sum))
            }

            #[target_feature(enable = "avx2,fma,f16c")]
            pub(in super::super) fn euclid(a: &[$left], b: &[$right]) -> f32 {
                sum(a, b, |sum, x, y| {
                    let difference = _mm256_sub_ps(x, y);
                    _mm256_fmadd_ps(difference, difference, sum)
                })
            }

            #[target_feature(enable = "avx2,fma,f16c")]
            pub(in super::super) fn manhattan(a: &[$left], b: &[$right]) -> f32 {
                let sign = _mm256_set1_ps(-0.0);
                sum(a, b, |sum, x, y| {
                    _mm256_add_ps(sum, _mm256_andnot_ps(sign, _mm256_sub_ps(x, y)))
                })
            }

            #[inline]
            #[target_feature(enable = "avx2,fma,f16c")]
            fn sum(a: &[$left], b: &[$right], add: impl Fn(__m256, __m256, __m256) -> __m256) -> f32 {
                let zero = _mm256_setzero_ps();
                let join = |x, y| _mm256_add_ps(x, y);
                horizontal_sum(fold_mixed::<8, _, _, _, _>(
                    (a, b),
                    zero,
                    (
                        |part: &[$left]| $load_left(part),
                        |part: &[$right]| $load_right(part),
                    ),
                    add,
                    join,
                ))
            }
        }
    };
}

kernels!(single, (f32, f32), (crate::avx2::load_f32, crate::avx2::load_f32));
kernels!(
    half,
    (::half::f16, ::half::f16),
    (crate::avx2::load_f16, crate::avx2::load_f16)
);
kernels!(
    single_half,
    (f32, ::half::f16),
    (crate::avx2::load_f32, crate::avx2::load_f16)
);
kernels!(
    single_byte,
    (f32, u8),
    (crate::avx2::load_f32, crate::avx2::load_wide)
);

#[inline]
#[target_feature(enable = "avx2")]
fn horizontal_sum(lanes: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}
