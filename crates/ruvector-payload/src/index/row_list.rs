//! A set of rows inside an index: few rows are listed, many are bits, nearly all are listed by what is missing.
//! Never larger than an eighth of a byte a row.
//!
//! ```text
//! 0  form u8       0 listed, 1 all but the listed, 2 bits
//! 1  7 × 0
//! 8  count u64     rows in the set
//! 16 body          listed, ascending: count × u32 (form 1: rows − count); bits: ⌈rows/64⌉ × u64, the first row lowest
//!    0…            up to a multiple of eight
//! ```

use std::ops::Range;

use super::table::{Layout, array_at, items, pad};
use super::{IndexBytes, MalformedIndex};
use crate::RowSet;

const LISTED: u8 = 0;
const ALL_BUT: u8 = 1;
const BITS: u8 = 2;

/// Rows collected for a list; grows with the greatest row.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowListBuilder {
    words: Vec<u64>,
}

impl RowListBuilder {
    /// Adds a row, in any order, again or not.
    pub(crate) fn insert(&mut self, row: u32) {
        let word = (row / 64) as usize;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (row % 64);
    }

    /// Writes the rows below `rows`.
    pub(crate) fn put(mut self, out: &mut Vec<u8>, rows: u32) {
        self.words.resize(rows.div_ceil(64) as usize, 0);
        let mut set = RowSet::none(rows);
        set.change_words(|words| words.copy_from_slice(&self.words));
        let count = set.count();
        let (form, listed) = match count {
            _ if count * 32 <= u64::from(rows) => (LISTED, count),
            _ if (u64::from(rows) - count) * 32 <= u64::from(rows) => (ALL_BUT, u64::from(rows) - count),
            _ => (BITS, 0),
        };
        out.extend_from_slice(&[form, 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&count.to_le_bytes());
        if form == BITS {
            out.extend(set.words().iter().flat_map(|word| word.to_le_bytes()));
            return;
        }
        if form == ALL_BUT {
            set.invert();
        }
        debug_assert_eq!(set.count(), listed);
        out.extend(set.iter().flat_map(u32::to_le_bytes));
        pad(out);
    }
}

/// Where a list lies and what form it has.
#[derive(Clone, Debug)]
pub(crate) struct RowList {
    form: u8,
    rows: u32,
    count: u32,
    body: Range<u64>,
}

impl RowList {
    /// The list that is the next part of an index of `rows` rows. Cost: its head is read.
    pub(crate) fn open(
        bytes: &(impl IndexBytes + ?Sized),
        layout: &mut Layout,
        rows: u32,
    ) -> Result<RowList, MalformedIndex> {
        let at = layout.at();
        let malformed = |rule| MalformedIndex { at, rule };
        let head = layout.take(1, 16)?;
        let [form, zeros @ ..] =
            array_at::<8>(bytes, head.start).ok_or(malformed("a list of rows is damaged"))?;
        let count = array_at::<8>(bytes, head.start + 8).ok_or(malformed("a list of rows is damaged"))?;
        let count = u32::try_from(u64::from_le_bytes(count))
            .ok()
            .filter(|count| *count <= rows);
        let count = count.ok_or(malformed("a list has more rows than there are"))?;
        if zeros != [0; 7] {
            return Err(malformed("a list of rows has an unknown head"));
        }
        let body = match form {
            LISTED => layout.take(count.into(), 4)?,
            ALL_BUT => layout.take((rows - count).into(), 4)?,
            BITS => layout.take(rows.div_ceil(64).into(), 8)?,
            _ => return Err(malformed("a list of rows of an unknown form")),
        };
        Ok(RowList {
            form,
            rows,
            count,
            body,
        })
    }

    /// Rows in it.
    pub(crate) fn count(&self) -> u64 {
        self.count.into()
    }

    /// The rows. `None`: damaged. Cost: a pass over the body.
    pub(crate) fn set(&self, bytes: &(impl IndexBytes + ?Sized)) -> Option<RowSet> {
        let mut set = RowSet::none(self.rows);
        if self.form == BITS {
            let stored: &[[u8; 8]] = items(bytes, &self.body, 0..self.rows.div_ceil(64).into())?;
            set.change_words(|words| {
                for (word, stored) in words.iter_mut().zip(stored) {
                    *word = u64::from_le_bytes(*stored);
                }
            });
            return Some(set);
        }
        for row in items(bytes, &self.body, 0..self.listed())? {
            set.insert(u32::from_le_bytes(*row));
        }
        if self.form == ALL_BUT {
            set.invert();
        }
        Some(set)
    }

    fn listed(&self) -> u64 {
        if self.form == LISTED {
            self.count.into()
        } else {
            (self.rows - self.count).into()
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a list gives back its rows in every form. Method: sets around the sizes where the form changes.
    use super::{RowList, RowListBuilder};
    use crate::index::table::Layout;

    #[test]
    fn gives_back_its_rows() {
        for rows in [0, 1, 31, 64, 65, 100, 640, 1000] {
            for step in [1, 2, 3, 31, 32, 33, 64, 2000] {
                for inverted in [false, true] {
                    let wanted = |row: u32| (row % step == step / 2) != inverted;
                    let mut builder = RowListBuilder::default();
                    (0..rows)
                        .rev()
                        .filter(|row| wanted(*row))
                        .for_each(|row| builder.insert(row));
                    let mut out = vec![0; 8];
                    builder.put(&mut out, rows);
                    let mut layout = Layout::new(8, out.len() as u64);
                    let list = RowList::open(&out, &mut layout, rows).unwrap();
                    assert_eq!(layout.finish(), Ok(()));
                    assert!(out.len() <= 24 + rows.div_ceil(64) as usize * 8);
                    let set = list.set(&out).unwrap();
                    assert_eq!(set.count(), list.count());
                    for row in 0..rows + 70 {
                        let wanted = row < rows && wanted(row);
                        assert_eq!(set.contains(row), wanted, "{rows} {step} {row}");
                    }
                }
            }
        }
    }
}
