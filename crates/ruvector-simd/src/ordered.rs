//! Sums in one fixed order: the same bits on every CPU, so that what is trained or encoded from them is the same
//! everywhere. Never fuses a multiplication with an addition.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Numbers that are added up side by side.
const LANES: usize = 64;

/// Kernels whose results do not depend on the CPU.
#[derive(Clone, Copy, Debug)]
pub struct OrderedKernels {
    /// Σ aᵢ·bᵢ over the common prefix: 64 running sums, of every 64th product each, then halved pairwise.
    pub dot: fn(&[f32], &[f32]) -> f32,
    /// Adds `scale·from` to `to` over the common prefix.
    pub add_scaled: fn(&mut [f32], f32, &[f32]),
}

impl OrderedKernels {
    /// The fastest kernels here. Ask once and keep the answer.
    pub fn detect() -> OrderedKernels {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            return OrderedKernels {
                // SAFETY: the CPU has AVX2.
                dot: |a, b| unsafe { dot_avx2(a, b) },
                // SAFETY: see above.
                add_scaled: |to, scale, from| unsafe { add_scaled_avx2(to, scale, from) },
            };
        }
        OrderedKernels::portable()
    }

    /// The portable twins.
    pub fn portable() -> OrderedKernels {
        OrderedKernels {
            dot: dot_portable,
            add_scaled: add_scaled_portable,
        }
    }
}

fn dot_portable(a: &[f32], b: &[f32]) -> f32 {
    let len = a.len().min(b.len());
    let (a, a_rest) = a[..len].as_chunks::<LANES>();
    let (b, b_rest) = b[..len].as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    finish(&mut sums, a_rest, b_rest)
}

/// Adds the products of the rest, fewer than 64, and halves the sums pairwise.
fn finish(sums: &mut [f32; LANES], a: &[f32], b: &[f32]) -> f32 {
    for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
        *sum += a * b;
    }
    let mut half = LANES / 2;
    while half > 0 {
        let (front, back) = sums.split_at_mut(half);
        for (front, back) in front.iter_mut().zip(back) {
            *front += *back;
        }
        half /= 2;
    }
    sums[0]
}

fn add_scaled_portable(to: &mut [f32], scale: f32, from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += scale * from;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_avx2(a: &[f32], b: &[f32]) -> f32 {
    let len = a.len().min(b.len());
    let (a, a_rest) = a[..len].as_chunks::<LANES>();
    let (b, b_rest) = b[..len].as_chunks::<LANES>();
    let mut sums = [_mm256_setzero_ps(); LANES / 8];
    for (a, b) in a.iter().zip(b) {
        let eights = a.as_chunks().0.iter().zip(b.as_chunks().0);
        for (sum, (a, b)) in sums.iter_mut().zip(eights) {
            *sum = _mm256_add_ps(*sum, _mm256_mul_ps(load(a), load(b)));
        }
    }
    if a_rest.is_empty() {
        let [a, b, c, d, e, f, g, h] = sums;
        let add = |a, b| _mm256_add_ps(a, b);
        let sum = add(add(add(a, e), add(c, g)), add(add(b, f), add(d, h)));
        let sum = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps::<1>(sum));
        let sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
        return _mm_cvtss_f32(_mm_add_ss(sum, _mm_shuffle_ps::<1>(sum, sum)));
    }
    let mut spilled = [0.0; LANES];
    for (to, sum) in spilled.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
        store(to, sum);
    }
    finish(&mut spilled, a_rest, b_rest)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_scaled_avx2(to: &mut [f32], scale: f32, from: &[f32]) {
    let len = to.len().min(from.len());
    let (to, to_rest) = to[..len].as_chunks_mut::<8>();
    let (from, from_rest) = from[..len].as_chunks::<8>();
    let scales = _mm256_set1_ps(scale);
    for (to, from) in to.iter_mut().zip(from) {
        store(to, _mm256_add_ps(load(to), _mm256_mul_ps(scales, load(from))));
    }
    add_scaled_portable(to_rest, scale, from_rest);
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn load(from: &[f32; 8]) -> __m256 {
    // SAFETY: eight numbers are there; the load is unaligned.
    unsafe { _mm256_loadu_ps(from.as_ptr()) }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn store(to: &mut [f32; 8], from: __m256) {
    // SAFETY: room for eight numbers is there; the store is unaligned.
    unsafe { _mm256_storeu_ps(to.as_mut_ptr(), from) }
}

#[cfg(test)]
mod tests {
    //! Goal: the fast kernels give the twins' bits. Method: random vectors of every length class.
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn same_bits(pairs in prop::collection::vec((-9.0f32..9.0, -9.0f32..9.0), 0..400), scale in -3.0f32..3.0) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let (fast, twin) = (OrderedKernels::detect(), OrderedKernels::portable());
            prop_assert_eq!((fast.dot)(&a, &b).to_bits(), (twin.dot)(&a, &b).to_bits());
            let (mut one, mut other) = (a.clone(), a.clone());
            (fast.add_scaled)(&mut one, scale, &b);
            (twin.add_scaled)(&mut other, scale, &b);
            prop_assert_eq!(one, other);
        }
    }
}
