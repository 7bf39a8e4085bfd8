//! The encoder of one vector field in one segment: trained once, kept beside the codes, never changed.
//!
//! As bytes: `RVQE`, version (u8), family (u8), metric (u8), a zero, dimension (u32), seed (u64); then the family's own
//! numbers. All little-endian.

use ruvector_simd::{BYTE_DIM_MAX, Metric, is_finite};

use super::bytes::Reader;
use super::config::{Quantization, QueryPrecision, Space};
use super::hash::{HASH_BITS_MAX, Hash};
use super::product::Product;
use super::query::{Active, CodeQuery};
use super::rotated::Rotated;
use super::scalar::Scalar;
use super::{CodeError, DecodeError, TrainError};

/// Rows of a sample that are learned from; of a larger one, evenly spaced rows.
pub const SAMPLE_ROWS_MAX: usize = 10_000;

const MAGIC: [u8; 4] = *b"RVQE";
const VERSION: u8 = 1;

#[derive(Clone, Debug)]
enum Family {
    Rotated(Rotated),
    Scalar(Scalar),
    Product(Product),
    Hash(Hash),
}

/// Encodes vectors of one space into rows of fixed length, and prepares queries that compare with them.
///
/// ```
/// use ruvector_quant::{Encoder, Quantization, QueryPrecision, Space, Width};
/// use ruvector_simd::Metric;
/// let space = Space { dim: 3, metric: Metric::Euclid, seed: 7 };
/// let rows: [&[f32]; 2] = [&[0.0, 1.0, 2.0], &[1.0, 5.0, 0.0]];
/// let encoder = Encoder::train(Quantization::Rotated { width: Width::Eight }, space, &rows)?;
/// let mut code = vec![0; encoder.code_bytes()];
/// encoder.encode(rows[0], &mut code)?;
/// let query = encoder.prepare(&[0.0, 1.0, 1.0], QueryPrecision::Full)?;
/// assert!((query.distance(&code) - 1.0).abs() < 4.0 * query.deviation(&code));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    space: Space,
    family: Family,
}

impl Encoder {
    /// Learns an encoder from rows of the space, of which at most [`SAMPLE_ROWS_MAX`] are looked at. The same sample
    /// and seed give the same encoder on every CPU. Rotated codes can do without a sample; others refuse an empty one.
    ///
    /// Cost, for 10,000 rows of 384 components: rotated and scalar codes a few passes; product codes and learned hashes
    /// some seconds.
    pub fn train(config: Quantization, space: Space, sample: &[&[f32]]) -> Result<Encoder, TrainError> {
        check(config, space, sample)?;
        let stride = sample.len().div_ceil(SAMPLE_ROWS_MAX).max(1);
        let spaced: Vec<&[f32]> = sample.iter().step_by(stride).copied().collect();
        let (sample, mean) = (spaced.as_slice(), mean(space.dim, &spaced)?);
        let family = match config {
            Quantization::Rotated { width } => Family::Rotated(Rotated::new(width, space, &mean)),
            Quantization::Binary { encoding } => {
                Family::Rotated(Rotated::new(encoding.width(), space, &mean))
            }
            Quantization::Scalar { quantile } => Family::Scalar(Scalar::train(space, quantile, sample)),
            Quantization::Product { compression } => {
                Family::Product(Product::train(space, compression, sample))
            }
            Quantization::Neural { bits } => Family::Hash(Hash::train(space, bits, true, (mean, sample))),
            Quantization::Lsh { bits } => Family::Hash(Hash::train(space, bits, false, (mean, sample))),
        };
        Ok(Encoder { space, family })
    }

    /// The space it was trained for.
    pub fn space(&self) -> Space {
        self.space
    }

    /// Bytes of a row: the code and its factors.
    pub fn code_bytes(&self) -> usize {
        match &self.family {
            Family::Rotated(rotated) => rotated.layout().row_bytes(),
            Family::Scalar(scalar) => scalar.layout().row_bytes(),
            Family::Product(product) => product.code_bytes(),
            Family::Hash(hash) => hash.layout().row_bytes(),
        }
    }

    /// Writes the row of `vector`, [`Self::code_bytes`] long. The same bytes on every CPU. Refuses wrong lengths and
    /// components that are not finite. Cost: rotated codes about twenty passes over the vector, hashes one inner product
    /// a bit, product codes 256 distances.
    pub fn encode(&self, vector: &[f32], out: &mut [u8]) -> Result<(), CodeError> {
        self.check_vector(vector)?;
        self.check_row(out)?;
        match &self.family {
            Family::Rotated(rotated) => rotated.encode(vector, out),
            Family::Scalar(scalar) => scalar.encode(vector, out),
            Family::Product(product) => product.encode(vector, out),
            Family::Hash(hash) => hash.encode(vector, out),
        }
        Ok(())
    }

