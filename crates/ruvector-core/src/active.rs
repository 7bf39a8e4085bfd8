//! The active segment: rows in memory, appended by the sequencer, read by everyone, and a live graph per vector
//! field that grows behind the visible rows. Never changes a row; deletes and payload updates live in the views.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::RwLock;
use ruvector_storage::put_at;
use ruvector_types::{PointId, Vector};

use crate::active_field::ActiveField;
use crate::active_ragged::ActiveRagged;
use crate::arena::Arena;
use crate::fields::Field;
use crate::schema::Schema;

/// No such row or ordinal.
pub(crate) const NONE: u32 = u32::MAX;

/// One row. `prev` chains to the former row of the same id in this segment, for views that are older.
#[derive(Debug)]
pub(crate) struct ActiveRow {
    pub(crate) id: PointId,
    pub(crate) version: u64,
    pub(crate) payload: Box<[u8]>,
    /// By the columns of the fields.
    ordinals: Box<[u32]>,
    prev: u32,
}

/// An in-memory segment. It has the fields of the schema it was made with, by number.
#[derive(Debug)]
pub(crate) struct ActiveSegment {
    rows: Arena<ActiveRow>,
    len: AtomicU32,
    ids: RwLock<BTreeMap<PointId, u32>>,
    fields: Vec<Option<Box<ActiveField>>>,
    ragged: Vec<Option<Box<ActiveRagged>>>,
    columns: usize,
    capacity: u32,
    bytes: AtomicU64,
}

impl ActiveSegment {
    pub(crate) fn new(schema: &Schema, capacity: u32) -> ActiveSegment {
        let (mut fields, mut ragged, mut columns) = (Vec::new(), Vec::new(), 0);
        for schema in schema.dense_fields() {
            put_at(
                &mut fields,
                schema.number,
                ActiveField::new(columns, schema, capacity),
            );
            columns += 1;
        }
        for schema in schema.ragged_fields() {
            let field = ActiveRagged::new(columns, schema, capacity as usize);
            put_at(&mut ragged, schema.number, field);
            columns += 1;
        }
        ActiveSegment {
            rows: Arena::new(capacity as usize),
            len: AtomicU32::new(0),
            ids: RwLock::new(BTreeMap::new()),
            fields,
            ragged,
            columns,
            capacity,
            bytes: AtomicU64::new(0),
        }
    }

    /// Rows that still fit. The sequencer asks before it applies a batch.
    pub(crate) fn free_rows(&self) -> u32 {
        self.capacity - self.len.load(Ordering::Acquire)
    }

    /// Appends a row; only the sequencer calls this. Returns the row, or `None` if the segment is full. Vectors of fields
    /// that the segment does not have are left out: they were removed after the record was logged. No vector is of another
    /// kind than its field: validation and the opening of the log see to that.
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
        let mut ordinals = vec![NONE; self.columns].into_boxed_slice();
        let mut bytes = payload.len() as u64 + 96;
        for (field, vector) in vectors {
            let (column, taken, ordinal) = match (Field::of(field), vector) {
                (Field::Dense(at), Vector::Dense(vector)) => match self.field(at) {
                    Some(slot) => {
                        let taken = slot.vector_bytes(vector.len());
                        (slot.column, taken, slot.push(row, vector))
                    }
                    None => continue,
                },
                (Field::Ragged(at), vector) => {
                    let Some(slot) = self.ragged(at) else { continue };
                    let taken = slot.vector_bytes(&vector);
                    let Some(ordinal) = slot.push(row, vector) else {
                        continue;
                    };
                    (slot.column, taken, ordinal)
                }
                (Field::Dense(_), _) => continue,
            };
            bytes += taken + 24;
            ordinals[column] = ordinal;
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
        self.fields.get(field)?.as_deref()
    }

    pub(crate) fn ragged(&self, field: usize) -> Option<&ActiveRagged> {
        self.ragged.get(field)?.as_deref()
    }

    /// The ordinal of a row's vector in a field.
    pub(crate) fn ordinal(&self, row: u32, field: Field) -> Option<u32> {
        let column = match field {
            Field::Dense(at) => self.field(at)?.column,
            Field::Ragged(at) => self.ragged(at)?.column,
        };
        let ordinals = &self.row(row)?.ordinals;
        ordinals.get(column).copied().filter(|ordinal| *ordinal != NONE)
    }

    /// Bytes of rows and vectors held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes on the heap, graphs and chunks included.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let graphs: u64 = self.fields.iter().flatten().map(|field| field.heap_bytes()).sum();
        let ragged: u64 = self.ragged.iter().flatten().map(|field| field.heap_bytes()).sum();
        graphs + ragged + self.rows.heap_bytes() + self.bytes()
    }

    /// Inserts up to `nodes_max` vectors of rows below `rows` into the graphs; returns how many were inserted.
    /// Fewer than `nodes_max` means that every graph has caught up.
    pub(crate) fn grow_graphs(&self, rows: u32, nodes_max: u32) -> u32 {
        let mut inserted = 0;
        for field in self.fields.iter().flatten() {
            inserted += field.grow(rows, nodes_max - inserted);
        }
        inserted
    }

    /// Whether a vector of a row below `rows` is not in its graph yet.
    pub(crate) fn graphs_lag(&self, rows: u32) -> bool {
        self.fields.iter().flatten().any(|field| field.lags(rows))
    }
}
