//! Builds an index of words: collects the terms of each row as they come, sorts the terms at the end. Never keeps a
//! text.

use std::collections::HashMap;

use ruvector_types::TextOptions;

use super::postings::put_varint;
use super::{FLAG_POSITIONS, MAGIC, VERSION};
use crate::index::leaves::each_item;
use crate::index::presence::PresenceBuilder;
use crate::index::row_list::RowListBuilder;
use crate::index::table::pad;
use crate::text::{Analyzer, Memo};
use crate::{DecodeError, ValueRef};

/// Collects the terms of the strings at a path. Memory: about the bytes of the index, two hundred for each term,
/// and those of a memo, below 32 MiB.
#[derive(Clone, Debug)]
pub(crate) struct TextBuilder {
    analyzer: Analyzer,
    memo: Memo,
    has_positions: bool,
    presence: PresenceBuilder,
    several: RowListBuilder,
    lens: Vec<u32>,
    numbers: HashMap<Box<str>, u32>,
    terms: Vec<Term>,
    row: RowState,
}

/// A term's rows so far.
#[derive(Clone, Debug, Default)]
struct Term {
    postings: Vec<u8>,
    positions: Vec<u8>,
    having: u32,
    /// The last row whose posting is written.
    written: u32,
    row: u32,
    /// Occurrences in `row`, whose posting is not written.
    times: u32,
    last_position: u32,
}

/// The row that strings are added to.
#[derive(Clone, Copy, Debug, Default)]
struct RowState {
    row: u32,
    /// The position of the next word. One is left free between two strings: no phrase runs on.
    position: u32,
    has_terms: bool,
}

impl TextBuilder {
    /// An index of strings cut into words as the options say.
    pub(crate) fn new(options: &TextOptions) -> TextBuilder {
        let analyzer = Analyzer::new(options);
        TextBuilder {
            has_positions: options.phrases && !analyzer.makes_prefixes(),
            analyzer,
            memo: Memo::default(),
            presence: PresenceBuilder::default(),
            several: RowListBuilder::default(),
            lens: Vec::new(),
            numbers: HashMap::new(),
            terms: Vec::new(),
            row: RowState::default(),
        }
    }

    /// Adds a value at the end of the path in `row`; rows ascend. What is not a string has no words. An error says
    /// that the value is damaged.
    pub(crate) fn push(&mut self, row: u32, leaf: ValueRef<'_>) -> Result<(), DecodeError> {
        self.presence.push(row, leaf)?;
        each_item(leaf, |item| {
            if let ValueRef::Str(text) = item {
                self.text(row, text);
            }
        })
    }

    fn text(&mut self, row: u32, text: &str) {
        if row != self.row.row || self.lens.is_empty() {
            self.row = RowState {
                row,
                ..RowState::default()
            };
            let rows = self.lens.len().max(row as usize + 1);
            self.lens.resize(rows, 0);
        }
        let mut count = 0u32;
        let (numbers, terms, first) = (&mut self.numbers, &mut self.terms, self.row.position);
        let has_positions = self.has_positions;
        self.analyzer.terms_of_many(text, &mut self.memo, |term| {
            let number = match numbers.get(term) {
                Some(number) => *number,
                None => {
                    let number = terms.len() as u32;
                    numbers.insert(term.into(), number);
                    terms.push(Term::default());
                    number
                }
            };
            let position = has_positions.then(|| first.saturating_add(count));
            terms[number as usize].occurs(row, position);
            count = count.saturating_add(1);
        });
        if count > 0 {
            if self.row.has_terms {
                self.several.insert(row);
            }
            self.row.has_terms = true;
            self.row.position = first.saturating_add(count).saturating_add(1);
            let len = &mut self.lens[row as usize];
            *len = len.saturating_add(count);
        }
    }

    /// The bytes of the index of `rows` rows, to be opened by [`super::TextIndex::open`]; no row beyond was pushed.
    /// Cost: the terms are sorted.
    pub(crate) fn finish(mut self, rows: u32) -> Vec<u8> {
        self.lens.resize(rows as usize, 0);
        let mut order: Vec<(Box<str>, u32)> = self.numbers.drain().collect();
        order.sort_unstable();
        self.terms.iter_mut().for_each(Term::write);

        let mut out = Vec::new();
        self.put_head(&mut out, &order, rows);
        self.presence.put(&mut out, rows);
        self.several.put(&mut out, rows);
        out.extend(self.lens.iter().flat_map(|len| len.to_le_bytes()));
        pad(&mut out);
        put_runs(&mut out, &order, |(term, _)| term.as_bytes());
        pad(&mut out);

        let sorted = || order.iter().map(|(_, number)| &self.terms[*number as usize]);
        put_starts(&mut out, sorted().map(|term| term.postings.len()));
        out.extend(sorted().flat_map(|term| term.having.to_le_bytes()));
        pad(&mut out);
        sorted().for_each(|term| out.extend_from_slice(&term.postings));
        pad(&mut out);
        if self.has_positions {
            put_starts(&mut out, sorted().map(|term| term.positions.len()));
            sorted().for_each(|term| out.extend_from_slice(&term.positions));
            pad(&mut out);
        }
        out
    }

    fn put_head(&self, out: &mut Vec<u8>, order: &[(Box<str>, u32)], rows: u32) {
        let sum = |len: fn(&Term) -> usize| self.terms.iter().map(|term| len(term) as u64).sum::<u64>();
        let texted = self.lens.iter().filter(|len| **len > 0).count() as u32;
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[if self.has_positions { FLAG_POSITIONS } else { 0 }, 0]);
        for number in [rows, order.len() as u32, texted, 0] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let tokens = self.lens.iter().map(|len| u64::from(*len)).sum::<u64>();
        let text_bytes = order.iter().map(|(term, _)| term.len() as u64).sum::<u64>();
        for number in [
            tokens,
            text_bytes,
            sum(|term| term.postings.len()),
            sum(|term| term.positions.len()),
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

impl Term {
    fn occurs(&mut self, row: u32, position: Option<u32>) {
        if self.times > 0 && self.row != row {
            self.write();
        }
        if self.times == 0 {
            (self.row, self.last_position) = (row, 0);
        }
        self.times = self.times.saturating_add(1);
        if let Some(position) = position {
            put_varint(&mut self.positions, u64::from(position - self.last_position));
            self.last_position = position;
        }
    }

    /// Writes the posting of the last row.
    fn write(&mut self) {
        if self.times == 0 {
            return;
        }
        let repeats = u64::from(self.times > 1);
        put_varint(
            &mut self.postings,
            u64::from(self.row - self.written) << 1 | repeats,
        );
        if repeats == 1 {
            put_varint(&mut self.postings, self.times.into());
        }
        self.having += 1;
        (self.written, self.times) = (self.row, 0);
    }
}

/// Where each run begins, and where the last ends.
fn put_starts(out: &mut Vec<u8>, lens: impl Iterator<Item = usize>) {
    let mut start = 0u64;
    out.extend_from_slice(&start.to_le_bytes());
    for len in lens {
        start += len as u64;
        out.extend_from_slice(&start.to_le_bytes());
    }
}

fn put_runs<T>(out: &mut Vec<u8>, list: &[T], run: impl Fn(&T) -> &[u8]) {
    put_starts(out, list.iter().map(|item| run(item).len()));
    list.iter().for_each(|item| out.extend_from_slice(run(item)));
}
