//! Immutable views: what a reader sees, and keeps seeing while it holds them. Never waits for a writer.

use std::sync::Arc;

use ruvector_graph::FastGraph;
use ruvector_storage::{Bitmap, Component, PayloadVersion, RowMap, SealedSegment};
use ruvector_types::{PointId, Vector};

use crate::active::ActiveSegment;
use crate::collection::Core;
use crate::fields::Field;
use crate::schema::{FieldRef, Schema};

/// Where a segment's rows are.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In memory; the last segment of a shard while it takes rows, or frozen and waiting to be sealed.
    Active(Arc<ActiveSegment>),
    /// In immutable files.
    Sealed(Arc<SealedSegment>),
}

/// A segment as one view sees it: rows `0..rows`, less the deleted ones, with payload updates laid over.
#[derive(Clone, Debug)]
pub(crate) struct SegmentView {
    pub(crate) id: u64,
    pub(crate) source: Source,
    pub(crate) rows: u32,
    pub(crate) deletes: Bitmap,
    pub(crate) delta: RowMap<Arc<PayloadVersion>>,
}

/// A shard at one sequence number: segments from oldest to newest. A point is live in at most one of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShardView {
    pub(crate) seq: u64,
    pub(crate) segments: Vec<SegmentView>,
}

/// All shards of a collection, swapped as one: a batch over several shards becomes visible at once. A segment may hold
/// fields that the schema does not have any more: nobody asks for them.
#[derive(Clone, Debug)]
pub(crate) struct CollectionView {
    pub(crate) schema: Arc<Schema>,
    pub(crate) shards: Vec<Arc<ShardView>>,
}

/// A collection as it was at one moment. Reads on it always give the same answers, whatever is written meanwhile;
/// while it is held, the memory and mapped files behind it stay.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) core: Arc<Core>,
    pub(crate) view: Arc<CollectionView>,
}

impl Snapshot {
    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.view.schema
    }
}

impl SegmentView {
    /// Whether the row exists in this view and is not deleted.
    #[inline]
    pub(crate) fn is_live(&self, row: u32) -> bool {
        row < self.rows && !self.deletes.contains(row)
    }

    pub(crate) fn live_rows(&self) -> u64 {
        u64::from(self.rows) - self.deletes.count()
    }

    /// The fast layout of a dense field, if it has one here.
    pub(crate) fn fast(&self, field: usize) -> Option<&FastGraph<Component>> {
        match &self.source {
            Source::Active(_) => None,
            Source::Sealed(sealed) => sealed.fields.get(field)?.as_ref()?.fast.as_ref(),
        }
    }

    /// The live row of `id`. Cost: a search in the segment's id table.
    pub(crate) fn row_of(&self, id: &PointId) -> Option<u32> {
        let row = match &self.source {
            Source::Active(active) => active.row_of(id, self.rows),
            Source::Sealed(sealed) => sealed.ids.row(id),
        }?;
        self.is_live(row).then_some(row)
    }

    pub(crate) fn id(&self, row: u32) -> Option<PointId> {
        match &self.source {
            Source::Active(active) => active.row(row).map(|row| row.id.clone()),
            Source::Sealed(sealed) => (row < self.rows).then(|| sealed.ids.id(row)),
        }
    }

    /// The payload and version in force; `None` where the stored bytes are damaged.
    pub(crate) fn payload(&self, row: u32) -> Option<(&[u8], u64)> {
        match self.delta.get(row) {
            Some(newer) => Some((&newer.payload, newer.version)),
            None => self.base_payload(row),
        }
    }

    /// The payload and version written with the row.
    pub(crate) fn base_payload(&self, row: u32) -> Option<(&[u8], u64)> {
        match &self.source {
            Source::Active(active) => active.row(row).map(|row| (&row.payload[..], row.version)),
            Source::Sealed(sealed) => Some((sealed.payload.payload(row)?, sealed.payload.version(row)?)),
        }
    }

    /// The version in force; `None` where it is damaged.
    pub(crate) fn version(&self, row: u32) -> Option<u64> {
        match (self.delta.get(row), &self.source) {
            (Some(newer), _) => Some(newer.version),
            (None, Source::Active(active)) => active.row(row).map(|row| row.version),
            (None, Source::Sealed(sealed)) => sealed.payload.version(row),
        }
    }

    /// A hint that id and version of a row follow soon.
    pub(crate) fn prefetch(&self, row: u32) {
        if let Source::Sealed(sealed) = &self.source {
            sealed.payload.prefetch_version(row);
            sealed.ids.prefetch(row);
        }
    }

    /// The ordinal of a row's vector in a dense field.
    pub(crate) fn ordinal(&self, row: u32, field: usize) -> Option<u32> {
        self.ordinal_in(row, Field::Dense(field))
    }

