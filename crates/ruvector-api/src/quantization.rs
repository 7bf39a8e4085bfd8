//! The shapes of `quantization_config`, on its way in and out, and of a search's use of codes. Never checks a value:
//! `quantization_config.rs` converts them.

use std::fmt;

use ruvector_types::QuantizationSearch;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::selector::Unserved;

/// Codes kept beside vectors: exactly one kind. `scalar`, `product` and `binary` are Qdrant's shapes, the others ours.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rotated": {"bits": 2, "always_ram": true}}))]
pub struct WireQuantization {
    /// A byte a component, in one range for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scalar: Option<ScalarCodes>,
    /// Pieces of a vector by the nearest of 256 centroids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product: Option<ProductCodes>,
    /// One, one and a half or two bits a component; kept as rotated codes of that width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) binary: Option<BinaryCodes>,
    /// Randomly rotated vectors at a few bits a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotated: Option<RotatedCodes>,
    /// Signs of learned projections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) neural: Option<HashCodes>,
    /// Signs of random projections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lsh: Option<HashCodes>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub(crate) turbo: Unserved,
}

/// Scalar codes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScalarCodes {
    #[serde(rename = "type")]
    pub(crate) kind: ScalarType,
    /// The share of the components that the range holds, 0.5 to 1; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantile: Option<f32>,
    /// How sharp a query is kept; `full` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query_bits: Option<QueryBits>,
    /// Whether the codes are copied into resident memory before anything else.
    pub(crate) always_ram: Option<bool>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScalarType {
    Int8,
}

/// Product codes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductCodes {
    /// How much smaller than float32.
    pub(crate) compression: Compression,
    /// How sharp a query is kept: `full` (if absent) or `same`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query_bits: Option<QueryBits>,
    /// Whether the codes are copied into resident memory before anything else.
    pub(crate) always_ram: Option<bool>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compression {
    X4,
    X8,
    X16,
    X32,
    X64,
}

/// Binary codes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BinaryCodes {
    /// `one_bit` if absent.
    pub(crate) encoding: Option<BinaryEncoding>,
    /// How sharp a query is kept: coded as the vectors are if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query_encoding: Option<QueryEncoding>,
    /// The same in our spelling; either of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query_bits: Option<QueryBits>,
    /// Whether the codes are copied into resident memory before anything else.
    pub(crate) always_ram: Option<bool>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BinaryEncoding {
    #[default]
    OneBit,
    OneAndHalfBits,
    TwoBits,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QueryEncoding {
    #[default]
    Default,
    Binary,
    Scalar4Bits,
    Scalar8Bits,
}

/// Rotated codes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotatedCodes {
    /// Bits a component: 1, 1.5, 2, 4 or 8.
    pub(crate) bits: Bits,
    /// How sharp a query is kept; `full` if absent.
    pub(crate) query_bits: Option<QueryBits>,
    /// Whether the codes are copied into resident memory before anything else.
    pub(crate) always_ram: Option<bool>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

/// Bits a component.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(untagged, expecting = "expected 1, 1.5, 2, 4 or 8")]
pub(crate) enum Bits {
    Whole(u8),
    Part(f64),
}

/// Codes that are a hash.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HashCodes {
    /// Bits of the hash, 1 to 8,192.
    pub(crate) bits: u32,
    /// How sharp a query is kept; `full` if absent.
    pub(crate) query_bits: Option<QueryBits>,
    /// Whether the codes are copied into resident memory before anything else.
    pub(crate) always_ram: Option<bool>,
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

/// How sharp a query is kept: `same` as the codes, 4 or 8 bits a component, or `full`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(untagged, expecting = "expected \"same\", 4, 8 or \"full\"")]
pub(crate) enum QueryBits {
    Word(QueryWord),
    Number(u8),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QueryWord {
    Same,
    Full,
}

/// `quantization_config` of an update: codes, or `"Disabled"`.
#[derive(Debug)]
pub(crate) enum QuantizationChange {
    /// None from now on.
    Disabled,
    /// These from now on.
    Codes(Box<WireQuantization>),
}

impl<'de> Deserialize<'de> for QuantizationChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChangeVisitor;
        impl<'de> Visitor<'de> for ChangeVisitor {
            type Value = QuantizationChange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of one kind of codes, or \"Disabled\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<QuantizationChange, E> {
                match text {
                    "Disabled" => Ok(QuantizationChange::Disabled),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<QuantizationChange, A::Error> {
                let codes = WireQuantization::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(QuantizationChange::Codes(Box::new(codes)))
            }
        }
        deserializer.deserialize_any(ChangeVisitor)
    }
}

/// How a search uses the codes of its field; without effect where it has none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WireQuantizationSearch {
    /// Search the vectors themselves; false if absent.
    ignore: Option<bool>,
    /// Measure the best by their codes exactly; true if absent.
    rescore: Option<bool>,
    /// How many of them, for each result wanted, at least 1; by the width of the codes if absent.
    oversampling: Option<f32>,
}

impl WireQuantizationSearch {
    /// The engine's request, which the engine checks.
    pub(crate) fn into_search(self) -> QuantizationSearch {
        QuantizationSearch {
            ignore: self.ignore.unwrap_or(false),
            rescore: self.rescore,
            oversampling: self.oversampling,
        }
    }
}
