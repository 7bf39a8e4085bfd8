//! What building a graph costs, over vectors and over code rows, and what it is worth: CPU time a node, and recall@10
//! at ef 64 of the last 1,000 vectors, searched by full vectors. Never asserts.
//!
//! `cargo bench -p ruvector-graph --bench build -- BASE.npy [--count N] [--euclid] [--codes-only]`; without a file,
//! seeded clustered vectors.

#[path = "../tests/dataset/mod.rs"]
mod dataset;
mod npy;

use std::path::Path;

use dataset::{Flat, clustered};
use ruvector_graph::{
    CodedVectors, GraphParams, LiveGraph, Neighbor, Scratch, SearchParams, Space, Vectors, exact, search,
};
use ruvector_simd::{Metric, distance};

const PARAMS: GraphParams = GraphParams {
    m: 16,
    ef_construct: 200,
    seed: 0,
};
const QUERIES: usize = 1_000;

/// Seconds of CPU that this thread has used.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

fn insert_all<V: Vectors + ?Sized>(space: Space<'_, V>) -> LiveGraph {
    let graph = LiveGraph::new(PARAMS, space.vectors.len());
    let mut scratch = Scratch::new();
    while graph.len() < space.vectors.len() && graph.insert(space, &mut scratch).is_ok() {}
    graph
}

fn find(query: &[f32], space: Space<'_, Flat>, graph: &LiveGraph, out: &mut Vec<Neighbor>) {
    let params = SearchParams {
        query,
        ef: 64,
        distances_max: None,
        reach: None,
    };
    search(&params, space, graph, &mut |_| true, &mut Scratch::new(), out);
}

fn recall(queries: &Flat, space: Space<'_, Flat>, graph: &LiveGraph) -> f64 {
    let (mut hits, mut truth, mut found) = (0, Vec::new(), Vec::new());
    for query in queries.data.chunks(queries.dim) {
        exact(
            query,
            space,
            0..space.vectors.len(),
            &mut |_| true,
            10,
            &mut truth,
        );
        find(query, space, graph, &mut found);
        hits += found.iter().take(10).filter(|near| truth.contains(near)).count();
    }
    hits as f64 / (10 * queries.data.len() / queries.dim) as f64
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    // Cargo says `--bench` when it measures; a test of all targets only runs the program.
    if !has("--bench") {
        return;
    }
    let count = arguments
        .iter()
        .skip_while(|argument| *argument != "--count")
        .nth(1);
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let file = arguments.iter().find(|argument| argument.ends_with(".npy"));
    let base = match file.map(|file| npy::read(Path::new(file), count)) {
        None => clustered(count, 128, 1),
        Some(Some(base)) => base,
        Some(None) => return eprintln!("not a readable .npy file of f2 or f4"),
    };
    let at = base.data.len().saturating_sub(QUERIES * base.dim);
    let flat = |data: &[f32]| Flat {
        dim: base.dim,
        data: data.to_vec(),
        unreadable: Vec::new(),
    };
    let (base, queries) = (flat(&base.data[..at]), flat(&base.data[at..]));
    let metric = if has("--euclid") {
        Metric::Euclid
    } else {
        Metric::Dot
    };
    let (space, nodes) = (Space::new(&base, distance(metric)), base.len());
    let report = |name: &str, start: f64, graph: &LiveGraph| {
        let us = (cpu_s() - start) * 1e6 / f64::from(nodes);
        println!(
            "{name:8} {us:8.1} us a node, recall {:.4}",
            recall(&queries, space, graph)
        );
    };
    println!("{nodes} x {}, {metric:?}", base.dim);
    if !has("--codes-only") {
        let start = cpu_s();
        report("f32", start, &insert_all(space));
    }
    let start = cpu_s();
    let Some(mut coded) = CodedVectors::new(metric, base.dim, nodes, 1) else {
        return;
    };
    while !coded.step(&base, u32::MAX) {}
    println!(
        "coding   {:8.1} us a node",
        (cpu_s() - start) * 1e6 / f64::from(nodes)
    );
    report("codes", start, &insert_all(coded.space()));
}
