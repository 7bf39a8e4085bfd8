//! The kernels between single precision and a narrower type, of every instruction set here.
// Goal: what is narrow is widened exactly, and the formula computed at any length and alignment. Method: random
// vectors against the f32 kernel of the same set over the widened numbers, and against the scalar twin; each value
// of a byte alone.

use half::f16;
use proptest::prelude::*;
use ruvector_simd::{Kernels, Metric, MixedFn, scalar};

const METRICS: [Metric; 3] = [Metric::Dot, Metric::Euclid, Metric::Manhattan];
/// f32 rounding over up to 600 summands.
const TOLERANCE: f32 = 1e-5;

fn magnitude(metric: Metric, a: &[f32], b: &[f32]) -> f32 {
    let pairs = a.iter().zip(b);
    match metric {
        Metric::Dot => pairs.map(|(x, y)| (x * y).abs()).sum(),
        Metric::Euclid => pairs.map(|(x, y)| (x - y).powi(2)).sum(),
        Metric::Manhattan => pairs.map(|(x, y)| (x - y).abs()).sum(),
    }
}

/// Every set's kernel, by `of`, against its f32 kernel and the twin.
fn check<T>(a: &[f32], (b, wide): (&[T], &[f32]), of: impl Fn(&Kernels, Metric) -> MixedFn<f32, T>) {
    for metric in METRICS {
        let twin = of(&scalar::kernels(), metric)(a, b);
        let allowed = TOLERANCE * magnitude(metric, a, wide) + 1e-30;
        for set in Kernels::available() {
            let got = of(&set, metric)(a, b);
            let single = set.f32.of(metric)(a, wide);
            for expected in [twin, single] {
                assert!(
                    (got - expected).abs() <= allowed,
                    "{} {metric:?} {got} {expected}",
                    set.name
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn kernels_agree_with_single_precision(
        a in prop::collection::vec(-300.0f32..300.0, 0..600),
        halves in prop::collection::vec(-300.0f32..300.0, 0..600),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        skip_a in 0usize..17,
        skip_b in 0usize..17,
    ) {
        let a = &a[skip_a.min(a.len())..];
        let halves: Vec<f16> = halves.into_iter().map(f16::from_f32).collect();
        let halves = &halves[skip_b.min(halves.len())..];
        let wide: Vec<f32> = halves.iter().map(|x| x.to_f32()).collect();
        check(a, (halves, &wide), |set, metric| set.f32_f16.of(metric));
        let bytes = &bytes[skip_b.min(bytes.len())..];
        let wide: Vec<f32> = bytes.iter().copied().map(f32::from).collect();
        check(a, (bytes, &wide), |set, metric| set.f32_u8.of(metric));
    }
}

#[test]
fn every_byte_is_widened_exactly() {
    for set in Kernels::available() {
        for byte in 0..=u8::MAX {
            // In a whole register and in a part of one.
            for len in [1, 3, 8, 16] {
                let mut vector = vec![0; len];
                vector[len - 1] = byte;
                assert_eq!(
                    -(set.f32_u8.dot)(&vec![1.0; len], &vector),
                    f32::from(byte),
                    "{}",
                    set.name
                );
            }
        }
    }
}
