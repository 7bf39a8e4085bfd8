//! Goal: code kernels equal their scalar twins and their formula. Method: random dimensions, codes and factors; the
//! twin itself against sums over signs in f64, within what the levels round.

use half::f16;
use proptest::prelude::*;
use ruvector_simd::codes::{
    BLOCK_FACTOR_BYTES, BlockQuery, BlockScale, CodeBits, CodeKernels, TWO_BIT_LEVELS, block_bytes, scalar,
};

const BITS: [CodeBits; 2] = [CodeBits::One, CodeBits::Two];

/// Bits, a query, codes, and factors.
type Input = (CodeBits, Vec<f32>, Vec<u8>, Vec<(f32, f32)>);

fn input() -> impl Strategy<Value = Input> {
    (1usize..200, 0usize..2).prop_flat_map(|(eights, bits)| {
        let (dim, bits) = (eights * 8, BITS[bits]);
        (
            Just(bits),
            prop::collection::vec(-2.0f32..2.0, dim),
            prop::collection::vec(any::<u8>(), block_bytes(dim, bits) - BLOCK_FACTOR_BYTES),
            prop::collection::vec((-3.0f32..3.0, -3.0f32..3.0), 32),
        )
    })
}

/// The value that a neighbour's code has for a component.
fn code_value(bits: CodeBits, codes: &[u8], neighbor: usize, at: usize) -> f64 {
    let (group, place) = (at / bits.group(), at % bits.group() * bits.count());
    let code = codes[group * 16 + neighbor % 16] >> (neighbor / 16 * 4 + place);
    match bits {
        CodeBits::One => [-1.0, 1.0][usize::from(code & 1)],
        CodeBits::Two => f64::from(TWO_BIT_LEVELS[usize::from(code & 3)]),
    }
}

// The kernel adds in 16 bits: the largest sums of any length must fit, and strange numbers must not break that.
#[test]
fn level_sums_fit_16_bits() {
    for (dim, bits) in [8, 64, 128, 1_024, 1_032, 1_536, 4_096, 65_536]
        .map(|dim| BITS.map(|bits| (dim, bits)))
        .concat()
    {
        for number in [1.0, -1.0, 3.3e-5, 1e30, f32::MAX, f32::INFINITY, f32::NAN, 1e-42] {
            let mut query = BlockQuery::default();
            let vector: Vec<f32> = (0..dim)
                .map(|at| if at % 5 == 4 { -number } else { number })
                .collect();
            scalar::prepare(&mut query, &vector, bits);
            for kernels in CodeKernels::all() {
                let mut fast = BlockQuery::default();
                (kernels.prepare)(&mut fast, &vector, bits);
                assert_eq!(
                    query.levels, fast.levels,
                    "{} {dim} {bits:?} {number}",
                    kernels.name
                );
            }
            let groups = query.levels.chunks_exact(16);
            let sum: u32 = groups
                .map(|levels| u32::from(levels.iter().copied().fold(0, u8::max)))
                .sum();
            assert!(
                sum <= 65_535 && query.unit > 0.0,
                "{dim} {bits:?} {number}: {sum}"
            );
        }
    }
}

