//! Distance kernels with run-time CPU dispatch, each beside a scalar twin. Never allocates, never panics, and
//! never reads past a slice; a kernel that needs a CPU feature is reachable only through a value proving it.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod build_dot;
mod build_edge;
pub mod codes;
mod finite;
mod norm;
mod prefetch;
pub mod scalar;

pub use build_dot::{CODE_ROW_TAIL_BYTES, CodeDotFn, CodeRowFn, code_dot, code_row_distance};
pub use build_edge::{EdgeFn, EdgeSums, edge_sums};
pub use finite::is_finite;
pub use norm::{norm, normalize};
pub use prefetch::prefetch;

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
/// Slices of unequal length are compared over their common prefix. Finite input can still overflow to an
/// infinity, and `Dot` then even to NaN; the caller decides what that means.
pub type DistanceFn = fn(&[f32], &[f32]) -> f32;

/// The fastest kernel for `metric` on this CPU. Ask once and keep the answer: the call behind the pointer does
/// no further dispatch.
///
/// Kernels of one metric differ in summation order only, so their results agree to rounding.
pub fn distance(metric: Metric) -> DistanceFn {
    #[cfg(target_arch = "x86_64")]
    if let Some(cpu) = avx2::Avx2::detect() {
        return cpu.distance(metric);
    }
    scalar::distance(metric)
}

/// Names the instruction set that [`distance`] uses here, for reports.
pub fn cpu_features() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if avx2::Avx2::detect().is_some() {
        return "avx2+fma";
    }
    "scalar"
}
