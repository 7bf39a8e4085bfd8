//! The query of families whose distances are one inner product with the code: rotated codes, scalar codes and hashes.
//!
//! With c the encoder's centre, r = v − c what a code stands for and q' = q − c, the distance is
//! `base + add − weight·⟨q', r⟩`: for Euclid ‖q'‖² + ‖r‖² − 2⟨q', r⟩, for Dot −⟨q, c⟩ − ⟨c, r⟩ − ⟨q', r⟩. A row keeps
//! `add` and what ⟨q', code⟩ is worth. Never gives NaN: what is no number is infinitely far.

use ruvector_simd::scan::{CodeFormat, ROWS_AHEAD, ScanKernel, ScanQuery};
use ruvector_simd::{Metric, prefetch};

use super::bytes::f32_at;
use super::levels::{LevelFit, fit_bytes, fit_levels};
use super::{QueryPrecision, Width};

/// Rows that are summed up before their distances are put together: their tails are still in the cache.
const CHUNK_ROWS: usize = 64;

/// What stands behind the code of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing.
    #[default]
    None,
    /// `add`, f32.
    Offset,
    /// `add` and the code's gain, f32; then the error of an estimate and ‖r‖, upper halves of f32, rounded up.
    Factors,
}

impl Tail {
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Tail::None => 0,
            Tail::Offset => 4,
            Tail::Factors => 12,
        }
    }
}

/// Writes the tail of [`Tail::Factors`].
pub(crate) fn put_factors(tail: &mut [u8], add: f32, fit: LevelFit) {
    let [error, length] = [fit.error, fit.length].map(|x| (x.to_bits().saturating_add(0xffff) >> 16) as u16);
    let halves = [error.to_le_bytes(), length.to_le_bytes()];
    let numbers = [add, fit.gain].map(f32::to_le_bytes);
    let bytes = numbers.as_flattened().iter().chain(halves.as_flattened());
    tail.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
}

/// The error and ‖r‖ of [`Tail::Factors`].
fn errors(tail: &[u8]) -> [f32; 2] {
    let half = |at: usize| match tail.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(bytes) => f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16),
        None => 0.0,
    };
    [half(8), half(10)]
}

/// How rows of a family are laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) metric: Metric,
    pub(crate) format: CodeFormat,
    pub(crate) tail: Tail,
    /// Components of a code.
    pub(crate) components: usize,
}

impl Layout {
    pub(crate) fn row_bytes(&self) -> usize {
        self.format.code_bytes(self.components) + self.tail.bytes()
    }

    /// How often ⟨q', r⟩ is in a distance.
    pub(crate) fn weight(&self) -> f32 {
        match self.metric {
            Metric::Euclid => 2.0,
            Metric::Dot | Metric::Manhattan => 1.0,
        }
    }
}

/// What a family says of a query besides its components.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Worth {
    /// The distance of the centre.
    pub(crate) base: f32,
    /// What a unit of ⟨q', code⟩ is worth, gain aside.
    pub(crate) step: f32,
    /// ‖q'‖.
    pub(crate) length: f32,
    /// Standard deviation of ⟨q', r⟩ by a code's coarseness, where rows do not keep it.
    pub(crate) code_error: f32,
    /// The usual ‖r‖, where rows do not keep it.
    pub(crate) row_length: f32,
}

/// See the file's head.
#[derive(Clone, Debug)]
pub(crate) struct LinearQuery {
    kernel: ScanKernel,
    scan: ScanQuery,
    tail: Tail,
    weight: f32,
    worth: Worth,
    /// Times a sum, its share of the distance but for the row's gain.
    mul: f32,
    /// Standard deviation of ⟨q', r⟩ for ‖r‖ = 1 by the query's own rounding.
    query_error: f32,
    levels: Vec<i8>,
    wide: Vec<i16>,
}

impl Default for LinearQuery {
    fn default() -> Self {
        LinearQuery {
            kernel: ScanKernel::detect(),
            scan: ScanQuery::default(),
            tail: Tail::None,
            weight: 1.0,
            worth: Worth::default(),
            mul: 0.0,
            query_error: 0.0,
            levels: Vec::new(),
            wide: Vec::new(),
        }
    }
}

impl LinearQuery {
    /// Takes the components of q'.
    pub(crate) fn set(&mut self, layout: Layout, query: &[f32], precision: QueryPrecision, worth: Worth) {
        if precision == QueryPrecision::Full {
            return self.set_wide(layout, query, worth);
        }
        let mut levels = std::mem::take(&mut self.levels);
        let fit = match precision {
            QueryPrecision::Same => fit_levels(layout.format, query, &mut levels),
            QueryPrecision::Four => fit_levels(Width::Four.format(), query, &mut levels),
            QueryPrecision::Eight | QueryPrecision::Full => fit_bytes(query, &mut levels),
        };
        self.set_levels(layout, &levels, fit, worth);
        self.levels = levels;
    }

