//! Goal: a graph knows what breadth it takes to find so many of the nearest, for data of any kind, and graphs of the version
//! that did not know still open. Method: clustered vectors and such without structure; queries that are not in the graph,
//! against exact search; a graph without its last table.
#![allow(clippy::unwrap_used)]

use super::dataset::Random;
use super::*;

/// Vectors without any structure.
fn noise(count: usize, dim: usize) -> Flat {
    let mut random = Random(SEED);
    let data = (0..count * dim).map(|_| random.unit());
    Flat {
        dim,
        data: data.collect(),
        unreadable: Vec::new(),
    }
}

/// The graph of all but the last vectors, which are queries.
fn measured(all: &Flat) -> (Flat, FastGraph<Vec<u8>>) {
    let vectors = Flat {
        dim: all.dim,
        data: all.data[..COUNT as usize * all.dim].to_vec(),
        unreadable: Vec::new(),
    };
    let graph = FastGraph::open(encode(Metric::Euclid, &vectors)).unwrap();
    (vectors, graph)
}

/// Recall of the queries of `all` at the breadth that finds so much; and that breadth.
fn at_breadth_of(all: &Flat, wanted: f32) -> (f64, usize) {
    let (metric, (vectors, graph)) = (Metric::Euclid, measured(all));
    let (breadth, mut truth, mut hits) = (graph.breadth_of(wanted).unwrap(), Vec::new(), 0);
    for query in all.data[vectors.data.len()..].chunks(all.dim) {
        let space = Space::new(&vectors, distance(metric));
        exact(query, space, 0..vectors.len(), &mut |_| true, 10, &mut truth);
        let found = nearest(&graph, (metric, &vectors), query, (10, breadth), &mut |_| true);
        let is_found = |neighbor: &&Neighbor| found.contains(&neighbor.node);
        hits += truth.iter().filter(is_found).count();
    }
    (hits as f64 / (10 * QUERIES) as f64, breadth)
}

#[test]
fn breadths_find_what_they_promise() {
    for dim in [24, 300] {
        let count = COUNT as usize + QUERIES;
        let (clusters, noise) = (clustered(count, dim, SEED), noise(count, dim));
        for wanted in [0.8, 0.9, 0.95] {
            let narrow = measured(&clusters).1.breadth_of(wanted).unwrap();
            let (found, broad) = at_breadth_of(&noise, wanted);
            assert!(found >= f64::from(wanted) - 0.02, "{dim}: {found} of {wanted}");
            assert!(
                broad < COUNT as usize / 8 && broad >= 2 * narrow,
                "{dim}: {narrow} and {broad}"
            );
        }
    }
}

#[test]
fn graphs_without_the_table_open() {
    let vectors = data(32, |_, x| x);
    let mut bytes = encode(Metric::Euclid, &vectors);
    let measured = FastGraph::open(bytes.clone()).unwrap();
    bytes.truncate(bytes.len() - 64);
    assert!(FastGraph::open(bytes.clone()).is_err());
    bytes[4..8].copy_from_slice(&1u32.to_le_bytes());
    let graph = FastGraph::open(bytes).unwrap();
    assert!(graph.breadth_of(0.9).is_none() && measured.breadth_of(0.9).is_some());
    for query in (0..20).map(|node| vectors.vector(node * 31).unwrap()) {
        let [old, new] = [&graph, &measured]
            .map(|graph| nearest(graph, (Metric::Euclid, &vectors), query, (10, 32), &mut |_| true));
        assert_eq!(old, new);
    }
}
