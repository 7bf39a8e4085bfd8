//! The index of values that have an order: numbers, strings, times or booleans. Its bytes, drawn; how it is opened;
//! single values read. Never decides what a condition means.
//!
//! All numbers are little-endian; every part begins at a multiple of eight. D is the number of distinct values, P that
//! of pairs of a value and a row that has it. A value's rank is its place among the distinct values.
//!
//! ```text
//! head      "RVFO" │ version u16 │ kept u8 │ flags u8 │ rows u32 │ D u32 │ P u32 │ valued u32 │ row_values_max u32
//!           │ 4 × 0 │ text_bytes u64
//!           kept: 0 nothing, 1 booleans, 2 numbers, 3 times, 4 strings; flags: bit 0, the lows are there; of numbers:
//!           bit 1, matches are not answered; bit 2, ranges are not answered, and the ranks are left out
//!           valued: rows with a value; row_values_max: the most values a row has
//! presence  where the field is null, where it is filled (presence.rs)
//! others    rows with values that are not kept: booleans, numbers, strings, others, times (row_list.rs each)
//! values    not strings: D × u64, the highs of the keys, ascending (key.rs); D × u16, their lows, if flagged
//!           strings: (D + 1) × u64, where each begins; text_bytes of UTF-8, ascending bytewise
//! starts    (D + 1) × u32, where the rows of each value begin among the postings
//! postings  P × u32, rows, ascending within a value
//! ranks     rows × u32, the rank of the row's value or 0xffffffff; there if row_values_max is 1 and bit 2 is not set
//! ```

mod answer;
mod build;
mod check;
mod estimate;
mod key;
mod order;
mod plan;
mod sweep;
#[cfg(test)]
mod tests;
mod values;

use std::ops::Range;

pub(crate) use build::OrderedBuilder;
pub use check::RowCheck;
pub use order::InOrder;
pub use values::{IndexedValue, ValueRows};

use super::presence::Presence;
use super::row_list::RowList;
use super::table::{Layout, array_at};
use super::{IndexBytes, MalformedIndex};

pub(crate) const MAGIC: [u8; 4] = *b"RVFO";
const VERSION: u16 = 3;
/// Before it, fewer spellings of a time were read.
const VERSION_TIMES: u16 = 3;
const HEAD_BYTES: u64 = 40;
const FLAG_LOWS: u8 = 1;
const FLAG_NO_MATCHES: u8 = 2;
const FLAG_NO_RANGES: u8 = 4;
/// The rank of a row without a value.
const NO_RANK: u32 = u32::MAX;

/// The type of the values an index keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// None: only presence is known.
    Nothing = 0,
    Bools = 1,
    Numbers = 2,
    Times = 3,
    Strings = 4,
}

/// The types of values that are not kept, in the order of their lists of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    Bool = 0,
    /// Also NaN where numbers are kept.
    Number = 1,
    String = 2,
    /// Objects, and arrays among the items of an array.
    Container = 3,
    /// Times beyond the number of values an index holds.
    Time = 4,
}

/// Which conditions an index answers; the others are evaluated without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// That a value equals another, or does not.
    pub(crate) matches: bool,
    /// That a number lies within bounds.
    pub(crate) ranges: bool,
}

impl Served {
    pub(crate) const ALL: Served = Served {
        matches: true,
        ranges: true,
    };

    fn flags(self) -> u8 {
        let flag = |is_served, flag| if is_served { 0 } else { flag };
        flag(self.matches, FLAG_NO_MATCHES) | flag(self.ranges, FLAG_NO_RANGES)
    }

    fn of_flags(flags: u8) -> Served {
        Served {
            matches: flags & FLAG_NO_MATCHES == 0,
            ranges: flags & FLAG_NO_RANGES == 0,
        }
    }
}

/// A sweep over the ranks of so many rows costs about as much as the insertion of one row.
const SWEPT_PER_INSERTED: u64 = 5;

/// How many lists of rows there are for [`Other`].
const OTHERS: usize = 5;

/// An index of ordered values, read where it lies.
#[derive(Clone, Debug)]
pub struct OrderedIndex<B> {
    bytes: B,
    head: Head,
    presence: Presence,
    others: Box<[RowList]>,
    parts: Parts,
}

#[derive(Clone, Debug)]
struct Head {
    kept: Kept,
    has_lows: bool,
    served: Served,
    rows: u32,
    distinct: u32,
    postings: u32,
    valued: u32,
    row_values_max: u32,
    text_bytes: u64,
}

/// Where the parts lie; those that are not there are empty.
#[derive(Clone, Debug)]
struct Parts {
    highs: Range<u64>,
    lows: Range<u64>,
    text_starts: Range<u64>,
    text: Range<u64>,
    starts: Range<u64>,
    postings: Range<u64>,
    ranks: Range<u64>,
}

