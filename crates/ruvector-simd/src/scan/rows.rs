//! Which rows a scan reads. Never names a row that the codes do not hold, once it has been found to fit.

use super::ScanQuery;

/// How many rows before its turn a chosen row is asked for from memory. Of 11,680 codes of 60 bytes among 117k, a row took
/// 5.4, 3.7 and 3.0 ns with 32, 64 and 128 where they came from the last cache, and 7.1, 4.5 and 4.1 from memory.
pub const ROWS_AHEAD: usize = 96;

/// Rows of a column of codes.
pub(super) trait Rows: Copy {
    /// Where a row starts.
    fn start(self, row: usize) -> usize;

    /// A hint that the row [`ROWS_AHEAD`] of this one follows soon.
    fn look_ahead(self, codes: &[u8], row: usize);

    /// Whether the codes hold so many of these rows.
    fn fit(self, query: &ScanQuery, codes: &[u8], rows: usize) -> bool;
}

/// All rows from the first on, so many bytes apart.
#[derive(Clone, Copy)]
pub(super) struct Adjacent(pub(super) usize);

impl Rows for Adjacent {
    #[inline(always)]
    fn start(self, row: usize) -> usize {
        row * self.0
    }

    /// The CPU sees for itself which rows follow.
    #[inline(always)]
    fn look_ahead(self, _codes: &[u8], _row: usize) {}

    fn fit(self, query: &ScanQuery, codes: &[u8], rows: usize) -> bool {
        let last = rows.checked_sub(1);
        last.is_none_or(|last| ends_within(query, codes, self.0, last))
    }
}

/// Rows by their numbers, where all are so many bytes apart.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a>(pub(super) usize, pub(super) &'a [u32]);

impl Rows for Chosen<'_> {
    #[inline(always)]
    fn start(self, row: usize) -> usize {
        self.1[row] as usize * self.0
    }

    #[inline(always)]
    fn look_ahead(self, codes: &[u8], row: usize) {
        if let Some(later) = self.1.get(row + ROWS_AHEAD) {
            crate::prefetch::row(codes, (*later as usize).wrapping_mul(self.0), self.0);
        }
    }

    #[inline(always)]
    fn fit(self, query: &ScanQuery, codes: &[u8], rows: usize) -> bool {
        let Some(chosen) = self.1.get(..rows) else {
            return false;
        };
        // By folding, which is done many at once.
        let last = chosen.iter().copied().fold(0, u32::max);
        chosen.is_empty() || ends_within(query, codes, self.0, last as usize)
    }
}

fn ends_within(query: &ScanQuery, codes: &[u8], stride: usize, row: usize) -> bool {
    let start = row.checked_mul(stride);
    let end = start.and_then(|start| start.checked_add(query.code_bytes()));
    stride >= query.code_bytes() && end.is_some_and(|end| end <= codes.len())
}
