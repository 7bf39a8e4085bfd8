//! Time of one search and of one insertion, on seeded clustered vectors. Never asserts.

#[path = "../tests/dataset/mod.rs"]
mod dataset;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use dataset::{Flat, build, clustered, space};
use ruvector_graph::{
    FastGraph, FastScratch, FastSearch, GraphParams, Links, PlainGraph, Scratch, SearchParams, Vectors, fast,
    plain, search,
};
use ruvector_simd::Metric;

const COUNT: u32 = 5_000;
const PARAMS: GraphParams = GraphParams {
    m: 16,
    ef_construct: 200,
    seed: 1,
};

fn searches(criterion: &mut Criterion) {
    let vectors = clustered(COUNT as usize, 128, 1);
    let queries = clustered(100, 128, 1);
    let graph = build(&vectors, PARAMS);
    let Ok(Ok(frozen)) = plain::encode(&graph, COUNT, PARAMS).map(PlainGraph::open) else {
        return;
    };
    let (mut scratch, mut out) = (Scratch::new(), Vec::new());
    let mut group = criterion.benchmark_group("search");
    for ef in [16, 64, 256] {
        let mut at = 0;
        group.bench_function(BenchmarkId::new("plain", ef), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % queries.len();
                let query = queries.vector(at).unwrap_or_default();
                let params = SearchParams {
                    query,
                    ef,
                    distances_max: None,
                    reach: None,
                };
                search(
                    &params,
                    space(&vectors),
                    &frozen,
                    &mut |_| true,
                    &mut scratch,
                    &mut out,
                );
                black_box(out.len())
            });
        });
    }
    fast_searches(&mut group, &vectors, &queries, &graph);
    group.finish();
}

/// Without the exact measuring of the best, which is the engine's.
fn fast_searches(
    group: &mut BenchmarkGroup<'_, WallTime>,
    vectors: &Flat,
    queries: &Flat,
    links: &impl Links,
) {
    let fast = fast::encode(Metric::Euclid, 128, vectors, links, 1);
    let Some(Ok(fast)) = fast.map(FastGraph::open) else {
        return;
    };
    let (mut scratch, mut out) = (FastScratch::default(), Vec::new());
    for breadth in [24, 96, 384] {
        let mut at = 0;
        group.bench_function(BenchmarkId::new("fast", breadth), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % queries.len();
                let query = queries.vector(at).unwrap_or_default();
                let request = FastSearch {
                    query,
                    wanted: 10,
                    breadth,
                    visits_max: None,
                    trial: None,
                    elsewhere: None,
                };
                fast.search(&request, &mut |_| true, &mut scratch, &mut out)
            });
        });
    }
    group.bench_function("fast encode", |bencher| {
        bencher.iter(|| fast::encode(Metric::Euclid, 128, vectors, links, 1));
    });
}

fn insertions(criterion: &mut Criterion) {
    let vectors = clustered(500, 128, 2);
    let mut group = criterion.benchmark_group("insert");
    group.sample_size(10);
    group.bench_function("500 nodes", |bencher| {
        bencher.iter_batched(|| (), |()| build(&vectors, PARAMS), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, searches, insertions);
criterion_main!(benches);
