//! Portable twins of every distance kernel: the reference in tests and the fallback on other CPUs. Never uses
//! intrinsics; independent accumulators let the compiler vectorise with whatever the target has.

use crate::{DistanceFn, Metric};

const LANES: usize = 8;

/// The portable kernel for `metric`; see [`crate::distance`] for the contract.
pub fn distance(metric: Metric) -> DistanceFn {
    match metric {
        Metric::Dot => dot,
        Metric::Euclid => euclid,
        Metric::Manhattan => manhattan,
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    -fold(a, b, |x, y| x * y)
}

fn euclid(a: &[f32], b: &[f32]) -> f32 {
    fold(a, b, |x, y| (x - y) * (x - y))
}

fn manhattan(a: &[f32], b: &[f32]) -> f32 {
    fold(a, b, |x, y| (x - y).abs())
}

/// Σ term(aᵢ, bᵢ) over the common prefix.
#[inline(always)]
fn fold(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let len = a.len().min(b.len());
    let (a_lanes, a_tail) = a[..len].as_chunks::<LANES>();
    let (b_lanes, b_tail) = b[..len].as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (x, y) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += term(x[lane], y[lane]);
        }
    }
    let tail: f32 = a_tail.iter().zip(b_tail).map(|(&x, &y)| term(x, y)).sum();
    sums.iter().sum::<f32>() + tail
}
