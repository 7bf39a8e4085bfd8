//! NEON kernels for aarch64: four lanes of f32, 16 bytes. Never compiled for a target without NEON, so the
//! kernels need no proof at run time.
#![allow(unsafe_code)]

mod bytes;
mod floats;

use std::arch::aarch64::*;
use std::arch::asm;

use half::f16;

use crate::fold::padded;
use crate::{Distances, Kernels};

/// A kernel as a plain function.
macro_rules! enter {
    ($kernel:path) => {
        // SAFETY: this module is compiled only where every CPU of the target has NEON.
        |a, b| unsafe { $kernel(a, b) }
    };
}

/// The kernels of one module of `floats` or `bytes`.
macro_rules! distances {
    ($($module:ident)::+) => {
        Distances {
            dot: enter!($($module)::+::dot),
            euclid: enter!($($module)::+::euclid),
            manhattan: enter!($($module)::+::manhattan),
        }
    };
}

/// The kernels of this target.
pub(crate) fn kernels() -> Kernels {
    Kernels {
        name: "neon",
        f32: distances!(floats::single),
        f16: distances!(floats::half),
        f32_f16: distances!(floats::single_half),
        f32_u8: distances!(floats::single_byte),
        u8: distances!(bytes::unsigned),
        i8: distances!(bytes::signed),
        hamming: enter!(bytes::hamming),
    }
}

/// Up to four components; zeros where there are fewer.
#[inline]
#[target_feature(enable = "neon")]
fn load_f32(part: &[f32]) -> float32x4_t {
    match part.first_chunk::<4>() {
        // SAFETY: four components are there; the load is unaligned.
        Some(whole) => unsafe { vld1q_f32(whole.as_ptr()) },
        None => load_f32(&padded::<_, 4>(part)),
    }
}

/// Up to four components, widened; zeros where there are fewer.
#[inline]
#[target_feature(enable = "neon")]
fn load_f16(part: &[f16]) -> float32x4_t {
    match part.first_chunk::<4>() {
        // SAFETY: four components are there, each of them the 16 bits of a u16; the load is unaligned.
        Some(whole) => widen(unsafe { vld1_u16(whole.as_ptr().cast()) }),
        None => load_f16(&padded::<_, 4>(part)),
    }
}

/// The four f16 of `halves` in single precision. Rust's own intrinsic is not stable: it wants the primitive f16.
#[inline]
#[target_feature(enable = "neon")]
fn widen(halves: uint16x4_t) -> float32x4_t {
    let single;
    // SAFETY: FCVTL from half precision belongs to the NEON of every ARMv8; it reads and writes registers only.
    unsafe {
        asm!(
            "fcvtl {single:v}.4s, {halves:v}.4h",
            single = lateout(vreg) single,
            halves = in(vreg) halves,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    single
}

/// Up to four bytes, widened; zeros where there are fewer.
#[inline]
#[target_feature(enable = "neon")]
fn load_wide(part: &[u8]) -> float32x4_t {
    let [a, b, c, d] = padded::<_, 4>(part).map(f32::from);
    load_f32(&[a, b, c, d])
}

/// Up to 16 bytes; zeros where there are fewer.
#[inline]
#[target_feature(enable = "neon")]
fn load_u8(part: &[u8]) -> uint8x16_t {
    match part.first_chunk::<16>() {
        // SAFETY: 16 bytes are there; the load is unaligned.
        Some(whole) => unsafe { vld1q_u8(whole.as_ptr()) },
        None => load_u8(&padded::<_, 16>(part)),
    }
}

/// Up to 16 bytes; zeros where there are fewer.
#[inline]
#[target_feature(enable = "neon")]
fn load_i8(part: &[i8]) -> int8x16_t {
    match part.first_chunk::<16>() {
        // SAFETY: 16 bytes are there; the load is unaligned.
        Some(whole) => unsafe { vld1q_s8(whole.as_ptr()) },
        None => load_i8(&padded::<_, 16>(part)),
    }
}
