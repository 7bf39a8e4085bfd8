//! What a caller chooses: the space of the vectors, the family of codes, the precision of queries. Plain values;
//! nothing here computes.

use ruvector_simd::Metric;
use ruvector_simd::scan::CodeFormat;

/// The vectors that an encoder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Components of a vector, 1 to [`ruvector_simd::BYTE_DIM_MAX`].
    pub dim: usize,
    /// What distances are estimated. Cosine is [`Metric::Dot`] over normalized vectors.
    pub metric: Metric,
    /// Names the rotation, and starts the generator that training draws from. One a field, so that merged segments can
    /// keep their codes' rotation.
    pub seed: u64,
}

/// A family of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantization {
    /// Rotated codes with an unbiased estimator and an error bound: RaBitQ (Gao and Long, SIGMOD 2024) and, for more
    /// bits, its extension (Gao et al., SIGMOD 2025). Dot and Euclid.
    Rotated {
        /// Bits a component.
        width: Width,
    },
    /// Qdrant's binary quantization; kept as [`Quantization::Rotated`] of the same width. Dot and Euclid.
    Binary {
        /// Bits a component.
        encoding: BinaryEncoding,
    },
    /// Qdrant's int8 scalar quantization: one range for all components, in 255 equal steps. Every metric.
    Scalar {
        /// The share of the sample's components that the range holds, 0.5 to 1; `None` is all of them.
        quantile: Option<f32>,
    },
    /// Product quantization (Jégou, Douze and Schmid 2011) as in Qdrant: each piece of the vector is one byte, the
    /// nearest of 256 centroids. Dot and Euclid.
    Product {
        /// How much smaller than f32.
        compression: Compression,
    },
    /// A learned hash: the signs of learned projections (iterative quantization: Gong and Lazebnik, CVPR 2011). Dot and
    /// Euclid; ranks only as well as directions do, since it keeps no lengths.
    Neural {
        /// Bits of the hash, 1 to 8,192.
        bits: u32,
    },
    /// The baseline of [`Quantization::Neural`]: signs of random projections (Charikar 2002).
    Lsh {
        /// Bits of the hash, 1 to 8,192.
        bits: u32,
    },
}

/// Bits a component in the rotated family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// Signs.
    One,
    /// −1, 0 or 1: five components a byte, 1.6 bits each.
    OneAndHalf,
    /// Four levels.
    Two,
    /// Sixteen levels.
    Four,
    /// 255 levels.
    Eight,
}

impl Width {
    /// All widths, the narrowest first.
    pub const ALL: [Width; 5] = [
        Width::One,
        Width::OneAndHalf,
        Width::Two,
        Width::Four,
        Width::Eight,
    ];

    /// How such codes are packed.
    pub const fn format(self) -> CodeFormat {
        match self {
            Width::One => CodeFormat::Bits,
            Width::OneAndHalf => CodeFormat::Trits,
            Width::Two => CodeFormat::Crumbs,
            Width::Four => CodeFormat::Nibbles,
            Width::Eight => CodeFormat::Bytes,
        }
    }
}

/// Bits a component in Qdrant's binary quantization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryEncoding {
    /// [`Width::One`].
    OneBit,
    /// [`Width::OneAndHalf`].
    OneAndHalfBits,
    /// [`Width::Two`].
    TwoBits,
}

impl BinaryEncoding {
    /// The width that serves it.
    pub const fn width(self) -> Width {
        match self {
            BinaryEncoding::OneBit => Width::One,
            BinaryEncoding::OneAndHalfBits => Width::OneAndHalf,
            BinaryEncoding::TwoBits => Width::Two,
        }
    }
}

/// How much smaller than f32 a product code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// One component a byte.
    X4,
    /// Two components a byte.
    X8,
    /// Four components a byte.
    X16,
    /// Eight components a byte.
    X32,
    /// Sixteen components a byte.
    X64,
}

impl Compression {
    /// Components that share a byte; the last byte of a code may have fewer.
    pub const fn components(self) -> usize {
        match self {
            Compression::X4 => 1,
            Compression::X8 => 2,
            Compression::X16 => 4,
            Compression::X32 => 8,
            Compression::X64 => 16,
        }
    }
}

/// How sharp a query is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryPrecision {
    /// As the stored codes: the symmetric comparison.
    Same,
    /// Four bits a component.
    Four,
    /// Eight bits a component.
    Eight,
    /// Sixteen bits a component, whose rounding is far below that of any code.
    Full,
}

impl QueryPrecision {
    /// All of them, the coarsest first.
    pub const ALL: [QueryPrecision; 4] = [
        QueryPrecision::Same,
        QueryPrecision::Four,
        QueryPrecision::Eight,
        QueryPrecision::Full,
    ];
}
