//! A grow-only array that one writer appends to while many read: chunks that never move, cells written once.
//! Never holds a cell that can change.

use std::sync::OnceLock;

const CHUNK: usize = 1024;

/// Cells 0..capacity, each empty until set. An empty arena costs 16 bytes per 1,024 cells of capacity.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    chunks: Box<[OnceLock<Chunk<T>>]>,
}

type Chunk<T> = Box<[OnceLock<T>]>;

impl<T> Arena<T> {
    pub(crate) fn new(capacity: usize) -> Arena<T> {
        Arena {
            chunks: (0..capacity.div_ceil(CHUNK)).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Sets cell `at`; false if it is beyond the capacity or set already.
    pub(crate) fn set(&self, at: u32, value: T) -> bool {
        let Some(chunk) = self.chunks.get(at as usize / CHUNK) else {
            return false;
        };
        let cells = chunk.get_or_init(|| (0..CHUNK).map(|_| OnceLock::new()).collect());
        cells[at as usize % CHUNK].set(value).is_ok()
    }

    /// The cell, if it is set. Cost: two dependent loads.
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.chunks.get(at as usize / CHUNK)?.get()?[at as usize % CHUNK].get()
    }

    /// Bytes of the chunks in use, without what the cells own.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let cell = size_of::<OnceLock<T>>() as u64;
        let used = self.chunks.iter().filter(|chunk| chunk.get().is_some()).count() as u64;
        self.chunks.len() as u64 * 16 + used * CHUNK as u64 * cell
    }
}
