//! The scores of rows by BM25, and the figures that they need of every segment. Never decides how rare a term is: that is
//! known of the whole collection only.

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

    /// Shows `see` the score of every row that holds a term, for distinct terms and their `idf`. `None`: damaged, and
    /// nothing was shown. Cost: the postings of the terms, each once, and five bytes a row of memory.
    pub fn scored(&self, weights: &[(&str, f32)], bm25: &Bm25, see: &mut dyn FnMut(u32, f32)) -> Option<()> {
        let (scores, held) = self.scores(weights, bm25)?;
        held.iter().for_each(|row| see(row, scores[row as usize]));
        Some(())
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
