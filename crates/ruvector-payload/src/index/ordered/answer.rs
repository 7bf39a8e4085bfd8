//! Answers conditions from an ordered index: for all rows as sets, or for one row. Never evaluates a payload.

use std::ops::Range;

use super::plan::Plan;
use super::sweep::sweep;
use super::{NO_RANK, OTHERS, OrderedIndex};
use crate::compile::Test;
use crate::index::IndexBytes;
use crate::index::table::{items, partition_point};
use crate::{Answer, RowSet};

/// A sweep over the ranks of so many rows costs about as much as the insertion of one row.
const SWEPT_PER_INSERTED: u64 = 5;
/// More spans are not swept one after the other.
const SWEPT_SPANS_MAX: usize = 4;
/// Where rows have several values, one row is looked for among the rows of so many values at most.
const SEARCHED_VALUES_MAX: u32 = 16;

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

    /// Whether `row` passes. `None`: it must be looked at, or damaged. For many rows, see `checker`.
    pub(crate) fn check(&self, test: &Test, row: u32) -> Option<bool> {
        self.checker(test)?(row)
    }

    /// As `check`, for many rows: the values of the condition are looked up once. `None`: nothing is known.
    /// Cost of a row: one read where rows have one value each, plus, if there are other values, their lists.
    pub(crate) fn checker(&self, test: &Test) -> Option<Box<dyn Fn(u32) -> Option<bool> + '_>> {
        if matches!(test, Test::NotEmpty | Test::HasNull) {
            let test = test.clone();
            return Some(Box::new(move |row| self.presence.check(&self.bytes, &test, row)));
        }
        let plan = self.plan(test)?;
        Some(Box::new(move |row| self.passes(&plan, row)))
    }

    fn passes(&self, plan: &Plan, row: u32) -> Option<bool> {
        if row >= self.head.rows {
            return Some(false);
        }
        // A value that is not known to pass or not leaves the other values of the row, which may pass surely.
        let kept = self.has_value_in(&plan.spans, row);
        if kept == Some(true) || self.is_among(&plan.sure, row)? {
            return Some(true);
        }
        match self.is_among(&plan.open, row)? {
            true => None,
            false => kept,
        }
    }

    /// Whether a value of `row` has a rank in the spans. `None`: too costly to find out, or damaged.
    fn has_value_in(&self, spans: &[Range<u32>], row: u32) -> Option<bool> {
        if spans.is_empty() {
            return Some(false);
        }
        if self.has_ranks() {
            let rank = self.rank_of(row)?;
            let at = spans.partition_point(|span| span.end <= rank);
            return Some(rank != NO_RANK && spans.get(at).is_some_and(|span| span.start <= rank));
        }
        let values: u32 = spans.iter().map(|span| span.end - span.start).sum();
        if values > SEARCHED_VALUES_MAX {
            return None;
        }
        for rank in spans.iter().cloned().flatten() {
            let rows = self.postings(self.postings_span(&(rank..rank + 1))?)?;
            let at = |index: u64| rows.get(index as usize).map(|row| u32::from_le_bytes(*row));
            let below = partition_point(rows.len() as u64, |index| Some(at(index)? < row))?;
            if at(below) == Some(row) {
                return Some(true);
            }
        }
        Some(false)
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

    fn is_among(&self, wanted: &[bool; OTHERS], row: u32) -> Option<bool> {
        for (list, _) in self
            .others
            .iter()
            .zip(wanted)
            .filter(|(list, wanted)| **wanted && list.count() > 0)
        {
            if list.contains(&self.bytes, row)? {
                return Some(true);
            }
        }
        Some(false)
    }
}
