//! The nearest rows of one segment: the graph over what it holds, a scan over what it does not hold yet.
//! A row is accepted only if this view sees it, it is live, and it matches the filter.

use std::cell::RefCell;

use ruvector_graph::fast::RANK;
use ruvector_graph::{FastGraph, Links, Neighbor, PlainGraph, Scratch, SearchParams, Space, Vectors};
use ruvector_storage::{Component, SealedField, VectorBlock};

use super::codes::{self, CodeUse};
use super::costs::costs;
use super::fast::{self, FastEnd, LANES, Lane};
use super::matching::{CompiledFilter, SegmentFilter};
use super::observe::Observer;
use super::plan::{Figures, Strategy, choose};
use super::top::{Hit, TopHits};
use crate::active_field::with_slots;
use crate::collection::Core;
use crate::kernels::{FieldKernels, Stored, finite, with_typed};
use crate::schema::FieldSchema;
use crate::view::{SegmentView, Source};
use crate::{Ctx, Error, Way};

/// Vectors compared between two looks at the deadline.
const VECTORS_PER_CHECK: u32 = 4096;

thread_local! {
    /// Search memory of this thread: grows to the largest graph it met, then nothing is allocated per query.
    static SCRATCH: RefCell<(Scratch, Vec<Neighbor>)> = RefCell::default();
}

/// A checked search, the same for every segment.
pub(crate) struct Query<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) core: &'a Core,
    pub(crate) field: &'a FieldSchema,
    pub(crate) vector: &'a [f32],
    pub(crate) wanted: usize,
    pub(crate) ef: usize,
    pub(crate) exact: bool,
    pub(crate) filter: Option<CompiledFilter>,
    /// Vectors below which all of them are compared.
    pub(crate) scan_below: u64,
    /// How to use codes; `None`: not at all.
    pub(crate) codes: Option<CodeUse>,
    /// The fast layout of the segment with the most points, if it has one.
    pub(crate) yardstick: Option<&'a FastGraph<Component>>,
}

/// Where a segment stands in its view.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) shard: u32,
    pub(crate) segment: u32,
}

/// One field of one segment: its vectors, its graph, and the rows behind ordinals.
pub(super) struct Target<'a, V: ?Sized, L: ?Sized> {
    pub(super) segment: &'a SegmentView,
    place: Place,
    pub(super) filter: Option<&'a SegmentFilter<'a>>,
    vectors: &'a V,
    links: Option<&'a L>,
    /// Ordinals that the graph finds, and all that this view sees.
    indexed: u32,
    visible: u32,
}

