//! Why an encoder cannot be trained or read, and why it refuses a vector or a code. Never a text alone: each carries
//! what a caller needs to say it better.

use std::error::Error;
use std::fmt;

use ruvector_simd::Metric;

/// Why [`super::Encoder::train`] refuses.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainError {
    /// The dimension is 0 or more than [`ruvector_simd::BYTE_DIM_MAX`].
    Dimension(usize),
    /// The family has no codes for this metric.
    MetricNotSupported {
        /// Its name.
        family: &'static str,
        /// What was asked for.
        metric: Metric,
    },
    /// The family learns from vectors and got none.
    NoSample,
    /// A row of the sample has another length than the space.
    RowLength {
        /// Its place in the sample.
        row: usize,
        /// Its components.
        components: usize,
    },
    /// A row of the sample has a component that is NaN or infinite.
    RowNotFinite {
        /// Its place in the sample.
        row: usize,
    },
    /// The quantile is not between 0.5 and 1.
    Quantile(f32),
    /// The hash has no bits or too many.
    HashBits(u32),
    /// The sample's components are so large that single precision cannot hold their squares' sum.
    TooLarge,
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainError::Dimension(dim) => write!(f, "dimension {dim} is not between 1 and 65536"),
            TrainError::MetricNotSupported { family, metric } => {
                write!(
                    f,
                    "{family} quantization does not support the {metric:?} distance"
                )
            }
            TrainError::NoSample => write!(f, "the sample is empty"),
            TrainError::RowLength { row, components } => {
                write!(f, "row {row} of the sample has {components} components")
            }
            TrainError::RowNotFinite { row } => {
                write!(f, "row {row} of the sample has a component that is not finite")
            }
            TrainError::Quantile(quantile) => write!(f, "quantile {quantile} is not between 0.5 and 1"),
            TrainError::HashBits(bits) => write!(f, "a hash of {bits} bits is not between 1 and 8192"),
            TrainError::TooLarge => write!(f, "the sample's components are too large to learn from"),
        }
    }
}

impl Error for TrainError {}

/// Why a vector is not encoded, or codes are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// The vector has another length than the space.
    VectorLength {
        /// Components it should have.
        want: usize,
        /// Components it has.
        have: usize,
    },
    /// The vector has a component that is NaN or infinite.
    NotFinite,
    /// The bytes are not as many as codes take.
    CodeLength {
        /// Bytes there should be.
        want: usize,
        /// Bytes there are.
        have: usize,
    },
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeError::VectorLength { want, have } => {
                write!(f, "the vector has {have} components instead of {want}")
            }
            CodeError::NotFinite => write!(f, "the vector has a component that is not finite"),
            CodeError::CodeLength { want, have } => {
                write!(f, "the codes have {have} bytes instead of {want}")
            }
        }
    }
}

impl Error for CodeError {}

/// Why bytes are not an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// They do not start as an encoder does.
    NotAnEncoder,
    /// A version that this program does not know.
    Version(u8),
    /// They end before the encoder does, or go on after it.
    Length,
    /// A field has a value that no encoder has.
    Field(&'static str),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NotAnEncoder => write!(f, "the bytes are not an encoder"),
            DecodeError::Version(version) => write!(f, "encoder version {version} is not known"),
            DecodeError::Length => write!(f, "the encoder's length does not fit its contents"),
            DecodeError::Field(field) => write!(f, "the encoder's field `{field}` has no valid value"),
        }
    }
}

impl Error for DecodeError {}
