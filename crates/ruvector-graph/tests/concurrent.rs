//! Readers beside a writer, and writers that forgot to take turns.
// Goal: a reader never sees a bad id and always finds what was published; a second writer changes nothing. Method:
// two readers search for published vectors and walk lists while one thread inserts; then two threads insert.

mod dataset;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use dataset::{PARAMS, Random, build, clustered, find, reachable, space};
use ruvector_graph::{InsertError, Links, LiveGraph, Scratch, Vectors, plain};

const COUNT: u32 = 3_000;

#[test]
fn readers_find_what_is_published() {
    let vectors = clustered(COUNT as usize, 16, 51);
    let graph = LiveGraph::new(PARAMS, COUNT);
    let done = AtomicBool::new(false);
    let missed = AtomicU32::new(0);
    let asked = AtomicU32::new(0);
    let read = |seed: u64| {
        let mut random = Random(seed);
        let mut links = Vec::new();
        while !done.load(Ordering::Acquire) {
            let len = graph.len();
            if len == 0 {
                continue;
            }
            let node = random.below(len);
            let (found, _) = find(vectors.vector(node).unwrap(), 32, &vectors, &graph, &mut |id| {
                id < len
            });
            asked.fetch_add(1, Ordering::Relaxed);
            missed.fetch_add(
                u32::from(found.first().map(|n| n.node) != Some(node)),
                Ordering::Relaxed,
            );
            graph.links(node, 0, &mut links).unwrap();
            assert!(
                links.iter().all(|&id| id < COUNT && id != node),
                "seed {seed} node {node}: {links:?}"
            );
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| read(1));
        scope.spawn(|| read(2));
        let mut scratch = Scratch::new();
        for node in 0..COUNT {
            assert_eq!(graph.insert(space(&vectors), &mut scratch), Ok(node));
        }
        done.store(true, Ordering::Release);
    });
    let (missed, asked) = (missed.into_inner(), asked.into_inner());
    assert!(missed * 100 <= asked, "{missed} of {asked}");
    assert_eq!(reachable(&graph, COUNT), COUNT as usize);
    let alone = plain::encode(&build(&vectors, PARAMS), COUNT, PARAMS);
    assert_eq!(
        plain::encode(&graph, COUNT, PARAMS),
        alone,
        "readers changed what was built"
    );
}

#[test]
fn writers_out_of_turn_are_refused() {
    let vectors = clustered(COUNT as usize, 16, 52);
    let graph = LiveGraph::new(PARAMS, COUNT);
    let write = || {
        let mut scratch = Scratch::new();
        loop {
            match graph.insert(space(&vectors), &mut scratch) {
                Ok(_) | Err(InsertError::Concurrent) => {}
                Err(end) => break end,
            }
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(write);
        assert_eq!(write(), InsertError::Full { capacity: COUNT });
        assert_eq!(other.join().unwrap(), InsertError::Full { capacity: COUNT });
    });
    assert_eq!(
        plain::encode(&graph, COUNT, PARAMS),
        plain::encode(&build(&vectors, PARAMS), COUNT, PARAMS)
    );
}
