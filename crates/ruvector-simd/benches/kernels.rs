//! Time and bandwidth of each kernel, of every instruction set here, at usual dimensions. Never asserts.
//! `cargo bench -p ruvector-simd -- limits` prints instead how near each comes to what the core can do.
//!
//! criterion prints the time of one call and, as throughput, the bytes read per second: of both vectors of a distance;
//! of the block of 32 neighbours, the 8-bit code and the query that the code kernels take.

mod limits;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use half::f16;
use ruvector_simd::codes::{BlockQuery, BlockScale, CodeBits, CodeKernels, block_bytes};
use ruvector_simd::{Kernels, Metric, cpu_features, distance, scalar};

const METRICS: [Metric; 3] = [Metric::Dot, Metric::Euclid, Metric::Manhattan];

fn kernels(criterion: &mut Criterion) {
    for metric in METRICS {
        let mut group = criterion.benchmark_group(format!("{metric:?}"));
        for dim in [100u16, 128, 384, 768, 1536] {
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

/// One kernel of every instruction set over `component(0..dim)` and its mirror image.
fn element<E, R>(
    criterion: &mut Criterion,
    name: &str,
    component: fn(u16) -> E,
    of: impl Fn(&Kernels) -> fn(&[E], &[E]) -> R,
) {
    let mut group = criterion.benchmark_group(name);
    for dim in [128u16, 384, 768, 1536] {
        let a: Vec<E> = (0..dim).map(component).collect();
        let b: Vec<E> = (0..dim).rev().map(component).collect();
        group.throughput(Throughput::Bytes(2 * size_of_val(a.as_slice()) as u64));
        for set in Kernels::available() {
            let kernel = of(&set);
            group.bench_function(BenchmarkId::new(set.name, dim), |bencher| {
                bencher.iter(|| kernel(black_box(&a), black_box(&b)));
            });
        }
    }
    group.finish();
}

fn elements(criterion: &mut Criterion) {
    let byte = |i: u16| (i * 37) as u8;
    for metric in METRICS {
        let name = |element: &str| format!("{element} {metric:?}");
        let half = |i: u16| f16::from_f32(f32::from(i).sin());
        element(
            criterion,
            &name("f32"),
            |i| f32::from(i).sin(),
            |set| set.f32.of(metric),
        );
        element(criterion, &name("f16"), half, |set| set.f16.of(metric));
        element(criterion, &name("u8"), byte, |set| set.u8.of(metric));
        element(
            criterion,
            &name("i8"),
            |i| (i * 37) as i8,
            |set| set.i8.of(metric),
        );
    }
    element(criterion, "Hamming", byte, |set| set.hamming);
}

/// The report of [`limits`], for those who ask for it by that name.
fn report(_: &mut Criterion) {
    if std::env::args().any(|argument| argument == "limits") {
        limits::report();
    }
}

/// What the code kernels are given, of one dimension and number of bits.
struct Codes {
    bits: CodeBits,
    query: Vec<f32>,
    signs: Vec<f32>,
    block: Vec<u8>,
    code: Vec<i8>,
}

impl Codes {
    fn new(dim: u16, bits: CodeBits) -> Self {
        let signs = (0..4 * u32::from(dim)).map(|i| (i as f32).cos().signum() * 0.1);
        let block = (0..block_bytes(usize::from(dim), bits)).map(|i| (i * 37 % 96) as u8);
        Self {
            bits,
            query: (0..dim).map(|i| f32::from(i).sin()).collect(),
            signs: signs.collect(),
            block: block.collect(),
            code: (0..dim).map(|i| (i * 31 % 251) as u8 as i8).collect(),
        }
    }
}

fn codes(criterion: &mut Criterion) {
    for dim in [128u16, 384, 768, 1536] {
        for kernels in CodeKernels::all() {
            block_codes(criterion, kernels, &Codes::new(dim, CodeBits::One));
            block_codes(criterion, kernels, &Codes::new(dim, CodeBits::Two));
            vector_codes(criterion, kernels, &Codes::new(dim, CodeBits::One));
        }
    }
}

/// The kernels whose work depends on the number of bits.
fn block_codes(criterion: &mut Criterion, kernels: CodeKernels, codes: &Codes) {
    let scale = BlockScale {
        base: 1.0,
        mul: 0.01,
        add: 0.01,
        below: 0.5,
    };
    let (mut prepared, mut out) = (BlockQuery::default(), [0.0; 32]);
    (kernels.prepare)(&mut prepared, &codes.query, codes.bits);
    let mut group = criterion.benchmark_group("codes");
    let id = |what: &str| {
        let what = format!("{what} {:?}/{}", codes.bits, kernels.name);
        BenchmarkId::new(what, codes.query.len())
    };
    group.throughput(Throughput::Bytes(codes.block.len() as u64));
    group.bench_function(id("estimate 32"), |bencher| {
        bencher.iter(|| (kernels.estimate)(black_box(&prepared), black_box(&codes.block), scale, &mut out));
    });
    group.throughput(Throughput::Bytes(size_of_val(codes.query.as_slice()) as u64));
    group.bench_function(id("prepare"), |bencher| {
        bencher.iter(|| (kernels.prepare)(&mut prepared, black_box(&codes.query), codes.bits));
    });
    group.finish();
}

fn vector_codes(criterion: &mut Criterion, kernels: CodeKernels, codes: &Codes) {
    let mut rotated = codes.query.clone();
    let mut group = criterion.benchmark_group("codes");
    let id = |what: &str| BenchmarkId::new(format!("{what}/{}", kernels.name), codes.query.len());
    group.throughput(Throughput::Bytes(codes.code.len() as u64));
    group.bench_function(id("byte dot"), |bencher| {
        bencher.iter(|| (kernels.dot)(black_box(&codes.query), black_box(&codes.code)));
    });
    group.throughput(Throughput::Bytes(size_of_val(codes.query.as_slice()) as u64));
    group.bench_function(id("rotate"), |bencher| {
        bencher.iter(|| {
            rotated.copy_from_slice(&codes.query);
            (kernels.rotate)(black_box(&mut rotated), &codes.signs);
        });
    });
    group.finish();
}

criterion_group!(benches, report, kernels, elements, codes);
criterion_main!(benches);
