//! Which row each vector of a field belongs to: a part of the components that hold vectors. Never reads beyond its part.

use crate::component::{Component, ReadComponentError};
use crate::vectors::verified;
use crate::wire::{Malformed, u32_at};

/// `count` ordinals and their rows, ascending; the rows stand at `start`, or nowhere if they equal the ordinals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrdinalRows {
    pub(crate) count: u32,
    pub(crate) dense: bool,
    pub(crate) start: u64,
}

impl OrdinalRows {
    /// Verifies the rows and that they ascend.
    pub(crate) fn check(&self, component: &Component) -> Result<(), ReadComponentError> {
        if self.dense {
            return Ok(());
        }
        let rows = verified(component, self.start..self.start + 4 * u64::from(self.count))?;
        let rows = rows.as_chunks::<4>().0;
        if rows.is_sorted_by(|a, b| u32::from_le_bytes(*a) < u32::from_le_bytes(*b)) {
            return Ok(());
        }
        let rule = "rows do not ascend";
        Err(component.malformed(Malformed { at: self.start, rule }))
    }

    /// The row of an ordinal; `u32::MAX` where there is none.
    #[inline]
    pub(crate) fn row(&self, component: &Component, ordinal: u32) -> u32 {
        if ordinal >= self.count {
            return u32::MAX;
        }
        match self.dense {
            true => ordinal,
            false => self.row_at(component, ordinal).unwrap_or(u32::MAX),
        }
    }

    /// The ordinal of a row that has the field. Cost: nothing if dense, else a binary search.
    pub(crate) fn ordinal(&self, component: &Component, row: u32) -> Option<u32> {
        if self.dense {
            return (row < self.count).then_some(row);
        }
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.row_at(component, middle)? < row {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.count && self.row_at(component, low)? == row).then_some(low)
    }

    /// Rows were verified at open.
    fn row_at(&self, component: &Component, ordinal: u32) -> Option<u32> {
        let start = self.start + 4 * u64::from(ordinal);
        u32_at(component.peek(start..start + 4)?, 0)
    }
}

/// The rows of vectors as they are written.
#[derive(Debug, Default)]
pub(crate) struct WrittenRows {
    /// Empty while every ordinal equals its row.
    rows: Vec<u32>,
    last_row: Option<u32>,
    pub(crate) count: u32,
}

impl WrittenRows {
    /// Whether `row` is above all before it.
    pub(crate) fn takes(&self, row: u32) -> bool {
        self.last_row.is_none_or(|last| row > last)
    }

    /// Notes the row of the next ordinal; the ordinal.
    pub(crate) fn push(&mut self, row: u32) -> u32 {
        let ordinal = self.count;
        if !self.rows.is_empty() {
            self.rows.push(row);
        } else if row != ordinal {
            self.rows.extend(0..ordinal);
            self.rows.push(row);
        }
        self.last_row = Some(row);
        self.count += 1;
        ordinal
    }

    /// Whether every ordinal equals its row.
    pub(crate) fn dense(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.rows)
    }
}
