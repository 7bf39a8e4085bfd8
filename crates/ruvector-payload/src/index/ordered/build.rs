//! Builds the bytes of an ordered index from the values of each row. Never reads a payload: it is shown values.

use std::collections::HashMap;

use ruvector_types::datetime::parse_micros;

use super::key::{Key, LOW_NONE};
use super::{FLAG_LOWS, HEAD_BYTES, Kept, MAGIC, NO_RANK, OTHERS, Other, Served, VERSION};
use crate::index::leaves::each_item;
use crate::index::presence::PresenceBuilder;
use crate::index::row_list::RowListBuilder;
use crate::index::table::pad;
use crate::{DecodeError, ValueRef};

/// Pairs of a value and a row that an index holds; rows with further values must be looked at.
const PAIRS_MAX: usize = u32::MAX as usize - 1;

/// Collects the values of rows. Memory: 16 bytes for each value of each row, and every distinct string once.
#[derive(Clone, Debug)]
pub(crate) struct OrderedBuilder {
    kept: Kept,
    served: Served,
    presence: PresenceBuilder,
    others: [RowListBuilder; OTHERS],
    /// [`Key::with_row`]; the key of a string is its number in `strings`, as it was met.
    pairs: Vec<u128>,
    pairs_max: usize,
    strings: HashMap<Box<str>, u32>,
}

impl OrderedBuilder {
    pub(crate) fn new(kept: Kept) -> OrderedBuilder {
        OrderedBuilder {
            kept,
            served: Served::ALL,
            presence: PresenceBuilder::default(),
            others: Default::default(),
            pairs: Vec::new(),
            pairs_max: PAIRS_MAX,
            strings: HashMap::new(),
        }
    }

    /// One of numbers that answers only what is served.
    pub(crate) fn of_numbers(served: Served) -> OrderedBuilder {
        OrderedBuilder {
            served,
            ..OrderedBuilder::new(Kept::Numbers)
        }
    }

    /// One that holds fewer pairs.
    #[cfg(test)]
    pub(super) fn holding(kept: Kept, pairs_max: usize) -> OrderedBuilder {
        OrderedBuilder {
            pairs_max,
            ..OrderedBuilder::new(kept)
        }
    }

    /// A value at the end of the path in `row`, not cut into its items.
    pub(crate) fn push(&mut self, row: u32, leaf: ValueRef<'_>) -> Result<(), DecodeError> {
        self.presence.push(row, leaf)?;
        if self.kept == Kept::Nothing {
            return Ok(());
        }
        each_item(leaf, |item| self.push_item(row, item))
    }

    fn push_item(&mut self, row: u32, item: ValueRef<'_>) {
        let (other, key) = match item {
            ValueRef::Null => return,
            ValueRef::Bool(flag) => (Other::Bool, Some(Key::of_bool(flag))),
            ValueRef::Int(number) => (Other::Number, Some(Key::of_integer(number.into()))),
            ValueRef::UInt(number) => (Other::Number, Some(Key::of_integer(number.into()))),
            ValueRef::Float(number) => (Other::Number, Key::of_float(number)),
            ValueRef::Str(text) => return self.push_text(row, text),
            ValueRef::Array(_) | ValueRef::Object(_) => (Other::Container, None),
        };
        let is_kept = matches!(
            (self.kept, other),
            (Kept::Bools, Other::Bool) | (Kept::Numbers, Other::Number)
        );
        self.push_key(row, other, key.filter(|_| is_kept));
    }

    fn push_text(&mut self, row: u32, text: &str) {
        match self.kept {
            Kept::Strings => {
                let number = match self.strings.get(text) {
                    Some(number) => *number,
                    None => {
                        // Fewer strings than pairs, whose number is bounded.
                        let number = self.strings.len() as u32;
                        if self.pairs.len() < self.pairs_max {
                            self.strings.insert(text.into(), number);
                        }
                        number
                    }
                };
                self.push_key(row, Other::String, Some(Key::exact(number.into())));
            }
            Kept::Times => {
                self.push_key(row, Other::String, None);
                if let Some(micros) = parse_micros(text) {
                    self.push_key(row, Other::Time, Some(Key::of_time(micros)));
                }
            }
            Kept::Nothing | Kept::Bools | Kept::Numbers => self.push_key(row, Other::String, None),
        }
    }

    /// Keeps a value by its key; without one, or if there are too many, its row is among the others.
    fn push_key(&mut self, row: u32, other: Other, key: Option<Key>) {
        let Some(pair) = key.map(|key| key.with_row(row)) else {
            self.others[other as usize].insert(row);
            return;
        };
        if self.pairs.last() == Some(&pair) {
            return;
        }
        match self.pairs.len() < self.pairs_max {
            true => self.pairs.push(pair),
            false => self.others[other as usize].insert(row),
        }
    }

