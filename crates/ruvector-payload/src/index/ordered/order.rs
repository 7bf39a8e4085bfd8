//! Rows in the order of their values, from a value on: what results are ordered and paged by. Never reads ahead of
//! the value it stands at.

use std::ops::{Bound, Range};

use super::values::DAMAGED;
use super::{IndexedValue, OrderedIndex};
use crate::index::{IndexBytes, MalformedIndex};

/// Iterator over values and rows, see [`OrderedIndex::in_order`].
#[derive(Debug)]
pub struct InOrder<'a, B> {
    index: &'a OrderedIndex<B>,
    /// Ranks not begun.
    ranks: Range<u32>,
    value: Option<IndexedValue<'a>>,
    /// Rows of `value` not given.
    rows: &'a [[u8; 4]],
    descends: bool,
}

impl<B: IndexBytes> OrderedIndex<B> {
    /// Values and their rows, ascending, or in exactly the reverse order. A row stands there once for each of its
    /// distinct values, and not at all without one. `None`: `start` is of a type that is not kept, NaN, or damaged.
    /// Cost: a binary search; then a read for each value and row.
    pub fn in_order(&self, start: Bound<IndexedValue<'_>>, descends: bool) -> Option<InOrder<'_, B>> {
        let all = self.head.distinct;
        let place = |value: IndexedValue<'_>, with: bool| {
            let (below, is_there) = self.rank_below(&value)?;
            Some(below + u32::from(with && is_there))
        };
        let ranks = match (start, descends) {
            (Bound::Unbounded, _) => 0..all,
            (Bound::Included(value), false) => place(value, false)?..all,
            (Bound::Excluded(value), false) => place(value, true)?..all,
            (Bound::Included(value), true) => 0..place(value, true)?,
            (Bound::Excluded(value), true) => 0..place(value, false)?,
        };
        Some(InOrder {
            index: self,
            ranks,
            value: None,
            rows: &[],
            descends,
        })
    }
}

impl<'a, B: IndexBytes> InOrder<'a, B> {
    /// The next row of the value it stands at.
    fn take_row(&mut self) -> Option<u32> {
        let (row, rest) = match self.descends {
            true => self.rows.split_last()?,
            false => self.rows.split_first()?,
        };
        self.rows = rest;
        Some(u32::from_le_bytes(*row))
    }

    /// The next pair. `None`: damaged.
    fn step(&mut self, rank: u32) -> Option<(IndexedValue<'a>, u32)> {
        let value = self.index.value(rank)?;
        self.rows = self
            .index
            .postings(self.index.postings_span(&(rank..rank + 1))?)?;
        self.value = Some(value);
        Some((value, self.take_row()?))
    }
}

impl<'a, B: IndexBytes> Iterator for InOrder<'a, B> {
    type Item = Result<(IndexedValue<'a>, u32), MalformedIndex>;

    /// After an error nothing follows.
    fn next(&mut self) -> Option<Self::Item> {
        let pair = match (self.value, self.take_row()) {
            (Some(value), Some(row)) => Some((value, row)),
            _ => {
                let rank = if self.descends {
                    self.ranks.next_back()
                } else {
                    self.ranks.next()
                };
                self.step(rank?)
            }
        };
        let pair = pair.filter(|(_, row)| *row < self.index.head.rows);
        if pair.is_none() {
            (self.ranks, self.rows) = (0..0, &[]);
        }
        Some(pair.ok_or(DAMAGED))
    }
}
