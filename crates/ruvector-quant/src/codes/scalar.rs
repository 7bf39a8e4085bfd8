//! Scalar codes with Qdrant's meaning: one range for all components, in 255 equal steps; what lies outside goes to its
//! end. Distances are exactly those of the decoded vectors, but for the query's own rounding. Never looks at a single
//! component's distribution.
//!
//! A row is one signed byte a component; then, unless the metric is Manhattan, `add` (f32).

use ruvector_simd::scan::CodeFormat;
use ruvector_simd::{Metric, OrderedKernels, distance_i8};

use super::bytes::{Reader, f32_at, put_f32s};
use super::levels::LevelFit;
use super::linear::{Layout, LinearQuery, Tail, Worth};
use super::{DecodeError, QueryPrecision, Space};

const LEVEL_MAX: f32 = 127.0;
/// Components that a quantile is taken from.
const QUANTILE_VALUES_MAX: usize = 1 << 20;

#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    metric: Metric,
    dim: usize,
    /// The middle of the range: what level 0 stands for.
    middle: f32,
    step: f32,
    /// The sample's root mean square distance from the middle.
    length: f32,
}

impl Scalar {
    /// `sample` is not empty, its rows are finite, the quantile is between 0.5 and 1.
    pub(crate) fn train(space: Space, quantile: Option<f32>, sample: &[&[f32]]) -> Scalar {
        let values = sample.iter().flat_map(|row| row.iter().copied());
        let [least, most] = match quantile {
            Some(quantile) => quantiles(values, sample.len() * space.dim, quantile),
            None => values.fold([f32::INFINITY, f32::NEG_INFINITY], |[least, most], x| {
                [least.min(x), most.max(x)]
            }),
        };
        let mut scalar = Scalar {
            metric: space.metric,
            dim: space.dim,
            middle: least / 2.0 + most / 2.0,
            step: (most / 2.0 - least / 2.0) / LEVEL_MAX,
            length: 0.0,
        };
        let squares: f32 = sample.iter().map(|row| square(&scalar.residual(row))).sum();
        scalar.length = (squares / sample.len() as f32).sqrt().min(f32::MAX);
        scalar
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            metric: self.metric,
            format: CodeFormat::Bytes,
            tail: match self.metric {
                Metric::Manhattan => Tail::None,
                Metric::Dot | Metric::Euclid => Tail::Offset,
            },
            components: self.dim,
        }
    }

    fn residual(&self, vector: &[f32]) -> Vec<f32> {
        vector.iter().map(|x| x - self.middle).collect()
    }

    fn levels<'a>(&self, residual: &'a [f32]) -> impl Iterator<Item = i8> + use<'a> {
        let per_step = if self.step > 0.0 { 1.0 / self.step } else { 0.0 };
        residual.iter().map(move |x| {
            let steps = x * per_step;
            (steps + 0.5f32.copysign(steps)).clamp(-LEVEL_MAX, LEVEL_MAX) as i8
        })
    }

    /// What a row adds to a distance, by its levels.
    fn add(&self, levels: impl Iterator<Item = i8>) -> f32 {
        match self.metric {
            Metric::Euclid => {
                let squares: i64 = levels.map(|level| i64::from(level).pow(2)).sum();
                self.step * self.step * squares as f32
            }
            Metric::Dot | Metric::Manhattan => {
                let sum: i64 = levels.map(i64::from).sum();
                -self.middle * self.step * sum as f32
            }
        }
    }

    pub(crate) fn encode(&self, vector: &[f32], row: &mut [u8]) {
        let residual = self.residual(vector);
        let (code, tail) = row.split_at_mut(self.dim);
        for (byte, level) in code.iter_mut().zip(self.levels(&residual)) {
            *byte = level as u8;
        }
        let add = self.add(self.levels(&residual)).to_le_bytes();
        tail.iter_mut().zip(add).for_each(|(to, byte)| *to = byte);
    }

    pub(crate) fn prepare(&self, query: &[f32], precision: QueryPrecision, to: &mut LinearQuery) {
        let residual = self.residual(query);
        let layout = self.layout();
        let square = square(&residual);
        let inner: f32 = residual.iter().sum();
        let worth = self.worth(square, inner);
        if precision != QueryPrecision::Same {
            return to.set(layout, &residual, precision, worth);
        }
        let levels: Vec<i8> = self.levels(&residual).collect();
        // The grid is that of the rows: distances are between decoded vectors, of equal ones zero.
        let decoded: i64 = levels.iter().map(|level| i64::from(*level).pow(2)).sum();
        let sum: i64 = levels.iter().map(|level| i64::from(*level)).sum();
        let decoded = self.worth(self.step * self.step * decoded as f32, self.step * sum as f32);
        to.set_levels(layout, &levels, self.grid_fit(), decoded);
    }

    pub(crate) fn prepare_row(&self, row: &[u8], to: &mut LinearQuery) {
        let (code, tail) = row.split_at(self.dim);
        let levels: Vec<i8> = code.iter().map(|byte| *byte as i8).collect();
        let add = f32_at(tail, 0);
        let base = match self.metric {
            Metric::Euclid => add,
            Metric::Dot | Metric::Manhattan => add - self.middle * self.middle * self.dim as f32,
        };
        let worth = Worth {
            base,
            ..self.worth(self.length * self.length, 0.0)
        };
        to.set_levels(self.layout(), &levels, self.grid_fit(), worth);
    }

    /// Of a query on the rows' grid: one unit is one step.
    fn grid_fit(&self) -> LevelFit {
        LevelFit {
            gain: self.step,
            length: self.length,
            error: self.step / 12f32.sqrt(),
        }
    }

    /// By the query's squared distance from the middle and the sum of its components' distances.
    fn worth(&self, square: f32, sum: f32) -> Worth {
        let base = match self.metric {
            Metric::Euclid => square,
            Metric::Dot | Metric::Manhattan => {
                -self.middle * sum - self.middle * self.middle * self.dim as f32
            }
        };
        Worth {
            base,
            step: self.step,
            length: square.sqrt(),
            code_error: square.sqrt() * self.step / 12f32.sqrt(),
            row_length: self.length,
        }
    }

    pub(crate) fn prepare_grid(&self, query: &[f32], precision: QueryPrecision, to: &mut GridQuery) {
        let residual = self.residual(query);
        to.step = self.step;
        to.levels.clear();
        to.levels.extend(self.levels(&residual));
        to.steps.clear();
        if precision == QueryPrecision::Full && self.step > 0.0 {
            to.steps.extend(residual.iter().map(|x| x / self.step));
        }
        // Each component's rounding errs by up to half a step, evenly.
        let errors = if to.steps.is_empty() { 2.0 } else { 1.0 };
        to.deviation = self.step * (errors * self.dim as f32 / 12.0).sqrt();
    }

    pub(crate) fn prepare_grid_row(&self, row: &[u8], to: &mut GridQuery) {
        to.step = self.step;
        to.steps.clear();
        to.levels.clear();
        to.levels.extend(row.iter().map(|byte| *byte as i8));
        to.deviation = self.step * (self.dim as f32 / 6.0).sqrt();
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_f32s(out, &[self.middle, self.step, self.length]);
    }

    pub(crate) fn read(space: Space, reader: &mut Reader<'_>) -> Result<Scalar, DecodeError> {
        let [middle, step, length] = [reader.f32("middle")?, reader.f32("step")?, reader.f32("length")?];
        if step < 0.0 || length < 0.0 {
            return Err(DecodeError::Field("step"));
        }
        Ok(Scalar {
            metric: space.metric,
            dim: space.dim,
            middle,
            step,
            length,
        })
    }
}

