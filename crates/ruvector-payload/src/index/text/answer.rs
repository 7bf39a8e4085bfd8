//! Conditions answered by the words of rows. All words of a condition must be in one string, and the index knows of
//! rows: where a row has several strings, it must be looked at.

use super::TextIndex;
use crate::compile::Test;
use crate::index::IndexBytes;
use crate::index::table::items;
use crate::text::{Last, TextTest, Wanted, Words};
use crate::{Answer, RowSet};

impl<B: IndexBytes> TextIndex<B> {
    /// The rows that pass. `None`: nothing is known, or damaged. Cost: the postings of the words, each once.
    pub(crate) fn answer(&self, test: &Test) -> Option<Answer> {
        match test {
            Test::Text(text) => self.answer_text(text),
            _ => self.presence.answer(&self.bytes, test),
        }
    }

    fn answer_text(&self, text: &TextTest) -> Option<Answer> {
        let rows = self.head.rows;
        match &text.wanted {
            Wanted::Nothing => Some(Answer::exact(RowSet::none(rows))),
            Wanted::All(words) => {
                let found = RowSet::of(rows, self.holding_all(words)?);
                self.in_one_string(found, words.iter().len() > 1)
            }
            Wanted::Any(words) => {
                let mut found = RowSet::none(rows);
                for word in words.iter() {
                    if let Some(term) = self.find(word)? {
                        self.add_rows(term, &mut found)?;
                    }
                }
                Some(Answer::exact(found))
            }
            Wanted::Phrase(phrase) if phrase.order.len() == 1 && !text.analyzer.makes_prefixes() => {
                Some(Answer::exact(RowSet::of(rows, self.holding_all(&phrase.words)?)))
            }
            Wanted::Phrase(phrase) if self.head.has_positions => {
                let candidates = self.holding_all(&phrase.words)?;
                Some(Answer::exact(self.holding_phrase(phrase, &candidates)?))
            }
            Wanted::Phrase(phrase) => Some(Answer {
                sure: RowSet::none(rows),
                open: RowSet::of(rows, self.holding_all(&phrase.words)?),
            }),
            Wanted::Prefix(words, last) => {
                let mut found = self.holding_last(last, text.analyzer.makes_prefixes())?;
                if words.iter().len() > 0 {
                    found.and(&RowSet::of(rows, self.holding_all(words)?));
                }
                self.in_one_string(found, words.iter().len() > 0)
            }
        }
    }

    /// The rows with a word. `None`: damaged.
    pub(crate) fn valued(&self) -> Option<RowSet> {
        let lens: &[[u8; 4]] = items(&self.bytes, &self.parts.lens, 0..self.head.rows.into())?;
        let texted = (0..self.head.rows).zip(lens).filter(|(_, len)| **len != [0; 4]);
        Some(RowSet::of(self.head.rows, texted.map(|(row, _)| row)))
    }

    /// How many these are.
    pub(crate) fn valued_count(&self) -> u64 {
        self.head.texted.into()
    }

    /// Rows that hold all words, in whichever of their strings.
    fn holding_all(&self, words: &Words) -> Option<Vec<u32>> {
        let mut terms = Vec::with_capacity(words.iter().len());
        for word in words.iter() {
            match self.find(word)? {
                Some(term) => terms.push((self.having(term)?, term)),
                None => return Some(Vec::new()),
            }
        }
        terms.sort_unstable();
        let mut left: Option<Vec<u32>> = None;
        for (having, term) in terms {
            left = Some(match left {
                None => {
                    let mut rows = Vec::with_capacity(having as usize);
                    self.postings(term)?.each(|row, _| {
                        rows.push(row);
                        Some(())
                    })?;
                    rows
                }
                Some(rows) if rows.is_empty() => return Some(rows),
                Some(rows) => self.those_holding(term, &rows)?,
            });
        }
        Some(left.unwrap_or_default())
    }

    fn those_holding(&self, term: u32, rows: &[u32]) -> Option<Vec<u32>> {
        let mut kept = Vec::with_capacity(rows.len());
        let mut next = rows.iter().copied().peekable();
        self.postings(term)?.each(|row, _| {
            while next.next_if(|candidate| *candidate < row).is_some() {}
            kept.extend(next.next_if_eq(&row));
            Some(())
        })?;
        Some(kept)
    }

    /// Rows that hold a word that is not typed to its end.
    fn holding_last(&self, last: &Last, makes_prefixes: bool) -> Option<RowSet> {
        let mut found = RowSet::none(self.head.rows);
        // Where beginnings are terms, what begins so holds what is typed as a term.
        if makes_prefixes && let Some(term) = self.find(&last.typed)? {
            self.add_rows(term, &mut found)?;
            return Some(found);
        }
        for term in self.beginning(&last.typed)? {
            self.add_rows(term, &mut found)?;
        }
        if let Some(finished) = &last.finished
            && let Some(term) = self.find(finished)?
        {
            self.add_rows(term, &mut found)?;
        }
        Some(found)
    }

    fn add_rows(&self, term: u32, found: &mut RowSet) -> Option<()> {
        self.postings(term)?.each(|row, _| {
            found.insert(row);
            Some(())
        })
    }

    /// These rows pass, if their words need not be in one string or they have only one.
    fn in_one_string(&self, found: RowSet, needed: bool) -> Option<Answer> {
        let mut answer = Answer::exact(found);
        if needed && self.several.count() > 0 {
            let several = self.several.set(&self.bytes)?;
            answer.open = answer.sure.clone();
            answer.open.and(&several);
            answer.sure.and_not(&several);
        }
        Some(answer)
    }
}
