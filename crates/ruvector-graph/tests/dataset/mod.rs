//! Seeded vectors, and the searches that the tests of this folder share. Never random beyond its seed.
#![allow(dead_code, reason = "each test binary uses a part")]

use ruvector_graph::{
    GraphParams, Links, LiveGraph, Neighbor, Outcome, Scratch, SearchParams, Space, Vectors, exact, search,
};
use ruvector_simd::{Metric, distance};

pub(crate) const PARAMS: GraphParams = GraphParams {
    m: 12,
    ef_construct: 100,
    seed: 7,
};

/// Vectors in one block; some may be declared unreadable.
pub(crate) struct Flat {
    pub(crate) dim: usize,
    pub(crate) data: Vec<f32>,
    pub(crate) unreadable: Vec<u32>,
}

impl Vectors for Flat {
    type Component = f32;

    fn len(&self) -> u32 {
        (self.data.len() / self.dim) as u32
    }

    fn vector(&self, ordinal: u32) -> Option<&[f32]> {
        let start = ordinal as usize * self.dim;
        if self.unreadable.contains(&ordinal) {
            None
        } else {
            self.data.get(start..start + self.dim)
        }
    }

    fn prefetch(&self, ordinal: u32) {
        if let Some(vector) = self.vector(ordinal) {
            ruvector_simd::prefetch(vector);
        }
    }
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    /// Uniform in −1..1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// `count` vectors in clusters of about 40, which stand far apart.
pub(crate) fn clustered(count: usize, dim: usize, seed: u64) -> Flat {
    let mut random = Random(seed);
    let clusters = count.div_ceil(40);
    let centers: Vec<f32> = (0..clusters * dim).map(|_| random.unit()).collect();
    let mut data = Vec::with_capacity(count * dim);
    for _ in 0..count {
        let center = random.below(clusters as u32) as usize * dim;
        data.extend((center..center + dim).map(|at| centers[at] + 0.3 * random.unit()));
    }
    Flat {
        dim,
        data,
        unreadable: Vec::new(),
    }
}

pub(crate) fn space(vectors: &Flat) -> Space<'_, Flat> {
    Space::new(vectors, distance(Metric::Euclid))
}

/// A graph over all of `vectors`.
pub(crate) fn build(vectors: &Flat, params: GraphParams) -> LiveGraph {
    let graph = LiveGraph::new(params, vectors.len());
    let mut scratch = Scratch::new();
    for node in 0..vectors.len() {
        assert_eq!(graph.insert(space(vectors), &mut scratch), Ok(node));
    }
    graph
}

pub(crate) fn find(
    query: &[f32],
    ef: usize,
    vectors: &Flat,
    links: &impl Links,
    accept: &mut dyn FnMut(u32) -> bool,
) -> (Vec<Neighbor>, Outcome) {
    let mut out = Vec::new();
    let params = SearchParams {
        query,
        ef,
        distances_max: None,
        reach: None,
    };
    let outcome = search(
        &params,
        space(vectors),
        links,
        accept,
        &mut Scratch::new(),
        &mut out,
    );
    (out, outcome)
}

/// Recall@10 at ef 64 over the accepted nodes, against an exact scan.
pub(crate) fn recall(
    queries: &Flat,
    vectors: &Flat,
    links: &impl Links,
    accept: &mut dyn FnMut(u32) -> bool,
) -> f64 {
    let (mut hits, mut wanted) = (0, 0);
    let mut truth = Vec::new();
    for query in queries.data.chunks(queries.dim) {
        exact(query, space(vectors), 0..vectors.len(), accept, 10, &mut truth);
        let (found, _) = find(query, 64, vectors, links, accept);
        assert!(found.is_sorted() && found.iter().all(|neighbor| accept(neighbor.node)));
        wanted += truth.len();
        hits += found
            .iter()
            .take(10)
            .filter(|neighbor| truth.contains(neighbor))
            .count();
    }
    f64::from(hits as u32) / f64::from(wanted as u32)
}

/// How many nodes below `len` level 0 leads to from the entry.
pub(crate) fn reachable(links: &impl Links, len: u32) -> usize {
    let mut seen = vec![false; len as usize];
    let mut stack: Vec<u32> = links.entry().iter().map(|entry| entry.node).collect();
    let mut buffer = Vec::new();
    while let Some(node) = stack.pop() {
        if std::mem::replace(&mut seen[node as usize], true) {
            continue;
        }
        if links.links(node, 0, &mut buffer).is_ok() {
            stack.extend(buffer.iter().filter(|&&id| id < len));
        }
    }
    seen.iter().filter(|&&seen| seen).count()
}
