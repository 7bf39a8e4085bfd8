//! The index of words: which rows hold a term, how often, and where. Its bytes, drawn; how it is opened; its
//! dictionary. Never decides what a condition means, and never reads a text.
//!
//! All numbers are little-endian; every part begins at a multiple of eight. T is the number of terms, which are sorted
//! bytewise.
//!
//! ```text
//! head       "RVFT" │ version u16 │ flags u8 │ 0 u8 │ rows u32 │ T u32 │ rows with terms u32 │ 0 u32 │ terms of all rows u64
//!            │ text bytes u64 │ posting bytes u64 │ position bytes u64
//!            flags: bit 0, positions are there
//! presence   where the field is null, where it is filled (presence.rs)
//! several    rows with terms in more than one string (row_list.rs)
//! lens       rows × u32, terms of each row, repetitions counted
//! starts     (T + 1) × u64, where each term begins in the text
//! text       UTF-8
//! firsts     (T + 1) × u64, where the postings of each term begin
//! having     T × u32, rows that hold the term
//! postings   of each row of a term, ascending: varint (row − last row) × 2 + (times > 1), then varint times if so
//! places     (T + 1) × u64, where the positions of each term begin; there if flagged, as is the next
//! positions  of each row of a term: times × varint, position − last position in the row
//! ```

mod answer;
mod build;
mod estimate;
mod phrase;
mod postings;
mod rank;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub(super) use build::TextBuilder;
pub use rank::TextStats;

use super::presence::Presence;
use super::row_list::RowList;
use super::table::{Layout, array_at, item, partition_point};
use super::{IndexBytes, MalformedIndex};
use postings::Postings;

pub(crate) const MAGIC: [u8; 4] = *b"RVFT";
const VERSION: u16 = 1;
const HEAD_BYTES: u64 = 56;
const FLAG_POSITIONS: u8 = 1;

/// An index of the words of strings, read where it lies.
#[derive(Clone, Debug)]
pub struct TextIndex<B> {
    bytes: B,
    head: Head,
    presence: Presence,
    several: RowList,
    parts: Parts,
}

#[derive(Clone, Debug)]
struct Head {
    has_positions: bool,
    rows: u32,
    terms: u32,
    texted: u32,
    tokens: u64,
    text_bytes: u64,
    posting_bytes: u64,
    position_bytes: u64,
}

/// Where the parts lie.
#[derive(Clone, Debug)]
struct Parts {
    lens: Range<u64>,
    starts: Range<u64>,
    text: Range<u64>,
    firsts: Range<u64>,
    having: Range<u64>,
    postings: Range<u64>,
    places: Range<u64>,
    positions: Range<u64>,
}

impl<B: IndexBytes> TextIndex<B> {
    /// Opens the index of a segment of `rows` rows. Cost: the heads of it and of its lists of rows are read and all
    /// lengths compared; terms and postings are read when they are asked for.
    pub fn open(bytes: B, rows: u32) -> Result<TextIndex<B>, MalformedIndex> {
        let head = Head::read(&bytes)?;
        if head.rows != rows {
            return Err(MalformedIndex {
                at: 8,
                rule: "it is of another number of rows",
            });
        }
        let mut layout = Layout::new(HEAD_BYTES, bytes.len());
        let presence = Presence::open(&bytes, &mut layout, rows)?;
        let several = RowList::open(&bytes, &mut layout, rows)?;
        let parts = Parts::take(&head, &mut layout)?;
        layout.finish()?;
        Ok(TextIndex {
            bytes,
            head,
            presence,
            several,
            parts,
        })
    }

    /// The number of a term. Outer `None`: damaged; inner: no row holds it.
    fn find(&self, term: &str) -> Option<Option<u32>> {
        let at = self.first_not_below(term.as_bytes())?;
        let is_it = at < self.head.terms && self.term(at)? == term.as_bytes();
        Some(is_it.then_some(at))
    }

