//! Goal: code kernels equal their scalar twins and their formula. Method: random dimensions, codes and factors; the
//! twin itself against sums over signs in f64, within what the levels round.

use half::f16;
use proptest::prelude::*;
use ruvector_simd::codes::{BLOCK_FACTOR_BYTES, BlockQuery, BlockScale, CodeKernels, block_bytes, scalar};

fn input() -> impl Strategy<Value = (Vec<f32>, Vec<u8>, Vec<(f32, f32)>)> {
    (1usize..200).prop_flat_map(|eights| {
        let dim = eights * 8;
        (
            prop::collection::vec(-2.0f32..2.0, dim),
            prop::collection::vec(any::<u8>(), block_bytes(dim) - BLOCK_FACTOR_BYTES),
            prop::collection::vec((-3.0f32..3.0, -3.0f32..3.0), 32),
        )
    })
}

// The kernel adds in 16 bits: the largest sums of any length must fit, and strange numbers must not break that.
#[test]
fn level_sums_fit_16_bits() {
    for dim in [8, 64, 128, 1_024, 1_032, 1_536, 4_096, 65_536] {
        for number in [1.0, -1.0, 3.3e-5, 1e30, f32::MAX, f32::INFINITY, f32::NAN, 1e-42] {
            let mut query = BlockQuery::default();
            let vector: Vec<f32> = (0..dim)
                .map(|at| if at % 5 == 4 { -number } else { number })
                .collect();
            (CodeKernels::detect().prepare)(&mut query, &vector);
            let groups = query.levels.chunks_exact(16);
            let sum: u32 = groups
                .map(|levels| u32::from(levels.iter().copied().fold(0, u8::max)))
                .sum();
            assert!(sum <= 65_535 && query.unit > 0.0, "{dim} {number}: {sum}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn estimates_follow_the_formula((vector, codes, factors) in input()) {
        let mut block: Vec<u8> = factors.iter().flat_map(|f| f16::from_f32(f.0).to_le_bytes()).collect();
        block.extend(factors.iter().flat_map(|f| f16::from_f32(f.1).to_le_bytes()));
        block.extend(&codes);
        let mut query = BlockQuery::default();
        (CodeKernels::detect().prepare)(&mut query, &vector);
        let scale = BlockScale { base: 0.5, mul: 3.0, add: 2.0, below: 1.5 };
        let (mut twin, mut fast) = ([0.0; 32], [0.0; 32]);
        scalar::estimate(&query, &block, scale, &mut twin);
        let mask = (CodeKernels::detect().estimate)(&query, &block, scale, &mut fast);
        for (neighbor, estimate) in fast.iter().enumerate() {
            prop_assert_eq!(mask >> neighbor & 1 == 1, *estimate < 1.5);
        }
        for neighbor in 0..32 {
            let bit = |at: usize| codes[at / 4 * 16 + neighbor % 16] >> (at % 4 + neighbor / 16 * 4) & 1;
            let signed: f64 = vector.iter().enumerate().map(|(at, x)| if bit(at) == 1 { *x as f64 } else { -*x as f64 }).sum();
            let half = |x: f32| f64::from(f16::from_f32(x).to_f32());
            let (mul, add) = (half(factors[neighbor].0), half(factors[neighbor].1));
            let exact = 0.5 + 2.0 * add + 3.0 * mul * signed;
            let rounding = 3.0 * mul.abs() * f64::from(query.unit) * 0.5 * (vector.len() / 4) as f64;
            prop_assert!((f64::from(twin[neighbor]) - exact).abs() <= rounding + 1e-2, "{} {exact}", twin[neighbor]);
            prop_assert!((twin[neighbor] - fast[neighbor]).abs() <= 1e-3 * (1.0 + twin[neighbor].abs()));
        }
    }

    #[test]
    fn dots_agree(vector in prop::collection::vec(-2.0f32..2.0, 0..700), code in prop::collection::vec(any::<i8>(), 0..700)) {
        let (twin, fast) = (scalar::dot(&vector, &code), (CodeKernels::detect().dot)(&vector, &code));
        let size: f32 = vector.iter().zip(&code).map(|(x, c)| (x * f32::from(*c)).abs()).sum();
        prop_assert!((twin - fast).abs() <= 1e-5 * (1.0 + size));
    }

    #[test]
    fn queries_are_the_same_on_every_cpu(blocks in 1usize..30, seed in any::<u32>()) {
        let number = |at: usize| (at as f32 * 1.7 + seed as f32).sin() * 3.0;
        let vector: Vec<f32> = (0..blocks * 64).map(number).collect();
        let signs: Vec<f32> = (0..vector.len() * 4).map(|at| number(at + 7).signum() * 0.125).collect();
        let (mut twin, mut fast) = (vector.clone(), vector.clone());
        scalar::rotate(&mut twin, &signs);
        (CodeKernels::detect().rotate)(&mut fast, &signs);
        prop_assert_eq!(&twin, &fast);
        let (mut scalar_query, mut query) = (BlockQuery::default(), BlockQuery::default());
        scalar::prepare(&mut scalar_query, &vector);
        (CodeKernels::detect().prepare)(&mut query, &vector);
        prop_assert_eq!(&scalar_query.levels, &query.levels);
        prop_assert_eq!((scalar_query.unit, scalar_query.least), (query.unit, query.least));
    }

    #[test]
    fn blocks_of_another_length_are_left_alone(eights in 1usize..50, cut in 1usize..40) {
        let mut query = BlockQuery::default();
        scalar::prepare(&mut query, &vec![1.0; eights * 8]);
        let block = vec![0u8; block_bytes(eights * 8) - cut];
        let mut out = [7.0; 32];
        (CodeKernels::detect().estimate)(&query, &block, BlockScale { base: 0.0, mul: 1.0, add: 1.0, below: 0.0 }, &mut out);
        prop_assert_eq!(out, [7.0; 32]);
    }
}
