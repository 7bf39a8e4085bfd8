//! A filter, compiled for the indexes and vector fields of a collection, and whether it matches a row by what this holds.
//! Never asks an index.

use std::ops::Deref;
use std::sync::Arc;

use ruvector_payload::{Compiled, PayloadRef, Subject};
use ruvector_storage::DeclaredIndex;
use ruvector_types::{Filter, IndexKind, PointId, Step, TextOptions};

use super::kept::{KeptFilter, Met};
use crate::Error;
use crate::collection::Core;
use crate::fields::Field;
use crate::schema::Schema;
use crate::view::SegmentView;

/// A filter, and the indexes and vector fields that were there when it was compiled: it asks no others.
#[derive(Debug)]
pub(crate) struct CompiledFilter(Arc<KeptFilter>);

impl Deref for CompiledFilter {
    type Target = Compiled;

    fn deref(&self) -> &Compiled {
        &self.0.compiled
    }
}

impl CompiledFilter {
    pub(super) fn declared(&self) -> &[DeclaredIndex] {
        &self.0.declared
    }

    /// What is kept of it where it comes again.
    pub(super) fn kept(&self) -> &Arc<KeptFilter> {
        &self.0
    }

    /// The field of that name.
    pub(super) fn field(&self, name: &str) -> Option<Field> {
        self.0.schema.field(name)
    }
}

/// Checks a filter against the rules and limits and compiles it. Words of text conditions are cut as the field's text
/// index declares it, built or not. One that is kept has been checked: limits do not change while a database is open.
pub(crate) fn compile_filter(
    filter: &Filter,
    core: &Core,
    schema: &Arc<Schema>,
) -> Result<CompiledFilter, Error> {
    let declared = core.indexes.load_full();
    let given = match core.filters.meet(filter, &declared, schema) {
        Met::Kept(kept) => return Ok(CompiledFilter(kept)),
        Met::Before(key) => Some((key, filter.clone())),
        Met::Never => None,
    };
    filter.validate(&core.limits)?;
    let options = |steps: &[Step]| {
        let found = declared.iter().find(|index| index.path.steps() == steps);
        match found.map(|index| &index.index.kind) {
            Some(IndexKind::Text(options)) => options.clone(),
            _ => TextOptions::default(),
        }
    };
    let compiled = ruvector_payload::compile_with(filter, &options);
    let context = (declared, schema.clone());
    Ok(CompiledFilter(KeptFilter::new(given, compiled, context)))
}

struct Row<'a> {
    segment: &'a SegmentView,
    row: u32,
    filter: &'a CompiledFilter,
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
        self.filter
            .field(name)
            .is_some_and(|field| self.segment.ordinal_in(self.row, field).is_some())
    }
}

/// Whether a row matches; an error if the bytes that decide are damaged.
pub(crate) fn row_matches(segment: &SegmentView, row: u32, filter: &CompiledFilter) -> Result<bool, Error> {
    evaluated(segment, row, filter).map(|(matches, _)| matches)
}

/// As [`row_matches`], and the bytes of the payload it had to look at.
pub(super) fn evaluated(
    segment: &SegmentView,
    row: u32,
    filter: &CompiledFilter,
) -> Result<(bool, usize), Error> {
    let damaged = || {
        Error::corrupt(format!(
            "the payload of row {row} in segment {} is damaged",
            segment.id
        ))
    };
    let (payload, bytes) = match filter.reads_payload() {
        true => {
            let (bytes, _) = segment.payload(row).ok_or_else(damaged)?;
            let payload = PayloadRef::new(bytes).map_err(|error| damaged().because(error))?;
            (payload, bytes.len())
        }
        false => (PayloadRef::EMPTY, 0),
    };
    filter
        .matches(&Row {
            segment,
            row,
            filter,
            payload,
        })
        .map(|matches| (matches, bytes))
        .map_err(|error| damaged().because(error))
}
