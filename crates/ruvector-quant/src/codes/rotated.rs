//! Codes of rotated vectors less the mean of the sample: RaBitQ (Gao and Long, SIGMOD 2024) and, with more levels, its
//! extension (Gao et al., SIGMOD 2025). The estimate is without bias over rotations. Never depends on the data but by
//! the mean.
//!
//! A row is the code, then 12 bytes: `add` and gain (f32), the error of an estimate and ‖r‖ (upper halves of f32).

use ruvector_simd::{Metric, OrderedKernels};

use super::bytes::{Reader, put_f32s};
use super::levels::fit_levels;
use super::linear::{Layout, LinearQuery, Tail, Worth, put_factors, row_fit};
use super::pack::{pack, unpack};
use super::{DecodeError, QueryPrecision, Space, Width};
use crate::Rotation;

#[derive(Clone, Debug)]
pub(crate) struct Rotated {
    width: Width,
    metric: Metric,
    rotation: Rotation,
    /// The rotated mean of the sample.
    center: Vec<f32>,
    center_squared: f32,
    dot: fn(&[f32], &[f32]) -> f32,
}

impl Rotated {
    /// `mean` has the dimension of the space.
    pub(crate) fn new(width: Width, space: Space, mean: &[f32]) -> Rotated {
        let rotation = Rotation::new(space.dim, space.seed);
        let mut center = Vec::new();
        rotation.rotate(mean, &mut center);
        Rotated::with_center(width, space.metric, rotation, center)
    }

    fn with_center(width: Width, metric: Metric, rotation: Rotation, center: Vec<f32>) -> Rotated {
        let dot = OrderedKernels::detect().dot;
        Rotated {
            width,
            metric,
            rotation,
            center_squared: dot(&center, &center),
            center,
            dot,
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            metric: self.metric,
            format: self.width.format(),
            tail: Tail::Factors,
            components: self.rotation.padded_dim(),
        }
    }

    fn residual(&self, vector: &[f32]) -> Vec<f32> {
        let mut rotated = Vec::new();
        self.rotation.rotate(vector, &mut rotated);
        rotated.iter_mut().zip(&self.center).for_each(|(x, c)| *x -= c);
        rotated
    }

    pub(crate) fn encode(&self, vector: &[f32], row: &mut [u8]) {
        let layout = self.layout();
        let residual = self.residual(vector);
        let mut levels = Vec::with_capacity(residual.len());
        let fit = fit_levels(layout.format, &residual, &mut levels);
        let add = match self.metric {
            Metric::Euclid => fit.length * fit.length,
            Metric::Dot | Metric::Manhattan => -(self.dot)(&residual, &self.center),
        };
        let (code, tail) = row.split_at_mut(layout.format.code_bytes(layout.components));
        pack(layout.format, &levels, code);
        put_factors(tail, add, fit);
    }

    pub(crate) fn prepare(&self, query: &[f32], precision: QueryPrecision, to: &mut LinearQuery) {
        let residual = self.residual(query);
        let length_squared = (self.dot)(&residual, &residual);
        let base = match self.metric {
            Metric::Euclid => length_squared,
            Metric::Dot | Metric::Manhattan => -(self.dot)(&residual, &self.center) - self.center_squared,
        };
        to.set(
            self.layout(),
            &residual,
            precision,
            worth(base, length_squared.sqrt()),
        );
    }

    pub(crate) fn prepare_row(&self, row: &[u8], to: &mut LinearQuery) {
        let layout = self.layout();
        let (code, tail) = row.split_at(layout.format.code_bytes(layout.components));
        let (add, fit) = row_fit(tail);
        let mut levels = Vec::with_capacity(layout.components);
        unpack(layout.format, code, layout.components, &mut levels);
        let base = match self.metric {
            Metric::Euclid => add,
            Metric::Dot | Metric::Manhattan => add - self.center_squared,
        };
        to.set_levels(layout, &levels, fit, worth(base, fit.length));
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.width as u8);
        put_f32s(out, &self.center);
    }

    pub(crate) fn read(space: Space, reader: &mut Reader<'_>) -> Result<Rotated, DecodeError> {
        let width = Width::ALL.get(usize::from(reader.u8()?));
        let width = *width.ok_or(DecodeError::Field("width"))?;
        let center = reader.f32s(space.dim.next_multiple_of(64), "center")?;
        let rotation = Rotation::new(space.dim, space.seed);
        Ok(Rotated::with_center(width, space.metric, rotation, center))
    }
}

fn worth(base: f32, length: f32) -> Worth {
    Worth {
        base,
        step: 1.0,
        length,
        ..Worth::default()
    }
}