impl<B: IndexBytes> OrderedIndex<B> {
    /// Opens the index of a segment of `rows` rows. Cost: the heads of it and of its lists of rows are read and all
    /// lengths compared; values and postings are read when they are asked for.
    pub fn open(bytes: B, rows: u32) -> Result<OrderedIndex<B>, MalformedIndex> {
        let head = Head::read(&bytes)?;
        if head.rows != rows {
            return Err(MalformedIndex {
                at: 8,
                rule: "it is of another number of rows",
            });
        }
        let mut layout = Layout::new(HEAD_BYTES, bytes.len());
        let presence = Presence::open(&bytes, &mut layout, rows)?;
        let others = (0..OTHERS).map(|_| RowList::open(&bytes, &mut layout, rows));
        let others = others.collect::<Result<Box<[RowList]>, MalformedIndex>>()?;
        let parts = Parts::take(&head, &mut layout)?;
        layout.finish()?;
        Ok(OrderedIndex {
            bytes,
            head,
            presence,
            others,
            parts,
        })
    }

    /// Whether the rank of each row's only value is at hand.
    fn has_ranks(&self) -> bool {
        self.head.has_ranks()
    }
}

impl Head {
    fn has_ranks(&self) -> bool {
        self.row_values_max == 1 && self.served.ranges
    }

    fn read(bytes: &impl IndexBytes) -> Result<Head, MalformedIndex> {
        let malformed = |at, rule| MalformedIndex { at, rule };
        let head: [u8; HEAD_BYTES as usize] =
            array_at(bytes, 0).ok_or(malformed(0, "the head is not there"))?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if head[..4] != MAGIC {
            return Err(malformed(0, "it does not begin as one"));
        }
        let version = u16::from_le_bytes([head[4], head[5]]);
        if !(1..=VERSION).contains(&version) {
            return Err(malformed(4, "its version is unknown"));
        }
        let kept = match head[6] {
            0 => Kept::Nothing,
            1 => Kept::Bools,
            2 => Kept::Numbers,
            3 => Kept::Times,
            4 => Kept::Strings,
            _ => return Err(malformed(6, "it keeps values of an unknown type")),
        };
        if kept == Kept::Times && version < VERSION_TIMES {
            return Err(malformed(4, "it lacks times that are read now"));
        }
        if head[7] & !(FLAG_LOWS | FLAG_NO_MATCHES | FLAG_NO_RANGES) != 0 || word(28) != 0 {
            return Err(malformed(7, "the head has unknown flags"));
        }
        let head = Head {
            kept,
            has_lows: head[7] & FLAG_LOWS != 0,
            served: Served::of_flags(head[7]),
            rows: word(8),
            distinct: word(12),
            postings: word(16),
            valued: word(20),
            row_values_max: word(24),
            text_bytes: u64::from(word(32)) | u64::from(word(36)) << 32,
        };
        head.check()?;
        Ok(head)
    }

    fn check(&self) -> Result<(), MalformedIndex> {
        let is_empty = self.postings == 0;
        let pairs_max = u64::from(self.valued) * u64::from(self.row_values_max);
        let fits = self.distinct <= self.postings
            && is_empty == (self.distinct == 0)
            && is_empty == (self.row_values_max == 0)
            && self.valued <= self.rows
            && self.valued <= self.postings
            && self.row_values_max <= self.distinct
            && u64::from(self.postings) <= pairs_max
            && (is_empty || self.kept != Kept::Nothing)
            && (self.text_bytes == 0 || self.kept == Kept::Strings)
            && (self.kept == Kept::Numbers || !self.has_lows && self.served == Served::ALL)
            && (self.served.matches || self.served.ranges);
        let rule = "its counts contradict each other";
        if fits {
            Ok(())
        } else {
            Err(MalformedIndex { at: 12, rule })
        }
    }
}

impl Parts {
    fn take(head: &Head, layout: &mut Layout) -> Result<Parts, MalformedIndex> {
        let distinct = u64::from(head.distinct);
        let is_text = head.kept == Kept::Strings;
        let if_so = |there: bool, count: u64| if there { count } else { 0 };
        Ok(Parts {
            highs: layout.take(if_so(!is_text, distinct), 8)?,
            lows: layout.take(if_so(head.has_lows, distinct), 2)?,
            text_starts: layout.take(if_so(is_text, distinct + 1), 8)?,
            text: layout.take(head.text_bytes, 1)?,
            starts: layout.take(distinct + 1, 4)?,
            postings: layout.take(head.postings.into(), 4)?,
            ranks: layout.take(if_so(head.has_ranks(), head.rows.into()), 4)?,
        })
    }
}
