//! The fast layout against exact search, and against damage.
// Goal: the fast layout finds what exact search finds whatever the data's scale, and bytes of any kind give bounded
// answers. Method: seeded clustered data as it comes, scaled, shifted and with outliers, recall@10 with a floor for
// each; then sizes and dimensions at the edges; `damage`: truncations, flips, noise and non-finite factors.

mod damage;
#[path = "../dataset/mod.rs"]
mod dataset;
mod recalls;

use dataset::{Flat, PARAMS, clustered};
use ruvector_graph::{
    Entry, FastEncoder, FastGraph, FastScratch, FastSearch, Links, LiveGraph, Neighbor, Scratch,
    SearchParams, Space, Trial, Unreadable, Vectors, exact, fast, search,
};
use ruvector_simd::{Metric, distance, normalize};

const SEED: u64 = 17;
const COUNT: u32 = 2_500;
const QUERIES: usize = 100;
fn request(query: &[f32], breadth: usize) -> FastSearch<'_> {
    FastSearch {
        query,
        wanted: 10,
        breadth,
        visits_max: None,
        trial: None,
        elsewhere: None,
    }
}

fn links_of(metric: Metric, vectors: &Flat) -> LiveGraph {
    let graph = LiveGraph::new(PARAMS, vectors.len());
    let mut scratch = Scratch::new();
    for node in 0..vectors.len() {
        let space = Space::new(vectors, distance(metric));
        assert_eq!(graph.insert(space, &mut scratch), Ok(node));
    }
    graph
}

fn encode(metric: Metric, vectors: &Flat) -> Vec<u8> {
    fast::encode(metric, vectors.dim, vectors, &links_of(metric, vectors), SEED).unwrap_or_default()
}

/// The `wanted` closest by the fast graph with the best measured exactly, as the engine does it.
fn nearest(
    graph: &FastGraph<Vec<u8>>,
    (metric, vectors): (Metric, &Flat),
    query: &[f32],
    (wanted, breadth): (usize, usize),
    accept: &mut dyn FnMut(u32) -> bool,
) -> Vec<u32> {
    let (mut scratch, mut found) = (FastScratch::default(), Vec::new());
    let search = FastSearch {
        wanted,
        ..request(query, breadth)
    };
    let outcome = graph.search(&search, accept, &mut scratch, &mut found);
    assert!(outcome.unreadable == 0 && !outcome.deviation.is_nan());
    let mut measured: Vec<Neighbor> = found
        .iter()
        .map(|neighbor| Neighbor {
            distance: vectors
                .vector(neighbor.node)
                .map_or(f32::INFINITY, |vector| distance(metric)(query, vector)),
            node: neighbor.node,
        })
        .collect();
    measured.sort_unstable();
    measured
        .iter()
        .take(wanted)
        .map(|neighbor| neighbor.node)
        .collect()
}

fn recall(metric: Metric, all: &Flat, accept: &mut dyn FnMut(u32) -> bool) -> f64 {
    let at = all.data.len() - QUERIES * all.dim;
    let vectors = Flat {
        dim: all.dim,
        data: all.data[..at].to_vec(),
        unreadable: Vec::new(),
    };
    let Ok(graph) = FastGraph::open(encode(metric, &vectors)) else {
        return 0.0;
    };
    let (mut truth, mut hits) = (Vec::new(), 0);
    for query in all.data[at..].chunks(all.dim) {
        let space = Space::new(&vectors, distance(metric));
        exact(query, space, 0..vectors.len(), accept, 10, &mut truth);
        let found = nearest(&graph, (metric, &vectors), query, (10, 96), accept);
        assert!(found.iter().all(|node| accept(*node)));
        hits += truth
            .iter()
            .filter(|neighbor| found.contains(&neighbor.node))
            .count();
    }
    hits as f64 / (10 * QUERIES) as f64
}

/// Clustered data, each component passed through `change` with its vector's number.
fn data(dim: usize, change: impl Fn(usize, f32) -> f32) -> Flat {
    let mut flat = clustered(COUNT as usize + QUERIES, dim, SEED);
    for (at, x) in flat.data.iter_mut().enumerate() {
        *x = change(at / dim, *x);
    }
    flat
}

fn refused(node: u32) -> bool {
    node.wrapping_mul(2_654_435_761) >> 16 & 0xff < 77
}

