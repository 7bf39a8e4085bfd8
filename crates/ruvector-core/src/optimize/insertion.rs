//! Inserts nodes into a graph under construction, a batch a step; the searches for their neighbours are shared among
//! threads. Never lets the number of threads change the graph.

use parking_lot::Mutex;
use ruvector_graph::{Found, LiveGraph, Scratch, Space, Vectors};
use ruvector_io::Io;

use super::graphs::failed;
use crate::Error;

/// Nodes of a batch. The graph depends on this number.
const BATCH_NODES: u32 = 128;

/// A graph that takes in what its vectors have beyond it.
#[derive(Debug)]
pub(crate) struct Insertion {
    graph: LiveGraph,
    scratch: Scratch,
    workers: Vec<Mutex<Worker>>,
}

/// The memory of one thread.
#[derive(Debug, Default)]
struct Worker {
    scratch: Scratch,
    found: Vec<Found>,
}

impl Insertion {
    pub(crate) fn new(graph: LiveGraph) -> Insertion {
        Insertion {
            graph,
            scratch: Scratch::new(),
            workers: Vec::new(),
        }
    }

    /// Inserts the next batch, with `threads` of them at most; how many nodes that were, 0 at the end.
    pub(crate) fn step<V: Vectors + Sync>(
        &mut self,
        space: Space<'_, V>,
        io: &dyn Io,
        threads: u32,
    ) -> Result<u32, Error> {
        let first = self.graph.len();
        let end = space.vectors.len().min(first.saturating_add(BATCH_NODES));
        let parts = threads.clamp(1, end.saturating_sub(first).max(1));
        self.workers.resize_with(parts as usize, Mutex::default);
        let (graph, workers) = (&self.graph, &self.workers);
        io.run_parallel(parts, &|part| {
            let mut worker = workers[part as usize].lock();
            let Worker { scratch, found } = &mut *worker;
            found.clear();
            let nodes = (first + part..end).step_by(parts as usize);
            found.extend(nodes.map(|node| graph.find(node, space, scratch)));
        });
        for node in first..end {
            let (part, at) = ((node - first) % parts, (node - first) / parts);
            let worker = self.workers[part as usize].get_mut();
            let Some(found) = worker.found.get(at as usize) else {
                return Err(failed("a node's neighbours were not searched for"));
            };
            self.graph
                .insert_found(found, space, &mut self.scratch)
                .map_err(|error| failed("a node could not be inserted").because(error))?;
        }
        Ok(end.saturating_sub(first))
    }

    /// The graph, once a step has inserted nothing.
    pub(crate) fn into_graph(self) -> LiveGraph {
        self.graph
    }
}

#[cfg(test)]
mod tests {
    //! Goal: one thread and several build the same graph, bit for bit, and as good a one as node by node. Method:
    //! seeded vectors on real threads; the plain layout's bytes, and the links' mean distance.
    use super::*;
    use ruvector_graph::{GraphParams, plain};
    use ruvector_io::RealIo;
    use ruvector_simd::{Metric, distance};
    use ruvector_testkit::Clusters;

    const DIM: usize = 24;
    const COUNT: u32 = 3_000;
    const PARAMS: GraphParams = GraphParams {
        m: 8,
        ef_construct: 60,
        seed: 0,
    };

    struct Rows(Vec<f32>);

    impl Vectors for Rows {
        type Component = f32;

        fn len(&self) -> u32 {
            (self.0.len() / DIM) as u32
        }

        fn vector(&self, ordinal: u32) -> Option<&[f32]> {
            self.0.get(ordinal as usize * DIM..(ordinal as usize + 1) * DIM)
        }
    }

    fn built(rows: &Rows, threads: u32) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let io = RealIo::open(folder.path()).unwrap();
        let mut insertion = Insertion::new(LiveGraph::new(PARAMS, COUNT));
        let space = Space::new(rows, distance(Metric::Euclid));
        while insertion.step(space, &io, threads).unwrap() > 0 {}
        let graph = insertion.into_graph();
        plain::encode(&graph, graph.len(), PARAMS).unwrap()
    }

    /// The mean distance of all level-0 links.
    fn mean_link(rows: &Rows, links: &impl ruvector_graph::Links) -> f64 {
        let (mut list, mut sum, mut count) = (Vec::new(), 0.0, 0.0);
        for node in 0..COUNT {
            links.links(node, 0, &mut list).unwrap();
            for other in &list {
                let (a, b) = (rows.vector(node).unwrap(), rows.vector(*other).unwrap());
                sum += f64::from(distance(Metric::Euclid)(a, b));
                count += 1.0;
            }
        }
        sum / count
    }

    #[test]
    fn threads_do_not_change_the_graph() {
        let mut clusters = Clusters::new(3, 40, DIM, 0.8);
        let rows = Rows((0..COUNT).flat_map(|_| clusters.draw().0).collect());
        let alone = built(&rows, 1);
        for threads in [2, 3, 7] {
            assert!(built(&rows, threads) == alone, "{threads} threads");
        }
        let one_by_one = LiveGraph::new(PARAMS, COUNT);
        let (space, mut scratch) = (Space::new(&rows, distance(Metric::Euclid)), Scratch::new());
        while one_by_one.len() < COUNT {
            one_by_one.insert(space, &mut scratch).unwrap();
        }
        let batches = plain::PlainGraph::open(alone).unwrap();
        let ratio = mean_link(&rows, &batches) / mean_link(&rows, &one_by_one);
        assert!((0.98..1.02).contains(&ratio), "{ratio}");
    }
}
