//! Searches of fields of sparse vectors and multi-vectors: the request checked, then every segment, compared exactly.
//! Never misses a point: lists are read only where they answer as a comparison with every vector would.

mod measure;

use ruvector_storage::RaggedRef;
use ruvector_types::{ScoredPoint, SearchRequest, Vector};

use super::answer::Answer;
use super::compiled::{CompiledFilter, compile_filter};
use super::matching::SegmentFilter;
use super::nearest::Place;
use super::observe::Observer;
use super::top::{Hit, TopHits};
use super::{idf, lists};
use crate::collection::Core;
use crate::fields::{Field, RaggedSchema};
use crate::view::{SegmentView, Snapshot, Source};
use crate::write::check_ragged;
use crate::{Ctx, Error, Way};

pub(super) use measure::{Measure, measure, of_score};

/// Numbers compared between two looks at the deadline.
const NUMBERS_PER_CHECK: usize = 1 << 20;

/// A checked search, the same for every segment.
pub(super) struct RaggedQuery<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) core: &'a Core,
    pub(super) field: &'a RaggedSchema,
    pub(super) measure: Measure,
    pub(super) wanted: usize,
    pub(super) score_threshold: Option<f32>,
    filter: Option<CompiledFilter>,
}

/// One field of one segment.
pub(super) struct RaggedTarget<'a> {
    pub(super) segment: &'a SegmentView,
    place: Place,
    pub(super) filter: Option<&'a SegmentFilter<'a>>,
    /// Ordinals that this view sees.
    pub(super) visible: u32,
}

impl Snapshot {
    /// Refuses what [`Snapshot::search_ragged`] would, without searching.
    pub(super) fn check_ragged_search(
        &self,
        request: &SearchRequest,
        schema: &RaggedSchema,
    ) -> Result<(), Error> {
        let core = &self.core;
        Answer::new(self, request, schema.distance())?;
        self.checked_ef(request)?;
        check_ragged(request.vector.clone(), schema, &core.limits, "vector")?;
        if let Some(filter) = &request.filter {
            compile_filter(filter, core, self.schema())?;
        }
        Ok(())
    }

    pub(super) fn search_ragged(
        &self,
        ctx: &Ctx,
        request: &SearchRequest,
        schema: &RaggedSchema,
    ) -> Result<Vec<ScoredPoint>, Error> {
        let core = &self.core;
        let answer = Answer::new(self, request, schema.distance())?;
        // A breadth means nothing here, and one that is refused elsewhere is refused here.
        self.checked_ef(request)?;
        let vector = check_ragged(request.vector.clone(), schema, &core.limits, "vector")?;
        let filter = request.filter.as_ref();
        let mut query = RaggedQuery {
            ctx,
            core,
            field: schema,
            measure: measure(vector, &schema.kind),
            wanted: request.limit + request.offset,
            score_threshold: request.score_threshold,
            filter: filter
                .map(|filter| compile_filter(filter, core, self.schema()))
                .transpose()?,
        };
        idf::weigh(self, &mut query)?;
        let mut top = TopHits::new(query.wanted);
        for (place, segment) in self.segments() {
            ctx.check(core.io.as_ref())?;
            nearest(&query, segment, place, &mut top)?;
        }
        answer.results(self, ctx, top)
    }
}

impl Snapshot {
    /// What stored vectors are compared with for `vector`, which was checked: its weights greater for rare dimensions,
    /// where the field says so.
    pub(super) fn ragged_measure(
        &self,
        ctx: &Ctx,
        field: &RaggedSchema,
        vector: Vector,
    ) -> Result<Measure, Error> {
        let core = &self.core;
        let mut query = RaggedQuery {
            ctx,
            core,
            field,
            measure: measure(vector, &field.kind),
            wanted: 0,
            score_threshold: None,
            filter: None,
        };
        idf::weigh(self, &mut query)?;
        Ok(query.measure)
    }
}

/// A stored vector of a field; `None` if it is damaged.
pub(super) fn stored(segment: &SegmentView, field: usize, ordinal: u32) -> Option<RaggedRef<'_>> {
    match &segment.source {
        Source::Active(active) => active.ragged(field)?.vector(ordinal),
        Source::Sealed(sealed) => sealed.ragged.get(field)?.as_ref()?.vectors.vector(ordinal),
    }
}

/// Offers the nearest live matching rows of `segment` to `top`.
fn nearest(
    query: &RaggedQuery<'_>,
    segment: &SegmentView,
    place: Place,
    top: &mut TopHits,
) -> Result<(), Error> {
    let visible = segment.ragged_count(query.field.number);
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
    let possible = filter.as_ref().is_none_or(|filter| filter.rows_max() > 0);
    if possible && visible > 0 {
        let filter = filter.as_ref();
        let target = RaggedTarget {
            segment,
            place,
            filter,
            visible,
        };
        if !lists::search(query, &target, top)? {
            target.scan(query, top)?;
        }
    }
    observer.map_or(Ok(()), |observer| observer.end(compiled))
}

impl RaggedTarget<'_> {
    pub(super) fn row(&self, field: usize, ordinal: u32) -> Option<u32> {
        match &self.segment.source {
            Source::Active(active) => active.ragged(field)?.row(ordinal),
            Source::Sealed(sealed) => Some(sealed.ragged.get(field)?.as_ref()?.vectors.row(ordinal)),
        }
    }

    /// A vector; `None` if it is damaged.
    pub(super) fn vector(&self, field: usize, ordinal: u32) -> Option<RaggedRef<'_>> {
        stored(self.segment, field, ordinal)
    }

    /// Whether a row is live and matches.
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

    /// The ordinals that may be found, those of deleted rows not among them, with their rows.
    fn candidates(&self, field: usize) -> Box<dyn Iterator<Item = (u32, u32)> + '_> {
        match self.filter {
            None => {
                let rows =
                    (0..self.visible).filter_map(move |ordinal| Some((ordinal, self.row(field, ordinal)?)));
                Box::new(rows.filter(|(_, row)| self.segment.is_live(*row)))
            }
            Some(filter) => {
                let rows: Vec<u32> = filter.candidates().iter().collect();
                let ordinal = move |row| self.segment.ordinal_in(row, Field::Ragged(field));
                let pairs = rows.into_iter().filter_map(move |row| Some((ordinal(row)?, row)));
                Box::new(pairs.filter(|(ordinal, _)| *ordinal < self.visible))
            }
        }
    }

    /// Compares the query with every vector that may match.
    pub(super) fn scan(&self, query: &RaggedQuery<'_>, top: &mut TopHits) -> Result<(), Error> {
        query.ctx.took(Way::Scan);
        let (mut measured, mut numbers) = (0, 0);
        for (ordinal, row) in self.candidates(query.field.number) {
            if numbers > NUMBERS_PER_CHECK {
                query.ctx.check(query.core.io.as_ref())?;
                numbers = 0;
            }
            let Some(vector) = self.vector(query.field.number, ordinal) else {
                query.core.note_damage();
                continue;
            };
            numbers += query.measure.numbers(vector);
            measured += 1;
            if let Some(distance) = query.measure.distance(vector)
                && top.admits(distance)
                && self.accepts(row)
            {
                self.offer(distance, row, top);
            }
        }
        query.ctx.count(0, measured);
        Ok(())
    }
}
