//! Builds an index in bounded memory: the vectors are counted once, then read once for every so many postings.
//! Never holds the lists as a whole. Cost: time and bytes proportional to the numbers of all vectors, memory to those of
//! one range of dimensions and to the tables.

use std::collections::HashMap;

use crate::WeightType;
use crate::format::{BLOCK, Block, Shape, Term};
use crate::pack::{bits_of, pack};

/// Postings collected at once: 8 bytes each.
const RANGE_POSTINGS: u64 = 4 << 20;

/// The first pass: how many vectors have each dimension.
#[derive(Debug, Default)]
pub struct BuildPlan {
    counts: HashMap<u32, u32>,
    vectors: u32,
}

/// The passes after it, each one range of dimensions.
#[derive(Debug)]
pub struct IndexBuild {
    /// Dimensions ascending, with their counts; those before `next` are written.
    terms: Vec<(u32, u32)>,
    next: usize,
    vectors: u32,
    weights: WeightType,
    range_postings: u64,
    /// Of the range at hand, by dimension: (ordinal, weight).
    lists: Vec<Vec<(u32, f32)>>,
    list_bytes: u64,
    blocks: Vec<u8>,
    term_records: Vec<u8>,
}

impl BuildPlan {
    /// Counts the vector of the next ordinal.
    pub fn push(&mut self, indices: &[u32]) {
        self.vectors += 1;
        for index in indices {
            *self.counts.entry(*index).or_default() += 1;
        }
    }

    /// Ends the first pass.
    pub fn build(self, weights: WeightType) -> IndexBuild {
        self.build_in(weights, RANGE_POSTINGS)
    }

    /// The same with ranges of at most so many postings (or one dimension).
    pub fn build_in(self, weights: WeightType, range_postings: u64) -> IndexBuild {
        let mut terms: Vec<(u32, u32)> = self.counts.into_iter().collect();
        terms.sort_unstable();
        let mut build = IndexBuild {
            terms,
            next: 0,
            vectors: self.vectors,
            weights,
            range_postings,
            lists: Vec::new(),
            list_bytes: 0,
            blocks: Vec::new(),
            term_records: Vec::new(),
        };
        build.begin_range();
        build
    }
}

impl IndexBuild {
    /// Whether another pass over the vectors is needed.
    pub fn is_complete(&self) -> bool {
        self.lists.is_empty()
    }

    fn begin_range(&mut self) {
        let mut postings = 0;
        let mut lists = Vec::new();
        for (_, count) in &self.terms[self.next..] {
            postings += u64::from(*count);
            if postings > self.range_postings && !lists.is_empty() {
                break;
            }
            lists.push(Vec::with_capacity(*count as usize));
        }
        self.lists = lists;
    }

    /// Takes from the vector of an ordinal what belongs to the range at hand. Ordinals ascend within a pass.
    pub fn push(&mut self, ordinal: u32, indices: &[u32], values: &[f32]) {
        let range = &self.terms[self.next..self.next + self.lists.len()];
        let (Some((first, _)), Some((last, _))) = (range.first(), range.last()) else {
            return;
        };
        let from = indices.partition_point(|index| index < first);
        let to = indices.partition_point(|index| index <= last);
        let pairs = indices.iter().zip(values).take(to).skip(from);
        for (index, value) in pairs {
            if let Ok(at) = range.binary_search_by_key(index, |(dimension, _)| *dimension) {
                self.lists[at].push((ordinal, *value));
            }
        }
    }

    /// Ends a pass: appends the lists of its range to `out`, which become the next bytes of the body.
    pub fn end_range(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        for list in std::mem::take(&mut self.lists) {
            let (dimension, _) = self.terms[self.next];
            self.next += 1;
            self.put_list(dimension, &list, before, out);
        }
        self.list_bytes += (out.len() - before) as u64;
        self.begin_range();
    }

    fn put_list(&mut self, dimension: u32, list: &[(u32, f32)], before: usize, out: &mut Vec<u8>) {
        let bounds = |list: &[(u32, f32)]| {
            list.iter().fold((f32::MIN, f32::MAX), |(max, min), (_, weight)| {
                (weight.max(max), weight.min(min))
            })
        };
        let first_block = (self.blocks.len() as u64 / crate::format::BLOCK_BYTES) as u32;
        for postings in list.chunks(BLOCK) {
            let (max, min) = bounds(postings);
            let gaps: Vec<u32> = postings
                .windows(2)
                .map(|pair| pair[1].0.saturating_sub(pair[0].0).saturating_sub(1))
                .collect();
            let bits = bits_of(gaps.iter().copied().max().unwrap_or(0));
            let block = Block {
                first: postings[0].0,
                last: postings[postings.len() - 1].0,
                max,
                min,
                at: self.list_bytes + (out.len() - before) as u64,
                count: postings.len(),
                bits,
            };
            block.encode(&mut self.blocks);
            pack(&gaps, bits, out);
            for (_, weight) in postings {
                self.weights.put(*weight, out);
            }
        }
        let (max, min) = bounds(list);
        let term = Term {
            dimension,
            first_block,
            count: list.len() as u32,
            max,
            min,
        };
        term.encode(&mut self.term_records);
    }

    /// What follows the lists, once every pass is made.
    pub fn finish(mut self) -> Vec<u8> {
        let shape = Shape {
            weights: self.weights,
            vectors: self.vectors,
            terms: self.next as u32,
            blocks: self.blocks.len() as u64 / crate::format::BLOCK_BYTES,
            list_bytes: self.list_bytes,
        };
        let mut tables = std::mem::take(&mut self.blocks);
        tables.append(&mut self.term_records);
        tables.extend_from_slice(&shape.encode());
        tables
    }
}
