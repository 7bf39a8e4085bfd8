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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn estimates_follow_the_formula((vector, codes, factors) in input()) {
        let mut block: Vec<u8> = factors.iter().flat_map(|f| f16::from_f32(f.0).to_le_bytes()).collect();
        block.extend(factors.iter().flat_map(|f| f16::from_f32(f.1).to_le_bytes()));
        block.extend(&codes);
        let mut query = BlockQuery::default();
        query.prepare(&vector);
        let scale = BlockScale { base: 0.5, scale: 2.0, below: 1.5 };
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
            let exact = 0.5 + 2.0 * (add + mul * signed);
            let rounding = 2.0 * mul.abs() * f64::from(query.unit) * 0.5 * (vector.len() / 4) as f64;
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
    fn blocks_of_another_length_are_left_alone(eights in 1usize..50, cut in 1usize..40) {
        let mut query = BlockQuery::default();
        query.prepare(&vec![1.0; eights * 8]);
        let block = vec![0u8; block_bytes(eights * 8) - cut];
        let mut out = [7.0; 32];
        (CodeKernels::detect().estimate)(&query, &block, BlockScale { base: 0.0, scale: 1.0, below: 0.0 }, &mut out);
        prop_assert_eq!(out, [7.0; 32]);
    }
}