#[test]
fn finds_what_exact_search_finds_at_any_scale() {
    let mut unit = data(100, |_, x| x);
    unit.data
        .chunks_mut(100)
        .for_each(|vector| assert!(normalize(vector)));
    let cases = [
        ("dot, length 1", Metric::Dot, unit, 0.98),
        ("dot, scaled", Metric::Dot, data(64, |_, x| x * 1e4), 0.98),
        (
            "bytes",
            Metric::Euclid,
            data(128, |_, x| (x * 98.0 + 128.0).round()),
            0.97,
        ),
        ("tiny", Metric::Euclid, data(96, |_, x| x * 1e-7), 0.98),
        ("huge", Metric::Euclid, data(96, |_, x| x * 1e7), 0.98),
        ("shifted", Metric::Euclid, data(96, |_, x| x + 500.0), 0.98),
        (
            "outliers",
            Metric::Euclid,
            data(96, |at, x| if at % 50 == 7 { x * 1e3 } else { x }),
            0.97,
        ),
    ];
    for (name, metric, flat, floor) in cases {
        let whole = recall(metric, &flat, &mut |_| true);
        let part = recall(metric, &flat, &mut |node| !refused(node));
        assert!(
            whole.min(part) >= floor,
            "{name}: {whole}, with 30 % refused {part}"
        );
    }
}

/// Every node links to the 40 around it: more than the layout takes, ids out of range among them.
struct Ring(u32);

impl Links for Ring {
    fn entry(&self) -> Option<Entry> {
        (self.0 > 0).then_some(Entry { node: 0, level: 0 })
    }

    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        out.clear();
        out.extend((1..=20).flat_map(|step| [node + step, node.wrapping_sub(step)]));
        if node % 97 == 5 {
            Err(Unreadable { node, level })
        } else {
            Ok(())
        }
    }
}

#[test]
fn sizes_and_dimensions_at_the_edges() {
    let mut scratch = FastScratch::default();
    for (metric, dim) in [1, 3, 64, 100, 1_536, 4_096]
        .map(|dim| [(Metric::Dot, dim), (Metric::Euclid, dim)])
        .concat()
    {
        for count in [0, 1, 2, 31, 33] {
            let vectors = clustered(count, dim, 5);
            let bytes = fast::encode(metric, dim, &vectors, &Ring(count as u32), SEED).unwrap();
            let graph = FastGraph::open(bytes).unwrap();
            assert_eq!((graph.len(), graph.dim()), (count as u32, dim as u32));
            let mut out = Vec::new();
            for node in 0..count as u32 {
                let query = vectors.vector(node).unwrap();
                let exactly = distance(metric)(query, query);
                // A breadth above the count finds all; the node itself is as far as it says, within its deviation.
                let search = FastSearch {
                    wanted: 10_000,
                    ..request(query, 10_000)
                };
                let outcome = graph.search(&search, &mut |_| true, &mut scratch, &mut out);
                assert_eq!(out.len(), count, "{metric:?} {dim} {count}");
                let own = out.iter().find(|found| found.node == node).unwrap();
                let slack = 5.0 * outcome.deviation + 1e-4 * exactly.abs();
                assert!(
                    (own.distance - exactly).abs() <= slack,
                    "{metric:?} {dim} {count}: {own:?} {exactly}"
                );
            }
            for other in [&[][..], &vec![0.5; dim + 1]] {
                let outcome = graph.search(&request(other, 10), &mut |_| true, &mut scratch, &mut out);
                assert!(out.is_empty() && outcome.visited == 0);
            }
            graph.search(
                &request(&vec![f32::NAN; dim], 10),
                &mut |_| true,
                &mut scratch,
                &mut out,
            );
            assert!(out.iter().all(|found| found.distance == f32::INFINITY));
            graph.search(
                &request(&vec![0.0; dim], 0),
                &mut |_| true,
                &mut scratch,
                &mut out,
            );
            assert!(out.is_empty());
        }
    }
    assert!(FastEncoder::new(Metric::Manhattan, 8, 10, SEED).is_none());
    assert!(FastEncoder::new(Metric::Dot, 0, 10, SEED).is_none());
    assert!(FastEncoder::new(Metric::Dot, 65_537, 10, SEED).is_none());
}

