//! Single values of an ordered index, and each with its rows: what facets are counted from. Never reads more than is
//! asked for.

use std::ops::Range;

use super::key::{Key, LOW_NONE};
use super::{Kept, OrderedIndex};
use crate::RowSet;
use crate::index::table::{array_at, item, items, partition_point, partition_point_from};
use crate::index::{IndexBytes, MalformedIndex};

pub(super) const DAMAGED: MalformedIndex = MalformedIndex {
    at: 0,
    rule: "values or postings are damaged",
};

/// A value as an index keeps it. A number is an `Int` if an `i64` equals it, else a `UInt` if a `u64` does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum IndexedValue<'a> {
    /// A boolean.
    Bool(bool),
    /// A number equal to an `i64`.
    Int(i64),
    /// A number above `i64::MAX` equal to a `u64`.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A time: microseconds since 1970.
    Time(i64),
    /// A string.
    Str(&'a str),
}

/// A distinct value and the rows that have it.
#[derive(Debug)]
pub struct ValueRows<'a, B> {
    /// The value.
    pub value: IndexedValue<'a>,
    index: &'a OrderedIndex<B>,
    span: Range<u32>,
}

impl<'a, B: IndexBytes> ValueRows<'a, B> {
    /// How many rows have it. Cost: none.
    pub fn count(&self) -> u64 {
        (self.span.end - self.span.start).into()
    }

    /// The rows that have it, ascending. `None`: damaged.
    pub fn rows(&self) -> Option<impl Iterator<Item = u32> + 'a> {
        let rows = self.index.postings(self.span.clone())?;
        Some(rows.iter().map(|row| u32::from_le_bytes(*row)))
    }

    /// How many rows of `set` have it. `None`: damaged. Cost: a pass over the rows that have it.
    pub fn count_in(&self, set: &RowSet) -> Option<u64> {
        Some(self.rows()?.filter(|row| set.contains(*row)).count() as u64)
    }
}

impl<B: IndexBytes> OrderedIndex<B> {
    /// Every distinct value with its rows, ascending. Not among them: values of types the index does not keep, NaN, and
    /// what is beyond 2³² − 2 of all rows together.
    pub fn values(&self) -> impl Iterator<Item = Result<ValueRows<'_, B>, MalformedIndex>> {
        (0..self.head.distinct).map(move |rank| {
            let value = self.value(rank).ok_or(DAMAGED)?;
            let span = self.postings_span(&(rank..rank + 1)).ok_or(DAMAGED)?;
            let index = self;
            Ok(ValueRows { value, index, span })
        })
    }

    /// The value of a rank. `None`: there is none, or damaged.
    pub(super) fn value(&self, rank: u32) -> Option<IndexedValue<'_>> {
        Some(match self.head.kept {
            Kept::Nothing => return None,
            Kept::Bools => IndexedValue::Bool(self.key(rank)? != Key::of_bool(false)),
            Kept::Numbers => self.key(rank)?.number(),
            Kept::Times => IndexedValue::Time(self.key(rank)?.time()),
            Kept::Strings => IndexedValue::Str(std::str::from_utf8(self.text(rank)?).ok()?),
        })
    }

    /// Values below a value, and whether it is there. `None`: of a type the index does not keep, NaN, or damaged.
    pub(super) fn rank_below(&self, value: &IndexedValue<'_>) -> Option<(u32, bool)> {
        self.rank_from(value, None)
    }

    /// As [`Self::rank_below`]; the rank is not before `from`, if given, and probably near it.
    pub(super) fn rank_from(&self, value: &IndexedValue<'_>, from: Option<u32>) -> Option<(u32, bool)> {
        let key = match (self.head.kept, value) {
            (Kept::Strings, IndexedValue::Str(text)) => return self.text_from(text.as_bytes(), from),
            (Kept::Bools, IndexedValue::Bool(flag)) => Key::of_bool(*flag),
            (Kept::Times, IndexedValue::Time(micros)) => Key::of_time(*micros),
            (Kept::Numbers, IndexedValue::Int(integer)) => Key::of_integer((*integer).into()),
            (Kept::Numbers, IndexedValue::UInt(integer)) => Key::of_integer((*integer).into()),
            (Kept::Numbers, IndexedValue::Float(number)) => Key::of_float(*number)?,
            _ => return None,
        };
        let below = self.boundary(from, |rank| Some(self.key(rank)? < key))?;
        Some((below, below < self.head.distinct && self.key(below)? == key))
    }

    /// Strings below a string of bytes, and whether it is there. `None`: damaged.
    pub(super) fn text_below(&self, text: &[u8]) -> Option<(u32, bool)> {
        self.text_from(text, None)
    }

    /// The first rank for which `is_low` does not hold.
    fn boundary(&self, from: Option<u32>, is_low: impl Fn(u32) -> Option<bool>) -> Option<u32> {
        let distinct = u64::from(self.head.distinct);
        let is_low = |rank| is_low(rank as u32);
        let found = match from {
            Some(from) => partition_point_from(from.into(), distinct, is_low),
            None => partition_point(distinct, is_low),
        };
        found.map(|rank| rank as u32)
    }

    fn text_from(&self, text: &[u8], from: Option<u32>) -> Option<(u32, bool)> {
        let below = self.boundary(from, |rank| Some(self.text(rank)? < text))?;
        Some((below, below < self.head.distinct && self.text(below)? == text))
    }

    fn key(&self, rank: u32) -> Option<Key> {
        let high = item(&self.bytes, &self.parts.highs, rank.into()).map(u64::from_le_bytes)?;
        let low = match self.head.has_lows {
            true => item(&self.bytes, &self.parts.lows, rank.into()).map(u16::from_le_bytes)?,
            false => LOW_NONE,
        };
        Some(Key { high, low })
    }

    fn text(&self, rank: u32) -> Option<&[u8]> {
        let ends = self.parts.text_starts.start.checked_add(u64::from(rank) * 8)?;
        let both: [u8; 16] = array_at(&self.bytes, ends)?;
        let (starts, _) = both.as_chunks::<8>();
        let [start, end] = [
            u64::from_le_bytes(*starts.first()?),
            u64::from_le_bytes(*starts.last()?),
        ];
        let text = items::<1>(&self.bytes, &self.parts.text, start..end)?;
        Some(text.as_flattened())
    }

    /// Where the rows of a span of ranks lie among the postings. `None`: damaged.
    pub(super) fn postings_span(&self, ranks: &Range<u32>) -> Option<Range<u32>> {
        let start = |rank: u32| item(&self.bytes, &self.parts.starts, rank.into()).map(u32::from_le_bytes);
        let span = start(ranks.start)?..start(ranks.end)?;
        (span.start <= span.end && span.end <= self.head.postings).then_some(span)
    }

    /// A span of postings. `None`: damaged.
    pub(super) fn postings(&self, span: Range<u32>) -> Option<&[[u8; 4]]> {
        items(
            &self.bytes,
            &self.parts.postings,
            span.start.into()..span.end.into(),
        )
    }
}
