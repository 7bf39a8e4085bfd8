//! NEON code kernels for aarch64. Never compiled for a target without NEON, so they need no proof at run time.
#![allow(unsafe_code)]

use std::arch::aarch64::*;
use std::arch::asm;

use super::quads::{self, Quad};
use super::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, BlockQuery, BlockScale, CodeKernels, fits};

/// The kernels of this target.
pub(super) fn kernels() -> CodeKernels {
    CodeKernels {
        name: "neon",
        estimate: |query, block, scale, out| {
            if !fits(query, block) {
                return 0;
            }
            // SAFETY: this module is compiled only where every CPU of the target has NEON.
            unsafe { estimate(query, block, scale, out) }
        },
        // SAFETY: see above.
        dot: |query, code| unsafe { dot(query, code) },
        prepare: quads::prepare::<float32x4_t>,
        rotate: quads::rotate::<float32x4_t>,
    }
}

/// For a block that fits the query.
#[target_feature(enable = "neon")]
fn estimate(query: &BlockQuery, block: &[u8], scale: BlockScale, out: &mut [f32; BLOCK_NEIGHBORS]) -> u32 {
    let (factors, codes) = block.split_at(BLOCK_FACTOR_BYTES);
    let (mul, add) = factors.split_at(BLOCK_FACTOR_BYTES / 2);
    let factors = mul.as_chunks().0.iter().zip(add.as_chunks().0);
    let unit = vdupq_n_f32(query.unit * scale.mul);
    let least = vdupq_n_f32(query.least * scale.mul);
    let (base, per_add, below) = (
        vdupq_n_f32(scale.base),
        vdupq_n_f32(scale.add),
        vdupq_n_f32(scale.below),
    );
    let mut found = vdupq_n_u32(0);
    let mut places = first_places();
    let sums = level_sums(&query.levels, codes);
    for ((sums, (mul, add)), out) in sums.into_iter().zip(factors).zip(out.as_chunks_mut().0) {
        let signed = vfmaq_f32(least, vcvtq_f32_u32(sums), unit);
        let estimate = vfmaq_f32(vfmaq_f32(base, widen(add), per_add), widen(mul), signed);
        estimate.store(out);
        found = vorrq_u32(found, vandq_u32(vcltq_f32(estimate, below), places));
        places = vshlq_n_u32::<4>(places);
    }
    // Each place has its own bit: the sum is their union.
    vaddvq_u32(found)
}

/// The bits of four places.
#[inline]
#[target_feature(enable = "neon")]
fn first_places() -> uint32x4_t {
    // SAFETY: four numbers are there.
    unsafe { vld1q_u32([1, 2, 4, 8].as_ptr()) }
}

