//! The nearest rows of one segment, sealed (`sealed.rs`) or active (`plain.rs`), for one query or several.
//! A row is accepted only if this view sees it, it is live, and it matches the filter.

use ruvector_graph::FastGraph;
use ruvector_graph::fast::RANK;
use ruvector_storage::Component;

use super::code_use::CodeUse;
use super::compiled::CompiledFilter;
use super::fast::{self, FastEnd, LANES, Lane};
use super::matching::SegmentFilter;
use super::observe::Observer;
use super::plan::{Figures, Strategy, choose};
use super::top::{Hit, TopHits};
use crate::active_field::with_slots;
use crate::collection::Core;
use crate::kernels::FieldKernels;
use crate::schema::FieldSchema;
use crate::view::{SegmentView, Source};
use crate::{Ctx, Error};

/// A checked search, the same for every segment.
pub(crate) struct Query<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) core: &'a Core,
    pub(crate) field: &'a FieldSchema,
    pub(crate) vector: &'a [f32],
    pub(crate) wanted: usize,
    /// The breadth that the request names.
    pub(crate) ef: Option<usize>,
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
    pub(super) place: Place,
    pub(super) filter: Option<&'a SegmentFilter<'a>>,
    pub(super) vectors: &'a V,
    pub(super) links: Option<&'a L>,
    /// Ordinals that the graph finds, and all that this view sees.
    pub(super) indexed: u32,
    pub(super) visible: u32,
}

/// As [`nearest`], for several queries of one vector field: in a sealed segment with the fast layout those that walk it
/// are made at once. Looks at the clock before each group of them.
pub(crate) fn nearest_many(
    queries: &[Query<'_>],
    segment: &SegmentView,
    place: Place,
    tops: &mut [TopHits],
) -> Result<(), Error> {
    for (queries, tops) in queries.chunks(LANES).zip(tops.chunks_mut(LANES)) {
        if let Some(first) = queries.first() {
            first.ctx.check(first.core.io.as_ref())?;
        }
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
    let mut filter = compiled.map(|filter| SegmentFilter::new(query.ctx, query.core, segment, filter));
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
            ef: query.ef_in(self.segment),
            exact: query.exact,
            matching: self.filter.map(SegmentFilter::rows_max),
            is_sure: self.filter.is_some_and(|filter| filter.rows_open() == 0),
            costs: None,
            scan_below: query.scan_below,
        }
    }

    pub(super) fn links_damaged(&self) -> bool {
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
