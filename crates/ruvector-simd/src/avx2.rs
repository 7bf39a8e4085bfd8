//! AVX2 + FMA kernels for x86_64: four accumulators of eight lanes, unaligned loads. Never hands out a kernel
//! without an [`Avx2`] value, which only a successful CPU check creates.
#![allow(unsafe_code)]

use std::arch::x86_64::{
    __m256, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehl_ps, _mm_shuffle_ps, _mm256_add_ps,
    _mm256_andnot_ps, _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_set1_ps, _mm256_setzero_ps, _mm256_sub_ps,
};

use crate::{DistanceFn, Metric};

const LANES: usize = 8;
const UNROLLED: usize = 4 * LANES;

/// Proof that this CPU has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Asks the CPU (std caches the answer).
    pub(crate) fn detect() -> Option<Self> {
        let present = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        present.then_some(Self(()))
    }

    /// The kernel for `metric`.
    pub(crate) fn distance(self, metric: Metric) -> DistanceFn {
        // SAFETY (all three): `self` exists only where `detect` found AVX2 and FMA, and the closures are
        // reachable only through it; CPU features do not go away.
        match metric {
            // SAFETY: see above.
            Metric::Dot => |a, b| -unsafe { fold::<Product>(a, b) },
            // SAFETY: see above.
            Metric::Euclid => |a, b| unsafe { fold::<SquaredDifference>(a, b) },
            // SAFETY: see above.
            Metric::Manhattan => |a, b| unsafe { fold::<AbsoluteDifference>(a, b) },
        }
    }
}

/// One summand of a distance, on eight lanes and on one.
trait Term {
    /// `sum + term(a, b)` lane by lane.
    ///
    /// # Safety
    /// The CPU must have AVX2 and FMA.
    unsafe fn add(sum: __m256, a: __m256, b: __m256) -> __m256;
    /// `term(a, b)`.
    fn one(a: f32, b: f32) -> f32;
}

struct Product;
struct SquaredDifference;
struct AbsoluteDifference;

impl Term for Product {
    #[inline(always)]
    unsafe fn add(sum: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller vouches for AVX2 and FMA.
        unsafe { _mm256_fmadd_ps(a, b, sum) }
    }

    #[inline(always)]
    fn one(a: f32, b: f32) -> f32 {
        a * b
    }
}

impl Term for SquaredDifference {
    #[inline(always)]
    unsafe fn add(sum: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller vouches for AVX2 and FMA.
        unsafe {
            let difference = _mm256_sub_ps(a, b);
            _mm256_fmadd_ps(difference, difference, sum)
        }
    }

    #[inline(always)]
    fn one(a: f32, b: f32) -> f32 {
        (a - b) * (a - b)
    }
}

impl Term for AbsoluteDifference {
    #[inline(always)]
    unsafe fn add(sum: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the caller vouches for AVX2 and FMA.
        unsafe {
            let sign = _mm256_set1_ps(-0.0);
            _mm256_add_ps(sum, _mm256_andnot_ps(sign, _mm256_sub_ps(a, b)))
        }
    }

    #[inline(always)]
    fn one(a: f32, b: f32) -> f32 {
        (a - b).abs()
    }
}

/// Σ term(aᵢ, bᵢ) over the common prefix.
///
/// # Safety
/// The CPU must have AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
unsafe fn fold<T: Term>(a: &[f32], b: &[f32]) -> f32 {
    let len = a.len().min(b.len());
    let (left, right) = (a.as_ptr(), b.as_ptr());
    let mut sums = [_mm256_setzero_ps(); 4];
    let mut at = 0;
    while at + UNROLLED <= len {
        for (lane, sum) in sums.iter_mut().enumerate() {
            let start = at + lane * LANES;
            // SAFETY: start + 8 ≤ at + 32 ≤ len, the length of the shorter slice; loads are unaligned.
            // AVX2 and FMA are enabled for this function.
            unsafe {
                *sum = T::add(
                    *sum,
                    _mm256_loadu_ps(left.add(start)),
                    _mm256_loadu_ps(right.add(start)),
                )
            };
        }
        at += UNROLLED;
    }
    while at + LANES <= len {
        // SAFETY: at + 8 ≤ len, the length of the shorter slice; AVX2 and FMA are enabled.
        unsafe {
            sums[0] = T::add(
                sums[0],
                _mm256_loadu_ps(left.add(at)),
                _mm256_loadu_ps(right.add(at)),
            )
        };
        at += LANES;
    }
    let total = _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3]));
    let tail: f32 = a[at..len]
        .iter()
        .zip(&b[at..len])
        .map(|(&x, &y)| T::one(x, y))
        .sum();
    horizontal_sum(total) + tail
}

#[target_feature(enable = "avx2,fma")]
fn horizontal_sum(lanes: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}
