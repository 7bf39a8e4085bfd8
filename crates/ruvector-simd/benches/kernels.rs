//! Time and bandwidth of each distance kernel, dispatched and scalar, at usual dimensions. Never asserts.
//! criterion prints the time of one distance and, as throughput, the bytes of both vectors read per second.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
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

criterion_group!(benches, kernels);
criterion_main!(benches);