    /// The index of `rows` rows; what was pushed for rows beyond is left out. Cost: the values are sorted.
    pub(crate) fn finish(mut self, rows: u32) -> Vec<u8> {
        self.pairs.retain(|pair| Key::and_row(*pair).1 < rows);
        let strings = self.sorted_strings();
        self.pairs.sort_unstable();
        self.pairs.dedup();
        let postings = Postings::group(&self.pairs, rows, self.served.ranges);
        self.pairs = Vec::new();

        let mut text_bytes = 0u64;
        let values = match self.kept {
            Kept::Strings => put_strings(&strings, &postings.keys, &mut text_bytes),
            _ => put_keys(&postings.keys),
        };
        let has_lows = self.kept == Kept::Numbers && postings.keys.iter().any(|key| key.low != LOW_NONE);

        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        let lows = if has_lows { FLAG_LOWS } else { 0 };
        out.extend_from_slice(&[self.kept as u8, lows | self.served.flags()]);
        let counts = [
            rows,
            postings.keys.len() as u32,
            postings.rows.len() as u32,
            postings.valued,
        ];
        put_words(&mut out, &counts);
        put_words(&mut out, &[postings.row_values_max, 0]);
        out.extend_from_slice(&text_bytes.to_le_bytes());
        debug_assert_eq!(out.len() as u64, HEAD_BYTES);
        self.presence.put(&mut out, rows);
        self.others.into_iter().for_each(|list| list.put(&mut out, rows));
        out.extend_from_slice(&values);
        put_words(&mut out, &postings.starts);
        put_words(&mut out, &postings.rows);
        put_words(&mut out, &postings.ranks);
        out
    }

    /// The strings in their order; their numbers in the pairs become their places in it.
    fn sorted_strings(&mut self) -> Vec<Box<str>> {
        let mut strings: Vec<(Box<str>, u32)> = std::mem::take(&mut self.strings).into_iter().collect();
        strings.sort_unstable();
        let mut places = vec![0u32; strings.len()];
        for (place, (_, number)) in (0..).zip(&strings) {
            places[*number as usize] = place;
        }
        if self.kept == Kept::Strings {
            for pair in &mut self.pairs {
                let (key, row) = Key::and_row(*pair);
                *pair = Key::exact(places[key.high as usize].into()).with_row(row);
            }
        }
        strings.into_iter().map(|(text, _)| text).collect()
    }
}

/// Pairs grouped by value.
struct Postings {
    keys: Vec<Key>,
    starts: Vec<u32>,
    rows: Vec<u32>,
    ranks: Vec<u32>,
    valued: u32,
    row_values_max: u32,
}

impl Postings {
    /// Of sorted pairs without duplicates; ranks are made if they are wanted and rows have one value each.
    fn group(pairs: &[u128], rows: u32, wants_ranks: bool) -> Postings {
        let mut counts = vec![0u32; rows as usize];
        let (mut keys, mut starts) = (Vec::new(), Vec::new());
        let mut grouped = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let (key, row) = Key::and_row(*pair);
            if keys.last() != Some(&key) {
                keys.push(key);
                starts.push(grouped.len() as u32);
            }
            grouped.push(row);
            counts[row as usize] += 1;
        }
        starts.push(grouped.len() as u32);
        let row_values_max = counts.iter().copied().max().unwrap_or(0);
        let valued = counts.iter().filter(|count| **count > 0).count() as u32;
        let mut ranks = Vec::new();
        if wants_ranks && row_values_max == 1 {
            ranks = counts;
            ranks.fill(NO_RANK);
            for (rank, span) in (0u32..).zip(starts.windows(2)) {
                for row in &grouped[span[0] as usize..span[1] as usize] {
                    ranks[*row as usize] = rank;
                }
            }
        }
        Postings {
            keys,
            starts,
            rows: grouped,
            ranks,
            valued,
            row_values_max,
        }
    }
}

fn put_words(out: &mut Vec<u8>, words: &[u32]) {
    out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    pad(out);
}

fn put_keys(keys: &[Key]) -> Vec<u8> {
    let mut out: Vec<u8> = keys.iter().flat_map(|key| key.high.to_le_bytes()).collect();
    if keys.iter().any(|key| key.low != LOW_NONE) {
        out.extend(keys.iter().flat_map(|key| key.low.to_le_bytes()));
        pad(&mut out);
    }
    out
}

/// Of the strings those that some row has.
fn put_strings(strings: &[Box<str>], keys: &[Key], text_bytes: &mut u64) -> Vec<u8> {
    let (mut out, mut text) = (Vec::new(), Vec::new());
    for key in keys {
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        text.extend_from_slice(strings[key.high as usize].as_bytes());
    }
    *text_bytes = text.len() as u64;
    out.extend_from_slice(&text_bytes.to_le_bytes());
    out.extend_from_slice(&text);
    pad(&mut out);
    out
}
