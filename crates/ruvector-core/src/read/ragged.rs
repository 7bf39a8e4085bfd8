//! Searches of fields of sparse vectors and multi-vectors: the request checked, then every segment, compared exactly.
//! Never misses a point: lists are read only where they answer as a comparison with every vector would.

use std::borrow::Cow;

use half::f16;
use ruvector_storage::RaggedRef;
use ruvector_types::{ScoredPoint, SearchRequest, Vector, VectorDatatype};

use super::matching::{CompiledFilter, SegmentFilter, compile_filter};
use super::nearest::Place;
use super::observe::Observer;
use super::search::Answer;
use super::top::{Hit, TopHits};
use super::{idf, lists};
use crate::collection::Core;
use crate::fields::{Field, RaggedKind, RaggedSchema};
use crate::kernels::{FieldKernels, Stored, finite};
use crate::view::{SegmentView, Snapshot, Source};
use crate::write::check_ragged;
use crate::{Ctx, Error, Way};

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

/// What vectors are compared with.
pub(super) enum Measure {
    /// Dimensions ascending, with their weights; `full_scan_threshold` of the field.
    Sparse(Vec<(u32, f32)>, Option<u32>),
    /// The numbers of all vectors of the query.
    Multi {
        numbers: Vec<f32>,
        dim: usize,
        kernels: FieldKernels,
    },
}

/// One field of one segment.
pub(super) struct RaggedTarget<'a> {
    pub(super) segment: &'a SegmentView,
    place: Place,
    pub(super) filter: Option<&'a SegmentFilter<'a>>,
    /// Ordinals that this view sees.
    pub(super) visible: u32,
}

impl Measure {
    /// How far a vector is, lower is nearer; `None` if nothing is in common.
    pub(super) fn distance(&self, vector: RaggedRef<'_>) -> Option<f32> {
        match (self, vector) {
            (Measure::Sparse(query, _), RaggedRef::Sparse(indices, values)) => {
                ruvector_sparse::dot(query, indices, values).map(of_score)
            }
            (
                Measure::Multi {
                    numbers,
                    dim,
                    kernels,
                },
                RaggedRef::Multi(stored),
            ) => {
                let query = (&numbers[..], *dim);
                match kernels.datatype {
                    VectorDatatype::Float32 => max_sim::<f32>(kernels, query, stored),
                    VectorDatatype::Float16 => max_sim::<f16>(kernels, query, stored),
                    VectorDatatype::Uint8 => max_sim::<u8>(kernels, query, stored),
                }
            }
            _ => None,
        }
    }
}

/// Each vector of the query with the one nearest to it, summed; `None` if the bytes are no vectors.
fn max_sim<T: Stored>(kernels: &FieldKernels, (query, dim): (&[f32], usize), stored: &[u8]) -> Option<f32> {
    let rows = T::of_bytes(stored)?;
    let of_row = |query: &[f32]| {
        let rows = rows.chunks_exact(dim);
        let distances = rows.map(|row| finite(T::from_query(kernels, query, row)));
        distances.fold(f32::INFINITY, f32::min)
    };
    Some(finite(query.chunks_exact(dim).map(of_row).sum()))
}

/// The distance of a similarity: 0 rather than -0, and infinitely far if it is no number.
pub(super) fn of_score(score: f32) -> f32 {
    finite(0.0 - score)
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

pub(super) fn measure(vector: Vector, kind: &RaggedKind) -> Measure {
    match (kind, vector) {
        (RaggedKind::Multi(multi), Vector::Multi(mut given)) => {
            let dim = multi.dim as usize;
            multi.kernels.make_query(&mut given.numbers, dim);
            Measure::Multi {
                numbers: given.numbers,
                dim,
                kernels: multi.kernels,
            }
        }
        (RaggedKind::Sparse(config), Vector::Sparse(sparse)) => {
            let pairs = sparse.indices.into_iter().zip(sparse.values);
            Measure::Sparse(pairs.collect(), config.full_scan_threshold)
        }
        // Checked before: a vector is of its field's kind.
        _ => Measure::Sparse(Vec::new(), None),
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
    let mut filter = compiled.map(|filter| SegmentFilter::new(query.core, segment, filter));
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
                let rows: Vec<u32> = match filter.candidates() {
                    Cow::Borrowed(rows) => rows.iter().collect(),
                    Cow::Owned(rows) => rows.iter().collect(),
                };
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

impl Measure {
    /// Numbers that a comparison with `vector` touches.
    fn numbers(&self, vector: RaggedRef<'_>) -> usize {
        match (self, vector) {
            (
                Measure::Multi {
                    numbers,
                    dim,
                    kernels,
                },
                RaggedRef::Multi(stored),
            ) => {
                let count = stored.len() / kernels.datatype.bytes() as usize;
                (numbers.len() / dim.max(&1)).saturating_mul(count)
            }
            (_, RaggedRef::Sparse(indices, _)) => indices.len() + 16,
            (_, RaggedRef::Multi(rows)) => rows.len(),
        }
    }
}