/// As [`nearest`], for several queries of one vector field: in a sealed segment with the fast layout those that walk it
/// are made at once.
pub(crate) fn nearest_many(
    queries: &[Query<'_>],
    segment: &SegmentView,
    place: Place,
    tops: &mut [TopHits],
) -> Result<(), Error> {
    for (queries, tops) in queries.chunks(LANES).zip(tops.chunks_mut(LANES)) {
        let ends = walk_together(queries, segment, place, tops);
        for ((query, top), end) in queries.iter().zip(tops).zip(ends) {
            if end != FastEnd::Answered {
                nearest(query, segment, place, top)?;
            }
        }
    }
    Ok(())
}

/// How each of up to [`LANES`] walks of the fast layout ended; `Unavailable` where there is to be none.
fn walk_together(
    queries: &[Query<'_>],
    segment: &SegmentView,
    place: Place,
    tops: &mut [TopHits],
) -> [FastEnd; LANES] {
    let none = [FastEnd::Unavailable; LANES];
    let (Source::Sealed(sealed), Some(first)) = (&segment.source, queries.first()) else {
        return none;
    };
    let Some(Some(field)) = sealed.fields.get(first.field.number) else {
        return none;
    };
    if segment.live_rows() == 0
        || queries
            .iter()
            .any(|query| query.field.number != first.field.number)
    {
        return none;
    }
    // Filtered searches differ too much in their ways to go together.
    if queries.iter().any(|query| query.filter.is_some()) {
        return none;
    }
    let target = Target::sealed(segment, place, (first.field.number, field), None);
    let mut lanes = Vec::with_capacity(LANES);
    for (query, top) in queries.iter().zip(tops) {
        let coded = query.codes.zip(field.codes.as_ref());
        let candidates = coded.map_or(query.wanted, |(usage, codes)| {
            usage.candidates(query.wanted, codes)
        });
        let Strategy::Graph { ef, .. } = choose(target.figures(query, candidates)) else {
            return none;
        };
        let breadth = (ef, candidates);
        lanes.push(Lane { query, breadth, top });
    }
    fast::search_many(&mut lanes, &target, field)
}

/// Offers the nearest live matching rows of `segment` to `top`.
pub(crate) fn nearest(
    query: &Query<'_>,
    segment: &SegmentView,
    place: Place,
    top: &mut TopHits,
) -> Result<(), Error> {
    if segment.live_rows() == 0 {
        return Ok(());
    }
    let mut observer = Observer::begin(query.ctx, query.core, place.shard, segment);
    let compiled = query.filter.as_ref();
    let mut filter = compiled.map(|filter| SegmentFilter::new(query.core, segment, filter));
    if let Some(filter) = &mut filter {
        if let Some(observer) = &mut observer {
            observer.filtered(filter);
        }
        filter.settle_few(query.ctx)?;
    }
    if filter.as_ref().is_none_or(|filter| filter.rows_max() > 0) {
        nearest_accepted(query, segment, place, filter.as_ref(), top)?;
    }
    observer.map_or(Ok(()), |observer| observer.end(compiled))
}

/// The distance of the last of `candidates`, if so many were found in other segments; only where a graph's slack is meant
/// for that rank. What codes say of distances is no measure for walks that know better, and where more candidates are to be
/// found than are kept, the last of those is not known.
pub(super) fn elsewhere(query: &Query<'_>, candidates: usize, top: &TopHits) -> Option<f32> {
    let is_measured = query.codes.is_none_or(|usage| usage.rescore);
    let is_known = query.filter.is_none() && is_measured && candidates == query.wanted && candidates >= RANK;
    is_known.then(|| top.worst()).flatten()
}

/// As [`nearest`], of the rows that `filter` accepts.
fn nearest_accepted(
    query: &Query<'_>,
    segment: &SegmentView,
    place: Place,
    filter: Option<&SegmentFilter<'_>>,
    top: &mut TopHits,
) -> Result<(), Error> {
    let (visible, indexed) = segment.vector_counts(query.field.number);
    match &segment.source {
        Source::Active(active) => {
            let Some(field) = active.field(query.field.number) else {
                return Ok(());
            };
            with_slots!(&field.vectors, slots => {
                let target = Target {
                    segment,
                    place,
                    filter,
                    vectors: slots,
                    links: Some(field.graph()),
                    indexed,
                    visible,
                };
                target.search(query, &|ordinal| slots.row(ordinal), top)
            })
        }
        Source::Sealed(sealed) => {
            let Some(Some(field)) = sealed.fields.get(query.field.number) else {
                return Ok(());
            };
            let target = Target::sealed(segment, place, (query.field.number, field), filter);
            target.search_sealed(query, field, top)
        }
    }
}

impl<'a> Target<'a, VectorBlock, PlainGraph<Component>> {
    /// A field of a sealed segment.
    fn sealed(
        segment: &'a SegmentView,
        place: Place,
        (number, field): (usize, &'a SealedField),
        filter: Option<&'a SegmentFilter<'a>>,
    ) -> Self {
        let (visible, indexed) = segment.vector_counts(number);
        Target {
            segment,
            place,
            filter,
            vectors: &field.vectors,
            links: field.graph.as_ref(),
            indexed,
            visible,
        }
    }

    /// By the fast layout, by codes, by the plain graph, or by a scan: the first that serves.
    fn search_sealed(&self, query: &Query<'_>, field: &SealedField, top: &mut TopHits) -> Result<(), Error> {
        let row_of = &|ordinal| Some(field.vectors.row(ordinal));
        let coded = query.codes.zip(field.codes.as_ref());
        let candidates = coded.map_or(query.wanted, |(usage, codes)| {
            usage.candidates(query.wanted, codes)
        });
        let figures = Figures {
            costs: self
                .filter
                .filter(|_| field.fast.is_some())
                .map(|_| costs(query, field)),
            ..self.figures(query, candidates)
        };
        let strategy = choose(figures);
        let end = match (strategy, self.filter) {
            (Strategy::Graph { ef, budget }, _) => {
                fast::search(query, self, field, (ef, candidates, budget), top)
            }
            (Strategy::Scan, Some(filter)) if !query.exact => {
                fast::scan(query, self, (field, filter), candidates, top)?
            }
            (Strategy::Scan, _) => FastEnd::Unavailable,
        };
        let end = match (end, self.filter) {
            (FastEnd::Exhausted, Some(filter)) => fast::scan(query, self, (field, filter), candidates, top)?,
            (end, _) => end,
        };
        match end {
            FastEnd::Answered => return Ok(()),
            FastEnd::Exhausted if coded.is_none() => {
                return with_typed!(self.vectors, typed => self.over(typed).scan(query, 0, row_of, top));
            }
            FastEnd::Exhausted | FastEnd::Unavailable => {}
        }
        if let Some((usage, codes)) = coded
            && codes::search(query, self, (field, codes), usage, top)?
        {
            return Ok(());
        }
        with_typed!(self.vectors, typed => self.over(typed).search(query, row_of, top))
    }

    /// Measures `near` exactly and offers them.
    pub(super) fn measure(&self, query: &Query<'_>, near: &[Neighbor], top: &mut TopHits) {
        query.ctx.count(0, near.len() as u64);
        if query.field.on_disk {
            self.vectors
                .fetch_ahead(near.iter().map(|neighbor| neighbor.node));
        }
        self.prefetch(self.vectors, near);
        with_typed!(self.vectors, typed => self.measure_typed(query, typed, near, top));
    }

    fn measure_typed<V: Vectors>(&self, query: &Query<'_>, vectors: &V, near: &[Neighbor], top: &mut TopHits)
    where
        V::Component: Stored,
    {
        let kernels = query.kernels();
        for neighbor in near {
            let Some(vector) = vectors.vector(neighbor.node) else {
                query.core.note_damage();
                continue;
            };
            let distance = finite(V::Component::from_query(kernels, query.vector, vector));
            self.offer(distance, self.vectors.row(neighbor.node), top);
        }
    }

    /// A hint that these are measured soon.
    pub(super) fn prefetch(&self, vectors: &VectorBlock, near: &[Neighbor]) {
        for neighbor in near {
            vectors.prefetch(neighbor.node);
            self.segment.prefetch(vectors.row(neighbor.node));
        }
    }

    pub(super) fn row(&self, ordinal: u32) -> u32 {
        self.vectors.row(ordinal)
    }
}

impl<V: Vectors, L: Links> Target<'_, V, L>
where
    V::Component: Stored,
{
    fn search(
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
        query.ctx.took(Way::Graph);
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
    fn scan(
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
        let kernels = query.kernels();
        let mut measured = 0;
        for ordinal in from..self.visible {
            if ordinal % VECTORS_PER_CHECK == 0 {
                query.ctx.check(query.core.io.as_ref())?;
            }
            let Some(row) = row_of(ordinal).filter(|row| self.segment.is_live(*row)) else {
                continue;
            };
            let Some(vector) = self.vectors.vector(ordinal) else {
                query.core.note_damage();
                continue;
            };
            let distance = finite(V::Component::from_query(kernels, query.vector, vector));
            measured += 1;
            if top.admits(distance) {
                self.offer(distance, row, top);
            }
        }
        query.ctx.count(0, measured);
        Ok(())
    }

    /// Compares the query with the vectors of the rows that may match, from ordinal `from` on.
    fn scan_matching(
        &self,
        query: &Query<'_>,
        filter: &SegmentFilter<'_>,
        from: u32,
        top: &mut TopHits,
    ) -> Result<(), Error> {
        let kernels = query.kernels();
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
            let Some(vector) = self.vectors.vector(ordinal) else {
                query.core.note_damage();
                continue;
            };
            let distance = finite(V::Component::from_query(kernels, query.vector, vector));
            measured += 1;
            if top.admits(distance) && filter.accepts(row) {
                self.offer(distance, row, top);
            }
        }
        query.ctx.count(0, measured);
        Ok(())
    }
}

impl<L> Target<'_, VectorBlock, L> {
    /// The same with its vectors typed.
    fn over<'b, W>(&'b self, vectors: &'b W) -> Target<'b, W, L> {
        Target {
            segment: self.segment,
            place: self.place,
            filter: self.filter,
            vectors,
            links: self.links,
            indexed: self.indexed,
            visible: self.visible,
        }
    }
}

impl<V: ?Sized, L: ?Sized> Target<'_, V, L> {
    /// Whether a row is live and matches.
    #[inline]
    pub(super) fn accepts(&self, row: u32) -> bool {
        match self.filter {
            None => self.segment.is_live(row),
            Some(filter) => filter.accepts(row),
        }
    }

    pub(super) fn offer(&self, distance: f32, row: u32, top: &mut TopHits) {
        if top.admits(distance)
            && let Some(id) = self.segment.id(row)
        {
            let Place { shard, segment } = self.place;
            top.offer(Hit {
                distance,
                id,
                shard,
                segment,
                row,
            });
        }
    }

    /// What the choice of a strategy depends on, where so many `candidates` are to be found.
    pub(super) fn figures(&self, query: &Query<'_>, candidates: usize) -> Figures {
        Figures {
            indexed: self.indexed,
            live: self.segment.live_rows(),
            wanted: candidates,
            ef: query.ef,
            exact: query.exact,
            matching: self.filter.map(SegmentFilter::rows_max),
            is_sure: self.filter.is_some_and(|filter| filter.rows_open() == 0),
            costs: None,
            scan_below: query.scan_below,
        }
    }

    fn links_damaged(&self) -> bool {
        match &self.segment.source {
            Source::Active(_) => false,
            Source::Sealed(sealed) => sealed.graph_damaged(),
        }
    }
}

impl Query<'_> {
    pub(crate) fn kernels(&self) -> &FieldKernels {
        &self.field.kernels
    }
}
