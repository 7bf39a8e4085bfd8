//! Codes of vectors as messages, both ways. Never checks a value: the JSON side's rules do, which this is turned into.

use ruvector_types::{CodeWidth, Codes, QuantizationConfig, QueryPrecision};

use super::given::{named, unserved};
use super::messages::{
    self as m, binary_quantization_query_encoding as query_encoding, quantization_config::Quantization,
    quantization_config_diff::Quantization as Change,
};
use crate::ApiError;
use crate::quantization::{
    BinaryCodes, BinaryEncoding, Compression, ProductCodes, QuantizationChange, QueryEncoding, ScalarCodes,
    ScalarType, WireQuantization,
};
use serde::de::IgnoredAny;

const ONE_KIND: &str = "scalar, product or binary";

/// The codes asked for.
pub(super) fn codes(given: m::QuantizationConfig, field: &str) -> Result<WireQuantization, ApiError> {
    let m::QuantizationConfig { quantization } = given;
    match super::given::required(quantization, field, ONE_KIND)? {
        Quantization::Scalar(given) => scalar(given, field),
        Quantization::Product(given) => product(given, field),
        Quantization::Binary(given) => binary(given, field),
        Quantization::Turboquant(_) => Err(turbo(field)),
    }
}

/// The change asked for.
pub(super) fn change(given: m::QuantizationConfigDiff, field: &str) -> Result<QuantizationChange, ApiError> {
    let m::QuantizationConfigDiff { quantization } = given;
    let codes = match super::given::required(quantization, field, "a kind of codes, or disabled")? {
        Change::Disabled(m::Disabled {}) => return Ok(QuantizationChange::Disabled),
        Change::Scalar(given) => scalar(given, field)?,
        Change::Product(given) => product(given, field)?,
        Change::Binary(given) => binary(given, field)?,
        Change::Turboquant(_) => return Err(turbo(field)),
    };
    Ok(QuantizationChange::Codes(Box::new(codes)))
}

fn turbo(field: &str) -> ApiError {
    unserved(
        &format!("{field}.turboquant"),
        "scalar, product and binary codes are served",
    )
}

/// Whether an option that is not served was given.
pub(super) fn mark<T>(given: Option<T>) -> Option<IgnoredAny> {
    given.map(|_| IgnoredAny)
}

#[allow(deprecated, reason = "always_ram is what is served of it")]
fn scalar(given: m::ScalarQuantization, field: &str) -> Result<WireQuantization, ApiError> {
    let m::ScalarQuantization {
        r#type,
        quantile,
        always_ram,
        memory,
    } = given;
    let place = format!("{field}.scalar.type");
    match named::<m::QuantizationType>(r#type, &place, "1 (Int8)")? {
        m::QuantizationType::Int8 => {}
        m::QuantizationType::UnknownQuantization => return Err(ApiError::rule(place, "takes 1 (Int8)")),
    }
    let scalar = Some(ScalarCodes {
        kind: ScalarType::Int8,
        quantile,
        query_bits: None,
        always_ram,
        memory: mark(memory),
    });
    Ok(WireQuantization {
        scalar,
        ..WireQuantization::default()
    })
}

#[allow(deprecated, reason = "always_ram is what is served of it")]
fn product(given: m::ProductQuantization, field: &str) -> Result<WireQuantization, ApiError> {
    let m::ProductQuantization {
        compression,
        always_ram,
        memory,
    } = given;
    let place = format!("{field}.product.compression");
    let compression = match named::<m::CompressionRatio>(compression, &place, "0 (x4) to 4 (x64)")? {
        m::CompressionRatio::X4 => Compression::X4,
        m::CompressionRatio::X8 => Compression::X8,
        m::CompressionRatio::X16 => Compression::X16,
        m::CompressionRatio::X32 => Compression::X32,
        m::CompressionRatio::X64 => Compression::X64,
    };
    let product = Some(ProductCodes {
        compression,
        query_bits: None,
        always_ram,
        memory: mark(memory),
    });
    Ok(WireQuantization {
        product,
        ..WireQuantization::default()
    })
}