    /// The numbers of the terms that begin so.
    fn beginning(&self, typed: &str) -> Option<Range<u32>> {
        let first = self.first_not_below(typed.as_bytes())?;
        let count = u64::from(self.head.terms - first);
        let begins = |index: u64| Some(self.term(first + index as u32)?.starts_with(typed.as_bytes()));
        Some(first..first + partition_point(count, begins)? as u32)
    }

    fn first_not_below(&self, term: &[u8]) -> Option<u32> {
        let found = partition_point(self.head.terms.into(), |at| Some(self.term(at as u32)? < term))?;
        u32::try_from(found).ok()
    }

    fn term(&self, at: u32) -> Option<&[u8]> {
        self.run(&self.parts.starts, &self.parts.text, at)
    }

    /// Rows that hold a term.
    fn having(&self, at: u32) -> Option<u32> {
        item(&self.bytes, &self.parts.having, at.into())
            .map(u32::from_le_bytes)
            .filter(|having| *having <= self.head.rows)
    }

    fn postings(&self, at: u32) -> Option<Postings<'_>> {
        let bytes = self.run(&self.parts.firsts, &self.parts.postings, at)?;
        Some(Postings::new(bytes, self.having(at)?, self.head.rows))
    }

    /// The bytes of entry `at` of a part whose beginnings stand in `starts`.
    fn run(&self, starts: &Range<u64>, part: &Range<u64>, at: u32) -> Option<&[u8]> {
        let start = |index: u64| item(&self.bytes, starts, index).map(u64::from_le_bytes);
        let (from, to) = (start(at.into())?, start(u64::from(at) + 1)?);
        let (from, to) = (part.start.checked_add(from)?, part.start.checked_add(to)?);
        if from > to || to > part.end {
            return None;
        }
        self.bytes.bytes(from..to)
    }
}

impl Head {
    fn read(bytes: &impl IndexBytes) -> Result<Head, MalformedIndex> {
        let malformed = |at, rule| MalformedIndex { at, rule };
        let head: [u8; HEAD_BYTES as usize] =
            array_at(bytes, 0).ok_or(malformed(0, "the head is not there"))?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if head[..4] != MAGIC {
            return Err(malformed(0, "it does not begin as one"));
        }
        if head[4..6] != VERSION.to_le_bytes() {
            return Err(malformed(4, "its version is unknown"));
        }
        if head[6] & !FLAG_POSITIONS != 0 || head[7] != 0 || word(20) != 0 {
            return Err(malformed(6, "the head has unknown flags"));
        }
        let head = Head {
            has_positions: head[6] & FLAG_POSITIONS != 0,
            rows: word(8),
            terms: word(12),
            texted: word(16),
            tokens: long(24),
            text_bytes: long(32),
            posting_bytes: long(40),
            position_bytes: long(48),
        };
        let terms = u64::from(head.terms);
        let fits = head.texted <= head.rows
            && u64::from(head.texted) <= head.tokens
            && (head.terms == 0) == (head.texted == 0)
            && terms <= head.tokens
            && terms <= head.posting_bytes
            && (head.has_positions || head.position_bytes == 0);
        if fits {
            Ok(head)
        } else {
            Err(malformed(12, "its counts contradict each other"))
        }
    }
}

impl Parts {
    fn take(head: &Head, layout: &mut Layout) -> Result<Parts, MalformedIndex> {
        let terms = u64::from(head.terms);
        Ok(Parts {
            lens: layout.take(head.rows.into(), 4)?,
            starts: layout.take(terms + 1, 8)?,
            text: layout.take(head.text_bytes, 1)?,
            firsts: layout.take(terms + 1, 8)?,
            having: layout.take(terms, 4)?,
            postings: layout.take(head.posting_bytes, 1)?,
            places: layout.take(if head.has_positions { terms + 1 } else { 0 }, 8)?,
            positions: layout.take(head.position_bytes, 1)?,
        })
    }
}
