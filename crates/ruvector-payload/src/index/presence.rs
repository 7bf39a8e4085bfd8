//! Where a field is `null` and where it is not empty: the part that every index holds. Never holds values.
//!
//! ```text
//! nulls    a list of rows (row_list.rs): a value at the path is null, or an array with a null in it
//! filled   a list of rows: a value at the path is neither null nor []
//! ```

use super::leaves::each_item;
use super::row_list::{RowList, RowListBuilder};
use super::table::Layout;
use super::{Estimate, IndexBytes, MalformedIndex};
use crate::compile::Test;
use crate::{Answer, DecodeError, RowSet, ValueRef};

/// Collects where a field is `null` and where it is filled.
#[derive(Clone, Debug, Default)]
pub(crate) struct PresenceBuilder {
    nulls: RowListBuilder,
    filled: RowListBuilder,
}

impl PresenceBuilder {
    /// A value at the end of the path in `row`, not cut into its items.
    pub(crate) fn push(&mut self, row: u32, leaf: ValueRef<'_>) -> Result<(), DecodeError> {
        let is_empty = match leaf {
            ValueRef::Array(items) => items.is_empty(),
            single => matches!(single, ValueRef::Null),
        };
        if !is_empty {
            self.filled.insert(row);
        }
        each_item(leaf, |item| {
            if matches!(item, ValueRef::Null) {
                self.nulls.insert(row);
            }
        })
    }

    /// Writes the part for `rows` rows; `out` must stand at a multiple of eight.
    pub(crate) fn put(self, out: &mut Vec<u8>, rows: u32) {
        self.nulls.put(out, rows);
        self.filled.put(out, rows);
    }
}

/// The part, opened.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    nulls: RowList,
    filled: RowList,
}

impl Presence {
    /// The next part of an index of `rows` rows. Cost: two heads are read.
    pub(crate) fn open(
        bytes: &(impl IndexBytes + ?Sized),
        layout: &mut Layout,
        rows: u32,
    ) -> Result<Presence, MalformedIndex> {
        Ok(Presence {
            nulls: RowList::open(bytes, layout, rows)?,
            filled: RowList::open(bytes, layout, rows)?,
        })
    }

    /// The rows that pass, exactly. `None`: not a test of presence, or damaged.
    pub(crate) fn answer(&self, bytes: &(impl IndexBytes + ?Sized), test: &Test) -> Option<Answer> {
        self.list(test)?.set(bytes).map(Answer::exact)
    }

    /// How many rows pass, exactly. `None`: not a test of presence.
    pub(crate) fn estimate(&self, test: &Test) -> Option<Estimate> {
        let count = self.list(test)?.count();
        Some(Estimate {
            min: count,
            expected: count,
            max: count,
        })
    }

    /// Rows with a value that is neither `null` nor `[]`. `None`: damaged.
    pub(crate) fn filled(&self, bytes: &(impl IndexBytes + ?Sized)) -> Option<RowSet> {
        self.filled.set(bytes)
    }

    /// How many these are.
    pub(crate) fn filled_count(&self) -> u64 {
        self.filled.count()
    }

    fn list(&self, test: &Test) -> Option<&RowList> {
        match test {
            Test::HasNull => Some(&self.nulls),
            Test::NotEmpty => Some(&self.filled),
            _ => None,
        }
    }
}
