//! Graphs built over code rows, searched by full vectors.
// Goal: a graph built over codes finds what one built over vectors finds, whatever the data's scale. Method: seeded
// clustered data as it comes, scaled, shifted and with outliers; recall@10 at ef 16 of both graphs; then a
// carry-over over codes, vectors that cannot be read, and steps of any size.

mod dataset;

use dataset::{Flat, PARAMS, clustered, find, reachable, recall, space};
use ruvector_graph::{
    CarryOver, CodedVectors, Links, LiveGraph, Neighbor, Scratch, SearchParams, Space, Vectors, carry, exact,
    plain, search,
};
use ruvector_simd::{Metric, distance, normalize};

const SEED: u64 = 5;
const COUNT: usize = 2_000;
const QUERIES: usize = 150;

fn coded(metric: Metric, vectors: &Flat) -> CodedVectors {
    let Some(mut coded) = CodedVectors::new(metric, vectors.dim, vectors.len(), SEED) else {
        unreachable!("{metric:?} survives a rotation");
    };
    while !coded.step(vectors, 700) {}
    assert_eq!(coded.len(), vectors.len());
    coded
}

fn links_of<V: Vectors>(space: Space<'_, V>) -> LiveGraph {
    let graph = LiveGraph::new(PARAMS, space.vectors.len());
    let mut scratch = Scratch::new();
    for node in 0..space.vectors.len() {
        assert_eq!(graph.insert(space, &mut scratch), Ok(node));
    }
    graph
}

/// Recall@10 at ef 16 of the last vectors of `all` over a graph of the others: built over vectors, over codes.
fn recalls(metric: Metric, all: &Flat) -> [f64; 2] {
    let (data, queries) = all.data.split_at(all.data.len() - QUERIES * all.dim);
    let vectors = Flat {
        dim: all.dim,
        data: data.to_vec(),
        unreadable: Vec::new(),
    };
    let space = Space::new(&vectors, distance(metric));
    let codes = coded(metric, &vectors);
    let graphs = [links_of(space), links_of(codes.space())];
    let (mut truth, mut found): (Vec<Neighbor>, _) = (Vec::new(), Vec::new());
    graphs.map(|graph| {
        assert_eq!(reachable(&graph, vectors.len()), COUNT);
        let mut hits = 0;
        for query in queries.chunks(all.dim) {
            exact(query, space, 0..vectors.len(), &mut |_| true, 10, &mut truth);
            let params = SearchParams {
                query,
                ef: 16,
                distances_max: None,
                reach: None,
            };
            search(
                &params,
                space,
                &graph,
                &mut |_| true,
                &mut Scratch::new(),
                &mut found,
            );
            hits += found.iter().take(10).filter(|near| truth.contains(near)).count();
        }
        hits as f64 / (10 * QUERIES) as f64
    })
}

/// Clustered data, each component passed through `change` with its vector's number.
fn data(dim: usize, change: impl Fn(usize, f32) -> f32) -> Flat {
    let mut flat = clustered(COUNT + QUERIES, dim, SEED);
    for (at, x) in flat.data.iter_mut().enumerate() {
        *x = change(at / dim, *x);
    }
    flat
}

#[test]
fn as_good_as_vectors_at_any_scale() {
    let mut unit = data(100, |_, x| x);
    unit.data
        .chunks_mut(100)
        .for_each(|vector| assert!(normalize(vector)));
    let outlier = |at: usize, x: f32| if at % 50 == 7 { x * 1e3 } else { x };
    let cases = [
        ("dot, length 1", Metric::Dot, unit),
        (
            "dot, any length",
            Metric::Dot,
            data(64, |at, x| x * (1.0 + (at % 7) as f32)),
        ),
        ("dot, tiny", Metric::Dot, data(64, |_, x| x * 1e-18)),
        ("dot, huge", Metric::Dot, data(64, |_, x| x * 1e16)),
        ("as it comes", Metric::Euclid, data(48, |_, x| x)),
        ("tiny", Metric::Euclid, data(96, |_, x| x * 1e-18)),
        ("huge", Metric::Euclid, data(96, |_, x| x * 1e16)),
        ("shifted", Metric::Euclid, data(96, |_, x| x + 500.0)),
        ("outliers", Metric::Euclid, data(96, outlier)),
        ("one dimension", Metric::Euclid, data(1, |_, x| x)),
    ];
    for (name, metric, all) in cases {
        let [full, codes] = recalls(metric, &all);
        println!("{name}: {full:.4} {codes:.4}");
        assert!(
            codes >= full - 0.01,
            "{name}: {full} over vectors, {codes} over codes"
        );
    }
}

#[test]
fn carried_over_and_grown_over_codes() {
    let vectors = clustered(COUNT, 32, 11);
    let old = links_of(space(&vectors));
    // The first third is dropped; its vectors come again at the end.
    let dropped = COUNT as u32 / 3;
    let map = (0..COUNT as u32).map(|node| node.checked_sub(dropped).unwrap_or(carry::DROPPED));
    let mut renumbered = vectors.data.clone();
    renumbered.rotate_left(dropped as usize * 32);
    let renumbered = Flat {
        data: renumbered,
        ..vectors
    };
    let codes = coded(Metric::Euclid, &renumbered);
    let mut carry = CarryOver::new(&old, map.collect(), PARAMS, COUNT as u32).unwrap();
    while !carry.step(codes.space(), 100) {}
    let graph = carry.finish().unwrap();
    let mut scratch = Scratch::new();
    while graph.len() < COUNT as u32 {
        graph.insert(codes.space(), &mut scratch).unwrap();
    }
    assert_eq!(reachable(&graph, COUNT as u32), COUNT);
    let recall = recall(&clustered(150, 32, 11), &renumbered, &graph, &mut |_| true);
    assert!(recall >= 0.97, "{recall}");
}

#[test]
fn unreadable_vectors_are_passed_over() {
    let mut vectors = clustered(600, 20, 3);
    vectors.unreadable = vec![0, 7, 8, 599];
    let codes = coded(Metric::Euclid, &vectors);
    for node in 0..600 {
        assert_eq!(codes.vector(node).is_none(), vectors.unreadable.contains(&node));
    }
    assert!(codes.vector(600).is_none());
    let graph = links_of(codes.space());
    assert_eq!(reachable(&graph, 600), 596);
    let query = vectors.vector(9).unwrap();
    let (found, _) = find(query, 10, &vectors, &graph, &mut |_| true);
    assert_eq!(found[0].node, 9);
}

#[test]
fn steps_of_any_size_give_the_same_graph() {
    let vectors = clustered(500, 16, 3);
    let bytes = |rows| {
        let mut codes = CodedVectors::new(Metric::Euclid, 16, 500, SEED).unwrap();
        while !codes.step(&vectors, rows) {}
        plain::encode(&links_of(codes.space()), 500, PARAMS).unwrap()
    };
    assert_eq!(bytes(0), bytes(u32::MAX));
    assert!(CodedVectors::new(Metric::Manhattan, 16, 500, SEED).is_none());
    let mut none = CodedVectors::new(Metric::Dot, 16, 0, SEED).unwrap();
    assert!(none.step(&vectors, 1) && none.is_empty() && links_of(none.space()).entry().is_none());
}
