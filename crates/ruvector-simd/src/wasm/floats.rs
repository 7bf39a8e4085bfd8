//! simd128 kernels over f32, f16 and bytes, widened to f32. Never uses a fused multiply-add: simd128 has none.

use std::arch::wasm32::*;

use crate::fold::fold_mixed;

/// The three kernels of `$left` and `$right`, four components a register.
macro_rules! kernels {
    ($module:ident, ($left:ty, $right:ty), ($load_left:path, $load_right:path)) => {
        pub(super) mod $module {
            use super::*;

            pub(in super::super) fn dot(a: &[$left], b: &[$right]) -> f32 {
                -sum(a, b, |sum, x, y| f32x4_add(sum, f32x4_mul(x, y)))
            }

            pub(in super::super) fn euclid(a: &[$left], b: &[$right]) -> f32 {
                sum(a, b, |sum, x, y| {
                    let difference = f32x4_sub(x, y);
                    f32x4_add(sum, f32x4_mul(difference, difference))
                })
            }

            pub(in super::super) fn manhattan(a: &[$left], b: &[$right]) -> f32 {
                sum(a, b, |sum, x, y| f32x4_add(sum, f32x4_abs(f32x4_sub(x, y))))
            }

            #[inline]
            fn sum(a: &[$left], b: &[$right], add: impl Fn(v128, v128, v128) -> v128) -> f32 {
                let sums = fold_mixed::<4, _, _, _, _>(
                    (a, b),
                    f32x4_splat(0.0),
                    ($load_left, $load_right),
                    add,
                    |x, y| f32x4_add(x, y),
                );
                (f32x4_extract_lane::<0>(sums) + f32x4_extract_lane::<1>(sums))
                    + (f32x4_extract_lane::<2>(sums) + f32x4_extract_lane::<3>(sums))
            }
        }
    };
}

kernels!(single, (f32, f32), (crate::wasm::load_f32, crate::wasm::load_f32));
kernels!(
    half,
    (::half::f16, ::half::f16),
    (crate::wasm::load_f16, crate::wasm::load_f16)
);
kernels!(
    single_half,
    (f32, ::half::f16),
    (crate::wasm::load_f32, crate::wasm::load_f16)
);
kernels!(
    single_byte,
    (f32, u8),
    (crate::wasm::load_f32, crate::wasm::load_wide)
);
