//! The kernels of each instruction set, and the choice among those that this CPU has. Never offers a kernel
//! without the proof that the CPU can run it.

use half::f16;

use crate::{HammingFn, Metric, MixedFn, scalar};

/// The distance kernels between vectors of `A` and vectors of `B`, one a metric.
#[derive(Clone, Copy, Debug)]
pub struct Distances<A, B = A> {
    /// See [`Metric::Dot`].
    pub dot: MixedFn<A, B>,
    /// See [`Metric::Euclid`].
    pub euclid: MixedFn<A, B>,
    /// See [`Metric::Manhattan`].
    pub manhattan: MixedFn<A, B>,
}

impl<A, B> Distances<A, B> {
    /// The kernel for `metric`.
    pub fn of(&self, metric: Metric) -> MixedFn<A, B> {
        match metric {
            Metric::Dot => self.dot,
            Metric::Euclid => self.euclid,
            Metric::Manhattan => self.manhattan,
        }
    }
}

/// Every distance kernel of one instruction set that this CPU has.
#[derive(Clone, Copy, Debug)]
pub struct Kernels {
    /// The instruction set, for reports.
    pub name: &'static str,
    /// Over single precision.
    pub f32: Distances<f32>,
    /// Over half precision, summed in single precision.
    pub f16: Distances<f16>,
    /// Single precision with half precision, summed in single precision.
    pub f32_f16: Distances<f32, f16>,
    /// Single precision with unsigned bytes, summed in single precision.
    pub f32_u8: Distances<f32, u8>,
    /// Over unsigned bytes; see [`crate::BYTE_DIM_MAX`].
    pub u8: Distances<u8>,
    /// Over signed bytes; see [`crate::BYTE_DIM_MAX`].
    pub i8: Distances<i8>,
    /// Bits that differ.
    pub hamming: HammingFn,
}

impl Kernels {
    /// The fastest kernels here. Ask once and keep the answer.
    pub fn detect() -> Kernels {
        Self::available().next().unwrap_or_else(scalar::kernels)
    }

    /// The kernels of every instruction set here, fastest first; the portable ones end it.
    pub fn available() -> impl Iterator<Item = Kernels> {
        vector_sets().into_iter().flatten().chain([scalar::kernels()])
    }
}

#[cfg(target_arch = "x86_64")]
fn vector_sets() -> [Option<Kernels>; 2] {
    use crate::{avx2::Avx2, avx512::Avx512};
    [
        Avx512::detect().map(Avx512::kernels),
        Avx2::detect().map(Avx2::kernels),
    ]
}

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
fn vector_sets() -> [Option<Kernels>; 1] {
    [Some(crate::neon::kernels())]
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn vector_sets() -> [Option<Kernels>; 1] {
    [Some(crate::wasm::kernels())]
}

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "wasm32", target_feature = "simd128"),
)))]
fn vector_sets() -> [Option<Kernels>; 0] {
    []
}
