//! Time to compare one query with 4,096 adjacent rows, for every width, family and query precision, and to encode one
//! vector. Never asserts. criterion prints as throughput the bytes of codes read per second.
//!
//! `cargo bench -p ruvector-quant --bench scan`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ruvector_quant::{Compression, Encoder, Quantization, QueryPrecision, Space, Width};
use ruvector_simd::Metric;

const ROWS: usize = 4_096;

fn vectors(dim: usize) -> Vec<Vec<f32>> {
    let number = |at: usize| ((at * 7_919 + at * at % 613) % 1_001) as f32 / 500.0 - 1.0;
    (0..512)
        .map(|row| (0..dim).map(|at| number(row * dim + at)).collect())
        .collect()
}

fn configs() -> Vec<Quantization> {
    let rotated = Width::ALL.map(|width| Quantization::Rotated { width });
    let others = [
        Quantization::Scalar { quantile: None },
        Quantization::Product {
            compression: Compression::X16,
        },
        Quantization::Lsh { bits: 256 },
    ];
    rotated.into_iter().chain(others).collect()
}

fn scans(criterion: &mut Criterion) {
    for dim in [384, 768] {
        let vectors = vectors(dim);
        let views: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let space = Space {
            dim,
            metric: Metric::Euclid,
            seed: 1,
        };
        for config in configs() {
            let Ok(encoder) = Encoder::train(config, space, &views) else {
                continue;
            };
            scan(criterion, &encoder, &vectors, &format!("{config:?}"));
        }
    }
}

fn scan(criterion: &mut Criterion, encoder: &Encoder, vectors: &[Vec<f32>], name: &str) {
    let row_bytes = encoder.code_bytes();
    let mut codes = vec![0; ROWS * row_bytes];
    for (row, vector) in codes.chunks_exact_mut(row_bytes).zip(vectors.iter().cycle()) {
        let _ = encoder.encode(vector, row);
    }
    let dim = encoder.space().dim;
    let mut group = criterion.benchmark_group(format!("{name} {dim}"));
    let mut row = vec![0; row_bytes];
    group.bench_function("encode", |bencher| {
        bencher.iter(|| encoder.encode(black_box(&vectors[3]), &mut row));
    });
    group.throughput(Throughput::Bytes(codes.len() as u64));
    let mut out = vec![0.0; ROWS];
    for precision in [QueryPrecision::Same, QueryPrecision::Eight, QueryPrecision::Full] {
        let Ok(query) = encoder.prepare(&vectors[7], precision) else {
            continue;
        };
        group.bench_function(BenchmarkId::new("scan", format!("{precision:?}")), |bencher| {
            bencher.iter(|| query.distances(black_box(&codes), &mut out));
        });
    }
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
