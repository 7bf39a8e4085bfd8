//! Goal: estimates are unbiased, their errors are what `deviation` says, rows compare among themselves, and scalar codes
//! give exactly the distances of what they decode to. Method: seeded vectors around an offset; means and deviations over
//! many rotations and pairs against exact distances.
#![allow(clippy::unwrap_used)]

use ruvector_quant::{Encoder, Quantization, QueryPrecision, Space, Width};
use ruvector_simd::{Metric, distance};

struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            sum += (self.0 >> 40) as f32 / (1u64 << 24) as f32 - 0.5;
        }
        sum
    }

    fn vectors(&mut self, count: usize, dim: usize) -> Vec<Vec<f32>> {
        let vector = |random: &mut Random| (0..dim).map(|at| random.next() + 0.3 * (at % 3) as f32).collect();
        (0..count).map(|_| vector(self)).collect()
    }
}

fn train(config: Quantization, space: Space, rows: &[Vec<f32>]) -> (Encoder, Vec<Vec<u8>>) {
    let views: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let encoder = Encoder::train(config, space, &views).unwrap();
    let codes = rows.iter().map(|row| {
        let mut code = vec![0; encoder.code_bytes()];
        encoder.encode(row, &mut code).unwrap();
        code
    });
    let codes = codes.collect();
    (encoder, codes)
}

/// Bias and root mean square of errors in units of the stated deviation, and the share of errors beyond four of it.
fn errors(width: Width, metric: Metric, dim: usize, precision: QueryPrecision) -> [f64; 3] {
    let exact = distance(metric);
    let (mut bias, mut square, mut beyond, mut count) = (0.0, 0.0, 0.0, 0.0);
    for seed in 1..=12 {
        let mut random = Random(seed * 77);
        let (rows, queries) = (random.vectors(40, dim), random.vectors(20, dim));
        let (encoder, codes) = train(
            Quantization::Rotated { width },
            Space { dim, metric, seed },
            &rows,
        );
        for query in &queries {
            let prepared = encoder.prepare(query, precision).unwrap();
            for (row, code) in rows.iter().zip(&codes) {
                let error = prepared.distance(code) - exact(query, row);
                let error = f64::from(error / prepared.deviation(code));
                bias += error;
                square += error * error;
                beyond += if error.abs() > 4.0 { 1.0 } else { 0.0 };
                count += 1.0;
            }
        }
    }
    [bias / count, (square / count).sqrt(), beyond / count]
}

#[test]
fn rotated_estimates_are_unbiased_and_within_their_bound() {
    for metric in [Metric::Dot, Metric::Euclid] {
        for dim in [100, 384] {
            for width in Width::ALL {
                for precision in QueryPrecision::ALL {
                    let [bias, size, beyond] = errors(width, metric, dim, precision);
                    let name = format!("{metric:?} {dim} {width:?} {precision:?}: {bias} {size} {beyond}");
                    assert!(bias.abs() < 0.1, "{name}");
                    assert!((0.6..1.25).contains(&size), "{name}");
                    assert!(beyond < 1e-3, "{name}");
                }
            }
        }
    }
}

#[test]
fn rows_compare_as_their_own_queries() {
    let families = [
        Quantization::Rotated { width: Width::Two },
        Quantization::Rotated { width: Width::Eight },
        Quantization::Scalar { quantile: None },
        Quantization::Product {
            compression: ruvector_quant::Compression::X16,
        },
        Quantization::Neural { bits: 60 },
    ];
    for metric in [Metric::Dot, Metric::Euclid] {
        let (dim, seed) = (100, 5);
        let rows = Random(9).vectors(300, dim);
        for config in families {
            let (encoder, codes) = train(config, Space { dim, metric, seed }, &rows);
            for (row, code) in rows.iter().zip(&codes).take(10) {
                let same = encoder.prepare(row, QueryPrecision::Same).unwrap();
                for other in &codes[..20] {
                    let [a, b] = [
                        encoder.distance_between(code, other),
                        encoder.distance_between(other, code),
                    ];
                    let close = |a: f32, b: f32, most: f32| (a - b).abs() <= most * (1.0 + a.abs());
                    assert!(close(a, b, 1e-4), "{config:?} {metric:?}: {a} {b}");
                    // A hash forgets the length of what it hashes; a query does not.
                    let hash = matches!(config, Quantization::Neural { .. });
                    assert!(
                        hash || close(a, same.distance(other), 1e-4),
                        "{config:?} {metric:?}: {a}"
                    );
                }
            }
        }
    }
}

#[test]
fn scalar_distances_are_exactly_affine() {
    let (dim, seed) = (70, 1);
    let rows = Random(3).vectors(200, dim);
    let query = &Random(4).vectors(1, dim)[0];
    for metric in [Metric::Dot, Metric::Euclid, Metric::Manhattan] {
        let (encoder, codes) = train(
            Quantization::Scalar { quantile: None },
            Space { dim, metric, seed },
            &rows,
        );
        let components = || rows.iter().flatten().copied();
        let (least, most) = (
            components().fold(9.0, f32::min),
            components().fold(-9.0, f32::max),
        );
        let (middle, step) = ((least + most) / 2.0, (most - least) / 254.0);
        let full = encoder.prepare(query, QueryPrecision::Full).unwrap();
        for (row, code) in rows.iter().zip(&codes) {
            let decoded: Vec<f32> = code[..dim]
                .iter()
                .map(|byte| middle + step * f32::from(*byte as i8))
                .collect();
            let exact = distance(metric)(query, &decoded);
            assert!(
                (full.distance(code) - exact).abs() < 1e-3 * (1.0 + exact.abs()),
                "{metric:?}"
            );
            assert!(
                row.iter()
                    .zip(&decoded)
                    .all(|(a, b)| (a - b).abs() <= 0.51 * step)
            );
            if metric != Metric::Dot {
                assert!(encoder.distance_between(code, code).abs() < 1e-3, "{metric:?}");
            }
        }
    }
}
