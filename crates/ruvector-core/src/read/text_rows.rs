//! The words of rows that no text index knows: in memory, changed since, or of a segment whose index is not built. Counted
//! from their payloads, once for the figures of the collection and for their scores. Never reads a row that is not live.

use ruvector_payload::PayloadRef;
use ruvector_payload::index::{Index, TextIndex, TextStats};
use ruvector_payload::text::TermCounter;
use ruvector_storage::Component;

use super::pace::Pace;
use super::text::{Query, Weights};
use crate::Error;
use crate::view::{SegmentView, Source};

/// Rows counted one by one. Memory: in proportion to the words found.
#[derive(Default)]
pub(super) struct CountedRows {
    /// Of rows as they are.
    now: Figures,
    /// Of the same rows as the index knows them.
    before: Figures,
    /// Rows that have a word: the row, its terms, and where its words end in `found`.
    rows: Vec<(u32, u32, usize)>,
    /// Numbers of words and how often they occur.
    found: Vec<(u32, u32)>,
}

#[derive(Default)]
struct Figures {
    rows: u64,
    tokens: u64,
    /// By the number of a word.
    having: Vec<u64>,
}

/// The sound text index of a sealed segment, if it has it.
pub(super) fn stored_index(segment: &SegmentView, number: u32) -> Option<&TextIndex<Component>> {
    let Source::Sealed(sealed) = &segment.source else {
        return None;
    };
    let found = sealed.index(number)?;
    match &found.index {
        Index::Text(index) if found.component().damage().is_none() => Some(index),
        _ => None,
    }
}

impl CountedRows {
    /// Counts the live rows of a segment: those changed since if it `has_index`, else all. A row whose payload is damaged
    /// has no words, as it matches no filter. Cost: reads their payloads, those of changed rows as they were too.
    pub(super) fn of(
        query: &Query<'_>,
        segment: &SegmentView,
        has_index: bool,
        counter: &mut TermCounter,
    ) -> Result<CountedRows, Error> {
        let mut counted = CountedRows {
            now: Figures::new(query.words.len()),
            before: Figures::new(query.words.len()),
            ..CountedRows::default()
        };
        let mut pace = Pace::default();
        let mut count = |row: u32| -> Result<(), Error> {
            pace.before_row(query.ctx, query.core)?;
            if segment.is_live(row) {
                counted.count(query, segment, row, has_index, (counter, &mut pace));
            }
            Ok(())
        };
        match has_index {
            true => segment.delta.iter().try_for_each(|(row, _)| count(row))?,
            false => (0..segment.rows).try_for_each(&mut count)?,
        }
        Ok(counted)
    }

    fn count(
        &mut self,
        query: &Query<'_>,
        segment: &SegmentView,
        row: u32,
        has_index: bool,
        (counter, pace): (&mut TermCounter, &mut Pace),
    ) {
        let mut terms = |payload: Option<(&[u8], u64)>, found: &mut Vec<(u32, u32)>| {
            let (bytes, _) = payload?;
            pace.read(bytes.len());
            let payload = PayloadRef::new(bytes).ok()?;
            counter.count(payload, query.steps, found).ok()
        };
        if has_index {
            let mut found = Vec::new();
            let len = terms(segment.base_payload(row), &mut found);
            len.iter().for_each(|len| self.before.add(*len, &found));
        }
        let first = self.found.len();
        if let Some(len) = terms(segment.payload(row), &mut self.found) {
            self.now.add(len, &self.found[first..]);
            if self.found.len() > first {
                self.rows.push((row, len, self.found.len()));
            }
        }
    }

    /// Adds the figures of the rows as they are, and takes away those the index has of them.
    pub(super) fn add_to(&self, sums: &mut TextStats) {
        let changed = |sum: u64, now: u64, before: u64| sum.saturating_add(now).saturating_sub(before);
        sums.rows = changed(sums.rows, self.now.rows, self.before.rows);
        sums.tokens = changed(sums.tokens, self.now.tokens, self.before.tokens);
        let having = self.now.having.iter().zip(&self.before.having);
        for (sum, (now, before)) in sums.having.iter_mut().zip(having) {
            *sum = changed(*sum, *now, *before);
        }
    }

    /// Shows `see` the score of every row that has a word.
    pub(super) fn each_score(&self, weights: &Weights<'_>, see: &mut dyn FnMut(u32, f32)) {
        let mut first = 0;
        for (row, len, end) in &self.rows {
            let found = self.found[first..*end].iter();
            let parts = found.filter_map(|(at, times)| Some((weights.words.get(*at as usize)?.1, *times)));
            let score = weights.bm25.score(parts, *len);
            score.into_iter().for_each(|score| see(*row, score));
            first = *end;
        }
    }
}

impl Figures {
    fn new(words: usize) -> Figures {
        Figures {
            having: vec![0; words],
            ..Figures::default()
        }
    }

    /// A row of `len` terms, and those of the words that it has.
    fn add(&mut self, len: u32, found: &[(u32, u32)]) {
        self.rows += u64::from(len > 0);
        self.tokens += u64::from(len);
        for (at, _) in found {
            if let Some(having) = self.having.get_mut(*at as usize) {
                *having += 1;
            }
        }
    }
}