fn square(vector: &[f32]) -> f32 {
    (OrderedKernels::detect().dot)(vector, vector)
}

/// The values below and above which half of what `quantile` leaves out lies each.
fn quantiles(values: impl Iterator<Item = f32>, count: usize, quantile: f32) -> [f32; 2] {
    let stride = count.div_ceil(QUANTILE_VALUES_MAX).max(1) | 1;
    let mut values: Vec<f32> = values.step_by(stride).collect();
    values.sort_unstable_by(f32::total_cmp);
    let last = values.len().saturating_sub(1);
    let cut = (last as f32 * (1.0 - quantile) / 2.0) as usize;
    let at = |place: usize| values.get(place).copied().unwrap_or(0.0);
    [at(cut), at(last - cut.min(last))]
}

/// A query for Manhattan distances: levels on the rows' grid, or, at full precision, steps from its middle.
#[derive(Clone, Debug)]
pub(crate) struct GridQuery {
    kernel: fn(&[i8], &[i8]) -> f32,
    step: f32,
    levels: Vec<i8>,
    steps: Vec<f32>,
    pub(crate) deviation: f32,
}

impl Default for GridQuery {
    fn default() -> Self {
        GridQuery {
            kernel: distance_i8(Metric::Manhattan),
            step: 0.0,
            levels: Vec::new(),
            steps: Vec::new(),
            deviation: 0.0,
        }
    }
}

impl GridQuery {
    pub(crate) fn distances(&self, rows: &[u8], out: &mut [f32]) {
        let mut levels = vec![0i8; self.levels.len()];
        for (row, out) in rows.chunks_exact(levels.len().max(1)).zip(out) {
            levels
                .iter_mut()
                .zip(row)
                .for_each(|(level, byte)| *level = *byte as i8);
            let steps = match self.steps.is_empty() {
                true => (self.kernel)(&self.levels, &levels),
                false => {
                    let pairs = self.steps.iter().zip(&levels);
                    pairs.map(|(x, level)| (x - f32::from(*level)).abs()).sum()
                }
            };
            *out = self.step * steps;
        }
    }
}
