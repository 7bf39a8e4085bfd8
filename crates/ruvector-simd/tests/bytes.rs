//! Every kernel over bytes of every instruction set here against its scalar twin and a model in 64 bits. Never
//! allows a difference: sums of integers are exact.
// Goal: kernels over u8, i8 and bits are exact at any length up to 65,536, alignment and value. Method: random
// lengths 0..600 at random offsets with extreme values frequent; then the longest vectors of the extremes, and all
// pairs of byte values.

use proptest::prelude::*;
use ruvector_simd::{BYTE_DIM_MAX, Distances, Kernels, Metric, distance_i8, hamming, scalar};

const METRICS: [Metric; 3] = [Metric::Dot, Metric::Euclid, Metric::Manhattan];

fn model<E: Copy + Into<i64>>(metric: Metric, a: &[E], b: &[E]) -> f32 {
    let pairs = a.iter().zip(b).map(|(&x, &y)| (x.into(), y.into()));
    let sum: i64 = match metric {
        Metric::Dot => pairs.map(|(x, y)| -x * y).sum(),
        Metric::Euclid => pairs.map(|(x, y)| (x - y).pow(2)).sum(),
        Metric::Manhattan => pairs.map(|(x, y)| (x - y).abs()).sum(),
    };
    sum as f32
}

/// Compares a kernel of each set, of the twin and of the model.
fn check<E: Copy + Into<i64>>(a: &[E], b: &[E], of: impl Fn(&Kernels) -> Distances<E>) {
    for metric in METRICS {
        let expected = model(metric, a, b);
        let twin = of(&scalar::kernels()).of(metric)(a, b);
        assert_eq!(twin, expected, "scalar {metric:?} of {}", a.len());
        for set in Kernels::available() {
            let got = of(&set).of(metric)(a, b);
            assert_eq!(
                got,
                twin,
                "{} {metric:?} of {} and {}",
                set.name,
                a.len(),
                b.len()
            );
        }
    }
}

fn check_bits(a: &[u8], b: &[u8]) {
    let expected: u32 = a.iter().zip(b).map(|(x, y)| (x ^ y).count_ones()).sum();
    for set in Kernels::available() {
        assert_eq!(
            (set.hamming)(a, b),
            expected,
            "{} of {} and {}",
            set.name,
            a.len(),
            b.len()
        );
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => any::<u8>(), 2 => prop::sample::select(vec![0u8, 1, 127, 128, 129, 255])];
    prop::collection::vec(byte, 0..600)
}

fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|&x| x.cast_signed()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn kernels_equal_the_twin(a in bytes(), b in bytes(), skip_a in 0usize..65, skip_b in 0usize..65) {
        let (signed_a, signed_b) = (signed(&a), signed(&b));
        let (skip_a, skip_b) = (skip_a.min(a.len()), skip_b.min(b.len()));
        check(&a[skip_a..], &b[skip_b..], |set| set.u8);
        check(&signed_a[skip_a..], &signed_b[skip_b..], |set| set.i8);
        check_bits(&a[skip_a..], &b[skip_b..]);
    }
}

#[test]
fn every_length_is_taken_to_its_end() {
    let ones = vec![255u8; 600];
    for len in 0..=600 {
        check(&ones[..len], &ones, |set| set.u8);
        check(&signed(&ones)[..len], &signed(&ones), |set| set.i8);
        check_bits(&ones[..len], &vec![0; len]);
    }
}

#[test]
fn the_longest_vectors_of_extremes_do_not_overflow() {
    for x in [0u8, 127, 128, 255] {
        for y in [0u8, 127, 128, 255] {
            let (a, b) = (vec![x; BYTE_DIM_MAX], vec![y; BYTE_DIM_MAX]);
            check(&a, &b, |set| set.u8);
            check(&signed(&a), &signed(&b), |set| set.i8);
            check_bits(&a, &b);
        }
    }
}

#[test]
fn all_pairs_of_bytes_are_right() {
    let all: Vec<u8> = (0..=255).collect();
    for x in 0..=255u8 {
        // One pair at a time, so that no two mistakes cancel.
        for y in &all {
            check(&[x], &[*y], |set| set.u8);
            check(&signed(&[x]), &signed(&[*y]), |set| set.i8);
        }
        check_bits(&[x; 256], &all);
    }
}

#[test]
fn the_public_functions_hand_out_the_best_set() {
    let best = Kernels::detect();
    for metric in METRICS {
        assert_eq!(
            distance_i8(metric)(&[7, -50], &[9, 1]),
            best.i8.of(metric)(&[7, -50], &[9, 1])
        );
    }
    assert_eq!(hamming()(&[0b1011, 0xff], &[0b0010, 0xff, 0x55]), 2);
}
