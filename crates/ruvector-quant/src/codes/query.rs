//! A query ready to be compared with rows of codes. Never changes what it was prepared from, and keeps its buffers when
//! it is prepared anew.

use super::CodeError;
use super::linear::LinearQuery;
use super::product::TableQuery;
use super::scalar::GridQuery;

/// Which of the queries is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Active {
    /// None yet: rows have no bytes.
    #[default]
    Nothing,
    /// One inner product a row.
    Linear,
    /// Manhattan distances on a grid.
    Grid,
    /// Look-ups.
    Tables,
}

/// See [`super::Encoder::prepare`]. A default one refuses every row until it is prepared.
#[derive(Clone, Debug, Default)]
pub struct CodeQuery {
    pub(crate) row_bytes: usize,
    pub(crate) active: Active,
    pub(crate) linear: LinearQuery,
    pub(crate) grid: GridQuery,
    pub(crate) tables: TableQuery,
}

impl CodeQuery {
    /// Bytes of a row that this query compares with.
    pub fn code_bytes(&self) -> usize {
        self.row_bytes
    }

    /// The estimated distance of one row, in the convention of [`ruvector_simd::Metric`]: smaller is closer. Infinite
    /// if `code` has another length than [`Self::code_bytes`], or holds numbers that no encoder writes.
    pub fn distance(&self, code: &[u8]) -> f32 {
        let mut distance = [f32::INFINITY];
        // A refusal leaves the row infinitely far.
        let _ = self.distances(code, &mut distance);
        distance[0]
    }

    /// As [`Self::distance`], of as many adjacent rows as `out` is long. Refuses, and writes nothing, if `codes` does
    /// not hold exactly these. Cost: reads the codes once. The same bits on every CPU.
    pub fn distances(&self, codes: &[u8], out: &mut [f32]) -> Result<(), CodeError> {
        let want = self.row_bytes.saturating_mul(out.len());
        if codes.len() != want || self.active == Active::Nothing {
            return Err(CodeError::CodeLength {
                want,
                have: codes.len(),
            });
        }
        match self.active {
            Active::Nothing => {}
            Active::Linear => self.linear.distances(codes, out),
            Active::Grid => self.grid.distances(codes, out),
            Active::Tables => self.tables.distances(codes, out),
        }
        Ok(())
    }

    /// As [`Self::distances`], of the rows with these numbers among adjacent ones, in any order: rows are asked for from
    /// memory before their turn. Refuses, and writes nothing, if `codes` does not hold them.
    pub fn distances_of(&self, codes: &[u8], rows: &[u32], out: &mut [f32]) -> Result<(), CodeError> {
        let last = rows.iter().copied().fold(0, u32::max) as usize;
        let held = if rows.is_empty() {
            0
        } else {
            last.saturating_add(1)
        };
        let want = self.row_bytes.saturating_mul(held);
        if codes.len() < want || rows.len() != out.len() || self.active == Active::Nothing {
            return Err(CodeError::CodeLength {
                want,
                have: codes.len(),
            });
        }
        if self.active == Active::Linear {
            self.linear.distances_of(codes, rows, out);
            return Ok(());
        }
        for (row, out) in rows.iter().zip(out) {
            let start = *row as usize * self.row_bytes;
            *out = self.distance(&codes[start..start + self.row_bytes]);
        }
        Ok(())
    }

    /// The standard deviation of the estimate for one row, in units of the distance. Rotated codes: of the theory, over
    /// rotations, for this very code (RaBitQ, theorem 3.2; errors beyond four times it are below one in ten thousand).
    /// Other families: of what the sample showed, or of even rounding. Infinite for a row of another length.
    ///
    /// A row whose distance less four times this is above the k-th best exact distance need not be rescored.
    pub fn deviation(&self, code: &[u8]) -> f32 {
        if code.len() != self.row_bytes {
            return f32::INFINITY;
        }
        match self.active {
            Active::Nothing => f32::INFINITY,
            Active::Linear => self.linear.deviation(code),
            Active::Grid => self.grid.deviation,
            Active::Tables => self.tables.deviation(code),
        }
    }
}
