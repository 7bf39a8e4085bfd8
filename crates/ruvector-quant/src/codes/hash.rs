//! Hashes: the signs of projections, learned or random, of vectors less the sample's mean. Distances follow
//! ⟨q', r⟩ ≈ worth·Σ projection(q')·sign(r). A hash keeps no length, so it ranks by direction only. Never has a tail.

use ruvector_simd::scan::CodeFormat;
use ruvector_simd::{Metric, OrderedKernels};

use super::bytes::{Reader, put_f32s};
use super::itq::{Matrix, learn};
use super::levels::LevelFit;
use super::linear::{Layout, LinearQuery, Tail, Worth};
use super::pack::{pack, unpack};
use super::random::Random;
use super::{DecodeError, QueryPrecision, Space};

/// Bits of the longest hash.
pub(crate) const HASH_BITS_MAX: u32 = 8_192;
/// Rows that projections are learned from.
const LEARN_ROWS_MAX: usize = 2_048;
/// Rows whose pairs say what a sum is worth.
const PAIR_ROWS_MAX: usize = 256;

/// What sums over a hash stand for, measured on the sample.
#[derive(Clone, Copy, Debug, Default)]
struct Scale {
    /// ⟨q', r⟩ for one unit of Σ projection·sign.
    worth: f32,
    /// Root mean square of what that leaves out, for ‖q'‖ = 1.
    error: f32,
    /// Mean size of a projection.
    projection: f32,
    /// Mean ‖r‖².
    square: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Hash {
    metric: Metric,
    bits: usize,
    mean: Vec<f32>,
    projections: Matrix,
    scale: Scale,
    dot: fn(&[f32], &[f32]) -> f32,
}

impl Hash {
    /// `sample` is not empty, its rows are finite, `mean` is theirs; `bits` is in its limits.
    pub(crate) fn train(
        space: Space,
        bits: u32,
        learned: bool,
        (mean, sample): (Vec<f32>, &[&[f32]]),
    ) -> Hash {
        let mut random = Random::new(space.seed);
        let stride = sample.len().div_ceil(LEARN_ROWS_MAX).max(1);
        let rows = sample.iter().step_by(stride);
        let centered = rows.flat_map(|row| row.iter().zip(&mean).map(|(x, m)| x - m));
        let vectors = Matrix::new(space.dim, centered.collect());
        let bits = bits as usize;
        let projections = match learned {
            true => learn(&vectors, bits, &mut random),
            false => Matrix::random(bits, space.dim, &mut random),
        };
        let mut hash = Hash {
            metric: space.metric,
            bits,
            mean,
            projections,
            scale: Scale::default(),
            dot: OrderedKernels::detect().dot,
        };
        hash.scale = hash.measure(&vectors);
        hash
    }

    /// Regresses inner products of the sample's vectors on sums over their hashes.
    fn measure(&self, vectors: &Matrix) -> Scale {
        let stride = vectors.rows().len().div_ceil(PAIR_ROWS_MAX).max(1);
        let rows: Vec<&[f32]> = vectors.rows().step_by(stride).collect();
        let projected: Vec<Vec<f32>> = rows.iter().map(|row| self.project(row)).collect();
        let signs: Vec<Vec<f32>> = projected
            .iter()
            .map(|row| row.iter().map(|x| if *x < 0.0 { -1.0 } else { 1.0 }).collect())
            .collect();
        let squares: Vec<f32> = rows.iter().map(|row| (self.dot)(row, row)).collect();
        let (mut sum_sum, mut sum_inner, mut inner_inner, mut pairs) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        for ((row, projected), square) in rows.iter().zip(&projected).zip(&squares) {
            if *square <= 0.0 {
                continue;
            }
            let per_length = 1.0 / f64::from(*square);
            for (other, signs) in rows.iter().zip(&signs) {
                let sum = f64::from((self.dot)(projected, signs));
                let inner = f64::from((self.dot)(row, other));
                sum_sum += sum * sum * per_length;
                sum_inner += sum * inner * per_length;
                inner_inner += inner * inner * per_length;
                pairs += 1.0;
            }
        }
        let worth = if sum_sum > 0.0 { sum_inner / sum_sum } else { 0.0 };
        let error = ((inner_inner - worth * sum_inner).max(0.0) / pairs.max(1.0)).sqrt();
        let sizes = projected.iter().flatten().map(|x| f64::from(x.abs()));
        let projection = sizes.sum::<f64>() / (self.bits * rows.len()).max(1) as f64;
        let square = squares.iter().map(|x| f64::from(*x)).sum::<f64>() / rows.len().max(1) as f64;
        let [worth, error, projection, square] = [worth, error, projection, square].map(|x| x as f32);
        Scale {
            worth,
            error,
            projection,
            square,
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            metric: self.metric,
            format: CodeFormat::Bits,
            tail: Tail::None,
            components: self.bits,
        }
    }

