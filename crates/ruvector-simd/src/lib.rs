//! Distance kernels with run-time CPU dispatch, each beside a scalar twin. Never allocates, never panics, and
//! never reads past a slice; a kernel that needs a CPU feature is reachable only through a value proving it.
//!
//! ```
//! use ruvector_simd::{Metric, distance_i8};
//! let dot = distance_i8(Metric::Dot); // ask once, call often
//! assert_eq!(dot(&[3, -2], &[5, 4]), -7.0); // smaller is closer
//! ```
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod build_dot;
mod build_edge;
pub mod codes;
mod finite;
#[allow(dead_code)] // Where no instruction set is known at compile time, only the portable kernels remain.
mod fold;
mod least;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
mod norm;
mod ordered;
mod prefetch;
pub mod scalar;
pub mod scan;
mod sets;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;

pub use build_dot::{CODE_ROW_TAIL_BYTES, CodeDotFn, CodeRowFn, code_dot, code_row_distance};
pub use build_edge::{EdgeFn, EdgeLevels, EdgeSums, edge_sums};
pub use finite::is_finite;
pub use least::{LEAST_LANES, LeastFn, least};
pub use norm::{norm, normalize};
pub use ordered::OrderedKernels;
pub use prefetch::prefetch;
pub use sets::{Distances, Kernels};

/// Components up to which the kernels over bytes are exact; their sums are kept modulo 2³².
pub const BYTE_DIM_MAX: usize = 65_536;

/// How far apart two vectors are. In every metric a **smaller** value is closer.
///
/// Cosine is [`Metric::Dot`] over vectors that the caller has passed through [`normalize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Negated inner product, −Σ aᵢ·bᵢ.
    Dot,
    /// Squared Euclidean distance, Σ (aᵢ − bᵢ)².
    Euclid,
    /// Manhattan distance, Σ |aᵢ − bᵢ|.
    Manhattan,
}

/// A distance kernel: two vectors in, their distance out (smaller is closer).
///
/// Slices of unequal length are compared over their common prefix. Finite floats can still overflow to an
/// infinity, and `Dot` then even to NaN; the caller decides what that means. Bytes are summed exactly up to
/// [`BYTE_DIM_MAX`] components, and the sum is rounded once, to the nearest `f32`.
pub type DistanceFn<T = f32> = MixedFn<T, T>;

/// As [`DistanceFn`], between vectors of two types of numbers.
pub type MixedFn<A, B> = fn(&[A], &[B]) -> f32;

/// A Hamming kernel: two vectors of bits in, eight a byte, and the number of bits that differ out.
///
/// Slices of unequal length are compared over their common prefix.
pub type HammingFn = fn(&[u8], &[u8]) -> u32;

/// The fastest kernel for `metric` on this CPU. Ask once and keep the answer: the call behind the pointer does
/// no further dispatch.
///
/// Kernels of one metric differ in summation order only, so their results agree to rounding.
pub fn distance(metric: Metric) -> DistanceFn {
    Kernels::detect().f32.of(metric)
}

/// As [`distance`], over signed bytes. The same bits on every CPU.
pub fn distance_i8(metric: Metric) -> DistanceFn<i8> {
    Kernels::detect().i8.of(metric)
}

/// The fastest Hamming kernel on this CPU; keep it, as with [`distance`]. The same answer on every CPU.
pub fn hamming() -> HammingFn {
    Kernels::detect().hamming
}

/// Names the instruction set that [`distance`] and its like use here, for reports.
pub fn cpu_features() -> &'static str {
    Kernels::detect().name
}
