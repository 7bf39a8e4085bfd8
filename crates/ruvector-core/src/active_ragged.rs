//! Sparse vectors and multi-vectors of the active segment: appended by the sequencer, read by everyone; sparse ones in
//! inverted lists too. Never changes a vector. A reader sees the ordinals of its view's rows: lists ascend by ordinal.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use half::f16;
use parking_lot::RwLock;
use ruvector_storage::{Element, RaggedRef, encoded};
use ruvector_types::{SparseVector, Vector, VectorDatatype};

use crate::active_field::ordinals_below;
use crate::arena::Arena;
use crate::fields::{RaggedKind, RaggedSchema};

/// Parts of the lists, each under its own lock, so that a reader of one dimension seldom meets the writer.
const PARTS: usize = 16;

/// Bytes that a list takes beside its postings, about.
const LIST_BYTES: u64 = 64;

/// The points that have one dimension: ordinal and weight, appended.
type List = Vec<(u32, f32)>;

/// One field.
#[derive(Debug)]
pub(crate) struct ActiveRagged {
    /// Its place among a row's ordinals.
    pub(crate) column: usize,
    vectors: Arena<(u32, Kept)>,
    len: AtomicU32,
    /// Dimensions of each vector of a multi-vector, and the type of their numbers.
    kind: (u32, VectorDatatype),
    /// Of sparse vectors.
    lists: Option<Lists>,
}

/// A vector as it will lie when sealed.
#[derive(Debug)]
enum Kept {
    Sparse(SparseVector),
    Float32(Box<[f32]>),
    Float16(Box<[f16]>),
    Uint8(Box<[u8]>),
}

impl Kept {
    /// `None` for a dense vector, which is no such field's.
    fn of(vector: Vector, datatype: VectorDatatype) -> Option<Kept> {
        Some(match (vector, datatype) {
            (Vector::Sparse(sparse), _) => Kept::Sparse(sparse),
            (Vector::Multi(multi), VectorDatatype::Float32) => Kept::Float32(multi.numbers.into()),
            (Vector::Multi(multi), VectorDatatype::Float16) => Kept::Float16(encoded(&multi.numbers)),
            (Vector::Multi(multi), VectorDatatype::Uint8) => Kept::Uint8(encoded(&multi.numbers)),
            (Vector::Dense(_), _) => return None,
        })
    }

    fn lies(&self) -> RaggedRef<'_> {
        match self {
            Kept::Sparse(sparse) => RaggedRef::Sparse(&sparse.indices, &sparse.values),
            Kept::Float32(numbers) => RaggedRef::Multi(f32::bytes_of(numbers)),
            Kept::Float16(numbers) => RaggedRef::Multi(f16::bytes_of(numbers)),
            Kept::Uint8(numbers) => RaggedRef::Multi(numbers),
        }
    }
}

/// Ordinals and weights by dimension.
#[derive(Debug, Default)]
struct Lists {
    parts: [RwLock<HashMap<u32, List>>; PARTS],
    bytes: AtomicU64,
}

impl ActiveRagged {
    pub(crate) fn new(column: usize, schema: &RaggedSchema, capacity: usize) -> ActiveRagged {
        ActiveRagged {
            column,
            vectors: Arena::new(capacity),
            len: AtomicU32::new(0),
            kind: schema.dim(),
            lists: matches!(schema.kind, RaggedKind::Sparse(_)).then(Lists::default),
        }
    }

    /// Appends the vector of a row; only the sequencer calls this. The ordinal; `None`, and nothing is appended, if the vector
    /// is dense.
    pub(crate) fn push(&self, row: u32, vector: Vector) -> Option<u32> {
        let ordinal = self.len.load(Ordering::Acquire);
        let kept = Kept::of(vector, self.kind.1)?;
        if let (Some(lists), Kept::Sparse(sparse)) = (&self.lists, &kept) {
            lists.push(ordinal, sparse);
        }
        self.vectors.set(ordinal, (row, kept));
        self.len.store(ordinal + 1, Ordering::Release);
        Some(ordinal)
    }

    /// The row of an ordinal.
    pub(crate) fn row(&self, ordinal: u32) -> Option<u32> {
        self.vectors.get(ordinal).map(|(row, _)| *row)
    }

    /// A vector where it lies.
    pub(crate) fn vector(&self, ordinal: u32) -> Option<RaggedRef<'_>> {
        self.vectors.get(ordinal).map(|(_, vector)| vector.lies())
    }

    /// A copy of it.
    pub(crate) fn to_vector(&self, ordinal: u32) -> Option<Vector> {
        self.vector(ordinal)?.to_vector(self.kind)
    }

    /// Bytes that a vector takes here, in lists too: of a sparse one about as many again.
    pub(crate) fn vector_bytes(&self, vector: &Vector) -> u64 {
        match vector {
            Vector::Sparse(_) => 2 * vector.bytes() as u64,
            _ => vector.bytes() as u64 / 4 * self.kind.1.bytes(),
        }
    }

    /// Ordinals whose rows lie below `rows`.
    pub(crate) fn ordinals_below(&self, rows: u32) -> u32 {
        ordinals_below(self.len.load(Ordering::Acquire), rows, |ordinal| {
            self.row(ordinal)
        })
    }

    /// Calls `each` with the ordinals below `end` that have the dimension, ascending, and their weights. The writer may
    /// have to wait meanwhile.
    pub(crate) fn postings(&self, dimension: u32, end: u32, each: &mut dyn FnMut(u32, f32)) {
        let Some(lists) = &self.lists else { return };
        let part = lists.parts[part(dimension)].read();
        let list = part.get(&dimension).map_or(&[][..], Vec::as_slice);
        for (ordinal, weight) in list.iter().take_while(|(ordinal, _)| *ordinal < end) {
            each(*ordinal, *weight);
        }
    }

    /// Postings of a dimension, those of later rows included.
    pub(crate) fn postings_len(&self, dimension: u32) -> usize {
        let lists = self.lists.as_ref();
        lists.map_or(0, |lists| {
            let part = lists.parts[part(dimension)].read();
            part.get(&dimension).map_or(0, Vec::len)
        })
    }

    /// Bytes on the heap beside the vectors themselves and as many of postings.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let lists = self.lists.as_ref();
        let lists = lists.map_or(0, |lists| lists.bytes.load(Ordering::Relaxed));
        self.vectors.heap_bytes() + lists
    }
}

impl Lists {
    fn push(&self, ordinal: u32, sparse: &SparseVector) {
        let mut bytes = 0;
        for (dimension, value) in sparse.indices.iter().zip(&sparse.values) {
            let mut part = self.parts[part(*dimension)].write();
            let list = part.entry(*dimension).or_insert_with(|| {
                bytes += LIST_BYTES;
                Vec::new()
            });
            list.push((ordinal, *value));
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn part(dimension: u32) -> usize {
    dimension as usize % PARTS
}