#[allow(deprecated, reason = "always_ram is what is served of it")]
fn binary(given: m::BinaryQuantization, field: &str) -> Result<WireQuantization, ApiError> {
    let m::BinaryQuantization {
        always_ram,
        encoding,
        query_encoding,
        memory,
    } = given;
    let place = format!("{field}.binary.encoding");
    let encoding = encoding.map(|number| {
        let expected = "0 (one bit), 1 (two bits) or 2 (one and a half)";
        Ok::<_, ApiError>(match named(number, &place, expected)? {
            m::BinaryQuantizationEncoding::OneBit => BinaryEncoding::OneBit,
            m::BinaryQuantizationEncoding::TwoBits => BinaryEncoding::TwoBits,
            m::BinaryQuantizationEncoding::OneAndHalfBits => BinaryEncoding::OneAndHalfBits,
        })
    });
    let place = format!("{field}.binary.query_encoding");
    let query = query_encoding.map(|given| {
        let m::BinaryQuantizationQueryEncoding { variant } = given;
        let query_encoding::Variant::Setting(number) = super::given::required(variant, &place, "setting")?;
        let expected = "0 (default), 1 (binary), 2 (scalar, 4 bits) or 3 (scalar, 8 bits)";
        Ok::<_, ApiError>(match named(number, &place, expected)? {
            query_encoding::Setting::Default => QueryEncoding::Default,
            query_encoding::Setting::Binary => QueryEncoding::Binary,
            query_encoding::Setting::Scalar4Bits => QueryEncoding::Scalar4Bits,
            query_encoding::Setting::Scalar8Bits => QueryEncoding::Scalar8Bits,
        })
    });
    let binary = Some(BinaryCodes {
        encoding: encoding.transpose()?,
        query_encoding: query.transpose()?,
        query_bits: None,
        always_ram,
        memory: mark(memory),
    });
    Ok(WireQuantization {
        binary,
        ..WireQuantization::default()
    })
}

/// Codes on their way out; none where the kind has no message.
#[allow(deprecated, reason = "always_ram is what is served of it")]
pub(super) fn codes_message(config: &QuantizationConfig) -> Option<m::QuantizationConfig> {
    let always_ram = Some(config.always_ram);
    let quantization = match config.codes {
        Codes::Scalar { quantile } => Quantization::Scalar(m::ScalarQuantization {
            r#type: m::QuantizationType::Int8.into(),
            quantile,
            always_ram,
            memory: None,
        }),
        Codes::Product { compression } => {
            let compression = match compression {
                4 => m::CompressionRatio::X4,
                8 => m::CompressionRatio::X8,
                16 => m::CompressionRatio::X16,
                32 => m::CompressionRatio::X32,
                _ => m::CompressionRatio::X64,
            };
            Quantization::Product(m::ProductQuantization {
                compression: compression.into(),
                always_ram,
                memory: None,
            })
        }
        Codes::Binary(width) => {
            let encoding = match width {
                CodeWidth::One => m::BinaryQuantizationEncoding::OneBit,
                CodeWidth::OneAndHalf => m::BinaryQuantizationEncoding::OneAndHalfBits,
                _ => m::BinaryQuantizationEncoding::TwoBits,
            };
            let setting = match config.precision {
                QueryPrecision::Same => Some(query_encoding::Setting::Binary),
                QueryPrecision::Four => Some(query_encoding::Setting::Scalar4Bits),
                QueryPrecision::Eight => Some(query_encoding::Setting::Scalar8Bits),
                QueryPrecision::Full => None,
            };
            let query_encoding = setting.map(|setting| m::BinaryQuantizationQueryEncoding {
                variant: Some(query_encoding::Variant::Setting(setting.into())),
            });
            Quantization::Binary(m::BinaryQuantization {
                always_ram,
                encoding: Some(encoding.into()),
                query_encoding,
                memory: None,
            })
        }
        Codes::Rotated(_) | Codes::Neural { .. } | Codes::Lsh { .. } => return None,
    };
    Some(m::QuantizationConfig {
        quantization: Some(quantization),
    })
}
