//! Time and bandwidth of each kernel, dispatched and scalar, at usual dimensions. Never asserts.
//! criterion prints the time of one call and, as throughput, the bytes read per second: of both vectors of a distance;
//! of the block of 32 neighbours, the 8-bit code and the query that the code kernels take.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeKernels, block_bytes, scalar as code_scalar};
use ruvector_simd::{Metric, cpu_features, distance, scalar};

fn kernels(criterion: &mut Criterion) {
    for metric in [Metric::Dot, Metric::Euclid, Metric::Manhattan] {
        let mut group = criterion.benchmark_group(format!("{metric:?}"));
        for dim in [100u16, 384, 768, 1536] {
            let a: Vec<f32> = (0..dim).map(|i| f32::from(i).sin()).collect();
            let b: Vec<f32> = (0..dim).map(|i| f32::from(i).cos()).collect();
            group.throughput(Throughput::Bytes(u64::from(dim) * 8));
            for (name, kernel) in [
                (cpu_features(), distance(metric)),
                ("portable", scalar::distance(metric)),
            ] {
                group.bench_function(BenchmarkId::new(name, dim), |bencher| {
                    bencher.iter(|| kernel(black_box(&a), black_box(&b)));
                });
            }
        }
        group.finish();
    }
}

fn codes(criterion: &mut Criterion) {
    let portable = CodeKernels {
        estimate: code_scalar::estimate,
        dot: code_scalar::dot,
        prepare: code_scalar::prepare,
        rotate: code_scalar::rotate,
    };
    let scale = BlockScale {
        base: 1.0,
        mul: 0.01,
        add: 0.01,
        below: 0.5,
    };
    for dim in [128u16, 384, 768, 1536] {
        let query: Vec<f32> = (0..dim).map(|i| f32::from(i).sin()).collect();
        let signs: Vec<f32> = (0..4 * u32::from(dim))
            .map(|i| (i as f32).cos().signum() * 0.1)
            .collect();
        let block: Vec<u8> = (0..block_bytes(query.len()))
            .map(|i| (i * 37 % 96) as u8)
            .collect();
        let code: Vec<i8> = (0..dim).map(|i| (i * 31 % 251) as u8 as i8).collect();
        for (name, kernels) in [(cpu_features(), CodeKernels::detect()), ("portable", portable)] {
            let (mut prepared, mut out, mut rotated) = (BlockQuery::default(), [0.0; 32], query.clone());
            (kernels.prepare)(&mut prepared, &query);
            let mut group = criterion.benchmark_group("codes");
            let id = |what: &str| BenchmarkId::new(format!("{what}/{name}"), dim);
            group.throughput(Throughput::Bytes(block.len() as u64));
            group.bench_function(id("estimate 32"), |bencher| {
                bencher.iter(|| (kernels.estimate)(black_box(&prepared), black_box(&block), scale, &mut out));
            });
            group.throughput(Throughput::Bytes(code.len() as u64));
            group.bench_function(id("byte dot"), |bencher| {
                bencher.iter(|| (kernels.dot)(black_box(&query), black_box(&code)));
            });
            group.throughput(Throughput::Bytes(4 * u64::from(dim)));
            group.bench_function(id("prepare"), |bencher| {
                bencher.iter(|| (kernels.prepare)(&mut prepared, black_box(&query)));
            });
            group.bench_function(id("rotate"), |bencher| {
                bencher.iter(|| {
                    rotated.copy_from_slice(&query);
                    (kernels.rotate)(black_box(&mut rotated), &signs);
                });
            });
            group.finish();
        }
    }
}

criterion_group!(benches, kernels, codes);
criterion_main!(benches);
