//! A condition asked of one row at a time, by the rank of the row's only value: for searches that ask about few rows.
//! Never answers where a row may have more to say than its rank.

use std::ops::Range;

use super::sweep::sweep;
use super::{OTHERS, OrderedIndex};
use crate::RowSet;
use crate::index::IndexBytes;
use crate::index::table::items;

/// Distinct values up to which a bit for each is kept where spans are several: 128 KiB.
const BITS_MAX: u32 = 1 << 20;

/// Which ranks pass.
#[derive(Debug)]
enum Passing {
    Span(Range<u32>),
    Bits(Vec<u64>),
}

/// Which rows of a segment pass a condition: all that it may read has been read and found sound.
#[derive(Debug)]
pub struct RowCheck<'a> {
    ranks: &'a [[u8; 4]],
    passing: Passing,
    /// The rows of each span of ranks.
    lists: Vec<&'a [[u8; 4]]>,
    count: u64,
}

impl<B: IndexBytes> OrderedIndex<B> {
    /// `None` where ranks alone do not decide, or something is damaged. Cost: as of finding the values, and nothing a row.
    pub(crate) fn check(&self, test: &crate::compile::Test) -> Option<RowCheck<'_>> {
        if !self.has_ranks() {
            return None;
        }
        let plan = self.plan(test)?;
        let asks = |at: usize| plan.sure[at] || plan.open[at];
        let others = self.others.iter().enumerate();
        if others.take(OTHERS).any(|(at, list)| asks(at) && list.count() > 0) {
            return None;
        }
        let passing = match &plan.spans[..] {
            [] => Passing::Span(0..0),
            [span] => Passing::Span(span.clone()),
            spans if self.head.distinct <= BITS_MAX => Passing::Bits(bits(spans, self.head.distinct)),
            _ => return None,
        };
        let list_of = |ranks: &Range<u32>| self.postings(self.postings_span(ranks)?);
        let lists = plan.spans.iter().map(list_of).collect::<Option<Vec<_>>>()?;
        Some(RowCheck {
            ranks: items(&self.bytes, &self.parts.ranks, 0..self.head.rows.into())?,
            passing,
            count: lists.iter().map(|list| list.len() as u64).sum(),
            lists,
        })
    }
}

fn bits(spans: &[Range<u32>], distinct: u32) -> Vec<u64> {
    let mut bits = vec![0; distinct.div_ceil(64) as usize];
    for rank in spans.iter().cloned().flatten() {
        if let Some(word) = bits.get_mut((rank / 64) as usize) {
            *word |= 1 << (rank % 64);
        }
    }
    bits
}

impl RowCheck<'_> {
    /// Whether a row passes.
    #[inline]
    pub fn contains(&self, row: u32) -> bool {
        let Some(rank) = self.ranks.get(row as usize) else {
            return false;
        };
        let rank = u32::from_le_bytes(*rank);
        match &self.passing {
            Passing::Span(span) => span.contains(&rank),
            Passing::Bits(bits) => {
                let word = bits.get((rank / 64) as usize);
                word.is_some_and(|word| word >> (rank % 64) & 1 == 1)
            }
        }
    }

    /// Rows that pass.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The rows that pass, in the order of their values.
    pub fn listed(&self) -> impl Iterator<Item = u32> + '_ {
        let rows = self.lists.iter().copied().flatten();
        rows.map(|row| u32::from_le_bytes(*row))
    }

    /// The rows that pass. Cost: an insertion for each, or, where one span has many, a pass over all ranks.
    pub fn rows(&self) -> RowSet {
        let mut set = RowSet::none(self.ranks.len() as u32);
        match &self.passing {
            Passing::Span(span) if self.ranks.len() as u64 <= self.count * super::SWEPT_PER_INSERTED => {
                set.change_words(|words| sweep(self.ranks, span, words));
            }
            _ => self.listed().for_each(|row| set.insert(row)),
        }
        set
    }
}
