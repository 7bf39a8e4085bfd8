//! simd128 code kernels for WebAssembly. Never compiled without the feature, so they need no proof at run time.
#![allow(unsafe_code)]

use std::arch::wasm32::*;

use super::quads::{self, Quad};
use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeKernels, fits};
use crate::fold::Byte;

/// The kernels of this target.
pub(super) fn kernels() -> CodeKernels {
    CodeKernels {
        name: "simd128",
        estimate,
        dot,
        prepare: quads::prepare::<v128>,
        rotate: quads::rotate::<v128>,
    }
}

fn estimate(query: &BlockQuery, block: &[u8], scale: BlockScale, out: &mut [f32; BLOCK_NEIGHBORS]) -> u32 {
    if !fits(query, block) {
        return 0;
    }
    let (factors, codes) = block.split_at(BLOCK_FACTOR_BYTES);
    let (mul, add) = factors.split_at(BLOCK_FACTOR_BYTES / 2);
    let factors = mul.as_chunks().0.iter().zip(add.as_chunks().0);
    let unit = f32x4_splat(query.unit * scale.mul);
    let least = f32x4_splat(query.least * scale.mul);
    let (base, per_add, below) = (
        f32x4_splat(scale.base),
        f32x4_splat(scale.add),
        f32x4_splat(scale.below),
    );
    let mut mask = 0;
    let sums = level_sums(&query.levels, codes);
    let fours = sums.into_iter().zip(factors).zip(out.as_chunks_mut().0);
    for (four, ((sums, (mul, add)), out)) in fours.enumerate() {
        let signed = least.plus(f32x4_convert_u32x4(sums).times(unit));
        let estimate = base
            .plus(widen(add).times(per_add))
            .plus(widen(mul).times(signed));
        estimate.store(out);
        mask |= u32::from(i32x4_bitmask(f32x4_lt(estimate, below))) << (4 * four);
    }
    mask
}

/// The level sums of 32 neighbours, in order.
#[inline]
fn level_sums(levels: &[u8], codes: &[u8]) -> [v128; 8] {
    let low_half = u8x16_splat(15);
    // Sums of neighbours 0–15 and 16–31: `all` adds pairs of bytes as u16 and carries between them, `odd` the odd
    // bytes alone; the even ones follow.
    let [mut all_0, mut odd_0, mut all_1, mut odd_1] = [u16x8_splat(0); 4];
    for (levels, codes) in levels.as_chunks().0.iter().zip(codes.as_chunks().0) {
        let (table, code) = (load_bytes(levels), load_bytes(codes));
        let found_0 = u8x16_swizzle(table, v128_and(code, low_half));
        let found_1 = u8x16_swizzle(table, u8x16_shr(code, 4));
        all_0 = u16x8_add(all_0, found_0);
        odd_0 = u16x8_add(odd_0, u16x8_shr(found_0, 8));
        all_1 = u16x8_add(all_1, found_1);
        odd_1 = u16x8_add(odd_1, u16x8_shr(found_1, 8));
    }
    let [a, b, c, d] = in_order(all_0, odd_0);
    let [e, f, g, h] = in_order(all_1, odd_1);
    [a, b, c, d, e, f, g, h]
}

/// Sums of sixteen neighbours as u32.
#[inline]
fn in_order(all: v128, odd: v128) -> [v128; 4] {
    let even = u16x8_sub(all, u16x8_shl(odd, 8));
    let front = u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(even, odd);
    let back = u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(even, odd);
    [
        u32x4_extend_low_u16x8(front),
        u32x4_extend_high_u16x8(front),
        u32x4_extend_low_u16x8(back),
        u32x4_extend_high_u16x8(back),
    ]
}

#[inline]
fn load_bytes<E: Byte>(from: &[E; 16]) -> v128 {
    // SAFETY: 16 elements of one byte are there; the load is unaligned.
    unsafe { v128_load(from.as_ptr().cast()) }
}