// A kernel widens f16 by itself: every one of them must come out exactly.
#[test]
fn factors_are_read_exactly() {
    let scale = BlockScale {
        base: 0.0,
        mul: 1.0,
        add: 1.0,
        below: 0.0,
    };
    let mut query = BlockQuery::default();
    scalar::prepare(&mut query, &[0.0; 8], CodeBits::One);
    for first in (0..=u16::MAX).step_by(32) {
        let factors = (first..=first + 31).map(f16::from_bits);
        let mut block = vec![0; BLOCK_FACTOR_BYTES / 2];
        block.extend(factors.clone().flat_map(f16::to_le_bytes));
        block.resize(block_bytes(8, CodeBits::One), 0);
        for kernels in CodeKernels::all() {
            let mut out = [0.0; 32];
            (kernels.estimate)(&query, &block, scale, &mut out);
            for (factor, estimate) in factors.clone().map(f16::to_f32).zip(out) {
                let is_same = factor == estimate || factor.is_nan() && estimate.is_nan();
                assert!(is_same, "{} {factor} {estimate}", kernels.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn estimates_follow_the_formula((bits, vector, codes, factors) in input()) {
        let mut block: Vec<u8> = factors.iter().flat_map(|f| f16::from_f32(f.0).to_le_bytes()).collect();
        block.extend(factors.iter().flat_map(|f| f16::from_f32(f.1).to_le_bytes()));
        block.extend(&codes);
        let mut query = BlockQuery::default();
        (CodeKernels::detect().prepare)(&mut query, &vector, bits);
        let scale = BlockScale { base: 0.5, mul: 3.0, add: 2.0, below: 1.5 };
        let mut twin = [0.0; 32];
        scalar::estimate(&query, &block, scale, &mut twin);
        for (neighbor, twin) in twin.iter().enumerate() {
            let products = vector.iter().enumerate().map(|(at, x)| f64::from(*x) * code_value(bits, &codes, neighbor, at));
            let half = |x: f32| f64::from(f16::from_f32(x).to_f32());
            let (mul, add) = (half(factors[neighbor].0), half(factors[neighbor].1));
            let exact = 0.5 + 2.0 * add + 3.0 * mul * products.sum::<f64>();
            let rounding = 3.0 * mul.abs() * f64::from(query.unit) * 0.5 * (vector.len() / bits.group()) as f64;
            prop_assert!((f64::from(*twin) - exact).abs() <= rounding + 1e-2, "{twin} {exact}");
        }
        for kernels in CodeKernels::all() {
            let mut fast = [0.0; 32];
            let mask = (kernels.estimate)(&query, &block, scale, &mut fast);
            for (neighbor, (estimate, twin)) in fast.iter().zip(twin).enumerate() {
                prop_assert_eq!(mask >> neighbor & 1 == 1, *estimate < 1.5);
                prop_assert!((twin - estimate).abs() <= 1e-3 * (1.0 + twin.abs()));
            }
        }
    }

    #[test]
    fn dots_agree(vector in prop::collection::vec(-2.0f32..2.0, 0..700), code in prop::collection::vec(any::<i8>(), 0..700)) {
        let twin = scalar::dot(&vector, &code);
        let size: f32 = vector.iter().zip(&code).map(|(x, c)| (x * f32::from(*c)).abs()).sum();
        for kernels in CodeKernels::all() {
            prop_assert!((twin - (kernels.dot)(&vector, &code)).abs() <= 1e-5 * (1.0 + size));
        }
    }

    #[test]
    fn queries_are_the_same_on_every_cpu(blocks in 1usize..30, seed in any::<u32>(), bits in 0usize..2) {
        let (bits, number) = (BITS[bits], |at: usize| (at as f32 * 1.7 + seed as f32).sin() * 3.0);
        let vector: Vec<f32> = (0..blocks * 64).map(number).collect();
        let signs: Vec<f32> = (0..vector.len() * 4).map(|at| number(at + 7).signum() * 0.125).collect();
        let mut twin = vector.clone();
        scalar::rotate(&mut twin, &signs);
        let mut scalar_query = BlockQuery::default();
        scalar::prepare(&mut scalar_query, &vector, bits);
        for kernels in CodeKernels::all() {
            let mut fast = vector.clone();
            (kernels.rotate)(&mut fast, &signs);
            prop_assert_eq!(&twin, &fast);
            let mut query = BlockQuery::default();
            (kernels.prepare)(&mut query, &vector, bits);
            prop_assert_eq!(&scalar_query.levels, &query.levels);
            prop_assert_eq!((scalar_query.unit, scalar_query.least), (query.unit, query.least));
        }
    }

    #[test]
    fn blocks_of_another_length_are_left_alone(eights in 1usize..50, cut in 1usize..40, bits in 0usize..2) {
        let (bits, mut query) = (BITS[bits], BlockQuery::default());
        scalar::prepare(&mut query, &vec![1.0; eights * 8], bits);
        let block = vec![0u8; block_bytes(eights * 8, bits) - cut];
        for kernels in CodeKernels::all() {
            let mut out = [7.0; 32];
            let scale = BlockScale { base: 0.0, mul: 1.0, add: 1.0, below: 0.0 };
            (kernels.estimate)(&query, &block, scale, &mut out);
            prop_assert_eq!(out, [7.0; 32]);
        }
    }
}
