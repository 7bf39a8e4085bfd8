//! Deleted rows: a chunked copy-on-write bitmap in memory, a compact list of chunks in a component.
//! Never changes a chunk that another clone sees.
//!
//! ```text
//! body:  0 version u32 (1) │ 4 chunks u32 │ chunks
//! chunk: 0 index u32 (row / 65,536, ascending) │ 4 rows set u32, at least 1
//!        up to 4,096 rows: row % 65,536 as u16 each, ascending; more: 8 KiB of bits, bit n of byte n / 8
//! ```

use std::sync::Arc;

use crate::wire::{Malformed, Reader, put};

const VERSION: u32 = 1;
const CHUNK_ROWS: u32 = 65_536;
const CHUNK_WORDS: usize = CHUNK_ROWS as usize / 64;
const LIST_ROWS_MAX: u32 = 4_096;

/// A set of rows. `clone` costs one reference count per 65,536 rows; the empty set owns no memory.
#[derive(Clone, Debug, Default)]
pub struct Bitmap {
    chunks: Vec<Option<Arc<Chunk>>>,
    count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Chunk {
    words: [u64; CHUNK_WORDS],
    count: u32,
}

impl Bitmap {
    /// The empty set.
    pub fn new() -> Bitmap {
        Bitmap::default()
    }

    /// Adds a row; whether it was new. Copies the chunk first if another clone shares it.
    pub fn set(&mut self, row: u32) -> bool {
        if self.contains(row) {
            return false;
        }
        let index = (row / CHUNK_ROWS) as usize;
        if self.chunks.len() <= index {
            self.chunks.resize(index + 1, None);
        }
        let chunk = self.chunks[index].get_or_insert_with(|| Arc::new(Chunk::empty()));
        Arc::make_mut(chunk).set(row);
        self.count += 1;
        true
    }

    /// Whether a row is in the set.
    #[inline]
    pub fn contains(&self, row: u32) -> bool {
        match self.chunks.get((row / CHUNK_ROWS) as usize) {
            Some(Some(chunk)) => chunk.contains(row),
            _ => false,
        }
    }

    /// Rows in the set. Cost: none.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The rows, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let chunks = self.chunks.iter().enumerate();
        chunks
            .filter_map(|(index, chunk)| chunk.as_ref().map(|chunk| (index as u32 * CHUNK_ROWS, chunk)))
            .flat_map(|(first, chunk)| chunk.iter().map(move |row| first + row))
    }

    /// Its bits, 64 rows a word, chunk by chunk: the number of a chunk's first word, and its words.
    pub fn words(&self) -> impl Iterator<Item = (usize, &[u64])> {
        let chunks = self.chunks.iter().enumerate();
        chunks.filter_map(|(index, chunk)| Some((index * CHUNK_WORDS, &chunk.as_ref()?.words[..])))
    }

    /// Bytes on the heap, shared chunks counted in full.
    pub fn heap_bytes(&self) -> u64 {
        let chunks = self.chunks.iter().flatten().count() * size_of::<Chunk>();
        (chunks + self.chunks.capacity() * size_of::<Option<Arc<Chunk>>>()) as u64
    }

    /// The body of a deletes component.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put!(body, VERSION, self.chunks.iter().flatten().count() as u32);
        for (index, chunk) in self.chunks.iter().enumerate() {
            let Some(chunk) = chunk else { continue };
            put!(body, index as u32, chunk.count);
            if chunk.count <= LIST_ROWS_MAX {
                for row in chunk.iter() {
                    put!(body, row as u16);
                }
            } else {
                for word in &chunk.words {
                    put!(body, *word);
                }
            }
        }
        body
    }

    /// Reads the body of a deletes component of a segment of `rows` rows.
    pub fn decode(body: &[u8], rows: u32) -> Result<Bitmap, Malformed> {
        let mut reader = Reader::new(body);
        if reader.u32()? != VERSION {
            return Err(reader.malformed("unknown version of the bitmap"));
        }
        let (chunks, _) = reader.count(10)?;
        let mut bitmap = Bitmap::new();
        for _ in 0..chunks {
            let index = reader.u32()? as usize;
            if index < bitmap.chunks.len() || index as u64 * u64::from(CHUNK_ROWS) >= u64::from(rows) {
                return Err(reader.malformed("chunk out of order or beyond the rows"));
            }
            let chunk = Chunk::decode(&mut reader)?;
            let last = chunk.iter().last().unwrap_or_default();
            if index as u64 * u64::from(CHUNK_ROWS) + u64::from(last) >= u64::from(rows) {
                return Err(reader.malformed("row beyond the rows"));
            }
            bitmap.count += u64::from(chunk.count);
            bitmap.chunks.resize(index, None);
            bitmap.chunks.push(Some(Arc::new(chunk)));
        }
        reader.finish()?;
        Ok(bitmap)
    }
}

