//! Converts `quantization_config` to the engine's configuration and back. Never decides which codes serve which
//! distance: the engine does.

use ruvector_types::{CodeWidth, Codes, Distance, Invalid, QuantizationConfig, QueryPrecision};

use crate::ApiError;
use crate::quantization::{
    BinaryCodes, BinaryEncoding, Bits, Compression, HashCodes, ProductCodes, QueryBits, QueryEncoding,
    QueryWord, RotatedCodes, ScalarCodes, ScalarType, WireQuantization,
};
use crate::selector::{Unserved, refuse};

/// The widths of rotated codes by their bits.
const WIDTHS: [(f64, CodeWidth); 5] = [
    (1.0, CodeWidth::One),
    (1.5, CodeWidth::OneAndHalf),
    (2.0, CodeWidth::Two),
    (4.0, CodeWidth::Four),
    (8.0, CodeWidth::Eight),
];

/// One kind as it was given.
struct Given {
    kind: &'static str,
    codes: Result<Codes, ApiError>,
    query_bits: Option<QueryBits>,
    always_ram: Option<bool>,
    memory: Unserved,
}

impl WireQuantization {
    /// The engine's configuration; `field` is its place in the request.
    pub(crate) fn into_config(self, field: &str) -> Result<QuantizationConfig, ApiError> {
        let what = "rotated codes of 1, 1.5, 2, 4 or 8 bits are served: {\"rotated\": {\"bits\": …}}";
        refuse(&format!("{field}.turbo"), &self.turbo, what)?;
        let all = [
            self.scalar.map(ScalarCodes::given),
            self.product.map(ProductCodes::given),
            self.binary.map(|codes| codes.given(field)).transpose()?,
            self.rotated.map(|codes| codes.given(field)),
            self.neural.map(|codes| codes.given("neural")),
            self.lsh.map(|codes| codes.given("lsh")),
        ];
        let mut all = all.into_iter().flatten();
        let (Some(given), None) = (all.next(), all.next()) else {
            let rule = "takes exactly one of scalar, product, binary, rotated, neural and lsh";
            return Err(ApiError::rule(field, rule));
        };
        let place = format!("{field}.{}", given.kind);
        let what = "always_ram says whether codes are copied into resident memory";
        refuse(&format!("{place}.memory"), &given.memory, what)?;
        let config = QuantizationConfig {
            codes: given.codes?,
            precision: precision(given.query_bits, &place)?,
            always_ram: given.always_ram.unwrap_or(false),
        };
        // What depends on the distance is checked with the vectors.
        let checked = config.validate(Distance::Dot);
        checked.map_err(|invalid| Invalid::new(place, invalid.problem))?;
        Ok(config)
    }
}

fn precision(bits: Option<QueryBits>, place: &str) -> Result<QueryPrecision, ApiError> {
    match bits {
        None => Ok(QueryPrecision::default()),
        Some(QueryBits::Word(QueryWord::Same)) => Ok(QueryPrecision::Same),
        Some(QueryBits::Word(QueryWord::Full)) => Ok(QueryPrecision::Full),
        Some(QueryBits::Number(4)) => Ok(QueryPrecision::Four),
        Some(QueryBits::Number(8)) => Ok(QueryPrecision::Eight),
        Some(QueryBits::Number(_)) => {
            let rule = "takes \"same\", 4, 8 or \"full\"";
            Err(ApiError::rule(format!("{place}.query_bits"), rule))
        }
    }
}

impl ScalarCodes {
    fn given(self) -> Given {
        let ScalarType::Int8 = self.kind;
        let quantile = self.quantile;
        Given {
            kind: "scalar",
            codes: Ok(Codes::Scalar { quantile }),
            query_bits: self.query_bits,
            always_ram: self.always_ram,
            memory: self.memory,
        }
    }
}

impl ProductCodes {
    fn given(self) -> Given {
        let compression = match self.compression {
            Compression::X4 => 4,
            Compression::X8 => 8,
            Compression::X16 => 16,
            Compression::X32 => 32,
            Compression::X64 => 64,
        };
        Given {
            kind: "product",
            codes: Ok(Codes::Product { compression }),
            query_bits: self.query_bits,
            always_ram: self.always_ram,
            memory: self.memory,
        }
    }
}

impl BinaryCodes {
    fn given(self, field: &str) -> Result<Given, ApiError> {
        if self.query_encoding.is_some() && self.query_bits.is_some() {
            let rule = "query_encoding and query_bits are two spellings of one option; give one";
            return Err(ApiError::rule(format!("{field}.binary.query_bits"), rule));
        }
        let width = match self.encoding.unwrap_or_default() {
            BinaryEncoding::OneBit => CodeWidth::One,
            BinaryEncoding::OneAndHalfBits => CodeWidth::OneAndHalf,
            BinaryEncoding::TwoBits => CodeWidth::Two,
        };
        let encoded = match self.query_encoding.unwrap_or_default() {
            QueryEncoding::Default | QueryEncoding::Binary => QueryBits::Word(QueryWord::Same),
            QueryEncoding::Scalar4Bits => QueryBits::Number(4),
            QueryEncoding::Scalar8Bits => QueryBits::Number(8),
        };
        Ok(Given {
            kind: "binary",
            codes: Ok(Codes::Binary(width)),
            query_bits: Some(self.query_bits.unwrap_or(encoded)),
            always_ram: self.always_ram,
            memory: self.memory,
        })
    }
}

