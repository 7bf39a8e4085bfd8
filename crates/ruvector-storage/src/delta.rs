//! Values of some rows: a chunked copy-on-write map in memory; payload deltas as a component.
//! Never changes a chunk that another clone sees, never interprets a payload.
//!
//! ```text
//! body: 0 version u32 (1) │ 4 rows u32 │ entries
//! entry: row u32 (ascending) │ version u64 │ payload bytes u32 │ payload
//! ```

use std::sync::Arc;

use crate::wire::{Malformed, Reader, put};

const VERSION: u32 = 1;
const CHUNK_ROWS: usize = 256;

/// A payload that replaces a sealed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadVersion {
    /// Sequence number of the operation that wrote it.
    pub version: u64,
    /// The payload, encoded.
    pub payload: Box<[u8]>,
}

type Chunk<T> = [Option<T>];

/// A map from row to value. `clone` costs one reference count per 256 rows; the empty map owns no memory.
#[derive(Clone, Debug)]
pub struct RowMap<T> {
    chunks: Vec<Option<Arc<Chunk<T>>>>,
    len: u64,
}

impl<T: PartialEq> PartialEq for RowMap<T> {
    /// Chunks that two clones share are equal at the cost of a pointer comparison.
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Option<Arc<Chunk<T>>>, b: &Option<Arc<Chunk<T>>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            (None, None) => true,
            _ => false,
        };
        let longest = self.chunks.len().max(other.chunks.len());
        let at = |map: &Self, index: usize| map.chunks.get(index).cloned().flatten();
        self.len == other.len && (0..longest).all(|index| same(&at(self, index), &at(other, index)))
    }
}

impl<T> Default for RowMap<T> {
    fn default() -> Self {
        RowMap {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Clone> RowMap<T> {
    /// The empty map.
    pub fn new() -> RowMap<T> {
        RowMap::default()
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: u32) -> Option<&T> {
        let chunk = self.chunks.get(row as usize / CHUNK_ROWS)?.as_ref()?;
        chunk.get(row as usize % CHUNK_ROWS)?.as_ref()
    }

    /// Sets the value of a row; the value it had. Copies the chunk first if another clone shares it.
    pub fn insert(&mut self, row: u32, value: T) -> Option<T> {
        let index = row as usize / CHUNK_ROWS;
        if self.chunks.len() <= index {
            self.chunks.resize(index + 1, None);
        }
        let chunk = self.chunks[index].get_or_insert_with(|| (0..CHUNK_ROWS).map(|_| None).collect());
        let former = Arc::make_mut(chunk)[row as usize % CHUNK_ROWS].replace(value);
        self.len += u64::from(former.is_none());
        former
    }

    /// Rows that have a value. Cost: none.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no row has a value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Rows and values, by row.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let chunks = self.chunks.iter().enumerate();
        chunks
            .filter_map(|(index, chunk)| chunk.as_ref().map(|chunk| (index * CHUNK_ROWS, chunk)))
            .flat_map(|(first, chunk)| {
                let values = chunk.iter().enumerate();
                values.filter_map(move |(at, value)| Some(((first + at) as u32, value.as_ref()?)))
            })
    }

    /// Bytes of the map itself on the heap, shared chunks in full, what values own elsewhere not counted.
    pub fn heap_bytes(&self) -> u64 {
        let chunks = self.chunks.iter().flatten().count() * CHUNK_ROWS * size_of::<Option<T>>();
        (chunks + self.chunks.capacity() * size_of::<Option<Arc<Chunk<T>>>>()) as u64
    }
}

impl RowMap<Arc<PayloadVersion>> {
    /// The body of a payload delta component. Payloads of 4 GiB and more do not exist (`payload_bytes_max`).
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put!(body, VERSION, self.len as u32);
        for (row, value) in self.iter() {
            put!(body, row, value.version, value.payload.len() as u32);
            body.extend_from_slice(&value.payload);
        }
        body
    }

    /// Reads the body of a payload delta component of a segment of `rows` rows.
    pub fn decode(body: &[u8], rows: u32) -> Result<RowMap<Arc<PayloadVersion>>, Malformed> {
        let mut reader = Reader::new(body);
        if reader.u32()? != VERSION {
            return Err(reader.malformed("unknown version of the payload delta"));
        }
        let (count, _) = reader.count(16)?;
        let mut map = RowMap::new();
        let mut next_row = 0;
        for _ in 0..count {
            let (row, version, bytes) = (reader.u32()?, reader.u64()?, reader.u32()?);
            if row < next_row || row >= rows {
                return Err(reader.malformed("row out of order or beyond the rows"));
            }
            let payload = reader.take(bytes as usize)?.into();
            map.insert(row, Arc::new(PayloadVersion { version, payload }));
            next_row = row + 1;
        }
        reader.finish()?;
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a clone is a snapshot and the encoding keeps the map. Method: random maps against a `BTreeMap`;
    //! hostile bytes are refused or bounded.
    use super::*;
    use crate::testing::Random;
    use std::collections::BTreeMap;

    #[test]
    fn answers_as_a_map() {
        for seed in 0..8 {
            let mut random = Random::new(seed);
            let (mut map, mut model) = (RowMap::new(), BTreeMap::new());
            let mut held = (map.clone(), model.clone());
            for round in 0..400 {
                let row = random.below(3_000) as u32;
                let length = random.below(9);
                let payload = random.bytes(length).into();
                let value = Arc::new(PayloadVersion {
                    version: round,
                    payload,
                });
                assert_eq!(
                    map.insert(row, value.clone()),
                    model.insert(row, value),
                    "seed {seed}"
                );
                if round == 200 {
                    held = (map.clone(), model.clone());
                }
            }
            for (map, model) in [&held, &(map, model)] {
                assert!(
                    map.iter().eq(model.iter().map(|(row, value)| (*row, value))),
                    "seed {seed}"
                );
                assert!((0..3_100).all(|row| map.get(row) == model.get(&row)));
                assert_eq!(map.len(), model.len() as u64);
                let mut bytes = map.encode();
                let decoded = RowMap::decode(&bytes, 3_000).unwrap();
                assert!(decoded.iter().eq(map.iter()));
                assert!(RowMap::decode(&bytes, 100).is_err());
                for _ in 0..300 {
                    let at = random.below(bytes.len() as u64) as usize;
                    bytes[at] = random.next() as u8;
                    let _ = RowMap::decode(&bytes, 3_000);
                }
            }
        }
    }
}