/// Four f16 in single precision, exactly. The exponent moves by a multiplication, which is right for subnormals too;
/// infinity and NaN get theirs by hand (Giesen, "Half to float done quick", 2012).
#[inline]
fn widen(halves: &[u8; 8]) -> v128 {
    // SAFETY: eight bytes are there; the load is unaligned.
    let bits = unsafe { u32x4_load_extend_u16x4(halves.as_ptr().cast()) };
    let sign = u32x4_shl(v128_and(bits, u32x4_splat(0x8000)), 16);
    let body = u32x4_shl(v128_and(bits, u32x4_splat(0x7fff)), 13);
    let two_to_112 = u32x4_splat((127 + 112) << 23);
    let not_finite = v128_and(u32x4_ge(body, u32x4_splat(31 << 23)), u32x4_splat(255 << 23));
    v128_or(v128_or(f32x4_mul(body, two_to_112), not_finite), sign)
}

fn dot(query: &[f32], code: &[i8]) -> f32 {
    let len = query.len().min(code.len());
    let (query, query_tail) = query[..len].as_chunks::<16>();
    let (code, code_tail) = code[..len].as_chunks::<16>();
    let mut sums = [f32x4_splat(0.0); 4];
    for (query, code) in query.iter().zip(code) {
        let code = load_bytes(code);
        let (low, high) = (i16x8_extend_low_i8x16(code), i16x8_extend_high_i8x16(code));
        let values = [
            i32x4_extend_low_i16x8(low),
            i32x4_extend_high_i16x8(low),
            i32x4_extend_low_i16x8(high),
            i32x4_extend_high_i16x8(high),
        ];
        for ((sum, value), query) in sums.iter_mut().zip(values).zip(query.as_chunks().0) {
            *sum = sum.plus(f32x4_convert_i32x4(value).times(Quad::load(query)));
        }
    }
    let [even, odd] = sums[0].plus(sums[1]).unzip(sums[2].plus(sums[3]));
    let sum = even.plus(odd);
    (f32x4_extract_lane::<0>(sum) + f32x4_extract_lane::<1>(sum))
        + (f32x4_extract_lane::<2>(sum) + f32x4_extract_lane::<3>(sum))
        + super::scalar::dot(query_tail, code_tail)
}

/// A method that is one instruction.
macro_rules! instruction {
    ($($name:ident($($other:ident)?) = $intrinsic:ident;)*) => { $(
        #[inline(always)]
        fn $name(self, $($other: Self)?) -> Self {
            $intrinsic(self, $($other)?)
        }
    )* };
}

impl Quad for v128 {
    instruction! {
        plus(other) = f32x4_add;
        minus(other) = f32x4_sub;
        times(other) = f32x4_mul;
        magnitude() = f32x4_abs;
    }

    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: four numbers are there; the load is unaligned.
        unsafe { v128_load(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: room for four numbers is there; the store is unaligned.
        unsafe { v128_store(to.as_mut_ptr().cast(), self) }
    }

    #[inline(always)]
    fn splat(number: f32) -> Self {
        f32x4_splat(number)
    }

    /// Of numbers that do not compare the first: [`f32x4_pmax`] is `if first < second { second } else { first }`.
    #[inline(always)]
    fn or_zero(self) -> Self {
        f32x4_pmax(f32x4_splat(0.0), self)
    }

    /// As [`Quad::or_zero`].
    #[inline(always)]
    fn at_most(self, most: Self) -> Self {
        f32x4_pmin(most, self)
    }

    #[inline(always)]
    fn unzip(self, other: Self) -> [Self; 2] {
        [
            u32x4_shuffle::<0, 2, 4, 6>(self, other),
            u32x4_shuffle::<1, 3, 5, 7>(self, other),
        ]
    }

    #[inline(always)]
    fn splats(self) -> [Self; 4] {
        [
            u32x4_shuffle::<0, 0, 0, 0>(self, self),
            u32x4_shuffle::<1, 1, 1, 1>(self, self),
            u32x4_shuffle::<2, 2, 2, 2>(self, self),
            u32x4_shuffle::<3, 3, 3, 3>(self, self),
        ]
    }

    #[inline(always)]
    fn round(numbers: [Self; 4], to: &mut [u8; 16]) {
        // Adding 2²³ leaves the nearest integer in the low bits (IEEE 754, round to even).
        let rounding = f32x4_splat(8_388_608.0);
        let [a, b, c, d] = numbers.map(|four| v128_xor(four.plus(rounding), rounding));
        let bytes = u8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        // SAFETY: room for 16 bytes is there; the store is unaligned.
        unsafe { v128_store(to.as_mut_ptr().cast(), bytes) }
    }
}
