//! One dense field of any segment by its vectors themselves: a walk of the plain or the live graph over what that holds, a
//! scan over the rest. Never answers in part.

use std::cell::RefCell;

use ruvector_graph::{Links, Neighbor, Scratch, SearchParams, Space, Vectors};

use super::matching::SegmentFilter;
use super::nearest::{Query, Target, elsewhere};
use super::plan::{Strategy, choose};
use super::top::TopHits;
use crate::kernels::{Stored, finite};
use crate::{Error, Way};

/// Vectors compared between two looks at the deadline.
const VECTORS_PER_CHECK: u32 = 4096;

thread_local! {
    /// Search memory of this thread: grows to the largest graph it met, then nothing is allocated per query.
    static SCRATCH: RefCell<(Scratch, Vec<Neighbor>)> = RefCell::default();
}

impl<V: Vectors, L: Links> Target<'_, V, L>
where
    V::Component: Stored,
{
    pub(super) fn search(
        &self,
        query: &Query<'_>,
        row_of: &dyn Fn(u32) -> Option<u32>,
        top: &mut TopHits,
    ) -> Result<(), Error> {
        let strategy = choose(self.figures(query, query.wanted));
        let (Strategy::Graph { ef, budget }, Some(links)) = (strategy, self.links) else {
            return self.scan(query, 0, row_of, top);
        };
        let distances_max = budget.map(|budget| budget.distances);
        if self.walk(query, links, (ef, distances_max), row_of, top) {
            self.scan(query, self.indexed, row_of, top)
        } else {
            self.scan(query, 0, row_of, top)
        }
    }

    /// Searches the graph; false if the answer is incomplete: the budget ran out or links were unreadable.
    fn walk(
        &self,
        query: &Query<'_>,
        links: &L,
        (ef, distances_max): (usize, Option<u64>),
        row_of: &dyn Fn(u32) -> Option<u32>,
        top: &mut TopHits,
    ) -> bool {
        query.ctx.took_with(Way::Graph, query.ef_in(self.segment));
        SCRATCH.with_borrow_mut(|(scratch, found)| {
            let kernels = query.kernels();
            let measure = |_: &[V::Component], stored: &[V::Component]| {
                V::Component::from_query(kernels, query.vector, stored)
            };
            // Where the query is a vector like those stored, one kernel does; else the closure knows the query.
            let plain = V::Component::as_stored(query.vector).zip(V::Component::kernel(kernels));
            let (given, space) = match plain {
                Some((given, kernel)) => (given, Space::new(self.vectors, kernel)),
                None => (&[][..], Space::with(self.vectors, &measure)),
            };
            let params = SearchParams {
                query: given,
                ef,
                distances_max,
                reach: self.reach(query, ef, top),
            };
            let mut accept =
                |ordinal| ordinal < self.indexed && row_of(ordinal).is_some_and(|row| self.accepts(row));
            let outcome = ruvector_graph::search(&params, space, links, &mut accept, scratch, found);
            query.ctx.count(outcome.expanded, outcome.distances);
            if outcome.unreadable > 0 {
                query.core.note_damage();
            }
            if outcome.exhausted_budget || (outcome.unreadable > 0 && self.links_damaged()) {
                return false;
            }
            for neighbor in found.iter() {
                if let Some(row) = row_of(neighbor.node) {
                    self.offer(neighbor.distance, row, top);
                }
            }
            true
        })
    }

    /// How far a walk of breadth `ef` needs to look, by the best found so far and what such a breadth means in the segment
    /// with the most points. Filters may keep what is far, so they are not cut short.
    fn reach(&self, query: &Query<'_>, ef: usize, top: &TopHits) -> Option<f32> {
        let worst = elsewhere(query, query.wanted, top)?;
        query.yardstick?.reach(query.vector, ef, worst)
    }

    /// Compares the query with every visible vector from ordinal `from` on.
    pub(super) fn scan(
        &self,
        query: &Query<'_>,
        from: u32,
        row_of: &dyn Fn(u32) -> Option<u32>,
        top: &mut TopHits,
    ) -> Result<(), Error> {
        query.ctx.took(Way::Scan);
        if let Some(filter) = self.filter {
            return self.scan_matching(query, filter, from, top);
        }
        let mut measured = 0;
        for ordinal in from..self.visible {
            if ordinal % VECTORS_PER_CHECK == 0 {
                query.ctx.check(query.core.io.as_ref())?;
            }
            let Some(row) = row_of(ordinal).filter(|row| self.segment.is_live(*row)) else {
                continue;
            };
            let Some(distance) = self.distance(query, ordinal) else {
                continue;
            };
            measured += 1;
            if top.admits(distance) {
                self.offer(distance, row, top);
            }
        }
        query.ctx.count(0, measured);
        Ok(())
    }

    /// How far a vector is; `None`, which is noted, if it is damaged.
    #[inline]
    fn distance(&self, query: &Query<'_>, ordinal: u32) -> Option<f32> {
        let Some(vector) = self.vectors.vector(ordinal) else {
            query.core.note_damage();
            return None;
        };
        Some(finite(V::Component::from_query(
            query.kernels(),
            query.vector,
            vector,
        )))
    }

    /// Compares the query with the vectors of the rows that may match, from ordinal `from` on.
    fn scan_matching(
        &self,
        query: &Query<'_>,
        filter: &SegmentFilter<'_>,
        from: u32,
        top: &mut TopHits,
    ) -> Result<(), Error> {
        let mut measured = 0;
        let candidates = filter.candidates();
        for (seen, row) in candidates.iter().enumerate() {
            if seen.is_multiple_of(VECTORS_PER_CHECK as usize) {
                query.ctx.check(query.core.io.as_ref())?;
            }
            let ordinal = self.segment.ordinal(row, query.field.number);
            let Some(ordinal) = ordinal.filter(|ordinal| (from..self.visible).contains(ordinal)) else {
                continue;
            };
            let Some(distance) = self.distance(query, ordinal) else {
                continue;
            };
            measured += 1;
            if top.admits(distance) && filter.accepts(row) {
                self.offer(distance, row, top);
            }
        }
        query.ctx.count(0, measured);
        Ok(())
    }
}
