//! AVX-512 kernels for x86_64: sixteen lanes of f32, 64 bytes. Never hands out a kernel without an [`Avx512`]
//! value, which only a successful CPU check creates.
//!
//! One level only, what Ice Lake and Zen 4 brought: older CPUs with AVX-512 lower their clock for it, and run
//! the AVX2 kernels instead.
#![allow(unsafe_code)]

mod bytes;
mod floats;

use std::arch::x86_64::*;

use crate::avx2::Avx2;
use crate::fold::Byte;
use crate::{Distances, Kernels};

/// Proof that this CPU has AVX-512 F, BW, VL, VNNI and VPOPCNTDQ, and what AVX2 kernels need.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(Avx2);

/// A kernel as a plain function. Expanded only where an `Avx512` is at hand.
macro_rules! enter {
    ($kernel:path) => {
        // SAFETY: `Avx512::kernels` alone expands this, and has a value that exists only where `detect` found the
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

impl Avx512 {
    /// Asks the CPU (std caches the answer).
    pub(crate) fn detect() -> Option<Self> {
        let present = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512vnni")
            && std::is_x86_feature_detected!("avx512vpopcntdq");
        Avx2::detect().filter(|_| present).map(Self)
    }

    /// What the proof gives access to.
    pub(crate) fn kernels(self) -> Kernels {
        Kernels {
            name: "avx512+vnni",
            f32: distances!(floats),
            // Widening f16 to sixteen lanes takes 1.1 to 1.5 times as long as twice to eight (Zen 4).
            f16: self.0.kernels().f16,
            f32_f16: self.0.kernels().f32_f16,
            f32_u8: self.0.kernels().f32_u8,
            u8: distances!(bytes::unsigned),
            i8: distances!(bytes::signed),
            hamming: enter!(bytes::hamming),
        }
    }
}

/// Up to sixteen components; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_f32(part: &[f32]) -> __m512 {
    match part.first_chunk::<16>() {
        // SAFETY: sixteen components are there; the load is unaligned.
        Some(whole) => unsafe { _mm512_loadu_ps(whole.as_ptr()) },
        // SAFETY: the mask selects the first `part.len()` lanes, and no other lane is read.
        None => unsafe { _mm512_maskz_loadu_ps((1 << part.len()) - 1, part.as_ptr()) },
    }
}

/// Up to 64 bytes; zeros where there are fewer.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_bytes<E: Byte>(part: &[E]) -> __m512i {
    match part.first_chunk::<64>() {
        // SAFETY: 64 elements of one byte are there; the load is unaligned.
        Some(whole) => unsafe { _mm512_loadu_si512(whole.as_ptr().cast()) },
        // SAFETY: the mask selects the first `part.len()` bytes, and no other is read.
        None => unsafe { _mm512_maskz_loadu_epi8((1 << part.len()) - 1, part.as_ptr().cast()) },
    }
}
