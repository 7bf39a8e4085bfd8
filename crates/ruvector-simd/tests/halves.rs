//! Every f16 kernel of every instruction set here against its scalar twin. Never compares sums bit for bit:
//! summation order differs.
// Goal: a kernel widens every f16 exactly and computes its formula at any length and alignment. Method: random bits
// of finite values at lengths 0..600 and random offsets; all 65,536 bit patterns one by one; the same values in f32
// through the f32 kernel of the same set.

use half::f16;
use proptest::prelude::*;
use ruvector_simd::{Distances, Kernels, Metric, scalar};

const METRICS: [Metric; 3] = [Metric::Dot, Metric::Euclid, Metric::Manhattan];
/// f32 rounding over up to 600 summands.
const TOLERANCE: f32 = 1e-5;

/// Zeros, subnormals, ordinary values and the largest ones.
fn component() -> impl Strategy<Value = f16> {
    prop_oneof![
        6 => (-1.0f32..1.0).prop_map(f16::from_f32),
        2 => any::<u16>().prop_map(f16::from_bits).prop_filter("finite", |x| x.is_finite()),
        1 => (0u16..0x400).prop_map(f16::from_bits),
        1 => prop::sample::select(vec![f16::MAX, f16::MIN, f16::ZERO, f16::NEG_ZERO]),
    ]
}

fn vector() -> impl Strategy<Value = Vec<f16>> {
    prop::collection::vec(component(), 0..600)
}

/// Σ of the summands' magnitudes.
fn magnitude(metric: Metric, a: &[f16], b: &[f16]) -> f32 {
    let pairs = a.iter().zip(b).map(|(x, y)| (x.to_f32(), y.to_f32()));
    match metric {
        Metric::Dot => pairs.map(|(x, y)| (x * y).abs()).sum(),
        Metric::Euclid => pairs.map(|(x, y)| (x - y).powi(2)).sum(),
        Metric::Manhattan => pairs.map(|(x, y)| (x - y).abs()).sum(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn kernels_agree_with_the_twin(a in vector(), b in vector(), skip_a in 0usize..17, skip_b in 0usize..17) {
        let a = &a[skip_a.min(a.len())..];
        let b = &b[skip_b.min(b.len())..];
        let wide = |v: &[f16]| v.iter().map(|x| x.to_f32()).collect::<Vec<_>>();
        let (wide_a, wide_b) = (wide(a), wide(b));
        for metric in METRICS {
            let twin = scalar::kernels().f16.of(metric)(a, b);
            let allowed = TOLERANCE * magnitude(metric, a, b) + 1e-30;
            for set in Kernels::available() {
                let got = set.f16.of(metric)(a, b);
                prop_assert!((got - twin).abs() <= allowed, "{} {metric:?} {got} {twin}", set.name);
                prop_assert_eq!(got.to_bits(), set.f16.of(metric)(b, a).to_bits());
                // The same summands, perhaps in another order.
                let single = set.f32.of(metric)(&wide_a, &wide_b);
                prop_assert!((got - single).abs() <= allowed, "{} {metric:?} {got} {single}", set.name);
            }
        }
    }
}

#[test]
fn every_bit_pattern_is_widened_exactly() {
    for set in Kernels::available() {
        let Distances { dot, manhattan, .. } = set.f16;
        for bits in 0..=u16::MAX {
            let x = f16::from_bits(bits);
            let expected = x.to_f32_const();
            // In a whole register and in a part of one.
            for len in [1, 16] {
                let mut vector = vec![f16::ZERO; len];
                vector[len - 1] = x;
                let one = vec![f16::ONE; len];
                let zero = vec![f16::ZERO; len];
                let (product, difference) = (-dot(&vector, &one), manhattan(&vector, &zero));
                if expected.is_nan() {
                    assert!(
                        product.is_nan() && difference.is_nan(),
                        "{} {bits:#06x}",
                        set.name
                    );
                } else {
                    assert_eq!(product, expected, "{} {bits:#06x}", set.name);
                    assert_eq!(difference, expected.abs(), "{} {bits:#06x}", set.name);
                }
            }
        }
    }
}

#[test]
fn the_longest_vectors_of_the_largest_values_stay_finite() {
    let (max, min) = (vec![f16::MAX; 65_536], vec![f16::MIN; 65_536]);
    for set in Kernels::available() {
        for metric in METRICS {
            assert!((set.f16.of(metric))(&max, &min).is_finite(), "{}", set.name);
        }
    }
}
