//! Small, equal, damaged and overfull input.
// Goal: no input is too odd to be searched. Method: hand-made cases whose answers are known.

mod dataset;

use dataset::{Flat, PARAMS, Random, build, clustered, find, reachable, space};
use ruvector_graph::{
    CarryOver, Entry, GraphParams, InsertError, Links, LiveGraph, PlainGraph, Scratch, SearchParams,
    Unreadable, exact, plain, search,
};

#[test]
fn graphs_of_none_one_and_two() {
    for count in 0..3u32 {
        let vectors = clustered(count as usize, 4, 5);
        let graph = build(&vectors, PARAMS);
        let frozen = PlainGraph::open(plain::encode(&graph, count, PARAMS).unwrap()).unwrap();
        let mut carry = CarryOver::new(&frozen, (0..count).collect(), PARAMS, count).unwrap();
        while !carry.step(space(&vectors), 7) {}
        let carried = carry.finish().unwrap();
        let all = |links: &dyn Links| {
            let mut out = Vec::new();
            let params = SearchParams {
                query: &[0.0; 4],
                ef: 10,
                distances_max: None,
                reach: None,
            };
            search(
                &params,
                space(&vectors),
                links,
                &mut |_| true,
                &mut Scratch::new(),
                &mut out,
            );
            out.len()
        };
        assert_eq!([all(&graph), all(&frozen), all(&carried)], [count as usize; 3]);
        assert_eq!(find(&[0.0; 4], 0, &vectors, &graph, &mut |_| true).0.len(), 0);
        let full = InsertError::Full { capacity: count };
        assert_eq!(graph.insert(space(&vectors), &mut Scratch::new()), Err(full));
    }
}

#[test]
fn an_empty_graph_costs_less_than_a_kibibyte() {
    let graph = LiveGraph::new(
        GraphParams {
            m: 16,
            ef_construct: 200,
            seed: 1,
        },
        8 << 10,
    );
    assert!(
        size_of::<LiveGraph>() + graph.heap_bytes() < 1024,
        "{}",
        graph.heap_bytes()
    );
    let vectors = clustered(4, 4, 1);
    let refusal = InsertError::NoVector { node: 4, vectors: 4 };
    let graph = LiveGraph::new(PARAMS, 8);
    for _ in 0..4 {
        graph.insert(space(&vectors), &mut Scratch::new()).unwrap();
    }
    assert_eq!(graph.insert(space(&vectors), &mut Scratch::new()), Err(refusal));
}

#[test]
fn equal_vectors_are_all_reached() {
    // 1,000 equal vectors, alone and amid others, before and after a carry-over that drops every third.
    for others in [0usize, 1_000] {
        let mut vectors = clustered(others, 8, 9);
        vectors.data.extend([0.25; 8_000]);
        let count = others as u32 + 1_000;
        let graph = build(&vectors, PARAMS);
        assert_eq!(reachable(&graph, count), count as usize);
        let (found, _) = find(&[0.25; 8], count as usize, &vectors, &graph, &mut |_| true);
        assert_eq!(found.len(), count as usize);
        let (found, _) = find(&[0.25; 8], 50, &vectors, &graph, &mut |_| true);
        assert!(found.len() == 50 && found.iter().all(|neighbor| neighbor.distance == 0.0));

        let keep = |node: &u32| !node.is_multiple_of(3);
        let mut kept = 0;
        let map = (0..count)
            .map(|node| {
                if keep(&node) {
                    (kept, kept += 1).0
                } else {
                    u32::MAX
                }
            })
            .collect();
        let data = (0..count)
            .filter(keep)
            .flat_map(|n| vectors.data[n as usize * 8..][..8].to_vec())
            .collect();
        let survivors = Flat {
            dim: 8,
            data,
            unreadable: Vec::new(),
        };
        let mut carry = CarryOver::new(&graph, map, PARAMS, count).unwrap();
        while !carry.step(space(&survivors), 50) {}
        assert_eq!(reachable(&carry.finish().unwrap(), kept), kept as usize);
    }
}

#[test]
fn damage_is_passed_over_and_counted() {
    let mut vectors = clustered(1_500, 16, 21);
    let mut random = Random(4);
    vectors.unreadable = (0..100).map(|_| random.below(1_500)).collect();
    vectors.unreadable.push(0);
    let graph = build(&vectors, PARAMS);
    let readable: Vec<u32> = (0..1_500)
        .filter(|node| !vectors.unreadable.contains(node))
        .collect();
    assert_eq!(reachable(&graph, 1_500), readable.len());

    // Damage after the build, the entry included.
    vectors.unreadable.push(graph.entry().unwrap().node);
    vectors.unreadable.extend((0..100).map(|_| random.below(1_500)));
    let queries = clustered(50, 16, 22);
    let (mut hits, mut unreadable) = (0, 0);
    let mut truth = Vec::new();
    for query in queries.data.chunks(16) {
        exact(query, space(&vectors), 0..1_500, &mut |_| true, 10, &mut truth);
        let (found, outcome) = find(query, 64, &vectors, &graph, &mut |_| true);
        assert!(
            found
                .iter()
                .all(|neighbor| !vectors.unreadable.contains(&neighbor.node))
        );
        hits += found
            .iter()
            .take(10)
            .filter(|neighbor| truth.contains(neighbor))
            .count();
        unreadable += outcome.unreadable;
    }
    assert!(hits >= 470 && unreadable > 0, "{hits} of 500, {unreadable}");
}

/// Links that cannot be read for every seventh node.
struct Damaged<'a>(&'a LiveGraph);

impl Links for Damaged<'_> {
    fn entry(&self) -> Option<Entry> {
        self.0.entry()
    }

    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        if node % 7 == 3 {
            Err(Unreadable { node, level })
        } else {
            self.0.links(node, level, out)
        }
    }
}

#[test]
fn a_carry_over_heals_damaged_links() {
    let vectors = clustered(1_500, 16, 31);
    let graph = build(&vectors, PARAMS);
    assert_ne!(graph.entry().unwrap().node % 7, 3);
    let mut carry = CarryOver::new(Damaged(&graph), (0..1_500).collect(), PARAMS, 1_500).unwrap();
    while !carry.step(space(&vectors), 64) {}
    let healed = carry.finish().unwrap();
    assert_eq!(reachable(&healed, 1_500), 1_500);
    let mut links = Vec::new();
    for node in 0..1_500 {
        healed.links(node, 0, &mut links).unwrap();
        assert!(
            !links.is_empty() && links.iter().all(|&id| id < 1_500 && id != node),
            "{node}: {links:?}"
        );
    }
    assert!(plain::encode(&Damaged(&graph), 1_500, PARAMS).is_err());
}

#[test]
fn a_budget_stops_the_search_and_says_so() {
    let vectors = clustered(2_000, 16, 41);
    let graph = build(&vectors, PARAMS);
    let mut out = Vec::new();
    let query = vectors.data[..16].to_vec();
    for distances_max in [0, 1, 10, 500] {
        let params = SearchParams {
            query: &query,
            ef: 10,
            distances_max: Some(distances_max),
            reach: None,
        };
        let outcome = search(
            &params,
            space(&vectors),
            &graph,
            &mut |_| false,
            &mut Scratch::new(),
            &mut out,
        );
        assert!(
            outcome.exhausted_budget && outcome.distances <= distances_max.max(1),
            "{outcome:?}"
        );
    }
    let (found, outcome) = find(&query, 10, &vectors, &graph, &mut |_| false);
    assert!(found.is_empty() && !outcome.exhausted_budget && outcome.distances >= 2_000);
}
