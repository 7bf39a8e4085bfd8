//! Goal: no bytes break an encoder or a query, what is written is read back, and codes are the same on every CPU.
//! Method: arbitrary and mutated bytes; refusals of wrong lengths and numbers; sums over written bytes, kept here.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use ruvector_quant::{
    CodeError, CodeQuery, Compression, DecodeError, Encoder, Quantization, QueryPrecision, Space, TrainError,
    Width,
};
use ruvector_simd::Metric;

const DIM: usize = 37;

fn families() -> Vec<Quantization> {
    let others = [
        Quantization::Scalar { quantile: Some(0.95) },
        Quantization::Product {
            compression: Compression::X32,
        },
        Quantization::Neural { bits: 21 },
        // More bits than components: two blocks.
        Quantization::Neural { bits: 50 },
        Quantization::Lsh { bits: 50 },
    ];
    let rotated = Width::ALL.map(|width| Quantization::Rotated { width });
    rotated.into_iter().chain(others).collect()
}

/// Numbers with few digits, the same everywhere.
fn rows() -> Vec<Vec<f32>> {
    let number = |at: usize| ((at * 7_919 + at * at % 613) % 1_001) as f32 / 64.0 - 7.0;
    (0..300)
        .map(|row| (0..DIM).map(|at| number(row * DIM + at)).collect())
        .collect()
}

fn train(config: Quantization, metric: Metric) -> Encoder {
    let rows = rows();
    let views: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    Encoder::train(
        config,
        Space {
            dim: DIM,
            metric,
            seed: 11,
        },
        &views,
    )
    .unwrap()
}

/// Uses an encoder as far as it goes.
fn exercise(encoder: &Encoder, code: &[u8]) {
    let mut row = vec![0; encoder.code_bytes()];
    row.iter_mut().zip(code).for_each(|(to, byte)| *to = *byte);
    let vector = vec![0.5; encoder.space().dim];
    let mut query = CodeQuery::default();
    for precision in QueryPrecision::ALL {
        encoder.prepare_into(&vector, precision, &mut query).unwrap();
        assert!(!query.distance(&row).is_nan());
        query.deviation(&row);
    }
    assert!(!encoder.distance_between(&row, &row).is_nan());
    encoder.encode(&vector, &mut row).unwrap();
}

