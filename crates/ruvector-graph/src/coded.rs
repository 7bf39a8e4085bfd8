//! Vectors as rows of 8-bit codes, in memory: a graph is built over them at a quarter of the bytes. Filled in steps;
//! never on disk, and never the source of a distance that a caller of the engine sees.
//!
//! A row is the vector rotated at random, so that no data is worse than another, less the mean of a sample under
//! the Euclidean metric, so that a common offset costs no precision, in signed steps of its own.

use ruvector_quant::{Rotation, code_row_bytes, encode_code_row};
use ruvector_simd::{Metric, code_row_distance, prefetch};

use crate::access::{Distance, Numbers, Space, Vectors};

/// Vectors that the centre is the mean of.
const SAMPLE_VECTORS: u32 = 1_024;
/// Rows begin at cache lines: no load of a kernel crosses one.
const ALIGN_BYTES: usize = 64;

/// Code rows of the first `len` vectors of a field. Memory: the dimension, rounded up to a multiple of 16, and 8
/// bytes, rounded up to a multiple of 64, a vector.
#[derive(Debug)]
pub struct CodedVectors {
    metric: Metric,
    distance: Distance<i8>,
    rotation: Rotation,
    total: u32,
    sample: Option<Sample>,
    /// Rows of `stride` bytes from `start` on.
    bytes: Vec<i8>,
    bytes_len: usize,
    start: usize,
    stride: usize,
    coded: u32,
    /// Ordinals whose vectors cannot be read, ascending.
    unreadable: Vec<u32>,
    rotated: Vec<f32>,
    decoded: Vec<f32>,
}

/// What a look at a sample of the vectors tells.
#[derive(Debug)]
struct Sample {
    /// Their mean, rotated; zero where the metric does not bear a shift.
    center: Vec<f32>,
    /// The root of their mean squared length: in these units no square is too small or large for an f32.
    unit: f32,
}

impl CodedVectors {
    /// Prepares rows for `len` vectors of `dim` components, rotated as `seed` says. `None` for a metric that does
    /// not survive a rotation, and for more than there are addresses.
    pub fn new(metric: Metric, dim: usize, len: u32, seed: u64) -> Option<CodedVectors> {
        let distance = code_row_distance(metric)?;
        let rotation = Rotation::tight(dim, seed);
        let stride = code_row_bytes(rotation.padded_dim()).next_multiple_of(ALIGN_BYTES);
        let bytes = stride.checked_mul(len as usize)?.checked_add(ALIGN_BYTES)?;
        Some(CodedVectors {
            metric,
            distance,
            rotation,
            total: len,
            sample: None,
            bytes: Vec::new(),
            bytes_len: bytes,
            start: 0,
            stride,
            coded: 0,
            unreadable: Vec::new(),
            rotated: Vec::new(),
            decoded: Vec::new(),
        })
    }

    /// Codes up to `rows_max` of `vectors` (one at least), always the same ones; true when all are coded. Cost: a
    /// rotation and two passes a vector, and at the first call the mean of the sample.
    pub fn step(&mut self, vectors: &impl Numbers, rows_max: u32) -> bool {
        if self.sample.is_none() {
            self.sample = Some(self.look_at(vectors));
            self.bytes = vec![0; self.bytes_len];
            self.start = self.bytes.as_ptr().align_offset(ALIGN_BYTES).min(ALIGN_BYTES);
        }
        for _ in 0..rows_max.max(1) {
            if self.coded >= self.total {
                break;
            }
            self.code_next(vectors);
        }
        self.coded >= self.total
    }

    /// The rows and the distance that compares them: that of the metric, in a unit of their own.
    pub fn space(&self) -> Space<'_, CodedVectors> {
        Space::new(self, self.distance)
    }

    fn look_at(&self, vectors: &impl Numbers) -> Sample {
        let mut sums = vec![0.0f64; self.rotation.dim()];
        let (mut squares, mut count) = (0.0f64, 0u32);
        let (places, mut decoded) = (SAMPLE_VECTORS.min(self.total), Vec::new());
        for place in 0..places {
            let ordinal = (u64::from(place) * u64::from(self.total) / u64::from(places)) as u32;
            let vector = vectors.numbers(ordinal, &mut decoded);
            count += u32::from(vector.is_some());
            for (sum, x) in sums.iter_mut().zip(vector.unwrap_or_default()) {
                *sum += f64::from(*x);
                squares += f64::from(*x) * f64::from(*x);
            }
        }
        let count = f64::from(count.max(1));
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let mut center = Vec::new();
        self.rotation.rotate(&mean, &mut center);
        if self.metric != Metric::Euclid || !center.iter().all(|x| x.is_finite()) {
            center.fill(0.0);
        }
        let unit = (squares / count).sqrt() as f32;
        Sample {
            center,
            unit: if unit.is_normal() { unit } else { 1.0 },
        }
    }

    fn code_next(&mut self, vectors: &impl Numbers) {
        let ordinal = self.coded;
        self.coded += 1;
        let vector = vectors.numbers(ordinal, &mut self.decoded);
        let (Some(vector), Some(sample)) = (vector, &self.sample) else {
            self.unreadable.push(ordinal);
            return;
        };
        self.rotation.rotate(vector, &mut self.rotated);
        let pairs = self.rotated.iter_mut().zip(&sample.center);
        pairs.for_each(|(x, center)| *x -= center);
        let start = self.start + ordinal as usize * self.stride;
        let bytes = code_row_bytes(self.rotated.len());
        if let Some(row) = self.bytes.get_mut(start..start + bytes) {
            encode_code_row(&self.rotated, sample.unit, row);
        }
    }

    #[inline]
    fn row(&self, ordinal: u32) -> Option<&[i8]> {
        let start = self.start + ordinal as usize * self.stride;
        let bytes = code_row_bytes(self.rotation.padded_dim());
        self.bytes.get(start..start + bytes)
    }
}

impl Vectors for CodedVectors {
    type Component = i8;

    fn len(&self) -> u32 {
        self.coded
    }

    #[inline]
    fn vector(&self, ordinal: u32) -> Option<&[i8]> {
        if ordinal >= self.coded || self.unreadable.binary_search(&ordinal).is_ok() {
            return None;
        }
        self.row(ordinal)
    }

    #[inline]
    fn prefetch(&self, ordinal: u32) {
        if let Some(row) = self.row(ordinal) {
            prefetch(row);
        }
    }
}