    /// A query for comparing with rows of this encoder. See [`Self::prepare_into`].
    pub fn prepare(&self, query: &[f32], precision: QueryPrecision) -> Result<CodeQuery, CodeError> {
        let mut prepared = CodeQuery::default();
        self.prepare_into(query, precision, &mut prepared)?;
        Ok(prepared)
    }

    /// As [`Self::prepare`], into buffers of an earlier query. Product codes know no precision between
    /// [`QueryPrecision::Same`] and [`QueryPrecision::Full`]: others mean the latter; for Manhattan distances the
    /// former.
    pub fn prepare_into(
        &self,
        query: &[f32],
        precision: QueryPrecision,
        to: &mut CodeQuery,
    ) -> Result<(), CodeError> {
        self.check_vector(query)?;
        to.row_bytes = self.code_bytes();
        to.active = self.active();
        match &self.family {
            Family::Rotated(rotated) => rotated.prepare(query, precision, &mut to.linear),
            Family::Scalar(scalar) if to.active == Active::Grid => {
                scalar.prepare_grid(query, precision, &mut to.grid);
            }
            Family::Scalar(scalar) => scalar.prepare(query, precision, &mut to.linear),
            Family::Product(product) => product.prepare(query, precision, &mut to.tables),
            Family::Hash(hash) => hash.prepare(query, precision, &mut to.linear),
        }
        Ok(())
    }

    /// Makes a query of a row: distances to it are symmetric, between codes alone. For building a graph over codes:
    /// prepare once, compare often.
    pub fn prepare_code_into(&self, code: &[u8], to: &mut CodeQuery) -> Result<(), CodeError> {
        self.check_row(code)?;
        to.row_bytes = self.code_bytes();
        to.active = self.active();
        match &self.family {
            Family::Rotated(rotated) => rotated.prepare_row(code, &mut to.linear),
            Family::Scalar(scalar) if to.active == Active::Grid => {
                scalar.prepare_grid_row(code, &mut to.grid)
            }
            Family::Scalar(scalar) => scalar.prepare_row(code, &mut to.linear),
            Family::Product(product) => product.prepare_row(code, &mut to.tables),
            Family::Hash(hash) => hash.prepare_row(code, &mut to.linear),
        }
        Ok(())
    }

    /// The distance between two rows, estimated from the codes alone. Infinite if one has another length than
    /// [`Self::code_bytes`]. Cost: that of [`Self::prepare_code_into`] and one comparison.
    pub fn distance_between(&self, code: &[u8], other: &[u8]) -> f32 {
        let mut query = CodeQuery::default();
        match self.prepare_code_into(code, &mut query) {
            Ok(()) => query.distance(other),
            Err(_) => f32::INFINITY,
        }
    }

    fn active(&self) -> Active {
        match (&self.family, self.space.metric) {
            (Family::Scalar(_), Metric::Manhattan) => Active::Grid,
            (Family::Product(_), _) => Active::Tables,
            _ => Active::Linear,
        }
    }

    fn check_vector(&self, vector: &[f32]) -> Result<(), CodeError> {
        let (want, have) = (self.space.dim, vector.len());
        match have == want {
            false => Err(CodeError::VectorLength { want, have }),
            true if !is_finite(vector) => Err(CodeError::NotFinite),
            true => Ok(()),
        }
    }

    fn check_row(&self, row: &[u8]) -> Result<(), CodeError> {
        let (want, have) = (self.code_bytes(), row.len());
        (want == have)
            .then_some(())
            .ok_or(CodeError::CodeLength { want, have })
    }

