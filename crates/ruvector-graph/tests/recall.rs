//! Recall against exact search, in every state a segment's graph passes through.
// Goal: the graph finds what exact search finds. Method: seeded clustered vectors, recall@10 at ef 64 with a
// floor for: fresh, 30 % refused, frozen to bytes, carried over without 30 %, and with those inserted again.

mod dataset;

use std::collections::HashSet;

use dataset::{Flat, PARAMS, build, clustered, find, reachable, recall, space};
use ruvector_graph::{
    CarryError, CarryOver, GraphParams, Links, PlainGraph, Scratch, Vectors, carry, exact, plain,
};

const COUNT: u32 = 4_000;
const DIM: usize = 32;

fn base() -> (Flat, Flat) {
    let all = clustered(COUNT as usize + 200, DIM, 11);
    let (data, queries) = all.data.split_at(COUNT as usize * DIM);
    let flat = |data: &[f32]| Flat {
        dim: DIM,
        data: data.to_vec(),
        unreadable: Vec::new(),
    };
    (flat(data), flat(queries))
}

fn refused(node: u32) -> bool {
    node.wrapping_mul(2_654_435_761) >> 16 & 0xff < 77
}

#[test]
fn fresh_and_filtered_and_frozen() {
    let (vectors, queries) = base();
    let graph = build(&vectors, PARAMS);
    assert_eq!(reachable(&graph, COUNT), COUNT as usize);
    let fresh = recall(&queries, &vectors, &graph, &mut |_| true);
    assert!(fresh >= 0.98, "{fresh}");
    let filtered = recall(&queries, &vectors, &graph, &mut |node| !refused(node));
    assert!(filtered >= 0.98, "{filtered}");

    let frozen = PlainGraph::open(plain::encode(&graph, COUNT, PARAMS).unwrap()).unwrap();
    assert_eq!(
        (frozen.len(), frozen.params(), frozen.entry()),
        (COUNT, PARAMS, graph.entry())
    );
    for query in queries.data.chunks(DIM) {
        let live = find(query, 48, &vectors, &graph, &mut |node| !refused(node));
        assert_eq!(
            find(query, 48, &vectors, &frozen, &mut |node| !refused(node)),
            live
        );
    }
}

#[test]
fn the_filter_is_asked_once_and_only_about_candidates() {
    let (vectors, queries) = base();
    let graph = build(&vectors, PARAMS);
    for query in queries.data.chunks(DIM).take(20) {
        let mut asked = HashSet::new();
        let (found, outcome) = find(query, 16, &vectors, &graph, &mut |node| {
            assert!(asked.insert(node), "node {node} twice");
            !refused(node)
        });
        assert_eq!(found.len(), 16);
        assert!(asked.len() as u64 <= outcome.distances && found.iter().all(|n| asked.contains(&n.node)));
    }
}

#[test]
fn equal_seeds_build_equal_graphs() {
    let vectors = clustered(800, 16, 3);
    let bytes = |seed| {
        let params = GraphParams { seed, ..PARAMS };
        plain::encode(&build(&vectors, params), 800, params).unwrap()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1)[48..], bytes(2)[48..]);
}

#[test]
fn a_frozen_prefix_of_a_growing_graph_stands_alone() {
    let (vectors, queries) = base();
    let graph = build(&vectors, PARAMS);
    let frozen = PlainGraph::open(plain::encode(&graph, 2_500, PARAMS).unwrap()).unwrap();
    let prefix = Flat {
        dim: DIM,
        data: vectors.data[..2_500 * DIM].to_vec(),
        unreadable: Vec::new(),
    };
    let recall = recall(&queries, &prefix, &frozen, &mut |_| true);
    assert!(recall >= 0.9, "{recall}");
}

