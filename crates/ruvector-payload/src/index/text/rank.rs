//! The best rows by BM25, and the figures that it needs of every segment. Never decides how rare a term is: that is
//! known of the whole collection only.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::TextIndex;
use crate::RowSet;
use crate::index::IndexBytes;
use crate::index::table::items;
use crate::text::Bm25;

/// What one segment adds to the figures of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextStats {
    /// Rows that hold terms.
    pub rows: u64,
    /// Terms of all rows, repetitions counted.
    pub tokens: u64,
    /// Rows that hold each of the terms asked for.
    pub having: Vec<u64>,
}

/// A row and its score; the better is the less, so that the worst is on top of a heap.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ranked {
    score: f32,
    row: u32,
}

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> Ordering {
        other.score.total_cmp(&self.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<B: IndexBytes> TextIndex<B> {
    /// The figures for terms. `None`: damaged. Cost: a binary search for each term.
    pub fn stats(&self, terms: &[&str]) -> Option<TextStats> {
        let having = terms.iter().map(|term| match self.find(term)? {
            Some(term) => self.having(term).map(u64::from),
            None => Some(0),
        });
        Some(TextStats {
            rows: self.head.texted.into(),
            tokens: self.head.tokens,
            having: having.collect::<Option<Vec<u64>>>()?,
        })
    }

    /// The `k` best rows for terms and their `idf`, the best first, among equals the lower row first. Only rows that
    /// hold a term and are accepted; `accept` is asked only of rows that would be among the best. `None`: damaged.
    /// Cost: the postings of the terms, each once, and five bytes a row of memory.
    pub fn top(
        &self,
        weights: &[(&str, f32)],
        bm25: &Bm25,
        accept: &mut dyn FnMut(u32) -> bool,
        k: usize,
    ) -> Option<Vec<(u32, f32)>> {
        let (scores, held) = self.scores(weights, bm25)?;
        let mut best: BinaryHeap<Ranked> = BinaryHeap::new();
        for row in held.iter() {
            let ranked = Ranked {
                score: scores[row as usize],
                row,
            };
            let is_full = best.len() >= k;
            if is_full && best.peek().is_none_or(|worst| ranked > *worst) || !accept(row) {
                continue;
            }
            best.push(ranked);
            if is_full {
                best.pop();
            }
        }
        let best = best.into_sorted_vec();
        Some(
            best.into_iter()
                .map(|ranked| (ranked.row, ranked.score))
                .collect(),
        )
    }

    /// The score of every row and the rows that have one.
    fn scores(&self, weights: &[(&str, f32)], bm25: &Bm25) -> Option<(Vec<f32>, RowSet)> {
        let rows = self.head.rows;
        let lens: &[[u8; 4]] = items(&self.bytes, &self.parts.lens, 0..rows.into())?;
        let mut scores = vec![0f32; rows as usize];
        let mut held = RowSet::none(rows);
        for (term, idf) in weights {
            let Some(term) = self.find(term)? else {
                continue;
            };
            self.postings(term)?.each(|row, times| {
                let len = u32::from_le_bytes(lens[row as usize]);
                scores[row as usize] += bm25.part(*idf, times, len);
                held.insert(row);
                Some(())
            })?;
        }
        Some((scores, held))
    }
}
