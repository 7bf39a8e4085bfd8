//! Relevance by BM25 (Robertson and Zaragoza 2009, section 3.2), in one place for rows with an index and rows without.
//! Never knows where the figures come from.

use std::ops::ControlFlow;

use super::Analyzer;

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
}

/// The score of a row whose strings are `texts` for terms and their `idf`; an index gives the same to the bit. `None`:
/// no term occurs.
pub fn bm25_of<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    analyzer: &Analyzer,
    weights: &[(&str, f32)],
    bm25: &Bm25,
) -> Option<f32> {
    let mut times = vec![0u32; weights.len()];
    let mut sorted: Vec<(&str, usize)> = weights
        .iter()
        .zip(0..)
        .map(|((term, _), at)| (*term, at))
        .collect();
    sorted.sort_unstable();
    let mut len = 0u32;
    for text in texts {
        analyzer.terms(text, |term| {
            len = len.saturating_add(1);
            let first = sorted.partition_point(|(listed, _)| *listed < term);
            for (_, at) in sorted[first..].iter().take_while(|(listed, _)| *listed == term) {
                times[*at] += 1;
            }
            ControlFlow::Continue(())
        });
    }
    let mut found = weights
        .iter()
        .zip(&times)
        .filter(|(_, times)| **times > 0)
        .peekable();
    found.peek()?;
    Some(found.fold(0.0, |score, ((_, idf), times)| {
        score + bm25.part(*idf, *times, len)
    }))
}