impl RotatedCodes {
    fn given(self, field: &str) -> Given {
        let bits = match self.bits {
            Bits::Whole(bits) => f64::from(bits),
            Bits::Part(bits) => bits,
        };
        let width = WIDTHS.into_iter().find(|(known, _)| *known == bits);
        let refusal = || ApiError::rule(format!("{field}.rotated.bits"), "takes 1, 1.5, 2, 4 or 8");
        Given {
            kind: "rotated",
            codes: width.map(|(_, width)| Codes::Rotated(width)).ok_or_else(refusal),
            query_bits: self.query_bits,
            always_ram: self.always_ram,
            memory: self.memory,
        }
    }
}

impl HashCodes {
    fn given(self, kind: &'static str) -> Given {
        let bits = self.bits;
        Given {
            kind,
            codes: Ok(match kind {
                "neural" => Codes::Neural { bits },
                _ => Codes::Lsh { bits },
            }),
            query_bits: self.query_bits,
            always_ram: self.always_ram,
            memory: self.memory,
        }
    }
}

impl From<&QuantizationConfig> for WireQuantization {
    /// As it would be given; what has a default is written out.
    fn from(config: &QuantizationConfig) -> WireQuantization {
        let (always_ram, memory) = (Some(config.always_ram), None);
        let bits = match config.precision {
            QueryPrecision::Same => QueryBits::Word(QueryWord::Same),
            QueryPrecision::Four => QueryBits::Number(4),
            QueryPrecision::Eight => QueryBits::Number(8),
            QueryPrecision::Full => QueryBits::Word(QueryWord::Full),
        };
        // Not a word of Qdrant's shape unless it says what that cannot.
        let ours = Some(bits).filter(|_| config.precision != QueryPrecision::Full);
        let query_bits = Some(bits);
        let hash = |bits| {
            Some(HashCodes {
                bits,
                query_bits,
                always_ram,
                memory,
            })
        };
        let mut wire = WireQuantization::default();
        match config.codes {
            Codes::Scalar { quantile } => {
                let kind = ScalarType::Int8;
                wire.scalar = Some(ScalarCodes {
                    kind,
                    quantile,
                    query_bits: ours,
                    always_ram,
                    memory,
                });
            }
            Codes::Product { compression } => {
                let compression = match compression {
                    4 => Compression::X4,
                    8 => Compression::X8,
                    16 => Compression::X16,
                    32 => Compression::X32,
                    _ => Compression::X64,
                };
                wire.product = Some(ProductCodes {
                    compression,
                    query_bits: ours,
                    always_ram,
                    memory,
                });
            }
            Codes::Binary(width) => wire.binary = Some(BinaryCodes::shown(width, config)),
            Codes::Rotated(width) => {
                wire.rotated = Some(RotatedCodes {
                    bits: shown_bits(width),
                    query_bits,
                    always_ram,
                    memory,
                });
            }
            Codes::Neural { bits } => wire.neural = hash(bits),
            Codes::Lsh { bits } => wire.lsh = hash(bits),
        }
        wire
    }
}

fn shown_bits(width: CodeWidth) -> Bits {
    match width {
        CodeWidth::One => Bits::Whole(1),
        CodeWidth::OneAndHalf => Bits::Part(1.5),
        CodeWidth::Two => Bits::Whole(2),
        CodeWidth::Four => Bits::Whole(4),
        CodeWidth::Eight => Bits::Whole(8),
    }
}

impl BinaryCodes {
    fn shown(width: CodeWidth, config: &QuantizationConfig) -> BinaryCodes {
        let encoding = match width {
            CodeWidth::One => BinaryEncoding::OneBit,
            CodeWidth::OneAndHalf => BinaryEncoding::OneAndHalfBits,
            _ => BinaryEncoding::TwoBits,
        };
        let (query_encoding, query_bits) = match config.precision {
            QueryPrecision::Same => (Some(QueryEncoding::Binary), None),
            QueryPrecision::Four => (Some(QueryEncoding::Scalar4Bits), None),
            QueryPrecision::Eight => (Some(QueryEncoding::Scalar8Bits), None),
            QueryPrecision::Full => (None, Some(QueryBits::Word(QueryWord::Full))),
        };
        BinaryCodes {
            encoding: Some(encoding),
            query_encoding,
            query_bits,
            always_ram: Some(config.always_ram),
            memory: None,
        }
    }
}
