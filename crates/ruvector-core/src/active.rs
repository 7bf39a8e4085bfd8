//! The active segment: rows in memory, appended by the sequencer, read by everyone, and a live graph per vector
//! field that grows behind the visible rows. Never changes a row; deletes and payload updates live in the views.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::RwLock;
use ruvector_types::{PointId, Vector};

use crate::active_field::ActiveField;
use crate::active_ragged::ActiveRagged;
use crate::arena::Arena;
use crate::fields::Field;
use crate::shard::Schema;

/// No such row or ordinal.
pub(crate) const NONE: u32 = u32::MAX;

/// One row. `prev` chains to the former row of the same id in this segment, for views that are older.
#[derive(Debug)]
pub(crate) struct ActiveRow {
    pub(crate) id: PointId,
    pub(crate) version: u64,
    pub(crate) payload: Box<[u8]>,
    /// Of the dense fields, then of the others.
    ordinals: Box<[u32]>,
    prev: u32,
}

/// An in-memory segment.
#[derive(Debug)]
pub(crate) struct ActiveSegment {
    rows: Arena<ActiveRow>,
    len: AtomicU32,
    ids: RwLock<BTreeMap<PointId, u32>>,
    fields: Vec<ActiveField>,
    ragged: Vec<ActiveRagged>,
    capacity: u32,
    bytes: AtomicU64,
}

impl ActiveSegment {
    pub(crate) fn new(schema: &Schema, capacity: u32) -> ActiveSegment {
        ActiveSegment {
            rows: Arena::new(capacity as usize),
            len: AtomicU32::new(0),
            ids: RwLock::new(BTreeMap::new()),
            fields: schema
                .fields
                .iter()
                .map(|schema| ActiveField::new(schema, capacity))
                .collect(),
            ragged: schema
                .ragged
                .iter()
                .map(|schema| ActiveRagged::new(schema, capacity as usize))
                .collect(),
            capacity,
            bytes: AtomicU64::new(0),
        }
    }

    /// Rows that still fit. The sequencer asks before it applies a batch.
    pub(crate) fn free_rows(&self) -> u32 {
        self.capacity - self.len.load(Ordering::Acquire)
    }

    /// Appends a row; only the sequencer calls this. Returns the row, or `None` if the segment is full.
    pub(crate) fn push(
        &self,
        id: PointId,
        version: u64,
        payload: Box<[u8]>,
        vectors: Vec<(u16, Vector)>,
    ) -> Option<u32> {
        let row = self.len.load(Ordering::Acquire);
        if row >= self.capacity {
            return None;
        }
        let mut ordinals = vec![NONE; self.fields.len() + self.ragged.len()].into_boxed_slice();
        let mut bytes = payload.len() as u64 + 96;
        for (field, vector) in vectors {
            let (at, ordinal) = match (Field::of(field), vector) {
                (Field::Dense(at), Vector::Dense(vector)) => {
                    let slot = self.fields.get(at)?;
                    bytes += slot.vector_bytes(vector.len()) + 24;
                    (at, slot.push(row, vector))
                }
                (Field::Ragged(at), vector) => {
                    let slot = self.ragged.get(at)?;
                    bytes += slot.vector_bytes(&vector) + 24;
                    (self.fields.len() + at, slot.push(row, vector))
                }
                (Field::Dense(_), _) => return None,
            };
            ordinals[at] = ordinal;
        }
        let mut ids = self.ids.write();
        let prev = ids.get(&id).copied().unwrap_or(NONE);
        self.rows.set(
            row,
            ActiveRow {
                id: id.clone(),
                version,
                payload,
                ordinals,
                prev,
            },
        );
        ids.insert(id, row);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.len.store(row + 1, Ordering::Release);
        Some(row)
    }

    pub(crate) fn row(&self, row: u32) -> Option<&ActiveRow> {
        self.rows.get(row)
    }

    /// The newest row of `id` below `rows`.
    pub(crate) fn row_of(&self, id: &PointId, rows: u32) -> Option<u32> {
        let newest = *self.ids.read().get(id)?;
        self.below(newest, rows)
    }

    fn below(&self, mut row: u32, rows: u32) -> Option<u32> {
        while row >= rows {
            row = self.rows.get(row)?.prev;
            if row == NONE {
                return None;
            }
        }
        Some(row)
    }

    /// Up to `count` ids from `from` on, in order, each with its newest row below `rows` (if it has one), and the
    /// id to go on from. The lock is held for `count` ids only.
    pub(crate) fn rows_from(
        &self,
        from: Bound<&PointId>,
        rows: u32,
        count: usize,
    ) -> (Vec<u32>, Option<PointId>) {
        let ids = self.ids.read();
        let mut found = Vec::new();
        let mut last = None;
        for (seen, (id, newest)) in ids.range::<PointId, _>((from, Bound::Unbounded)).enumerate() {
            if seen == count {
                return (found, last);
            }
            found.extend(self.below(*newest, rows));
            last = Some(id.clone());
        }
        (found, None)
    }

    pub(crate) fn field(&self, field: usize) -> Option<&ActiveField> {
        self.fields.get(field)
    }

    pub(crate) fn ragged(&self, field: usize) -> Option<&ActiveRagged> {
        self.ragged.get(field)
    }

    /// The ordinal of a row's vector in a field.
    pub(crate) fn ordinal(&self, row: u32, field: Field) -> Option<u32> {
        let at = match field {
            Field::Dense(at) => at,
            Field::Ragged(at) => self.fields.len() + at,
        };
        let ordinals = &self.row(row)?.ordinals;
        ordinals.get(at).copied().filter(|ordinal| *ordinal != NONE)
    }

    /// Bytes of rows and vectors held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes on the heap, graphs and chunks included.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let graphs: u64 = self.fields.iter().map(ActiveField::heap_bytes).sum();
        let ragged: u64 = self.ragged.iter().map(ActiveRagged::heap_bytes).sum();
        graphs + ragged + self.rows.heap_bytes() + self.bytes()
    }

    /// Inserts up to `nodes_max` vectors of rows below `rows` into the graphs; returns how many were inserted.
    /// Fewer than `nodes_max` means that every graph has caught up.
    pub(crate) fn grow_graphs(&self, rows: u32, nodes_max: u32) -> u32 {
        let mut inserted = 0;
        for field in &self.fields {
            inserted += field.grow(rows, nodes_max - inserted);
        }
        inserted
    }

    /// Whether a vector of a row below `rows` is not in its graph yet.
    pub(crate) fn graphs_lag(&self, rows: u32) -> bool {
        self.fields.iter().any(|field| field.lags(rows))
    }
}