    fn set_wide(&mut self, layout: Layout, query: &[f32], worth: Worth) {
        let peak = query.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        let most = f32::from(ScanQuery::WIDE_MAX);
        let per_unit = if peak > 0.0 { most / peak } else { 0.0 };
        self.wide.clear();
        let rounded = |x: &f32| (x * per_unit + 0.5f32.copysign(*x)) as i16;
        self.wide.extend(query.iter().map(rounded));
        self.scan.fill_wide(layout.format, &self.wide);
        let unit = peak / most;
        // Of the rounding by one unit, over all components.
        self.finish(layout, unit, unit / 12f32.sqrt(), worth);
    }

    /// Takes a query that is a code itself.
    pub(crate) fn set_levels(&mut self, layout: Layout, levels: &[i8], fit: LevelFit, worth: Worth) {
        self.scan.fill(layout.format, levels);
        self.finish(layout, fit.gain, fit.error, worth);
    }

    fn finish(&mut self, layout: Layout, unit: f32, query_error: f32, worth: Worth) {
        self.tail = layout.tail;
        self.weight = layout.weight();
        self.worth = worth;
        self.mul = -self.weight * worth.step * unit;
        self.query_error = query_error;
    }

    /// Distances of adjacent rows; the caller has compared the lengths.
    pub(crate) fn distances(&self, rows: &[u8], out: &mut [f32]) {
        let code_bytes = self.scan.code_bytes();
        let row_bytes = code_bytes + self.tail.bytes();
        let mut sums = [0.0; CHUNK_ROWS];
        for (rows, out) in rows
            .chunks(CHUNK_ROWS * row_bytes.max(1))
            .zip(out.chunks_mut(CHUNK_ROWS))
        {
            let sums = &mut sums[..out.len()];
            (self.kernel.scan)(&self.scan, rows, row_bytes, sums);
            match self.tail {
                Tail::None => out
                    .iter_mut()
                    .zip(sums)
                    .for_each(|(out, sum)| *out = or_far(self.worth.base + self.mul * *sum)),
                _ => {
                    let rows = rows.chunks_exact(row_bytes);
                    for ((out, sum), row) in out.iter_mut().zip(sums).zip(rows) {
                        *out = self.distance_of(*sum, &row[code_bytes..]);
                    }
                }
            }
        }
    }

    /// As [`Self::distances`], of the rows with these numbers; the caller has compared the lengths.
    pub(crate) fn distances_of(&self, rows: &[u8], chosen: &[u32], out: &mut [f32]) {
        let code_bytes = self.scan.code_bytes();
        let row_bytes = code_bytes + self.tail.bytes();
        let mut sums = [0.0; CHUNK_ROWS];
        for first in chosen.iter().take(ROWS_AHEAD) {
            let start = *first as usize * row_bytes;
            prefetch(&rows[start..start + row_bytes]);
        }
        for (at, out) in out.chunks_mut(CHUNK_ROWS).enumerate() {
            let (sums, chosen) = (&mut sums[..out.len()], &chosen[at * CHUNK_ROWS..]);
            (self.kernel.scan_chosen)(&self.scan, rows, (row_bytes, chosen), sums);
            for ((out, sum), row) in out.iter_mut().zip(sums).zip(chosen) {
                let tail = &rows[*row as usize * row_bytes + code_bytes..];
                *out = match self.tail {
                    Tail::None => or_far(self.worth.base + self.mul * *sum),
                    _ => self.distance_of(*sum, tail),
                };
            }
        }
    }

    #[inline]
    fn distance_of(&self, sum: f32, tail: &[u8]) -> f32 {
        let gain = match self.tail {
            Tail::Factors => f32_at(tail, 4),
            _ => 1.0,
        };
        or_far(self.worth.base + f32_at(tail, 0) + self.mul * gain * sum)
    }

    /// Standard deviation of the distance of a row.
    pub(crate) fn deviation(&self, row: &[u8]) -> f32 {
        let [code_error, row_length] = match self.tail {
            Tail::Factors => {
                let [error, length] = errors(&row[self.scan.code_bytes().min(row.len())..]);
                [error * self.worth.length, length]
            }
            _ => [self.worth.code_error, self.worth.row_length],
        };
        let query_error = self.query_error * row_length;
        or_far(self.weight * (code_error * code_error + query_error * query_error).sqrt())
    }
}

#[inline]
fn or_far(distance: f32) -> f32 {
    if distance.is_nan() {
        f32::INFINITY
    } else {
        distance
    }
}

/// A row as a query: what its tail of [`Tail::Factors`] says.
pub(crate) fn row_fit(tail: &[u8]) -> (f32, LevelFit) {
    let [error, length] = errors(tail);
    let fit = LevelFit {
        gain: f32_at(tail, 4),
        length,
        // As a query its error is for a row of length 1.
        error,
    };
    (f32_at(tail, 0), fit)
}
