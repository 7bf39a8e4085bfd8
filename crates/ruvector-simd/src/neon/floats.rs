//! NEON kernels over f32, f16 and bytes, widened to f32 by the CPU. Never rounds a product before adding it.

use std::arch::aarch64::*;

use crate::fold::fold_mixed;

/// The three kernels of `$left` and `$right`, four components a register.
macro_rules! kernels {
    ($module:ident, ($left:ty, $right:ty), ($load_left:path, $load_right:path)) => {
        pub(super) mod $module {
            use super::*;

            #[target_feature(enable = "neon")]
            pub(in super::super) fn dot(a: &[$left], b: &[$right]) -> f32 {
                -sum(a, b, |sum, x, y| vfmaq_f32(sum, x, y))
            }

            #[target_feature(enable = "neon")]
            pub(in super::super) fn euclid(a: &[$left], b: &[$right]) -> f32 {
                sum(a, b, |sum, x, y| {
                    let difference = vsubq_f32(x, y);
                    vfmaq_f32(sum, difference, difference)
                })
            }

            #[target_feature(enable = "neon")]
            pub(in super::super) fn manhattan(a: &[$left], b: &[$right]) -> f32 {
                sum(a, b, |sum, x, y| vaddq_f32(sum, vabdq_f32(x, y)))
            }

            #[inline]
            #[target_feature(enable = "neon")]
            fn sum(
                a: &[$left],
                b: &[$right],
                add: impl Fn(float32x4_t, float32x4_t, float32x4_t) -> float32x4_t,
            ) -> f32 {
                let zero = vdupq_n_f32(0.0);
                let join = |x, y| vaddq_f32(x, y);
                vaddvq_f32(fold_mixed::<4, _, _, _, _>(
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

kernels!(single, (f32, f32), (crate::neon::load_f32, crate::neon::load_f32));
kernels!(
    half,
    (::half::f16, ::half::f16),
    (crate::neon::load_f16, crate::neon::load_f16)
);
kernels!(
    single_half,
    (f32, ::half::f16),
    (crate::neon::load_f32, crate::neon::load_f16)
);
kernels!(
    single_byte,
    (f32, u8),
    (crate::neon::load_f32, crate::neon::load_wide)
);
