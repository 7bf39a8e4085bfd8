//! simd128 kernels for WebAssembly: four lanes of f32, 16 bytes. Never compiled without the feature: a module
//! that holds an unknown instruction does not even load, so there is nothing to detect at run time.
#![allow(unsafe_code)]

mod bytes;
mod floats;

use std::arch::wasm32::*;

use half::f16;

use crate::fold::{Byte, padded};
use crate::{Distances, Kernels};

/// The kernels of one module of `floats` or `bytes`.
macro_rules! distances {
    ($($module:ident)::+) => {
        Distances {
            dot: $($module)::+::dot,
            euclid: $($module)::+::euclid,
            manhattan: $($module)::+::manhattan,
        }
    };
}

/// The kernels of this target.
pub(crate) fn kernels() -> Kernels {
    Kernels {
        name: "simd128",
        f32: distances!(floats::single),
        f16: distances!(floats::half),
        f32_f16: distances!(floats::single_half),
        f32_u8: distances!(floats::single_byte),
        u8: distances!(bytes::unsigned),
        i8: distances!(bytes::signed),
        hamming: bytes::hamming,
    }
}

/// Up to four components; zeros where there are fewer.
#[inline]
fn load_f32(part: &[f32]) -> v128 {
    match part.first_chunk::<4>() {
        // SAFETY: four components are there; the load is unaligned.
        Some(whole) => unsafe { v128_load(whole.as_ptr().cast()) },
        None => load_f32(&padded::<_, 4>(part)),
    }
}

/// Up to four components, widened; zeros where there are fewer.
#[inline]
fn load_f16(part: &[f16]) -> v128 {
    match part.first_chunk::<4>() {
        // SAFETY: four components of two bytes are there; the load is unaligned.
        Some(whole) => widen(unsafe { v128_load64_zero(whole.as_ptr().cast()) }),
        None => load_f16(&padded::<_, 4>(part)),
    }
}

/// The four f16 in the lower half of `halves` in single precision, exactly. The exponent moves by a
/// multiplication, which is right for subnormals too; infinity and NaN get theirs by hand (Giesen, "Half to
/// float done quick", 2012).
#[inline]
fn widen(halves: v128) -> v128 {
    let bits = u32x4_extend_low_u16x8(halves);
    let sign = u32x4_shl(v128_and(bits, u32x4_splat(0x8000)), 16);
    let body = u32x4_shl(v128_and(bits, u32x4_splat(0x7fff)), 13);
    let two_to_112 = u32x4_splat((127 + 112) << 23);
    let not_finite = v128_and(u32x4_ge(body, u32x4_splat(31 << 23)), u32x4_splat(255 << 23));
    v128_or(v128_or(f32x4_mul(body, two_to_112), not_finite), sign)
}

/// Up to four bytes, widened; zeros where there are fewer.
#[inline]
fn load_wide(part: &[u8]) -> v128 {
    match part.first_chunk::<4>() {
        Some(whole) => {
            // SAFETY: four bytes are there; the load is unaligned.
            let bytes = unsafe { v128_load32_zero(whole.as_ptr().cast()) };
            f32x4_convert_u32x4(u32x4_extend_low_u16x8(u16x8_extend_low_u8x16(bytes)))
        }
        None => load_wide(&padded::<_, 4>(part)),
    }
}

/// Up to 16 bytes; zeros where there are fewer.
#[inline]
fn load_bytes<E: Byte>(part: &[E]) -> v128 {
    match part.first_chunk::<16>() {
        // SAFETY: 16 elements of one byte are there; the load is unaligned.
        Some(whole) => unsafe { v128_load(whole.as_ptr().cast()) },
        None => load_bytes(&padded::<E, 16>(part)),
    }
}
