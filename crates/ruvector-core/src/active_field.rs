//! A field of dense vectors of the active segment: the vectors as they will lie when sealed, appended by the sequencer, read
//! by everyone, and a live graph that grows behind them. Never changes a vector.

use std::sync::atomic::{AtomicU32, Ordering};

use half::f16;
use parking_lot::Mutex;
use ruvector_graph::{GraphParams, LiveGraph, Scratch, Vectors};
use ruvector_storage::{Element, encoded};
use ruvector_types::VectorDatatype;

use crate::arena::Arena;
use crate::kernels::{FieldKernels, Stored, in_space};
use crate::schema::FieldSchema;

/// One vector field: its vectors by ordinal, their rows, and the graph over them.
#[derive(Debug)]
pub(crate) struct ActiveField {
    /// Its place among a row's ordinals.
    pub(crate) column: usize,
    pub(crate) vectors: ActiveVectors,
    graph: LiveGraph,
    /// Whether there is to be a graph; otherwise it stays empty.
    linked: bool,
    builder: Mutex<Scratch>,
    kernels: FieldKernels,
}

/// Vectors of one of the types.
#[derive(Debug)]
pub(crate) enum ActiveVectors {
    Float32(Slots<f32>),
    Float16(Slots<f16>),
    Uint8(Slots<u8>),
}

/// Vectors of numbers of type `T`, and their rows.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    cells: Arena<(u32, Box<[T]>)>,
    len: AtomicU32,
}

/// Runs an expression on the vectors, typed.
macro_rules! with_slots {
    ($vectors:expr, $slots:ident => $body:expr) => {
        match $vectors {
            $crate::active_field::ActiveVectors::Float32($slots) => $body,
            $crate::active_field::ActiveVectors::Float16($slots) => $body,
            $crate::active_field::ActiveVectors::Uint8($slots) => $body,
        }
    };
}
pub(crate) use with_slots;

impl ActiveField {
    pub(crate) fn new(column: usize, schema: &FieldSchema, capacity: u32) -> ActiveField {
        let params = GraphParams {
            m: schema.hnsw.m.max(2),
            ef_construct: schema.hnsw.ef_construct,
            seed: 0,
        };
        ActiveField {
            column,
            vectors: match schema.kernels.datatype {
                VectorDatatype::Float32 => ActiveVectors::Float32(Slots::new(capacity)),
                VectorDatatype::Float16 => ActiveVectors::Float16(Slots::new(capacity)),
                VectorDatatype::Uint8 => ActiveVectors::Uint8(Slots::new(capacity)),
            },
            graph: LiveGraph::new(params, capacity),
            linked: schema.hnsw.m > 0,
            builder: Mutex::new(Scratch::default()),
            kernels: schema.kernels,
        }
    }

    /// Appends the vector of a row; only the sequencer calls this. The ordinal.
    pub(crate) fn push(&self, row: u32, vector: Vec<f32>) -> u32 {
        match &self.vectors {
            ActiveVectors::Float32(slots) => slots.push(row, vector.into_boxed_slice()),
            ActiveVectors::Float16(slots) => slots.push_encoded(row, &vector),
            ActiveVectors::Uint8(slots) => slots.push_encoded(row, &vector),
        }
    }

    /// Bytes that the numbers of a vector take.
    pub(crate) fn vector_bytes(&self, dim: usize) -> u64 {
        dim as u64 * self.kernels.datatype.bytes()
    }

    /// The row of an ordinal.
    pub(crate) fn row(&self, ordinal: u32) -> Option<u32> {
        with_slots!(&self.vectors, slots => slots.row(ordinal))
    }

    /// A vector as it lies.
    pub(crate) fn bytes(&self, ordinal: u32) -> Option<&[u8]> {
        with_slots!(&self.vectors, slots => slots.vector(ordinal).map(Element::bytes_of))
    }

    pub(crate) fn graph(&self) -> &LiveGraph {
        &self.graph
    }

    /// Ordinals whose rows lie below `rows`: rows ascend with ordinals.
    pub(crate) fn ordinals_below(&self, rows: u32) -> u32 {
        let len = with_slots!(&self.vectors, slots => Vectors::len(slots));
        ordinals_below(len, rows, |ordinal| self.row(ordinal))
    }

    /// Inserts up to `nodes_max` vectors of rows below `rows` into the graph; how many were inserted.
    pub(crate) fn grow(&self, rows: u32, nodes_max: u32) -> u32 {
        if !self.linked {
            return 0;
        }
        with_slots!(&self.vectors, slots => self.insert(slots, rows, nodes_max))
    }

    fn insert<T: Stored>(&self, slots: &Slots<T>, rows: u32, nodes_max: u32) -> u32 {
        let mut scratch = self.builder.lock();
        in_space(slots, &self.kernels, |space| {
            let mut inserted = 0;
            while inserted < nodes_max && slots.row(self.graph.len()).is_some_and(|row| row < rows) {
                if self.graph.insert(space, &mut scratch).is_err() {
                    break;
                }
                inserted += 1;
            }
            inserted
        })
    }

    /// Whether a vector of a row below `rows` is not in the graph yet.
    pub(crate) fn lags(&self, rows: u32) -> bool {
        self.linked && self.row(self.graph.len()).is_some_and(|row| row < rows)
    }

    /// Bytes on the heap beside the vectors themselves.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let cells = with_slots!(&self.vectors, slots => slots.cells.heap_bytes());
        self.graph.heap_bytes() as u64 + cells
    }
}

/// How many of `len` ordinals have rows below `rows`.
pub(crate) fn ordinals_below(len: u32, rows: u32, row_of: impl Fn(u32) -> Option<u32>) -> u32 {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if row_of(middle).is_some_and(|row| row < rows) {
            low = middle + 1
        } else {
            high = middle
        }
    }
    low
}

impl<T: Element> Slots<T> {
    fn new(capacity: u32) -> Slots<T> {
        Slots {
            cells: Arena::new(capacity as usize),
            len: AtomicU32::new(0),
        }
    }

    fn push(&self, row: u32, vector: Box<[T]>) -> u32 {
        let ordinal = self.len.load(Ordering::Acquire);
        self.cells.set(ordinal, (row, vector));
        self.len.store(ordinal + 1, Ordering::Release);
        ordinal
    }

    /// Rounds numbers as the log has them, whose range was checked before.
    fn push_encoded(&self, row: u32, vector: &[f32]) -> u32 {
        self.push(row, encoded(vector))
    }

    /// The row of an ordinal.
    pub(crate) fn row(&self, ordinal: u32) -> Option<u32> {
        self.cells.get(ordinal).map(|(row, _)| *row)
    }
}

impl<T: Element> Vectors for Slots<T> {
    type Component = T;

    fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    fn vector(&self, ordinal: u32) -> Option<&[T]> {
        self.cells.get(ordinal).map(|(_, vector)| &vector[..])
    }

    fn prefetch(&self, ordinal: u32) {
        if let Some((_, vector)) = self.cells.get(ordinal) {
            ruvector_simd::prefetch(vector);
        }
    }
}
