//! Filters against rows of a segment. A row whose payload is damaged matches nothing that reads payloads.

use ruvector_payload::{Compiled, PayloadRef, Subject};
use ruvector_types::{Filter, PointId};

use crate::collection::Core;
use crate::view::SegmentView;
use crate::{Ctx, Error};

/// Rows between two looks at the deadline.
const ROWS_PER_CHECK: u32 = 1024;

/// Checks a filter against the rules and limits and compiles it.
pub(crate) fn compile_filter(filter: &Filter, core: &Core) -> Result<Compiled, Error> {
    filter.validate(&core.limits)?;
    Ok(ruvector_payload::compile(filter))
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
            .is_some_and(|field| self.segment.ordinal(self.row, field).is_some())
    }
}

/// Whether a row matches; an error if the bytes that decide are damaged.
pub(crate) fn row_matches(
    segment: &SegmentView,
    row: u32,
    filter: &Compiled,
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

/// The live rows that match, ascending. Cost: evaluates every live row.
pub(crate) fn matching_rows(
    ctx: &Ctx,
    core: &Core,
    segment: &SegmentView,
    filter: &Compiled,
) -> Result<Vec<u32>, Error> {
    let mut rows = Vec::new();
    for row in 0..segment.rows {
        if row % ROWS_PER_CHECK == 0 {
            ctx.check(core.io.as_ref())?;
        }
        if segment.is_live(row) && row_matches(segment, row, filter, core).unwrap_or(false) {
            rows.push(row);
        }
    }
    Ok(rows)
}
