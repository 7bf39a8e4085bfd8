//! The position of the least of many numbers: what a frontier of candidates asks at every step. Never reads past the
//! slice.
#![allow(unsafe_code)]

/// Finds the first position of the least number of a slice that holds no NaN; 0 for an empty one.
pub type LeastFn = fn(&[f32]) -> usize;

/// Numbers that one step of every kernel takes in: slices of a multiple of this length are found in fastest.
pub const LEAST_LANES: usize = 16;

/// The fastest kernel here. Ask once and keep the answer.
pub fn least() -> LeastFn {
    all_least().swap_remove(0).1
}

/// All kernels that this CPU can run with their names, the fastest first; the scalar twin ends it.
fn all_least() -> Vec<(&'static str, LeastFn)> {
    let mut all: Vec<(&'static str, LeastFn)> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has the feature.
            all.push(("avx512", |numbers| unsafe { x86::avx512(numbers) }));
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has the feature.
            all.push(("avx2", |numbers| unsafe { x86::avx2(numbers) }));
        }
    }
    all.push(("scalar", scalar));
    all
}

fn scalar(numbers: &[f32]) -> usize {
    let mut least = (0, f32::INFINITY);
    for (at, number) in numbers.iter().enumerate() {
        if *number < least.1 {
            least = (at, *number);
        }
    }
    least.0
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{LEAST_LANES, scalar};

    /// # Safety
    /// The CPU must have AVX-512 F.
    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512(numbers: &[f32]) -> usize {
        let (steps, []) = numbers.as_chunks::<LEAST_LANES>() else {
            return scalar(numbers);
        };
        // SAFETY: a step is sixteen numbers long, and loads may be unaligned.
        let load = |step: &[f32; LEAST_LANES]| unsafe { _mm512_loadu_ps(step.as_ptr()) };
        let infinity = _mm512_set1_ps(f32::INFINITY);
        let mut least = infinity;
        for step in steps {
            least = _mm512_min_ps(least, load(step));
        }
        let least = _mm512_set1_ps(_mm512_reduce_min_ps(least));
        for (at, step) in steps.iter().enumerate() {
            let equal = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(load(step), least);
            if equal != 0 {
                return at * LEAST_LANES + equal.trailing_zeros() as usize;
            }
        }
        0
    }

    /// # Safety
    /// The CPU must have AVX2.
    #[target_feature(enable = "avx2")]
    pub(super) fn avx2(numbers: &[f32]) -> usize {
        let (steps, []) = numbers.as_chunks::<LEAST_LANES>() else {
            return scalar(numbers);
        };
        // SAFETY: both halves of a step are eight numbers long, and loads may be unaligned.
        let load = |step: &[f32; LEAST_LANES], half: usize| unsafe {
            _mm256_loadu_ps(step[8 * half..8 * half + 8].as_ptr())
        };
        let infinity = _mm256_set1_ps(f32::INFINITY);
        let [mut front, mut back] = [infinity; 2];
        for step in steps {
            front = _mm256_min_ps(front, load(step, 0));
            back = _mm256_min_ps(back, load(step, 1));
        }
        let all = _mm256_min_ps(front, back);
        let half = _mm_min_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all));
        let pair = _mm_min_ps(half, _mm_movehl_ps(half, half));
        let one = _mm_min_ss(pair, _mm_shuffle_ps::<1>(pair, pair));
        let least = _mm256_broadcastss_ps(one);
        for (at, step) in steps.iter().enumerate() {
            let equal = |half| {
                let mask = _mm256_cmp_ps::<_CMP_EQ_OQ>(load(step, half), least);
                _mm256_movemask_ps(mask) as u32
            };
            let equal = equal(0) | equal(1) << 8;
            if equal != 0 {
                return at * LEAST_LANES + equal.trailing_zeros() as usize;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    //! Goal: every kernel gives the first position of the least. Method: random slices with ties and infinities,
    //! against a search from the front.
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn kernels_agree(numbers in prop::collection::vec(
            prop_oneof![(-4i8..4).prop_map(f32::from), Just(f32::INFINITY), any::<i16>().prop_map(f32::from)],
            0..200,
        )) {
            let whole = numbers.len() / LEAST_LANES * LEAST_LANES;
            for part in [&numbers[..], &numbers[..whole]] {
                let first = part.iter().enumerate().rev().min_by(|(at, a), (other, b)| {
                    a.total_cmp(b).then(at.cmp(other))
                });
                let first = first.map_or(0, |(at, _)| at);
                for (name, least) in all_least() {
                    prop_assert_eq!(least(part), first, "{}", name);
                }
            }
        }
    }
}
