//! NEON kernels over bytes: products in 16 bits, sums in 32. Exact, and never saturate.

use std::arch::aarch64::*;

use super::{load_i8, load_u8};
use crate::fold::fold;

/// Kernels over u8.
pub(super) mod unsigned {
    use super::*;

    #[target_feature(enable = "neon")]
    pub(in super::super) fn dot(a: &[u8], b: &[u8]) -> f32 {
        -(sum((a, b), |part| load_u8(part), |sum, x, y| add_products(sum, x, y)) as f32)
    }

    #[target_feature(enable = "neon")]
    pub(in super::super) fn euclid(a: &[u8], b: &[u8]) -> f32 {
        let load = |part: &[u8]| load_u8(part);
        sum((a, b), load, |sum, x, y| add_square(sum, vabdq_u8(x, y))) as f32
    }

    #[target_feature(enable = "neon")]
    pub(in super::super) fn manhattan(a: &[u8], b: &[u8]) -> f32 {
        let load = |part: &[u8]| load_u8(part);
        sum((a, b), load, |sum, x, y| add_bytes(sum, vabdq_u8(x, y))) as f32
    }
}

/// Kernels over i8.
pub(super) mod signed {
    use super::*;

    #[target_feature(enable = "neon")]
    pub(in super::super) fn dot(a: &[i8], b: &[i8]) -> f32 {
        let add = |sum, x, y| {
            let low = vmull_s8(vget_low_s8(x), vget_low_s8(y));
            vpadalq_s16(vpadalq_s16(sum, low), vmull_high_s8(x, y))
        };
        let join = |x, y| vaddq_s32(x, y);
        -(vaddvq_s32(fold::<16, _, _, _>(
            (a, b),
            vdupq_n_s32(0),
            |part| load_i8(part),
            add,
            join,
        )) as f32)
    }

    #[target_feature(enable = "neon")]
    pub(in super::super) fn euclid(a: &[i8], b: &[i8]) -> f32 {
        sum(
            (a, b),
            |part| flipped(part),
            |sum, x, y| add_square(sum, vabdq_u8(x, y)),
        ) as f32
    }

    #[target_feature(enable = "neon")]
    pub(in super::super) fn manhattan(a: &[i8], b: &[i8]) -> f32 {
        sum(
            (a, b),
            |part| flipped(part),
            |sum, x, y| add_bytes(sum, vabdq_u8(x, y)),
        ) as f32
    }

    /// With their sign bits flipped, signed bytes are unsigned ones just as far apart.
    #[inline]
    #[target_feature(enable = "neon")]
    fn flipped(part: &[i8]) -> uint8x16_t {
        veorq_u8(vreinterpretq_u8_s8(load_i8(part)), vdupq_n_u8(0x80))
    }
}

/// The number of bits that differ.
#[target_feature(enable = "neon")]
pub(super) fn hamming(a: &[u8], b: &[u8]) -> u32 {
    let load = |part: &[u8]| load_u8(part);
    sum((a, b), load, |sum, x, y| add_bytes(sum, vcntq_u8(veorq_u8(x, y))))
}

/// What `add` adds to lanes of 32 bits, in all, modulo 2³².
#[inline]
#[target_feature(enable = "neon")]
fn sum<E>(
    sides: (&[E], &[E]),
    load: impl Fn(&[E]) -> uint8x16_t,
    add: impl Fn(uint32x4_t, uint8x16_t, uint8x16_t) -> uint32x4_t,
) -> u32 {
    let join = |x, y| vaddq_u32(x, y);
    vaddvq_u32(fold::<16, _, _, _>(sides, vdupq_n_u32(0), load, add, join))
}

#[inline]
#[target_feature(enable = "neon")]
fn add_products(sum: uint32x4_t, x: uint8x16_t, y: uint8x16_t) -> uint32x4_t {
    let low = vmull_u8(vget_low_u8(x), vget_low_u8(y));
    vpadalq_u16(vpadalq_u16(sum, low), vmull_high_u8(x, y))
}

#[inline]
#[target_feature(enable = "neon")]
fn add_square(sum: uint32x4_t, x: uint8x16_t) -> uint32x4_t {
    add_products(sum, x, x)
}

#[inline]
#[target_feature(enable = "neon")]
fn add_bytes(sum: uint32x4_t, x: uint8x16_t) -> uint32x4_t {
    vpadalq_u16(sum, vpaddlq_u8(x))
}
