//! Relevance by BM25 (Robertson and Zaragoza 2009, section 3.2), in one place for rows with an index and rows without.
//! Never knows where the figures come from.

use ruvector_types::{Step, TextOptions};

use super::{Analyzer, Memo};
use crate::index::leaves::{each_item, each_leaf};
use crate::{DecodeError, PayloadRef, ValueRef};

/// How much repetition and length count.
#[derive(Clone, Copy, Debug)]
pub struct Bm25 {
    /// How soon repetition of a word stops to count.
    pub k1: f32,
    /// How much long texts count less, 0 to 1.
    pub b: f32,
    /// Words of a row on average, of the rows that have words.
    pub average_len: f32,
}

/// How rare a term is that `having` of `rows` rows hold; never negative.
pub fn idf(rows: u64, having: u64) -> f32 {
    let (rows, having) = (rows as f64, having.min(rows) as f64);
    ((rows - having + 0.5) / (having + 0.5)).ln_1p() as f32
}

impl Bm25 {
    /// The usual factors.
    pub fn new(average_len: f32) -> Bm25 {
        Bm25 {
            k1: 1.2,
            b: 0.75,
            average_len,
        }
    }

    /// What a term adds that is rare by `idf` and occurs `times` in a row of `len` terms.
    pub fn part(&self, idf: f32, times: u32, len: u32) -> f32 {
        let times = times as f32;
        let relative = if self.average_len > 0.0 {
            len as f32 / self.average_len
        } else {
            1.0
        };
        idf * times * (self.k1 + 1.0) / (times + self.k1 * (1.0 - self.b + self.b * relative))
    }

    /// The score of a row of `len` terms, from the `idf` of each term found in it and how often it occurs; an index adds up
    /// in the same order of terms, to the bit. `None`: none was found.
    pub fn score(&self, found: impl IntoIterator<Item = (f32, u32)>, len: u32) -> Option<f32> {
        let parts = found.into_iter().map(|(idf, times)| self.part(idf, times, len));
        parts.reduce(|score, part| score + part)
    }
}

/// Counts terms in payloads, as an index counts them. Memory: a memo below 32 MiB.
#[derive(Clone, Debug)]
pub struct TermCounter {
    analyzer: Analyzer,
    memo: Memo,
    terms: Box<[Box<str>]>,
    /// Positions in `terms` of those met in a row.
    met: Vec<u32>,
}

impl TermCounter {
    /// Of terms that ascend and are distinct.
    pub fn new(options: &TextOptions, terms: &[&str]) -> TermCounter {
        TermCounter {
            analyzer: Analyzer::new(options),
            memo: Memo::default(),
            terms: terms.iter().map(|term| (*term).into()).collect(),
            met: Vec::new(),
        }
    }

    /// How many terms the strings at a path have, repetitions counted. Adds to `found` those asked for that are among
    /// them: their positions, ascending, and how often each occurs. An error says that the payload is damaged. Cost:
    /// linear in the strings, and a sort of the terms found.
    pub fn count(
        &mut self,
        payload: PayloadRef<'_>,
        steps: &[Step],
        found: &mut Vec<(u32, u32)>,
    ) -> Result<u32, DecodeError> {
        let mut len = 0u32;
        self.met.clear();
        each_leaf(payload, steps, &mut |leaf| {
            each_item(leaf, |item| {
                let ValueRef::Str(text) = item else {
                    return;
                };
                self.analyzer.terms_of_many(text, &mut self.memo, |term| {
                    len = len.saturating_add(1);
                    let at = self.terms.binary_search_by(|listed| (**listed).cmp(term));
                    self.met.extend(at.ok().map(|at| at as u32));
                });
            })
        })?;
        self.met.sort_unstable();
        let runs = self.met.chunk_by(|left, right| left == right);
        found.extend(runs.map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX))));
        Ok(len)
    }
}
