//! Answers conditions from an ordered index: for all rows, as sets. Never evaluates a payload.

use std::ops::Range;

use super::sweep::sweep;
use super::{Kept, OTHERS, OrderedIndex, Other, SWEPT_PER_INSERTED};
use crate::compile::Test;
use crate::index::IndexBytes;
use crate::index::row_list::RowList;
use crate::index::table::items;
use crate::{Answer, RowSet};

/// More spans are not swept one after the other.
const SWEPT_SPANS_MAX: usize = 4;
impl<B: IndexBytes> OrderedIndex<B> {
    /// The rows that pass. `None`: nothing is known, or damaged.
    ///
    /// Cost: a binary search for each value or bound; then the rows that pass, or, if these are many and rows have
    /// one value each, a pass over the ranks of all rows (1,000,000 in 0.12 ms).
    pub(crate) fn answer(&self, test: &Test) -> Option<Answer> {
        if matches!(test, Test::NotEmpty | Test::HasNull) {
            return self.presence.answer(&self.bytes, test);
        }
        let plan = self.plan(test)?;
        let mut sure = self.rows_of(&plan.spans)?;
        self.add_others(&plan.sure, &mut sure)?;
        let mut open = RowSet::none(self.head.rows);
        self.add_others(&plan.open, &mut open)?;
        open.and_not(&sure);
        Some(Answer { sure, open })
    }

    /// The rows with a value of the type that is kept; where none is, those with any. `None`: damaged.
    pub(crate) fn valued(&self) -> Option<RowSet> {
        let Some(beyond) = self.beyond() else {
            return self.presence.filled(&self.bytes);
        };
        let all = 0..self.head.distinct;
        let mut valued = self.rows_of(std::slice::from_ref(&all))?;
        if beyond.count() > 0 {
            valued.or(&beyond.set(&self.bytes)?);
        }
        Some(valued)
    }

    /// How many these are.
    pub(crate) fn valued_count(&self) -> Option<u64> {
        match self.beyond() {
            None => Some(self.presence.filled_count()),
            Some(beyond) if beyond.count() == 0 => Some(self.head.valued.into()),
            Some(_) => self.valued().map(|valued| valued.count()),
        }
    }

    /// Rows with values of the kept type that found no place among the values. `None`: no values are kept.
    fn beyond(&self) -> Option<&RowList> {
        let other = match self.head.kept {
            Kept::Nothing => return None,
            Kept::Bools => Other::Bool,
            Kept::Numbers => Other::Number,
            Kept::Times => Other::Time,
            Kept::Strings => Other::String,
        };
        self.others.get(other as usize)
    }

    /// Rows with a value whose rank lies in one of the spans.
    fn rows_of(&self, spans: &[Range<u32>]) -> Option<RowSet> {
        let mut set = RowSet::none(self.head.rows);
        let spans_of_postings = spans.iter().map(|ranks| self.postings_span(ranks));
        let lists = spans_of_postings.collect::<Option<Vec<Range<u32>>>>()?;
        let count: u64 = lists.iter().map(|list| u64::from(list.end - list.start)).sum();
        let swept = u64::from(self.head.rows) * spans.len() as u64;
        if self.has_ranks() && spans.len() <= SWEPT_SPANS_MAX && swept < count * SWEPT_PER_INSERTED {
            let ranks: &[[u8; 4]] = items(&self.bytes, &self.parts.ranks, 0..self.head.rows.into())?;
            set.change_words(|words| spans.iter().for_each(|span| sweep(ranks, span, words)));
            return Some(set);
        }
        for list in lists {
            for row in self.postings(list)? {
                set.insert(u32::from_le_bytes(*row));
            }
        }
        Some(set)
    }

    fn add_others(&self, wanted: &[bool; OTHERS], set: &mut RowSet) -> Option<()> {
        for (list, _) in self
            .others
            .iter()
            .zip(wanted)
            .filter(|(list, wanted)| **wanted && list.count() > 0)
        {
            set.or(&list.set(&self.bytes)?);
        }
        Some(())
    }
}