    /// The ordinal of a row's vector in a field of any kind.
    pub(crate) fn ordinal_in(&self, row: u32, field: Field) -> Option<u32> {
        match (&self.source, field) {
            (Source::Active(active), field) => active.ordinal(row, field),
            (Source::Sealed(sealed), Field::Dense(at)) => {
                sealed.fields.get(at)?.as_ref()?.vectors.ordinal(row)
            }
            (Source::Sealed(sealed), Field::Ragged(at)) => {
                sealed.ragged.get(at)?.as_ref()?.vectors.ordinal(row)
            }
        }
    }

    /// A copy of a row's vector in a field of any kind: `None` if it has none; `Some(None)` if its bytes are damaged.
    pub(crate) fn vector_in(&self, row: u32, field: FieldRef<'_>) -> Option<Option<Vector>> {
        match field {
            FieldRef::Dense(field) => {
                let vector = self.vector(row, field.number)?;
                Some(vector.and_then(|vector| Some(field.kernels.decoded(vector)?.into())))
            }
            FieldRef::Ragged(field) => self.ragged_vector(row, field.number),
        }
    }

    /// A copy of a row's sparse vector or multi-vector, likewise.
    pub(crate) fn ragged_vector(&self, row: u32, at: usize) -> Option<Option<Vector>> {
        let ordinal = self.ordinal_in(row, Field::Ragged(at))?;
        Some(match &self.source {
            Source::Active(active) => active.ragged(at)?.to_vector(ordinal),
            Source::Sealed(sealed) => sealed.ragged.get(at)?.as_ref()?.vectors.to_vector(ordinal),
        })
    }

    /// Vectors in this view of a field of sparse vectors or multi-vectors.
    pub(crate) fn ragged_count(&self, field: usize) -> u32 {
        match &self.source {
            Source::Active(active) => active
                .ragged(field)
                .map_or(0, |slot| slot.ordinals_below(self.rows)),
            Source::Sealed(sealed) => match sealed.ragged.get(field) {
                Some(Some(slot)) => slot.vectors.len(),
                _ => 0,
            },
        }
    }

    /// A row's vector in a dense field as it lies: `None` if it has none; `Some(None)` if its bytes are damaged.
    pub(crate) fn vector(&self, row: u32, field: usize) -> Option<Option<&[u8]>> {
        let ordinal = self.ordinal(row, field)?;
        Some(match &self.source {
            Source::Active(active) => active.field(field)?.bytes(ordinal),
            Source::Sealed(sealed) => sealed.fields.get(field)?.as_ref()?.vectors.bytes(ordinal),
        })
    }

    /// Vectors of a dense field in this view: in all, and those that its graph finds.
    pub(crate) fn vector_counts(&self, field: usize) -> (u32, u32) {
        match &self.source {
            Source::Active(active) => active.field(field).map_or((0, 0), |slot| {
                let all = slot.ordinals_below(self.rows);
                (all, slot.graph().len().min(all))
            }),
            Source::Sealed(sealed) => match sealed.fields.get(field).and_then(Option::as_deref) {
                Some(slot) if slot.graph.is_some() => (slot.vectors.len(), slot.vectors.len()),
                Some(slot) => (slot.vectors.len(), 0),
                None => (0, 0),
            },
        }
    }

    /// Of these, live ones. Cost: visits the deleted rows, unless every row has the field.
    pub(crate) fn live_ragged(&self, field: usize) -> u64 {
        let all = self.ragged_count(field);
        if all == self.rows {
            return self.live_rows();
        }
        let gone = self
            .deletes
            .iter()
            .filter(|row| self.ordinal_in(*row, Field::Ragged(field)).is_some());
        u64::from(all) - gone.count() as u64
    }

    /// Bytes of copies of its components in resident memory.
    pub(crate) fn promoted_bytes(&self) -> u64 {
        match &self.source {
            Source::Active(_) => 0,
            Source::Sealed(sealed) => sealed.promoted_bytes(),
        }
    }

    /// Bytes on the heap that this segment holds.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let source = match &self.source {
            Source::Active(active) => active.heap_bytes(),
            Source::Sealed(sealed) => sealed.heap_bytes(),
        };
        let delta: u64 = self
            .delta
            .iter()
            .map(|(_, newer)| newer.payload.len() as u64 + 48)
            .sum();
        source + self.deletes.heap_bytes() + delta
    }
}

impl ShardView {
    /// The segment (by position) and row where `id` is live. Newest segments first.
    pub(crate) fn find(&self, id: &PointId) -> Option<(usize, u32)> {
        let positions = (0..self.segments.len()).rev();
        positions
            .filter_map(|at| self.segments[at].row_of(id).map(|row| (at, row)))
            .next()
    }

    /// The sealed segment of this number.
    pub(crate) fn sealed(&self, id: u64) -> Option<&Arc<SealedSegment>> {
        self.segments.iter().find_map(|segment| match &segment.source {
            Source::Sealed(sealed) if segment.id == id => Some(sealed),
            _ => None,
        })
    }

    pub(crate) fn live_rows(&self) -> u64 {
        self.segments.iter().map(SegmentView::live_rows).sum()
    }
}
