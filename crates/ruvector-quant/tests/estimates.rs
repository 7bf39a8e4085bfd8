//! Goal: rotation keeps geometry, estimates are unbiased and as sharp as theory says. Method: seeded Gaussian-like
//! vectors of several dimensions; means and deviations over thousands of edges against the exact distances.

use ruvector_quant::{Rotation, encode_bytes, encode_edges};
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeBits, CodeKernels, block_bytes};
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

    fn vector(&mut self, dim: usize) -> Vec<f32> {
        (0..dim).map(|_| self.next()).collect()
    }
}

fn rotate(rotation: &Rotation, vector: &[f32]) -> Vec<f32> {
    let mut out = Vec::new();
    rotation.rotate(vector, &mut out);
    out
}

#[test]
fn rotation_keeps_inner_products_and_spreads() {
    for dim in [1, 3, 64, 100, 384, 768, 1000] {
        let rotation = Rotation::new(dim, 7);
        let mut random = Random(dim as u64 + 1);
        let (a, b) = (random.vector(dim), random.vector(dim));
        let (ra, rb) = (rotate(&rotation, &a), rotate(&rotation, &b));
        assert_eq!(ra.len() % 64, 0);
        let dot = distance(Metric::Dot);
        let size = (dot(&a, &a) * dot(&b, &b)).sqrt();
        assert!((dot(&a, &b) - dot(&ra, &rb)).abs() < 1e-4 * size, "{dim}");
        let mut spike = vec![0.0; dim];
        spike[0] = 1.0;
        let peak = rotate(&rotation, &spike)
            .iter()
            .fold(0.0f32, |peak, x| peak.max(x.abs()));
        assert!(dim < 64 || peak < 6.0 / (ra.len() as f32).sqrt(), "{dim}: {peak}");
    }
}

#[test]
fn edges_estimate_without_bias() {
    // RaBitQ, theorem 3.2: the deviation of a 1-bit estimate is about √(π/2 − 1) ≈ 0.76 of the unit below; of a 2-bit
    // one, whose quantizer leaves a share of 0.1175 of the variance (Max 1960), √(0.1175/0.8825) ≈ 0.36.
    let cases = [(CodeBits::One, 1.0), (CodeBits::Two, 0.5)];
    let spaces = [
        (Metric::Dot, 100),
        (Metric::Euclid, 100),
        (Metric::Dot, 384),
        (Metric::Euclid, 384),
    ];
    for ((metric, dim), (bits, most)) in spaces.map(|space| cases.map(|case| (space, case))).concat() {
        let rotation = Rotation::new(dim, 3);
        let mut random = Random(99);
        let (mut bias, mut square, mut count) = (0.0f64, 0.0f64, 0.0f64);
        for _ in 0..60 {
            let center = random.vector(dim);
            let near = |random: &mut Random, spread: f32| -> Vec<f32> {
                center.iter().map(|c| c + spread * random.next()).collect()
            };
            let query = near(&mut random, 0.7);
            let neighbors: Vec<Vec<f32>> = (0..31).map(|_| near(&mut random, 0.7)).collect();
            let rotated: Vec<Vec<f32>> = neighbors.iter().map(|o| rotate(&rotation, o)).collect();
            let views: Vec<&[f32]> = rotated.iter().map(Vec::as_slice).collect();
            let rotated_center = rotate(&rotation, &center);
            let mut block = vec![0; block_bytes(rotation.padded_dim(), bits)];
            let scale = encode_edges((metric, bits), &rotated_center, &views, &mut block).unwrap();
            let mut prepared = BlockQuery::default();
            let kernels = CodeKernels::detect();
            (kernels.prepare)(&mut prepared, &rotate(&rotation, &query), bits);
            let mut estimates = [0.0; 32];
            let base = distance(metric)(&query, &center);
            (kernels.estimate)(
                &prepared,
                &block,
                BlockScale {
                    base,
                    mul: scale.mul,
                    add: scale.add,
                    below: 0.0,
                },
                &mut estimates,
            );
            assert_eq!(estimates[31], f32::INFINITY);
            let length = |a: &[f32], b: &[f32]| distance(Metric::Euclid)(a, b).sqrt();
            for (estimate, neighbor) in estimates.iter().zip(&neighbors) {
                let exact = distance(metric)(&query, neighbor);
                let factor = if metric == Metric::Euclid { 2.0 } else { 1.0 };
                let unit = factor * length(&query, &center) * length(neighbor, &center) / (dim as f32).sqrt();
                let error = f64::from((estimate - exact) / unit);
                bias += error;
                square += error * error;
                count += 1.0;
            }
        }
        let deviation = (square / count).sqrt();
        assert!(
            (bias / count).abs() < 0.08,
            "{metric:?} {dim}: bias {}",
            bias / count
        );
        assert!(deviation < most, "{metric:?} {dim} {bits:?}: {deviation}");
    }
}

#[test]
fn byte_codes_are_sharp() {
    let mut random = Random(5);
    let kernels = CodeKernels::detect();
    for dim in [64, 128, 384] {
        for _ in 0..50 {
            let (vector, query) = (random.vector(dim), random.vector(dim));
            let mut code = vec![0; dim];
            let header = encode_bytes(&vector, &mut code);
            let signed: Vec<i8> = code.iter().map(|byte| *byte as i8).collect();
            let exact = -distance(Metric::Dot)(&vector, &query);
            let length = -distance(Metric::Dot)(&query, &query);
            let error = header.scale * (kernels.dot)(&query, &signed) - exact;
            assert!(
                error.abs() < 6.0 * header.deviation * length.sqrt(),
                "{dim}: {error}"
            );
        }
    }
    let mut code = [1; 8];
    assert_eq!(encode_bytes(&[0.0; 8], &mut code).scale, 0.0);
}
