//! Records of atomics in chunks that are allocated as they are reached. Never moves or frees a record, so that
//! readers hold plain references while the writer grows it.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;

/// Records of the first chunk, as a power of two. Chunks double up to [`CHUNK_BITS`], so that a graph of a few
/// nodes costs a few KiB and a large one wastes at most one chunk.
const FIRST_BITS: u32 = 5;
/// Records of every later chunk, as a power of two.
const CHUNK_BITS: u32 = 10;

/// Up to `records_max` records of `stride` words, all zero at first.
#[derive(Debug)]
pub(super) struct Arena {
    stride: usize,
    records_max: u32,
    chunks: Box<[OnceLock<Box<[AtomicU32]>>]>,
}

/// A record's place: chunk, first record of the chunk, records in the chunk.
struct Place {
    chunk: usize,
    start: u32,
    records: u32,
}

fn place(record: u32) -> Place {
    let doublings = CHUNK_BITS - FIRST_BITS;
    if record >> CHUNK_BITS != 0 {
        let chunk = (record >> CHUNK_BITS) + doublings;
        return Place {
            chunk: chunk as usize,
            start: record >> CHUNK_BITS << CHUNK_BITS,
            records: 1 << CHUNK_BITS,
        };
    }
    let chunk = u32::BITS - (record >> FIRST_BITS).leading_zeros();
    let start = if chunk == 0 {
        0
    } else {
        1 << (FIRST_BITS + chunk - 1)
    };
    let records = if chunk == 0 { 1 << FIRST_BITS } else { start };
    Place {
        chunk: chunk as usize,
        start,
        records,
    }
}

impl Arena {
    /// Allocates the spine alone: 24 bytes per 1,024 records.
    pub(super) fn new(stride: usize, records_max: u32) -> Self {
        let chunks = if records_max == 0 {
            0
        } else {
            place(records_max - 1).chunk + 1
        };
        Self {
            stride,
            records_max,
            chunks: (0..chunks).map(|_| OnceLock::new()).collect(),
        }
    }

    pub(super) fn records_max(&self) -> u32 {
        self.records_max
    }

    /// The record, where its chunk exists.
    #[inline]
    pub(super) fn record(&self, record: u32) -> Option<&[AtomicU32]> {
        let place = place(record);
        let chunk = self.chunks.get(place.chunk)?.get()?;
        let at = (record - place.start) as usize * self.stride;
        chunk.get(at..at + self.stride)
    }

    /// The record, its chunk allocated where needed. `None` at or above `records_max`.
    pub(super) fn create(&self, record: u32) -> Option<&[AtomicU32]> {
        if record >= self.records_max {
            return None;
        }
        let place = place(record);
        let words = place.records as usize * self.stride;
        self.chunks
            .get(place.chunk)?
            .get_or_init(|| (0..words).map(|_| AtomicU32::new(0)).collect());
        self.record(record)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let words: usize = self
            .chunks
            .iter()
            .filter_map(OnceLock::get)
            .map(|chunk| chunk.len())
            .sum();
        size_of_val(&*self.chunks) + words * size_of::<AtomicU32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    // Goal: every record is a distinct stretch of words. Method: write each record's number, read all back.
    #[test]
    fn records_do_not_overlap() {
        let arena = Arena::new(3, 5_000);
        assert!(arena.record(0).is_none() && arena.create(5_000).is_none());
        for record in 0..5_000 {
            let words = arena.create(record).unwrap();
            assert!(words.iter().all(|word| word.load(Relaxed) == 0), "{record}");
            words.iter().for_each(|word| word.store(record + 1, Relaxed));
        }
        for record in 0..5_000 {
            assert!(
                arena
                    .record(record)
                    .unwrap()
                    .iter()
                    .all(|word| word.load(Relaxed) == record + 1)
            );
        }
        assert!(arena.record(u32::MAX).is_none());
    }
}
