//! Filters against rows of a segment: first what its indexes know, then the rows they leave open, one by one. A row whose
//! payload is damaged matches nothing that reads payloads.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use ruvector_payload::index::{Estimate, Index};
use ruvector_payload::{Answer, Compiled, Indexed, PayloadRef, RowSet, Subject};
use ruvector_storage::{Component, DeclaredIndex};
use ruvector_types::{Filter, IndexKind, PointId, Step, TextOptions};

use super::observe::Observer;
use crate::collection::Core;
use crate::fields::Field;
use crate::view::{SegmentView, Source};
use crate::{Ctx, Error};

/// Rows between two looks at the deadline.
const ROWS_PER_CHECK: usize = 1024;

/// Rows left open by indexes that are looked at before a search, so that it knows how many rows match.
const SETTLED_ROWS_MAX: u64 = 512;

/// A filter and the indexes declared when it was compiled: its words are cut as these say, so it asks no others.
#[derive(Debug)]
pub(crate) struct CompiledFilter {
    compiled: Compiled,
    declared: Arc<Vec<DeclaredIndex>>,
}

impl Deref for CompiledFilter {
    type Target = Compiled;

    fn deref(&self) -> &Compiled {
        &self.compiled
    }
}

/// Checks a filter against the rules and limits and compiles it. Words of text conditions are cut as the field's text
/// index declares it, built or not.
pub(crate) fn compile_filter(filter: &Filter, core: &Core) -> Result<CompiledFilter, Error> {
    filter.validate(&core.limits)?;
    let declared = core.indexes.load_full();
    let options = |steps: &[Step]| {
        let found = declared.iter().find(|index| index.path.steps() == steps);
        match found.map(|index| &index.index.kind) {
            Some(IndexKind::Text(options)) => options.clone(),
            _ => TextOptions::default(),
        }
    };
    let compiled = ruvector_payload::compile_with(filter, &options);
    Ok(CompiledFilter { compiled, declared })
}

struct Row<'a> {
    segment: &'a SegmentView,
    row: u32,
    core: &'a Core,
    payload: PayloadRef<'a>,
}

impl Subject for Row<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.payload
    }

    fn is_id_in(&self, ids: &[PointId]) -> bool {
        self.segment
            .id(self.row)
            .is_some_and(|id| ids.binary_search(&id).is_ok())
    }

    fn has_vector(&self, name: &str) -> bool {
        self.core
            .schema
            .field(name)
            .is_some_and(|field| self.segment.ordinal_in(self.row, field).is_some())
    }
}

/// Whether a row matches; an error if the bytes that decide are damaged.
pub(crate) fn row_matches(
    segment: &SegmentView,
    row: u32,
    filter: &CompiledFilter,
    core: &Core,
) -> Result<bool, Error> {
    let damaged = || {
        Error::corrupt(format!(
            "the payload of row {row} in segment {} is damaged",
            segment.id
        ))
    };
    let payload = match filter.reads_payload() {
        true => {
            let (bytes, _) = segment.payload(row).ok_or_else(damaged)?;
            PayloadRef::new(bytes).map_err(|error| damaged().because(error))?
        }
        false => PayloadRef::EMPTY,
    };
    filter
        .matches(&Row {
            segment,
            row,
            core,
            payload,
        })
        .map_err(|error| damaged().because(error))
}

/// The live rows that match. Cost: sets of the segment's size, and an evaluation of each row that indexes leave open.
pub(crate) fn matching_rows(
    ctx: &Ctx,
    core: &Core,
    segment: &SegmentView,
    filter: &CompiledFilter,
) -> Result<RowSet, Error> {
    let mut filter = SegmentFilter::new(core, segment, filter);
    filter.settle(ctx)?;
    Ok(filter.answer.sure)
}

/// A filter on one segment.
pub(crate) struct SegmentFilter<'a> {
    core: &'a Core,
    segment: &'a SegmentView,
    filter: &'a CompiledFilter,
    /// Deleted rows are in neither set.
    answer: Answer,
    sure: u64,
    open: u64,
}

