//! AVX2 kernels for x86_64, with FMA and F16C: eight lanes of f32, 16 or 32 bytes. Never hands out a kernel
//! without an [`Avx2`] value, which only a successful CPU check creates.
#![allow(unsafe_code)]

mod bytes;
mod floats;

use std::arch::x86_64::*;

use half::f16;

use crate::fold::{Byte, padded};
use crate::{Distances, Kernels};

/// Proof that this CPU has AVX2, FMA and F16C.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

/// A kernel as a plain function. Expanded only where an `Avx2` is at hand.
macro_rules! enter {
    ($kernel:path) => {
        // SAFETY: `Avx2::kernels` alone expands this, and has a value that exists only where `detect` found the
        // features; they do not go away.
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

impl Avx2 {
    /// Asks the CPU (std caches the answer).
    pub(crate) fn detect() -> Option<Self> {
        let present = std::is_x86_feature_detected!("avx2")
            && std::is_x86_feature_detected!("fma")
            && std::is_x86_feature_detected!("f16c");
        present.then_some(Self(()))
    }

    /// What the proof gives access to.
    pub(crate) fn kernels(self) -> Kernels {
        Kernels {
            name: "avx2+fma+f16c",
            f32: distances!(floats::single),
            f16: distances!(floats::half),
            f32_f16: distances!(floats::single_half),
            f32_u8: distances!(floats::single_byte),
            u8: distances!(bytes::unsigned),
            i8: distances!(bytes::signed),
            hamming: enter!(bytes::hamming),
        }
    }
}

/// Up to eight components; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx2")]
fn load_f32(part: &[f32]) -> __m256 {
    match part.first_chunk::<8>() {
        // SAFETY: eight components are there; the load is unaligned.
        Some(whole) => unsafe { _mm256_loadu_ps(whole.as_ptr()) },
        None => load_f32(&padded::<_, 8>(part)),
    }
}

/// Up to eight components, widened; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx2,f16c")]
fn load_f16(part: &[f16]) -> __m256 {
    match part.first_chunk::<8>() {
        // SAFETY: eight components of two bytes are there; the load is unaligned.
        Some(whole) => _mm256_cvtph_ps(unsafe { _mm_loadu_si128(whole.as_ptr().cast()) }),
        None => load_f16(&padded::<_, 8>(part)),
    }
}

/// Up to eight bytes, widened; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx2")]
fn load_wide(part: &[u8]) -> __m256 {
    match part.first_chunk::<8>() {
        Some(whole) => {
            // SAFETY: eight bytes are there; the load is unaligned.
            let bytes = unsafe { _mm_loadl_epi64(whole.as_ptr().cast()) };
            _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))
        }
        None => load_wide(&padded::<_, 8>(part)),
    }
}

/// Up to 32 bytes; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx2")]
fn load_bytes<E: Byte>(part: &[E]) -> __m256i {
    match part.first_chunk::<32>() {
        // SAFETY: 32 elements of one byte are there; the load is unaligned.
        Some(whole) => unsafe { _mm256_loadu_si256(whole.as_ptr().cast()) },
        None => load_bytes(&padded::<E, 32>(part)),
    }
}

/// Up to 16 bytes; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx2")]
fn load_half<E: Byte>(part: &[E]) -> __m128i {
    match part.first_chunk::<16>() {
        // SAFETY: 16 elements of one byte are there; the load is unaligned.
        Some(whole) => unsafe { _mm_loadu_si128(whole.as_ptr().cast()) },
        None => load_half(&padded::<E, 16>(part)),
    }
}
