//! simd128 kernels over bytes: products in 16 bits, sums in 32. Exact, and never saturate.

use std::arch::wasm32::*;

use super::load_bytes;
use crate::fold::{Byte, fold};

/// Kernels over u8.
pub(super) mod unsigned {
    use super::*;

    pub(in super::super) fn dot(a: &[u8], b: &[u8]) -> f32 {
        let add = |sum, x, y| {
            let low = i32x4_dot_i16x8(u16x8_extend_low_u8x16(x), u16x8_extend_low_u8x16(y));
            let high = i32x4_dot_i16x8(u16x8_extend_high_u8x16(x), u16x8_extend_high_u8x16(y));
            i32x4_add(i32x4_add(sum, low), high)
        };
        -(sum((a, b), load_bytes, add) as f32)
    }

    pub(in super::super) fn euclid(a: &[u8], b: &[u8]) -> f32 {
        sum((a, b), load_bytes, add_square) as f32
    }

    pub(in super::super) fn manhattan(a: &[u8], b: &[u8]) -> f32 {
        sum((a, b), load_bytes, |sum, x, y| add_bytes(sum, difference(x, y))) as f32
    }
}

/// Kernels over i8.
pub(super) mod signed {
    use super::*;

    pub(in super::super) fn dot(a: &[i8], b: &[i8]) -> f32 {
        let add = |sum, x, y| {
            let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(x), i16x8_extend_low_i8x16(y));
            let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(x), i16x8_extend_high_i8x16(y));
            i32x4_add(i32x4_add(sum, low), high)
        };
        -(sum((a, b), load_bytes, add) as i32 as f32)
    }

    pub(in super::super) fn euclid(a: &[i8], b: &[i8]) -> f32 {
        sum((a, b), flipped, add_square) as f32
    }

    pub(in super::super) fn manhattan(a: &[i8], b: &[i8]) -> f32 {
        sum((a, b), flipped, |sum, x, y| add_bytes(sum, difference(x, y))) as f32
    }

    /// With their sign bits flipped, signed bytes are unsigned ones just as far apart.
    #[inline]
    fn flipped(part: &[i8]) -> v128 {
        v128_xor(load_bytes(part), i8x16_splat(i8::MIN))
    }
}

/// The number of bits that differ.
pub(super) fn hamming(a: &[u8], b: &[u8]) -> u32 {
    let add = |sum, x, y| add_bytes(sum, u8x16_popcnt(v128_xor(x, y)));
    sum((a, b), load_bytes, add)
}

/// What `add` adds to lanes of 32 bits, in all, modulo 2³².
#[inline]
fn sum<E: Byte>(
    sides: (&[E], &[E]),
    load: impl Fn(&[E]) -> v128,
    add: impl Fn(v128, v128, v128) -> v128,
) -> u32 {
    let lanes = fold::<16, _, _, _>(sides, u32x4_splat(0), load, add, |x, y| u32x4_add(x, y));
    let low = u32x4_extract_lane::<0>(lanes).wrapping_add(u32x4_extract_lane::<1>(lanes));
    let high = u32x4_extract_lane::<2>(lanes).wrapping_add(u32x4_extract_lane::<3>(lanes));
    low.wrapping_add(high)
}

#[inline]
fn difference(x: v128, y: v128) -> v128 {
    u8x16_sub(u8x16_max(x, y), u8x16_min(x, y))
}

#[inline]
fn add_square(sum: v128, x: v128, y: v128) -> v128 {
    let difference = difference(x, y);
    let low = u16x8_extend_low_u8x16(difference);
    let high = u16x8_extend_high_u8x16(difference);
    i32x4_add(
        i32x4_add(sum, i32x4_dot_i16x8(low, low)),
        i32x4_dot_i16x8(high, high),
    )
}

#[inline]
fn add_bytes(sum: v128, x: v128) -> v128 {
    u32x4_add(sum, u32x4_extadd_pairwise_u16x8(u16x8_extadd_pairwise_u8x16(x)))
}