/// FNV-1a.
fn sum(bytes: &[u8], start: u64) -> u64 {
    bytes.iter().fold(start, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn the_same_bytes_everywhere() {
    let mut sums = Vec::new();
    for config in families() {
        let encoder = train(config, Metric::Euclid);
        let bytes = encoder.to_bytes();
        let back = Encoder::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes(), bytes, "{config:?}");
        let mut of_config = sum(&bytes, 0xcbf2_9ce4_8422_2325);
        let mut codes = [vec![0; encoder.code_bytes()], vec![0; encoder.code_bytes()]];
        for row in &rows()[..50] {
            encoder.encode(row, &mut codes[0]).unwrap();
            back.encode(row, &mut codes[1]).unwrap();
            assert_eq!(codes[0], codes[1]);
            of_config = sum(&codes[0], of_config);
        }
        sums.push(of_config);
    }
    assert_eq!(sums, GOLDEN, "{sums:#x?}");
}

/// In the order of [`families`].
const GOLDEN: [u64; 10] = [
    0x4c78_63bc_5b10_9266,
    0xbcb1_0587_1aad_8fc0,
    0x6b70_0afb_7c70_a299,
    0x6da4_7865_8469_8ca1,
    0xeb68_0a09_a9c6_1b92,
    0x8b6d_da18_c52b_cd59,
    0x7390_8ecb_6789_20ac,
    0x98b4_a520_9667_80f1,
    0x706b_56cd_be62_604a,
    0x8fa9_6abb_f9f9_5fbf,
];

#[test]
fn chosen_rows_are_as_far_as_among_all() {
    const ROWS: u32 = 300;
    for config in families() {
        let encoder = train(config, Metric::Euclid);
        let size = encoder.code_bytes();
        let mut codes = vec![0; size * ROWS as usize];
        for (row, code) in codes.chunks_exact_mut(size).enumerate() {
            let vector: Vec<f32> = (0..DIM)
                .map(|at| ((row * 7 + at * at) % 23) as f32 - 11.0)
                .collect();
            encoder.encode(&vector, code).unwrap();
        }
        let query: Vec<f32> = (0..DIM).map(|at| (at % 5) as f32 - 2.0).collect();
        let query = encoder.prepare(&query, QueryPrecision::Eight).unwrap();
        let mut all = vec![0.0; ROWS as usize];
        query.distances(&codes, &mut all).unwrap();
        // More rows than are asked for ahead, some of them twice.
        let chosen: Vec<u32> = (0..2 * ROWS).map(|at| at * 7 % ROWS).collect();
        let mut of = vec![0.0; chosen.len()];
        query.distances_of(&codes, &chosen, &mut of).unwrap();
        for (row, distance) in chosen.iter().zip(&of) {
            assert_eq!(
                distance.to_bits(),
                all[*row as usize].to_bits(),
                "{config:?}, row {row}"
            );
        }
    }
}

#[test]
fn wrong_input_is_refused() {
    for (config, metric) in families().into_iter().map(|config| (config, Metric::Dot)) {
        let encoder = train(config, metric);
        let (want, mut code) = (encoder.code_bytes(), vec![0; encoder.code_bytes() + 1]);
        let wrong = CodeError::CodeLength { want, have: want + 1 };
        assert_eq!(encoder.encode(&[0.0; DIM], &mut code), Err(wrong));
        assert_eq!(
            encoder.encode(&[0.0; 3], &mut code[..want]),
            Err(CodeError::VectorLength { want: DIM, have: 3 })
        );
        assert_eq!(
            encoder.encode(&[f32::NAN; DIM], &mut code[..want]),
            Err(CodeError::NotFinite)
        );
        let query = encoder.prepare(&[1.0; DIM], QueryPrecision::Eight).unwrap();
        assert_eq!(query.distance(&code), f32::INFINITY);
        assert_eq!(query.deviation(&code), f32::INFINITY);
        assert_eq!(encoder.distance_between(&code, &code), f32::INFINITY);
        let mut out = [7.0; 2];
        assert!(query.distances(&code, &mut out).is_err() && out == [7.0; 2]);
        let full = vec![255; 2 * want];
        assert!(query.distances(&full, &mut out).is_ok());
        let mut chosen = [7.0; 2];
        assert!(query.distances_of(&full, &[1, 2], &mut chosen).is_err() && chosen == [7.0; 2]);
        assert!(query.distances_of(&full, &[1], &mut chosen).is_err() && chosen == [7.0; 2]);
        assert_eq!(CodeQuery::default().distance(&[]), f32::INFINITY);
        let space = encoder.space();
        let train = |space, sample: &[&[f32]]| Encoder::train(config, space, sample).err();
        assert_eq!(
            train(Space { dim: 0, ..space }, &[]),
            Some(TrainError::Dimension(0))
        );
        let row = TrainError::RowLength {
            row: 1,
            components: 2,
        };
        assert_eq!(train(space, &[&[0.0; DIM], &[0.0; 2]]), Some(row));
        let row = TrainError::RowNotFinite { row: 0 };
        assert_eq!(train(space, &[&[f32::INFINITY; DIM]]), Some(row));
        let manhattan = train(
            Space {
                metric: Metric::Manhattan,
                ..space
            },
            &[&[0.0; DIM]],
        );
        let scalar = matches!(config, Quantization::Scalar { .. });
        assert_eq!(
            matches!(manhattan, Some(TrainError::MetricNotSupported { .. })),
            !scalar
        );
        // A sample that teaches nothing must do no harm.
        for sample in [[0.0; DIM], [1e12; DIM], [1e-30; DIM]] {
            exercise(&Encoder::train(config, space, &[&sample]).unwrap(), &code);
        }
    }
}

#[test]
fn short_and_strange_encoders_are_refused() {
    for config in families() {
        let bytes = train(config, Metric::Dot).to_bytes();
        for len in 0..bytes.len().min(400) {
            assert!(Encoder::from_bytes(&bytes[..len]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Encoder::from_bytes(&longer).err(), Some(DecodeError::Length));
        let mut newer = bytes.clone();
        newer[4] = 9;
        assert_eq!(Encoder::from_bytes(&newer).err(), Some(DecodeError::Version(9)));
        // A dimension that the bytes do not hold.
        newer = bytes.clone();
        newer[8..12].copy_from_slice(&65_536u32.to_le_bytes());
        let read = Encoder::from_bytes(&newer);
        assert!(read.is_err() || matches!(config, Quantization::Scalar { .. }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_safe(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        which in 0usize..10,
        at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        code in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        prop_assert!(Encoder::from_bytes(&noise).is_err());
        thread_local! {
            static WRITTEN: Vec<Vec<u8>> =
                families().into_iter().map(|config| train(config, Metric::Euclid).to_bytes()).collect();
        }
        let mut bytes = WRITTEN.with(|written| written[which].clone());
        for (place, byte) in at {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(encoder) = Encoder::from_bytes(&bytes) {
            exercise(&encoder, &code);
        }
    }
}
