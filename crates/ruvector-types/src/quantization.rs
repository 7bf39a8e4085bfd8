//! How the vectors of a field are quantized, validated before use. Plain values: nothing here computes.

use crate::{Distance, Invalid, Problem};

/// Codes kept beside the vectors of a field, and how searches use them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantizationConfig {
    /// The family of codes.
    pub codes: Codes,
    /// How sharp a query is kept against them.
    pub precision: QueryPrecision,
    /// Whether the codes are copied into resident memory before anything else.
    pub always_ram: bool,
}

/// A family of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Codes {
    /// Randomly rotated vectors at a few bits a component, with an unbiased estimate of the distance.
    Rotated(CodeWidth),
    /// As Qdrant's binary quantization; kept as [`Codes::Rotated`]. One, one and a half, or two bits.
    Binary(CodeWidth),
    /// As Qdrant's scalar quantization: a byte a component, in one range for all.
    Scalar {
        /// The share of the components that the range holds, 0.5 to 1; `None` is all.
        quantile: Option<f32>,
    },
    /// As Qdrant's product quantization: pieces of a vector by the nearest of 256 centroids.
    Product {
        /// How much smaller than f32: 4, 8, 16, 32 or 64.
        compression: u32,
    },
    /// Signs of learned projections.
    Neural {
        /// Bits of the hash.
        bits: u32,
    },
    /// Signs of random projections.
    Lsh {
        /// Bits of the hash.
        bits: u32,
    },
}

/// Bits a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodeWidth {
    /// The sign.
    One,
    /// Three levels, five to a byte.
    OneAndHalf,
    /// Four levels.
    Two,
    /// Sixteen levels.
    Four,
    /// 255 levels.
    Eight,
}

/// How sharp a query is kept against codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueryPrecision {
    /// Coded as the vectors are.
    Same,
    /// Four bits a component.
    Four,
    /// Eight bits a component.
    Eight,
    /// As good as not rounded.
    #[default]
    Full,
}

/// Bits of a learned or random hash, at most.
pub const HASH_BITS_MAX: u32 = 8_192;

impl QuantizationConfig {
    /// These codes, queries unrounded, memory as the database sees fit.
    pub fn of(codes: Codes) -> QuantizationConfig {
        QuantizationConfig {
            codes,
            precision: QueryPrecision::default(),
            always_ram: false,
        }
    }

    /// Checks every value, and that the codes serve the distance.
    pub fn validate(&self, distance: Distance) -> Result<(), Invalid> {
        let rule = |rule| {
            Err(Invalid::new(
                "quantization_config",
                Problem::Contradiction { rule },
            ))
        };
        match self.codes {
            Codes::Binary(CodeWidth::Four | CodeWidth::Eight) => {
                return rule("binary codes have one, one and a half, or two bits");
            }
            Codes::Scalar {
                quantile: Some(quantile),
            } if !(0.5..=1.0).contains(&quantile) => {
                return rule("quantile must be at least 0.5 and at most 1");
            }
            Codes::Product { compression } if ![4, 8, 16, 32, 64].contains(&compression) => {
                return rule("compression must be x4, x8, x16, x32 or x64");
            }
            Codes::Neural { bits } | Codes::Lsh { bits } if bits == 0 || bits > HASH_BITS_MAX => {
                return rule("bits must be 1 to 8,192");
            }
            _ => {}
        }
        if distance == Distance::Manhattan && !matches!(self.codes, Codes::Scalar { .. }) {
            return rule("only scalar codes serve the Manhattan distance");
        }
        let between = matches!(self.precision, QueryPrecision::Four | QueryPrecision::Eight);
        if between && (distance == Distance::Manhattan || matches!(self.codes, Codes::Product { .. })) {
            return rule(
                "product codes, and codes under the Manhattan distance, take queries coded or in full only",
            );
        }
        Ok(())
    }
}

impl Codes {
    /// Results to fetch for each one wanted where a request does not say: what lifts the recall of each width to that
    /// of the graph.
    pub fn oversampling_default(&self) -> f32 {
        match self {
            Codes::Rotated(CodeWidth::Eight) | Codes::Scalar { quantile: None } => 1.2,
            Codes::Rotated(CodeWidth::Four) => 1.5,
            Codes::Rotated(CodeWidth::Two) | Codes::Binary(CodeWidth::Two) | Codes::Scalar { .. } => 2.0,
            Codes::Rotated(_) | Codes::Binary(_) | Codes::Product { .. } => 3.0,
            Codes::Neural { .. } | Codes::Lsh { .. } => 4.0,
        }
    }
}

/// How one search uses the codes of its field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QuantizationSearch {
    /// Search the vectors themselves.
    pub ignore: bool,
    /// Whether the best by their codes are measured exactly; `None` is yes.
    pub rescore: Option<bool>,
    /// How many of them, for each result wanted; at least 1. `None`:
    /// [`Codes::oversampling_default`].
    pub oversampling: Option<f32>,
}
