//! Every f32 kernel of every instruction set here against its scalar twin and an f64 model. Never compares bit
//! for bit: summation order differs.
// Goal: a kernel computes its formula for any length, alignment and magnitude. Method: random lengths 0..1100 at
// random offsets, values from 1e-12 to 1e12, error bounded relative to the sum of the summands' magnitudes.

use proptest::prelude::*;
use ruvector_simd::{Kernels, Metric, cpu_features, distance, is_finite, norm, normalize, prefetch, scalar};

const METRICS: [Metric; 3] = [Metric::Dot, Metric::Euclid, Metric::Manhattan];
/// f32 rounding over up to 1,100 summands.
const TOLERANCE: f64 = 1e-5;

/// The distance in f64, and the sum of the magnitudes of its summands.
fn model(metric: Metric, a: &[f32], b: &[f32]) -> (f64, f64) {
    let mut value = 0.0;
    let mut magnitude = 0.0;
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x), f64::from(y));
        let term = match metric {
            Metric::Dot => -x * y,
            Metric::Euclid => (x - y) * (x - y),
            Metric::Manhattan => (x - y).abs(),
        };
        value += term;
        magnitude += term.abs();
    }
    (value, magnitude)
}

fn component() -> impl Strategy<Value = f32> {
    prop_oneof![
        6 => -1.0f32..1.0,
        1 => (-1.0f32..1.0).prop_map(|x| x * 1e12),
        1 => (-1.0f32..1.0).prop_map(|x| x * 1e-12),
        1 => Just(0.0f32),
    ]
}

fn vector() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(component(), 0..1100)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn kernels_agree_with_the_model(a in vector(), b in vector(), skip_a in 0usize..17, skip_b in 0usize..17) {
        let a = &a[skip_a.min(a.len())..];
        let b = &b[skip_b.min(b.len())..];
        for metric in METRICS {
            let (value, magnitude) = model(metric, a, b);
            let twin = f64::from(scalar::distance(metric)(a, b));
            let allowed = TOLERANCE * magnitude + 1e-30;
            for set in Kernels::available() {
                let kernel = set.f32.of(metric);
                let got = f64::from(kernel(a, b));
                let name = set.name;
                prop_assert!((got - value).abs() <= allowed, "{name} {metric:?} {got} {value} ± {allowed}");
                prop_assert!((got - twin).abs() <= 2.0 * allowed, "{name} {metric:?} {got} twin {twin}");
                prop_assert_eq!(kernel(a, b), kernel(b, a));
            }
        }
    }

    #[test]
    fn normalize_gives_unit_length_or_refuses(mut v in vector()) {
        let before = v.clone();
        let length = before.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        prop_assert!((f64::from(norm(&v)) - length).abs() <= 1e-6 * length);
        if normalize(&mut v) {
            prop_assert!((norm(&v) - 1.0).abs() < 1e-5);
        } else {
            prop_assert_eq!(length, 0.0);
            prop_assert_eq!(v, before);
        }
    }

    #[test]
    fn one_bad_component_is_found_anywhere(v in vector(), at in any::<prop::sample::Index>(), kind in 0usize..3) {
        prefetch(&v);
        prop_assert!(is_finite(&v));
        if !v.is_empty() {
            let mut v = v;
            let at = at.index(v.len());
            v[at] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][kind];
            prop_assert!(!is_finite(&v));
            prop_assert!(!normalize(&mut v));
        }
    }
}

#[test]
fn extremes_do_not_overflow_the_norm() {
    let mut huge = [f32::MAX; 16];
    assert!(normalize(&mut huge));
    assert_eq!(huge, [0.25; 16]);
    let mut tiny = [f32::MIN_POSITIVE / 4.0; 4];
    assert!(normalize(&mut tiny));
    assert_eq!(tiny, [0.5; 4]);
}

#[test]
fn what_is_dispatched_is_the_first_of_the_available_sets() {
    let best = Kernels::available().next().map(|set| set.name);
    assert_eq!(best, Some(cpu_features()));
    assert_eq!(Kernels::available().last().map(|set| set.name), Some("scalar"));
    let (a, b) = ([0.1f32; 100], [0.7f32; 100]);
    for metric in METRICS {
        let of_best = Kernels::detect().f32.of(metric);
        assert_eq!(distance(metric)(&a, &b).to_bits(), of_best(&a, &b).to_bits());
    }
}