impl<'a> SegmentFilter<'a> {
    pub(crate) fn new(
        core: &'a Core,
        segment: &'a SegmentView,
        filter: &'a CompiledFilter,
    ) -> SegmentFilter<'a> {
        let known = Known {
            core,
            segment,
            declared: &filter.declared,
        };
        let mut answer = filter.answer(&known);
        take_away_deleted(segment, &mut answer.sure);
        take_away_deleted(segment, &mut answer.open);
        let (sure, open) = (answer.sure.count(), answer.open.count());
        SegmentFilter {
            core,
            segment,
            filter,
            answer,
            sure,
            open,
        }
    }

    /// The live rows that match `filter`; all live rows if there is none. `observer` is told what the indexes decided.
    pub(crate) fn rows(
        ctx: &Ctx,
        core: &Core,
        segment: &SegmentView,
        filter: Option<&CompiledFilter>,
        observer: Option<&mut Observer<'_>>,
    ) -> Result<RowSet, Error> {
        match filter {
            Some(filter) => {
                let mut filter = SegmentFilter::new(core, segment, filter);
                if let Some(observer) = observer {
                    observer.filtered(&filter);
                }
                filter.settle(ctx)?;
                Ok(filter.answer.sure)
            }
            None => {
                let mut rows = RowSet::all(segment.rows);
                take_away_deleted(segment, &mut rows);
                Ok(rows)
            }
        }
    }

    /// How many rows match, deleted ones included, guessed without making sets.
    pub(crate) fn estimate(core: &Core, segment: &SegmentView, filter: &CompiledFilter) -> Estimate {
        filter.estimate(&Known {
            core,
            segment,
            declared: &filter.declared,
        })
    }

    /// Whether a row is live and matches.
    #[inline]
    pub(crate) fn accepts(&self, row: u32) -> bool {
        self.answer.sure.contains(row)
            || (self.open > 0
                && self.answer.open.contains(row)
                && row_matches(self.segment, row, self.filter, self.core).unwrap_or(false))
    }

    /// Live rows that match, at most.
    pub(crate) fn rows_max(&self) -> u64 {
        self.sure + self.open
    }

    /// Rows that have to be evaluated.
    pub(crate) fn rows_open(&self) -> u64 {
        self.open
    }

    /// The live rows that may match, ascending.
    pub(crate) fn candidates(&self) -> Cow<'_, RowSet> {
        if self.open == 0 {
            return Cow::Borrowed(&self.answer.sure);
        }
        let mut rows = self.answer.sure.clone();
        rows.or(&self.answer.open);
        Cow::Owned(rows)
    }

    /// Looks at the open rows if they are few.
    pub(crate) fn settle_few(&mut self, ctx: &Ctx) -> Result<(), Error> {
        match self.open {
            0 => Ok(()),
            1..=SETTLED_ROWS_MAX => self.settle(ctx),
            _ => Ok(()),
        }
    }

    /// Looks at all open rows.
    pub(crate) fn settle(&mut self, ctx: &Ctx) -> Result<(), Error> {
        let open = std::mem::replace(&mut self.answer.open, RowSet::none(self.segment.rows));
        for (seen, row) in open.iter().enumerate() {
            if seen.is_multiple_of(ROWS_PER_CHECK) {
                ctx.check(self.core.io.as_ref())?;
            }
            if row_matches(self.segment, row, self.filter, self.core).unwrap_or(false) {
                self.answer.sure.insert(row);
                self.sure += 1;
            }
        }
        self.open = 0;
        Ok(())
    }
}

fn take_away_deleted(segment: &SegmentView, rows: &mut RowSet) {
    if segment.deletes.is_empty() {
        return;
    }
    rows.change_words(|words| {
        for (first, deleted) in segment.deletes.words() {
            for (mine, gone) in words.iter_mut().skip(first).zip(deleted) {
                *mine &= !gone;
            }
        }
    });
}

/// What a segment's indexes and ids know.
struct Known<'a> {
    core: &'a Core,
    segment: &'a SegmentView,
    declared: &'a [DeclaredIndex],
}

impl Indexed for Known<'_> {
    type Bytes = Component;

    fn rows(&self) -> u32 {
        self.segment.rows
    }

    fn index(&self, steps: &[Step]) -> Option<&Index<Component>> {
        let Source::Sealed(sealed) = &self.segment.source else {
            return None;
        };
        let declared = self.declared.iter().find(|index| index.path.steps() == steps)?;
        let found = sealed
            .indexes
            .iter()
            .find(|index| index.number == declared.number);
        found.map(|index| &index.index)
    }

    fn rows_of(&self, ids: &[PointId]) -> RowSet {
        RowSet::of(
            self.segment.rows,
            ids.iter().filter_map(|id| self.segment.row_of(id)),
        )
    }

    fn rows_with_vector(&self, name: &str) -> Option<RowSet> {
        let rows = self.segment.rows;
        let Some(field) = self.core.schema.field(name) else {
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
}
