//! NEON kernels over f32, and over f16 widened to f32 by the CPU. Never rounds a product before adding it.

use std::arch::aarch64::*;

use crate::fold::fold;

/// The three kernels over `$element`, four components a register.
macro_rules! kernels {
    ($module:ident, $element:ty, $load:path) => {
        pub(super) mod $module {
            use super::*;

            #[target_feature(enable = "neon")]
            pub(in super::super) fn dot(a: &[$element], b: &[$element]) -> f32 {
                -sum(a, b, |sum, x, y| vfmaq_f32(sum, x, y))
            }

            #[target_feature(enable = "neon")]
            pub(in super::super) fn euclid(a: &[$element], b: &[$element]) -> f32 {
                sum(a, b, |sum, x, y| {
                    let difference = vsubq_f32(x, y);
                    vfmaq_f32(sum, difference, difference)
                })
            }

            #[target_feature(enable = "neon")]
            pub(in super::super) fn manhattan(a: &[$element], b: &[$element]) -> f32 {
                sum(a, b, |sum, x, y| vaddq_f32(sum, vabdq_f32(x, y)))
            }

            #[inline]
            #[target_feature(enable = "neon")]
            fn sum(
                a: &[$element],
                b: &[$element],
                add: impl Fn(float32x4_t, float32x4_t, float32x4_t) -> float32x4_t,
            ) -> f32 {
                let zero = vdupq_n_f32(0.0);
                let join = |x, y| vaddq_f32(x, y);
                vaddvq_f32(fold::<4, _, _, _>(
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

kernels!(single, f32, crate::neon::load_f32);
kernels!(half, ::half::f16, crate::neon::load_f16);