    /// As bytes, for [`Self::from_bytes`]. Rotated codes: 4 bytes a component; product codes 1,024; hashes 4 for each
    /// component and bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let family = match &self.family {
            Family::Rotated(_) => 0,
            Family::Scalar(_) => 1,
            Family::Product(_) => 2,
            Family::Hash(_) => 3,
        };
        out.extend([VERSION, family, metric_code(self.space.metric), 0]);
        out.extend((self.space.dim as u32).to_le_bytes());
        out.extend(self.space.seed.to_le_bytes());
        match &self.family {
            Family::Rotated(rotated) => rotated.write(&mut out),
            Family::Scalar(scalar) => scalar.write(&mut out),
            Family::Product(product) => product.write(&mut out),
            Family::Hash(hash) => hash.write(&mut out),
        }
        out
    }

    /// Reads what [`Self::to_bytes`] wrote. Any bytes are safe: lengths are checked before anything is allocated, and
    /// numbers must be finite. Allocates a few times the bytes' length at most, 1 MiB for the rotation aside.
    pub fn from_bytes(bytes: &[u8]) -> Result<Encoder, DecodeError> {
        let mut reader = Reader(bytes);
        if reader.array()? != MAGIC {
            return Err(DecodeError::NotAnEncoder);
        }
        let [version, family, metric, zero] = reader.array()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let space = Space {
            dim: reader.u32()? as usize,
            metric: metric_of(metric).ok_or(DecodeError::Field("metric"))?,
            seed: reader.u64()?,
        };
        if space.dim == 0 || space.dim > BYTE_DIM_MAX || zero != 0 {
            return Err(DecodeError::Field("dim"));
        }
        if space.metric == Metric::Manhattan && family != 1 {
            return Err(DecodeError::Field("metric"));
        }
        let family = match family {
            0 => Family::Rotated(Rotated::read(space, &mut reader)?),
            1 => Family::Scalar(Scalar::read(space, &mut reader)?),
            2 => Family::Product(Product::read(space, &mut reader)?),
            3 => Family::Hash(Hash::read(space, &mut reader)?),
            _ => return Err(DecodeError::Field("family")),
        };
        reader.end()?;
        Ok(Encoder { space, family })
    }
}

fn metric_code(metric: Metric) -> u8 {
    match metric {
        Metric::Dot => 0,
        Metric::Euclid => 1,
        Metric::Manhattan => 2,
    }
}

fn metric_of(code: u8) -> Option<Metric> {
    [Metric::Dot, Metric::Euclid, Metric::Manhattan]
        .get(usize::from(code))
        .copied()
}

fn check(config: Quantization, space: Space, sample: &[&[f32]]) -> Result<(), TrainError> {
    if space.dim == 0 || space.dim > BYTE_DIM_MAX {
        return Err(TrainError::Dimension(space.dim));
    }
    let (family, metric) = (family_name(config), space.metric);
    if metric == Metric::Manhattan && !matches!(config, Quantization::Scalar { .. }) {
        return Err(TrainError::MetricNotSupported { family, metric });
    }
    match config {
        Quantization::Scalar {
            quantile: Some(quantile),
        } if !(0.5..=1.0).contains(&quantile) => {
            return Err(TrainError::Quantile(quantile));
        }
        Quantization::Neural { bits } | Quantization::Lsh { bits } if bits == 0 || bits > HASH_BITS_MAX => {
            return Err(TrainError::HashBits(bits));
        }
        _ => {}
    }
    let needs_sample = !matches!(config, Quantization::Rotated { .. } | Quantization::Binary { .. });
    if needs_sample && sample.is_empty() {
        return Err(TrainError::NoSample);
    }
    for (row, vector) in sample.iter().enumerate() {
        if vector.len() != space.dim {
            let components = vector.len();
            return Err(TrainError::RowLength { row, components });
        }
        if !is_finite(vector) {
            return Err(TrainError::RowNotFinite { row });
        }
    }
    Ok(())
}

fn family_name(config: Quantization) -> &'static str {
    match config {
        Quantization::Rotated { .. } => "rotated",
        Quantization::Binary { .. } => "binary",
        Quantization::Scalar { .. } => "scalar",
        Quantization::Product { .. } => "product",
        Quantization::Neural { .. } => "neural",
        Quantization::Lsh { .. } => "LSH",
    }
}

/// The mean of the rows, 0 of none.
fn mean(dim: usize, sample: &[&[f32]]) -> Result<Vec<f32>, TrainError> {
    let mut sums = vec![0.0f64; dim];
    let mut squares = 0.0f64;
    for row in sample {
        for (sum, x) in sums.iter_mut().zip(*row) {
            *sum += f64::from(*x);
            squares += f64::from(*x) * f64::from(*x);
        }
    }
    // A quarter of the exponents to spare: what training squares must not overflow.
    if squares > 1e34 {
        return Err(TrainError::TooLarge);
    }
    let count = sample.len().max(1) as f64;
    Ok(sums.into_iter().map(|sum| (sum / count) as f32).collect())
}
