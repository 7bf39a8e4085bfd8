//! Fast graphs: any bytes are refused or searched in bounded time, and only nodes there are come out. Never touches
//! a file.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use ruvector_graph::{FastGraph, FastScratch, FastSearch, Neighbor};

/// Components of the query at most, so that an input costs about the same whatever dimension it claims.
const DIM_MAX: u32 = 256;

thread_local! {
    /// Kept from input to input, as a server keeps it from query to query.
    static SCRATCH: RefCell<(FastScratch, Vec<Neighbor>)> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(graph) = FastGraph::open(bytes) else {
        return;
    };
    for recall in [0.0, 0.95, 1.0] {
        let breadth = graph.breadth_of(recall);
        assert!(breadth.is_none_or(|breadth| (8..=1_448).contains(&breadth)));
    }
    let dim = graph.dim().min(DIM_MAX);
    let query: Vec<f32> = (0..dim).map(|at| (at as f32).sin()).collect();
    SCRATCH.with_borrow_mut(|(scratch, out)| {
        for breadth in [1, 8, 1_000] {
            let mut asked = 0;
            let mut accept = |node: u32| {
                asked += 1;
                node % 3 != 1
            };
            let request = FastSearch {
                query: &query,
                wanted: 1 + breadth / 2,
                breadth,
                visits_max: (breadth == 8).then_some(64),
                trial: None,
                elsewhere: (breadth == 1_000).then_some(0.5),
            };
            let outcome = graph.search(&request, &mut accept, scratch, out);
            assert!(asked == outcome.visited && asked <= u64::from(graph.len()));
            assert!(out.is_sorted() && !outcome.deviation.is_nan());
            for found in out.iter() {
                assert!(found.node < graph.len() && found.node % 3 != 1 && !found.distance.is_nan());
            }
        }
    });
});
