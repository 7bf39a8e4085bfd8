//! The values of an indexed field in one segment, for ordering and facets: from its index, and for rows that this does not
//! know (changed since, or in memory) from an index made for the occasion.

use ruvector_payload::index::{Index, IndexBuilder, IndexBytes, OrderedIndex};
use ruvector_payload::{PayloadRef, RowSet};
use ruvector_storage::{Component, DeclaredIndex};

use super::pace::Pace;
use crate::collection::Core;
use crate::view::{SegmentView, Source};
use crate::{Ctx, Error};

/// Two indexes whose rows are apart, and the rows wanted of each.
pub(crate) struct Values<'a> {
    /// The segment's own, and the rows it knows.
    pub(crate) stored: Option<(&'a OrderedIndex<Component>, RowSet)>,
    /// Of the other rows.
    pub(crate) made: Option<(OrderedIndex<Vec<u8>>, RowSet)>,
}

impl<'a> Values<'a> {
    /// The values of `wanted` rows, all live. Cost: reads the payloads of those that no index knows.
    pub(crate) fn of(
        ctx: &Ctx,
        core: &Core,
        segment: &'a SegmentView,
        declared: &DeclaredIndex,
        wanted: RowSet,
    ) -> Result<Values<'a>, Error> {
        let stored = stored_index(segment, declared);
        let others = match stored {
            None => wanted.clone(),
            Some(_) => {
                let mut changed = RowSet::of(segment.rows, segment.delta.iter().map(|(row, _)| row));
                changed.and(&wanted);
                changed
            }
        };
        let made = match others.is_empty() {
            true => None,
            false => Some(made_index(ctx, core, segment, declared, &others)?),
        };
        let mut known = wanted;
        known.and_not(&others);
        Ok(Values {
            stored: stored.map(|index| (index, known)),
            made: made.map(|index| (index, others)),
        })
    }
}

fn stored_index<'a>(
    segment: &'a SegmentView,
    declared: &DeclaredIndex,
) -> Option<&'a OrderedIndex<Component>> {
    let Source::Sealed(sealed) = &segment.source else {
        return None;
    };
    let found = sealed.index(declared.number)?;
    match &found.index {
        Index::Ordered(index) if found.component().damage().is_none() => Some(index),
        _ => None,
    }
}

fn made_index(
    ctx: &Ctx,
    core: &Core,
    segment: &SegmentView,
    declared: &DeclaredIndex,
    rows: &RowSet,
) -> Result<OrderedIndex<Vec<u8>>, Error> {
    let mut builder = IndexBuilder::new(&declared.index.kind, declared.path.steps());
    let mut pace = Pace::default();
    for row in rows.iter() {
        pace.before_row(ctx, core)?;
        // A row whose payload is damaged has no values, or those before the damage: its checksum should have told.
        if let Some((bytes, _)) = segment.payload(row)
            && let Ok(payload) = PayloadRef::new(bytes)
        {
            pace.read(bytes.len());
            let _ = builder.push(row, payload);
        }
    }
    match open(builder.finish(segment.rows), segment.rows) {
        Some(index) => Ok(index),
        None => Err(Error::corrupt("an index of values cannot be made".to_owned())),
    }
}

fn open<B: IndexBytes>(bytes: B, rows: u32) -> Option<OrderedIndex<B>> {
    OrderedIndex::open(bytes, rows).ok()
}