/// Equal sets; shared chunks are equal without a look.
impl PartialEq for Bitmap {
    fn eq(&self, other: &Bitmap) -> bool {
        let length = self.chunks.len().max(other.chunks.len());
        let chunk = |bitmap: &'_ Bitmap, at| bitmap.chunks.get(at).cloned().flatten();
        self.count == other.count
            && (0..length).all(|at| match (chunk(self, at), chunk(other, at)) {
                (None, None) => true,
                (Some(one), Some(two)) => Arc::ptr_eq(&one, &two) || one == two,
                _ => false,
            })
    }
}

impl Eq for Bitmap {}

impl Chunk {
    fn empty() -> Chunk {
        Chunk {
            words: [0; CHUNK_WORDS],
            count: 0,
        }
    }

    fn set(&mut self, row: u32) {
        let word = &mut self.words[(row % CHUNK_ROWS / 64) as usize];
        self.count += u32::from(*word >> (row % 64) & 1 == 0);
        *word |= 1 << (row % 64);
    }

    #[inline]
    fn contains(&self, row: u32) -> bool {
        self.words[(row % CHUNK_ROWS / 64) as usize] >> (row % 64) & 1 == 1
    }

    fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros())?;
                word &= word - 1;
                Some(at as u32 * 64 + bit)
            })
        })
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Chunk, Malformed> {
        let count = reader.u32()?;
        let mut chunk = Chunk::empty();
        if count <= LIST_ROWS_MAX {
            for _ in 0..count {
                chunk.set(reader.u16()?.into());
            }
        } else {
            for word in &mut chunk.words {
                *word = reader.u64()?;
            }
            chunk.count = chunk.words.iter().map(|word| word.count_ones()).sum();
        }
        if chunk.count != count || count == 0 {
            return Err(reader.malformed("count does not match the rows"));
        }
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a clone is a snapshot and the encoding keeps the set. Method: random sets against a `BTreeSet`,
    //! sparse and full chunks; hostile bytes are refused or bounded.
    use super::*;
    use crate::testing::Random;
    use std::collections::BTreeSet;

    #[test]
    fn answers_as_a_set() {
        for seed in 0..6 {
            let mut random = Random::new(seed);
            let rows = 1 + random.below(300_000) as u32;
            let (mut bitmap, mut model) = (Bitmap::new(), BTreeSet::new());
            assert_eq!(bitmap.heap_bytes(), 0);
            for _ in 0..random.below(60_000) {
                let row = (random.below(rows.into()) / (1 + random.below(3))) as u32;
                assert_eq!(bitmap.set(row), model.insert(row), "seed {seed}");
            }
            let (held, held_model) = (bitmap.clone(), model.clone());
            (0..rows)
                .step_by(501)
                .for_each(|row| assert_eq!(bitmap.set(row), model.insert(row)));
            for (bitmap, model) in [(&held, &held_model), (&bitmap, &model)] {
                assert!(bitmap.iter().eq(model.iter().copied()), "seed {seed}");
                assert_eq!(bitmap.count(), model.len() as u64);
                assert_eq!(&Bitmap::decode(&bitmap.encode(), rows).unwrap(), bitmap);
                let last = model.last().copied().unwrap_or_default();
                assert!(Bitmap::decode(&bitmap.encode(), last).is_err() || model.is_empty());
            }
            assert_eq!(held == bitmap, held_model == model);
            let mut bytes = bitmap.encode();
            for _ in 0..500 {
                let at = random.below(bytes.len().min(64) as u64) as usize;
                bytes[at] = random.next() as u8;
                let _ = Bitmap::decode(&bytes, rows);
            }
        }
    }
}
