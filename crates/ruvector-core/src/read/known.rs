//! What one segment knows without a look at its rows: by the indexes that a filter may ask, by its ids, by which rows have a
//! vector. Never reads a payload.

use ruvector_payload::index::Index;
use ruvector_payload::{Indexed, RowSet};
use ruvector_storage::Component;
use ruvector_types::{PointId, Step};

use super::compiled::CompiledFilter;
use crate::Ctx;
use crate::collection::Core;
use crate::fields::Field;
use crate::view::{SegmentView, Source};

/// What a segment's indexes and ids know.
pub(super) struct Known<'a> {
    pub(super) core: &'a Core,
    pub(super) segment: &'a SegmentView,
    filter: &'a CompiledFilter,
    ctx: Option<&'a Ctx>,
}

impl<'a> Known<'a> {
    pub(super) fn new(core: &'a Core, segment: &'a SegmentView, filter: &'a CompiledFilter) -> Known<'a> {
        Known {
            core,
            segment,
            filter,
            ctx: None,
        }
    }

    /// As long as a request has time.
    pub(super) fn until(self, ctx: &'a Ctx) -> Known<'a> {
        Known {
            ctx: Some(ctx),
            ..self
        }
    }

    /// The index of a field, if the filter may ask it.
    pub(super) fn find(&self, steps: &[Step]) -> Option<&'a Index<Component>> {
        let Source::Sealed(sealed) = &self.segment.source else {
            return None;
        };
        let declared = self
            .filter
            .declared()
            .iter()
            .find(|index| index.path.steps() == steps)?;
        sealed.index(declared.number).map(|index| &index.index)
    }
}

impl Indexed for Known<'_> {
    type Bytes = Component;

    fn rows(&self) -> u32 {
        self.segment.rows
    }

    fn index(&self, steps: &[Step]) -> Option<&Index<Component>> {
        self.find(steps)
    }

    fn rows_of(&self, ids: &[PointId]) -> RowSet {
        RowSet::of(
            self.segment.rows,
            ids.iter().filter_map(|id| self.segment.row_of(id)),
        )
    }

    fn rows_with_vector(&self, name: &str) -> Option<RowSet> {
        let rows = self.segment.rows;
        let Some(field) = self.filter.field(name) else {
            return Some(RowSet::none(rows));
        };
        let count = match field {
            Field::Dense(at) => self.segment.vector_counts(at).0,
            Field::Ragged(at) => self.segment.ragged_count(at),
        };
        if count == rows {
            return Some(RowSet::all(rows));
        }
        Some(RowSet::of(
            rows,
            (0..rows).filter(|row| self.segment.ordinal_in(*row, field).is_some()),
        ))
    }

    fn changed(&self) -> impl Iterator<Item = u32> {
        self.segment.delta.iter().map(|(row, _)| row)
    }

    fn is_late(&self) -> bool {
        self.ctx
            .is_some_and(|ctx| ctx.check(self.core.io.as_ref()).is_err())
    }
}

/// The same without deletes and payloads written since: what every view of the segment has in common.
pub(super) struct AsSealed<'a>(pub(super) &'a Known<'a>);

impl Indexed for AsSealed<'_> {
    type Bytes = Component;

    fn rows(&self) -> u32 {
        self.0.rows()
    }

    fn index(&self, steps: &[Step]) -> Option<&Index<Component>> {
        self.0.index(steps)
    }

    fn rows_of(&self, ids: &[PointId]) -> RowSet {
        match &self.0.segment.source {
            Source::Sealed(sealed) => RowSet::of(self.rows(), ids.iter().filter_map(|id| sealed.ids.row(id))),
            Source::Active(_) => self.0.rows_of(ids),
        }
    }

    fn rows_with_vector(&self, name: &str) -> Option<RowSet> {
        self.0.rows_with_vector(name)
    }

    fn changed(&self) -> impl Iterator<Item = u32> {
        std::iter::empty()
    }

    fn is_late(&self) -> bool {
        self.0.is_late()
    }
}
