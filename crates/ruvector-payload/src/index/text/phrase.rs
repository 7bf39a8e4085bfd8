//! Phrases by the positions of their words. Cost: the postings and positions of the words, and a sort of the positions
//! in rows that hold all of them; the same for words that repeat.

use super::TextIndex;
use super::postings::Varints;
use crate::RowSet;
use crate::index::IndexBytes;
use crate::text::Phrase;

/// Where a word of the phrase stands.
type Occurrence = (u32, u32, u32);

impl<B: IndexBytes> TextIndex<B> {
    /// Of the candidates, which ascend and hold all words, those that hold the phrase. `None`: damaged.
    pub(super) fn holding_phrase(&self, phrase: &Phrase, candidates: &[u32]) -> Option<RowSet> {
        let mut occurrences: Vec<Occurrence> = Vec::new();
        for (word, at) in phrase.words.iter().zip(0..) {
            if let Some(term) = self.find(word)? {
                self.collect(term, at, candidates, &mut occurrences)?;
            }
        }
        occurrences.sort_unstable();
        let mut found = RowSet::none(self.head.rows);
        for row in occurrences.chunk_by(|left, right| left.0 == right.0) {
            if holds(phrase, row) {
                found.insert(row[0].0);
            }
        }
        Some(found)
    }

    /// Adds the positions of a term in the candidates.
    fn collect(&self, term: u32, at: u32, candidates: &[u32], into: &mut Vec<Occurrence>) -> Option<()> {
        let mut positions = Varints(self.run(&self.parts.places, &self.parts.positions, term)?);
        let mut next = candidates.iter().copied().peekable();
        self.postings(term)?.each(|row, times| {
            while next.next_if(|candidate| *candidate < row).is_some() {}
            let is_candidate = next.next_if_eq(&row).is_some();
            let mut position = 0u32;
            for _ in 0..times {
                position = position.checked_add(u32::try_from(positions.next()?).ok()?)?;
                if is_candidate {
                    into.push((row, position, at));
                }
            }
            Some(())
        })?;
        positions.0.is_empty().then_some(())
    }
}

/// Whether the occurrences of one row, in order of position, hold the phrase.
fn holds(phrase: &Phrase, row: &[Occurrence]) -> bool {
    let (mut at, mut last) = (0, None);
    row.iter().any(|(_, position, word)| {
        if last.is_none_or(|last: u32| last.checked_add(1) != Some(*position)) {
            at = 0;
        }
        last = Some(*position);
        phrase.step_to(&mut at, *word as usize)
    })
}
