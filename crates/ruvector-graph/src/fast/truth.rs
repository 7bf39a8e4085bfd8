//! How far the nearest of the vectors that stand for queries truly are, by comparing all with each. Never walks.

use super::bound::Least;
use super::calibrate::RANK;

/// The vectors that stand for queries, and the least distances from each so far.
#[derive(Debug)]
pub(super) struct Truth {
    queries: Vec<u32>,
    least: Vec<Least>,
}

impl Truth {
    pub(super) fn begin(queries: Vec<u32>) -> Truth {
        let mut least = Least::default();
        least.begin(RANK);
        Truth {
            least: vec![least; queries.len()],
            queries,
        }
    }

    /// Queries.
    pub(super) fn len(&self) -> u32 {
        self.queries.len() as u32
    }

    /// Compares a node with all queries but itself.
    pub(super) fn compare(&mut self, node: u32, distance: impl Fn(u32, u32) -> f32) {
        for (query, least) in self.queries.iter().zip(&mut self.least) {
            let found = distance(*query, node);
            if *query != node && !found.is_nan() {
                least.offer(found);
            }
        }
    }

    /// The distance of the [`RANK`]-th nearest to a query, by its place among them; of the last, if there are fewer.
    pub(super) fn reach(&self, query: usize) -> Option<f32> {
        self.least.get(query)?.last()
    }
}
