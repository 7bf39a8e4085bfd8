//! Portable twins of every distance kernel: the reference in tests and the fallback on other CPUs. Never uses
//! intrinsics; independent accumulators let the compiler vectorise with whatever the target has.

use half::f16;

use crate::{DistanceFn, Distances, Kernels, Metric};

const LANES: usize = 8;

/// The portable kernel for `metric`; see [`crate::distance`] for the contract.
pub fn distance(metric: Metric) -> DistanceFn {
    kernels().f32.of(metric)
}

/// The portable kernels.
pub fn kernels() -> Kernels {
    Kernels {
        name: "scalar",
        f32: Distances {
            dot: |a, b| -floats((a, b), (f32::clone, f32::clone), product),
            euclid: |a, b| floats((a, b), (f32::clone, f32::clone), squared_difference),
            manhattan: |a, b| floats((a, b), (f32::clone, f32::clone), absolute_difference),
        },
        f16: Distances {
            dot: |a, b| -floats((a, b), (wide, wide), product),
            euclid: |a, b| floats((a, b), (wide, wide), squared_difference),
            manhattan: |a, b| floats((a, b), (wide, wide), absolute_difference),
        },
        f32_f16: Distances {
            dot: |a, b| -floats((a, b), (f32::clone, wide), product),
            euclid: |a, b| floats((a, b), (f32::clone, wide), squared_difference),
            manhattan: |a, b| floats((a, b), (f32::clone, wide), absolute_difference),
        },
        f32_u8: Distances {
            dot: |a, b| -floats((a, b), (f32::clone, whole), product),
            euclid: |a, b| floats((a, b), (f32::clone, whole), squared_difference),
            manhattan: |a, b| floats((a, b), (f32::clone, whole), absolute_difference),
        },
        u8: Distances {
            dot: |a, b| -(total(a, b, |x, y| u32::from(x) * u32::from(y)) as f32),
            euclid: |a, b| total(a, b, |x, y| u32::from(x.abs_diff(y)).pow(2)) as f32,
            manhattan: |a, b| total(a, b, |x, y| x.abs_diff(y).into()) as f32,
        },
        i8: Distances {
            dot: |a, b| -(total(a, b, |x, y| (i32::from(x) * i32::from(y)) as u32) as i32 as f32),
            euclid: |a, b| total(a, b, |x, y| u32::from(x.abs_diff(y)).pow(2)) as f32,
            manhattan: |a, b| total(a, b, |x, y| x.abs_diff(y).into()) as f32,
        },
        hamming,
    }
}

/// Exactly the value of `x`, without the CPU's own conversion, which a twin must not share with its kernel, and
/// without a branch. The exponent moves by a multiplication, which is right for subnormals too; infinity and NaN
/// get theirs by hand (Giesen, "Half to float done quick", 2012).
fn wide(x: &f16) -> f32 {
    const TWO_TO_112: f32 = f32::from_bits((127 + 112) << 23);
    let bits = u32::from(x.to_bits());
    let sign = (bits & 0x8000) << 16;
    let body = (bits & 0x7fff) << 13;
    let not_finite = if body >= 31 << 23 { 255 << 23 } else { 0 };
    f32::from_bits((f32::from_bits(body) * TWO_TO_112).to_bits() | not_finite | sign)
}

fn whole(x: &u8) -> f32 {
    f32::from(*x)
}

fn product(x: f32, y: f32) -> f32 {
    x * y
}

fn squared_difference(x: f32, y: f32) -> f32 {
    (x - y) * (x - y)
}

fn absolute_difference(x: f32, y: f32) -> f32 {
    (x - y).abs()
}

/// Σ term(aᵢ, bᵢ) over the common prefix.
#[inline(always)]
fn floats<A, B>(
    (a, b): (&[A], &[B]),
    (wide_a, wide_b): (impl Fn(&A) -> f32, impl Fn(&B) -> f32),
    term: impl Fn(f32, f32) -> f32,
) -> f32 {
    let len = a.len().min(b.len());
    let (a_lanes, a_tail) = a[..len].as_chunks::<LANES>();
    let (b_lanes, b_tail) = b[..len].as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (x, y) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += term(wide_a(&x[lane]), wide_b(&y[lane]));
        }
    }
    let tail = a_tail.iter().zip(b_tail).map(|(x, y)| term(wide_a(x), wide_b(y)));
    sums.iter().sum::<f32>() + tail.sum::<f32>()
}

/// Σ term(aᵢ, bᵢ) over the common prefix, modulo 2³²; a signed sum is the same bits.
#[inline(always)]
fn total<E: Copy>(a: &[E], b: &[E], term: impl Fn(E, E) -> u32) -> u32 {
    a.iter()
        .zip(b)
        .fold(0u32, |sum, (&x, &y)| sum.wrapping_add(term(x, y)))
}

/// The number of bits that differ, a word at a time.
fn hamming(a: &[u8], b: &[u8]) -> u32 {
    let len = a.len().min(b.len());
    let (a_words, a_tail) = a[..len].as_chunks::<8>();
    let (b_words, b_tail) = b[..len].as_chunks::<8>();
    let words = total(a_words, b_words, |x, y| {
        (u64::from_ne_bytes(x) ^ u64::from_ne_bytes(y)).count_ones()
    });
    words.wrapping_add(total(a_tail, b_tail, |x, y| (x ^ y).count_ones()))
}