#[test]
fn carried_over_without_a_third_and_grown_again() {
    let (vectors, queries) = base();
    let graph = build(&vectors, PARAMS);
    let entry = graph.entry().unwrap().node;
    let dropped = |node: u32| refused(node) || node == entry;
    let order: Vec<u32> = (0..COUNT)
        .filter(|&n| !dropped(n))
        .chain((0..COUNT).filter(|&n| dropped(n)))
        .collect();
    let kept = (0..COUNT).filter(|&n| !dropped(n)).count() as u32;
    let mut map = vec![carry::DROPPED; COUNT as usize];
    order
        .iter()
        .zip(0..kept)
        .for_each(|(&old, new)| map[old as usize] = new);
    let data = order
        .iter()
        .flat_map(|&old| vectors.vector(old).unwrap().to_vec())
        .collect();
    let renumbered = Flat {
        dim: DIM,
        data,
        unreadable: Vec::new(),
    };
    let survivors = Flat {
        dim: DIM,
        data: renumbered.data[..kept as usize * DIM].to_vec(),
        unreadable: Vec::new(),
    };

    let mut carry = CarryOver::new(&graph, map, PARAMS, COUNT).unwrap();
    let mut steps = 0;
    while !carry.step(space(&survivors), 100) {
        steps += 1;
    }
    assert!(steps > 40);
    let carried = carry.finish().unwrap();
    assert_eq!((carried.len(), reachable(&carried, kept)), (kept, kept as usize));
    let alone = recall(&queries, &survivors, &carried, &mut |_| true);
    assert!(alone >= 0.97, "{alone}");

    let mut scratch = Scratch::new();
    for node in kept..COUNT {
        assert_eq!(carried.insert(space(&renumbered), &mut scratch), Ok(node));
    }
    assert_eq!(reachable(&carried, COUNT), COUNT as usize);
    let grown = recall(&queries, &renumbered, &carried, &mut |_| true);
    assert!(grown >= 0.97, "{grown}");
}

#[test]
fn a_carry_over_that_leaves_islands_connects_them() {
    // Only two far corners of the data survive: all paths between them led through dropped nodes.
    let (vectors, _) = base();
    let graph = build(&vectors, PARAMS);
    let mut truth = Vec::new();
    let mut keep = HashSet::new();
    for corner in [-5.0f32, 5.0] {
        exact(
            &[corner; DIM],
            space(&vectors),
            0..COUNT,
            &mut |_| true,
            30,
            &mut truth,
        );
        keep.extend(truth.iter().map(|neighbor| neighbor.node));
    }
    let mut kept: Vec<u32> = keep.into_iter().collect();
    kept.sort_unstable();
    let mut map = vec![carry::DROPPED; COUNT as usize];
    kept.iter()
        .zip(0..)
        .for_each(|(&old, new)| map[old as usize] = new);
    let data = kept
        .iter()
        .flat_map(|&old| vectors.vector(old).unwrap().to_vec())
        .collect();
    let survivors = Flat {
        dim: DIM,
        data,
        unreadable: Vec::new(),
    };
    let mut carry = CarryOver::new(&graph, map, PARAMS, COUNT).unwrap();
    while !carry.step(space(&survivors), 1) {}
    let carried = carry.finish().unwrap();
    assert_eq!(reachable(&carried, carried.len()), kept.len());
}

#[test]
fn bad_carry_overs_are_refused() {
    let vectors = clustered(10, 4, 1);
    let graph = build(&vectors, PARAMS);
    let refusal = |map: &[u32], capacity| CarryOver::new(&graph, map.to_vec(), PARAMS, capacity).err();
    assert_eq!(
        refusal(&[0, 2], 9),
        Some(CarryError::Order {
            old: 1,
            new: 2,
            expected: 1
        })
    );
    assert_eq!(
        refusal(&[0, 1, 2], 2),
        Some(CarryError::Capacity { kept: 3, capacity: 2 })
    );
    let unfinished = CarryOver::new(&graph, (0..10).collect(), PARAMS, 10)
        .unwrap()
        .finish();
    assert_eq!(
        unfinished.err(),
        Some(CarryError::Unfinished {
            uncopied: 10,
            unwalked: 10
        })
    );
}