/// The level sums of 32 neighbours, in order.
#[inline]
#[target_feature(enable = "neon")]
fn level_sums(levels: &[u8], codes: &[u8]) -> [uint32x4_t; 8] {
    let low_half = vdupq_n_u8(15);
    let mut sums = [vdupq_n_u16(0); 4];
    for (levels, codes) in levels.as_chunks().0.iter().zip(codes.as_chunks().0) {
        let (table, code) = (load_bytes(levels), load_bytes(codes));
        let low = vqtbl1q_u8(table, vandq_u8(code, low_half));
        let high = vqtbl1q_u8(table, vshrq_n_u8::<4>(code));
        sums[0] = vaddw_u8(sums[0], vget_low_u8(low));
        sums[1] = vaddw_high_u8(sums[1], low);
        sums[2] = vaddw_u8(sums[2], vget_low_u8(high));
        sums[3] = vaddw_high_u8(sums[3], high);
    }
    let [a, b, c, d] = sums.map(|eight| [vmovl_u16(vget_low_u16(eight)), vmovl_high_u16(eight)]);
    [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
}

#[inline]
#[target_feature(enable = "neon")]
fn load_bytes(from: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are there; the load is unaligned.
    unsafe { vld1q_u8(from.as_ptr()) }
}

/// Four f16 in single precision. Rust's own intrinsic is not stable: it wants the primitive f16.
#[inline]
#[target_feature(enable = "neon")]
fn widen(halves: &[u8; 8]) -> float32x4_t {
    let single;
    // SAFETY: eight bytes are there. FCVTL from half precision belongs to the NEON of every ARMv8; it reads and
    // writes registers only.
    unsafe {
        asm!(
            "fcvtl {single:v}.4s, {halves:v}.4h",
            single = lateout(vreg) single,
            halves = in(vreg) vld1_u8(halves.as_ptr()),
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    single
}

#[target_feature(enable = "neon")]
fn dot(query: &[f32], code: &[i8]) -> f32 {
    let len = query.len().min(code.len());
    let (query, query_tail) = query[..len].as_chunks::<16>();
    let (code, code_tail) = code[..len].as_chunks::<16>();
    let mut sums = [vdupq_n_f32(0.0); 4];
    for (query, code) in query.iter().zip(code) {
        // SAFETY: 16 bytes are there; the load is unaligned.
        let code = unsafe { vld1q_s8(code.as_ptr()) };
        let (low, high) = (vmovl_s8(vget_low_s8(code)), vmovl_high_s8(code));
        let values = [
            vmovl_s16(vget_low_s16(low)),
            vmovl_high_s16(low),
            vmovl_s16(vget_low_s16(high)),
            vmovl_high_s16(high),
        ];
        for ((sum, value), query) in sums.iter_mut().zip(values).zip(query.as_chunks().0) {
            *sum = vfmaq_f32(*sum, vcvtq_f32_s32(value), Quad::load(query));
        }
    }
    let sum = vaddq_f32(vaddq_f32(sums[0], sums[1]), vaddq_f32(sums[2], sums[3]));
    vaddvq_f32(sum) + super::scalar::dot(query_tail, code_tail)
}

/// A method that is one instruction.
macro_rules! instruction {
    ($($name:ident($($other:ident)?) = $intrinsic:ident;)*) => { $(
        #[inline(always)]
        fn $name(self, $($other: Self)?) -> Self {
            // SAFETY: this module is compiled only where every CPU of the target has NEON.
            unsafe { $intrinsic(self, $($other)?) }
        }
    )* };
}

impl Quad for float32x4_t {
    instruction! {
        plus(other) = vaddq_f32;
        minus(other) = vsubq_f32;
        times(other) = vmulq_f32;
        magnitude() = vabsq_f32;
        at_most(most) = vminnmq_f32;
    }

    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: four numbers are there; the target has NEON.
        unsafe { vld1q_f32(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: room for four numbers is there; the target has NEON.
        unsafe { vst1q_f32(to.as_mut_ptr(), self) }
    }

    #[inline(always)]
    fn splat(number: f32) -> Self {
        // SAFETY: the target has NEON.
        unsafe { vdupq_n_f32(number) }
    }

    #[inline(always)]
    fn or_zero(self) -> Self {
        // SAFETY: the target has NEON.
        unsafe { vmaxnmq_f32(self, vdupq_n_f32(0.0)) }
    }

    #[inline(always)]
    fn unzip(self, other: Self) -> [Self; 2] {
        // SAFETY: the target has NEON.
        unsafe { [vuzp1q_f32(self, other), vuzp2q_f32(self, other)] }
    }

    #[inline(always)]
    fn splats(self) -> [Self; 4] {
        // SAFETY: the target has NEON.
        unsafe {
            [
                vdupq_laneq_f32::<0>(self),
                vdupq_laneq_f32::<1>(self),
                vdupq_laneq_f32::<2>(self),
                vdupq_laneq_f32::<3>(self),
            ]
        }
    }

    #[inline(always)]
    fn round(numbers: [Self; 4], to: &mut [u8; 16]) {
        // SAFETY: room for 16 bytes is there; the target has NEON.
        unsafe {
            let [a, b, c, d] = numbers.map(|four| vreinterpretq_u16_u32(vcvtnq_u32_f32(four)));
            let (front, back) = (vuzp1q_u16(a, b), vuzp1q_u16(c, d));
            let bytes = vuzp1q_u8(vreinterpretq_u8_u16(front), vreinterpretq_u8_u16(back));
            vst1q_u8(to.as_mut_ptr(), bytes);
        }
    }
}
