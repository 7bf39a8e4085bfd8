//! simd128 kernels over f32, and over f16 widened to f32. Never uses a fused multiply-add: simd128 has none.

use std::arch::wasm32::*;

use crate::fold::fold;

/// The three kernels over `$element`, four components a register.
macro_rules! kernels {
    ($module:ident, $element:ty, $load:path) => {
        pub(super) mod $module {
            use super::*;

            pub(in super::super) fn dot(a: &[$element], b: &[$element]) -> f32 {
                -sum(a, b, |sum, x, y| f32x4_add(sum, f32x4_mul(x, y)))
            }

            pub(in super::super) fn euclid(a: &[$element], b: &[$element]) -> f32 {
                sum(a, b, |sum, x, y| {
                    let difference = f32x4_sub(x, y);
                    f32x4_add(sum, f32x4_mul(difference, difference))
                })
            }

            pub(in super::super) fn manhattan(a: &[$element], b: &[$element]) -> f32 {
                sum(a, b, |sum, x, y| f32x4_add(sum, f32x4_abs(f32x4_sub(x, y))))
            }

            #[inline]
            fn sum(a: &[$element], b: &[$element], add: impl Fn(v128, v128, v128) -> v128) -> f32 {
                let sums = fold::<4, _, _, _>((a, b), f32x4_splat(0.0), $load, add, |x, y| f32x4_add(x, y));
                (f32x4_extract_lane::<0>(sums) + f32x4_extract_lane::<1>(sums))
                    + (f32x4_extract_lane::<2>(sums) + f32x4_extract_lane::<3>(sums))
            }
        }
    };
}

kernels!(single, f32, crate::wasm::load_f32);
kernels!(half, ::half::f16, crate::wasm::load_f16);