    fn project(&self, residual: &[f32]) -> Vec<f32> {
        self.projections
            .rows()
            .map(|row| (self.dot)(row, residual))
            .collect()
    }

    fn residual(&self, vector: &[f32]) -> Vec<f32> {
        vector.iter().zip(&self.mean).map(|(x, m)| x - m).collect()
    }

    pub(crate) fn encode(&self, vector: &[f32], code: &mut [u8]) {
        let projected = self.project(&self.residual(vector));
        let signs: Vec<i8> = projected.iter().map(|x| if *x < 0.0 { -1 } else { 1 }).collect();
        pack(CodeFormat::Bits, &signs, code);
    }

    pub(crate) fn prepare(&self, query: &[f32], precision: QueryPrecision, to: &mut LinearQuery) {
        let residual = self.residual(query);
        let square = (self.dot)(&residual, &residual);
        let base = match self.metric {
            Metric::Euclid => square + self.scale.square,
            Metric::Dot | Metric::Manhattan => -(self.dot)(query, &self.mean),
        };
        let worth = self.worth(base, square.sqrt());
        to.set(self.layout(), &self.project(&residual), precision, worth);
    }

    pub(crate) fn prepare_row(&self, code: &[u8], to: &mut LinearQuery) {
        let base = match self.metric {
            Metric::Euclid => 2.0 * self.scale.square,
            Metric::Dot | Metric::Manhattan => -(self.dot)(&self.mean, &self.mean),
        };
        let mut levels = Vec::with_capacity(self.bits);
        unpack(CodeFormat::Bits, code, self.bits, &mut levels);
        let fit = LevelFit {
            gain: self.scale.projection,
            length: self.scale.square.sqrt(),
            error: self.scale.error,
        };
        to.set_levels(self.layout(), &levels, fit, self.worth(base, fit.length));
    }

    fn worth(&self, base: f32, length: f32) -> Worth {
        Worth {
            base,
            step: self.scale.worth,
            length,
            code_error: length * self.scale.error,
            // What the query's rounding adds is in units of projections; the regression's error has it nearly all.
            row_length: 0.0,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend((self.bits as u32).to_le_bytes());
        let Scale {
            worth,
            error,
            projection,
            square,
        } = self.scale;
        put_f32s(out, &[worth, error, projection, square]);
        put_f32s(out, &self.mean);
        put_f32s(out, &self.projections.values);
    }

    pub(crate) fn read(space: Space, reader: &mut Reader<'_>) -> Result<Hash, DecodeError> {
        let bits = reader.u32()?;
        if bits == 0 || bits > HASH_BITS_MAX {
            return Err(DecodeError::Field("bits"));
        }
        let scale = Scale {
            worth: reader.f32("worth")?,
            error: reader.f32("error")?,
            projection: reader.f32("projection")?,
            square: reader.f32("square")?,
        };
        let mean = reader.f32s(space.dim, "mean")?;
        let bits = bits as usize;
        let projections = reader.f32s(bits * space.dim, "projections")?;
        Ok(Hash {
            metric: space.metric,
            bits,
            mean,
            projections: Matrix::new(space.dim, projections),
            scale,
            dot: OrderedKernels::detect().dot,
        })
    }
}