#[test]
fn refused_nodes_take_no_place_in_the_result() {
    let vectors = data(32, |_, x| x);
    let graph = FastGraph::open(encode(Metric::Euclid, &vectors)).unwrap();
    let (mut scratch, mut out) = (FastScratch::default(), Vec::new());
    let query = vectors.vector(3).unwrap();
    let search = FastSearch {
        wanted: 64,
        ..request(query, 64)
    };
    // One in 16 is accepted, 4 times the breadth is visited by no search that accepts all.
    graph.search(&search, &mut |node| node % 16 == 3, &mut scratch, &mut out);
    assert!(
        out.len() >= 64 && out.iter().all(|found| found.node % 16 == 3),
        "{}",
        out.len()
    );
    graph.search(&search, &mut |_| true, &mut scratch, &mut out);
    assert!((64..=256).contains(&out.len()), "{}", out.len());
    let bounded = FastSearch {
        visits_max: Some(100),
        ..search
    };
    let outcome = graph.search(&bounded, &mut |node| node % 16 == 3, &mut scratch, &mut out);
    assert!(outcome.exhausted && outcome.visited == 100, "{outcome:?}");
}

/// Goal: an eager search finds what a patient one finds, each node once and only accepted ones, and gives up where the share
/// of nodes near the query is not the one it was told. Method: a tenth accepted at random, against an exact search.
#[test]
fn eager_searches_find_the_accepted() {
    let vectors = data(32, |_, x| x);
    let graph = FastGraph::open(encode(Metric::Euclid, &vectors)).unwrap();
    let (mut scratch, mut out, mut truth) = (FastScratch::default(), Vec::new(), Vec::new());
    let mut accept = |node: u32| node.wrapping_mul(2_654_435_761) >> 16 & 15 == 3;
    let (mut hits, mut wanted, mut ended) = (0, 0, 0);
    for at in 0..50 {
        let query = vectors.vector(at * 17).unwrap();
        let space = Space::new(&vectors, distance(Metric::Euclid));
        exact(query, space, 0..vectors.len(), &mut accept, 10, &mut truth);
        let eager = |share| FastSearch {
            trial: Some(Trial {
                after: 32,
                share,
                eager: true,
            }),
            ..request(query, 128)
        };
        let outcome = graph.search(&eager(1.0 / 16.0), &mut accept, &mut scratch, &mut out);
        let mut nodes: Vec<u32> = out.iter().map(|found| found.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        assert!(nodes.len() == out.len() && nodes.iter().all(|node| accept(*node)));
        if !outcome.exhausted {
            ended += 1;
            wanted += truth.len();
            hits += truth.iter().filter(|near| nodes.contains(&near.node)).count();
        }
        let outcome = graph.search(&eager(0.9), &mut accept, &mut scratch, &mut out);
        assert!(outcome.exhausted && outcome.visited == 32, "{outcome:?}");
    }
    assert!(
        ended > 25 && hits * 100 >= wanted * 95,
        "{hits} of {wanted}, {ended}"
    );
}

/// Goal: where a filter keeps what is near the query a search goes on after its trial and finds it. Method: the 400 nearest
/// are accepted, a small share of all; of the ten nearest nearly all are found, without giving up.
#[test]
fn favoured_searches_go_on() {
    let vectors = data(32, |_, x| x);
    let graph = FastGraph::open(encode(Metric::Euclid, &vectors)).unwrap();
    let (mut scratch, mut out, mut truth) = (FastScratch::default(), Vec::new(), Vec::new());
    let mut hits = 0;
    for at in 0..50 {
        let query = vectors.vector(at * 17).unwrap();
        let space = Space::new(&vectors, distance(Metric::Euclid));
        exact(query, space, 0..vectors.len(), &mut |_| true, 400, &mut truth);
        let mut kept: Vec<u32> = truth.iter().map(|near| near.node).collect();
        kept.sort_unstable();
        for eager in [false, true] {
            let search = FastSearch {
                trial: Some(Trial {
                    after: 24,
                    share: 400.0 / vectors.len() as f32,
                    eager,
                }),
                ..request(query, 128)
            };
            let mut accept = |node| kept.binary_search(&node).is_ok();
            let outcome = graph.search(&search, &mut accept, &mut scratch, &mut out);
            assert!(!outcome.exhausted && outcome.visited > 24, "{outcome:?}");
            let found = |near: &&Neighbor| out.iter().any(|found| found.node == near.node);
            hits += truth.iter().take(10).filter(found).count();
        }
    }
    assert!(hits >= 980, "{hits} of 1,000");
}

/// Every second vector, from the `from`-th on.
fn half(vectors: &Flat, from: usize) -> Flat {
    let rows = vectors.data.chunks(vectors.dim).skip(from).step_by(2);
    Flat {
        dim: vectors.dim,
        data: rows.flatten().copied().collect(),
        unreadable: Vec::new(),
    }
}

/// Visits, and how many of `truth` a search of the second half found, as numbers of the whole.
fn count(sums: &mut (u64, usize), visits: u64, found: &[Neighbor], truth: &[Neighbor]) {
    let hit = |near: &&Neighbor| found.iter().any(|found| 2 * found.node + 1 == near.node);
    *sums = (sums.0 + visits, sums.1 + truth.iter().filter(hit).count());
}

/// Goal: what is known from other graphs shortens a search and hides nothing that belongs to the best of both.
/// Method: two halves of one set, each with its graph; of the exact answer the second half's graphs, fast and plain, find as
/// much when they are told how near the first half came, in fewer visits.
#[test]
fn searches_heed_what_is_known_elsewhere() {
    let vectors = data(32, |_, x| x);
    let halves = [half(&vectors, 0), half(&vectors, 1)];
    let links = links_of(Metric::Euclid, &halves[1]);
    let graphs = halves
        .each_ref()
        .map(|half| FastGraph::open(encode(Metric::Euclid, half)).unwrap());
    let (mut scratch, mut out, mut truth) = (FastScratch::default(), Vec::new(), Vec::new());
    let (mut fast, mut plain) = ([(0, 0); 2], [(0, 0); 2]);
    for at in 0..100 {
        let query: Vec<f32> = vectors
            .vector(at * 11)
            .unwrap()
            .iter()
            .map(|x| x + 0.01)
            .collect();
        let space = Space::new(&vectors, distance(Metric::Euclid));
        exact(&query, space, 0..vectors.len(), &mut |_| true, 10, &mut truth);
        let first = nearest(
            &graphs[0],
            (Metric::Euclid, &halves[0]),
            &query,
            (10, 64),
            &mut |_| true,
        );
        let last = first.last().and_then(|last| halves[0].vector(*last));
        let last = last.map(|last| distance(Metric::Euclid)(&query, last));
        for (told, elsewhere) in [None, last].into_iter().enumerate() {
            let request = FastSearch {
                elsewhere,
                ..request(&query, 64)
            };
            let outcome = graphs[1].search(&request, &mut |_| true, &mut scratch, &mut out);
            count(&mut fast[told], outcome.visited, &out, &truth);
            let params = SearchParams {
                query: &query,
                ef: 64,
                distances_max: None,
                reach: elsewhere.and_then(|worst| graphs[0].reach(&query, 64, worst)),
            };
            let space = Space::new(&halves[1], distance(Metric::Euclid));
            let outcome = search(
                &params,
                space,
                &links,
                &mut |_| true,
                &mut Scratch::new(),
                &mut out,
            );
            count(&mut plain[told], outcome.expanded, &out, &truth);
        }
    }
    for [alone, told] in [fast, plain] {
        assert!(told.1 * 100 >= alone.1 * 99, "hits: {told:?} of {alone:?}");
        assert!(told.0 * 10 <= alone.0 * 9, "visits: {told:?} of {alone:?}");
    }
}

#[test]
fn equal_vectors_are_all_found() {
    let vectors = Flat {
        dim: 12,
        data: vec![0.25; 12 * 1_000],
        unreadable: Vec::new(),
    };
    for metric in [Metric::Dot, Metric::Euclid] {
        let bytes = fast::encode(metric, 12, &vectors, &Ring(1_000), SEED).unwrap();
        let graph = FastGraph::open(bytes).unwrap();
        let query = vectors.vector(0).unwrap();
        let found = nearest(&graph, (metric, &vectors), query, (10, 64), &mut |_| true);
        assert_eq!(found.len(), 10, "{metric:?}");
    }
}

#[test]
fn steps_of_any_size_write_the_same_bytes() {
    let vectors = clustered(2_200, 20, 8);
    let links = links_of(Metric::Euclid, &vectors);
    for count in [0, 15, 500, 2_200] {
        let part = Flat {
            dim: 20,
            data: vectors.data[..20 * count].to_vec(),
            unreadable: Vec::new(),
        };
        let at_once = fast::encode(Metric::Euclid, 20, &part, &links, SEED).unwrap();
        for nodes_max in [1, 7, 64, 499, 2_200] {
            let mut encoder = FastEncoder::new(Metric::Euclid, 20, count as u32, SEED).unwrap();
            let mut out = Vec::new();
            while !encoder.step(&part, &links, nodes_max, &mut out) {}
            assert!(encoder.step(&part, &links, nodes_max, &mut out));
            assert_eq!(out.len() as u64, encoder.total_bytes());
            assert!(out == at_once, "{count} in steps of {nodes_max}");
        }
    }
    let other = fast::encode(Metric::Euclid, 20, &vectors, &links, SEED + 1).unwrap();
    assert!(other != fast::encode(Metric::Euclid, 20, &vectors, &links, SEED).unwrap());
}
