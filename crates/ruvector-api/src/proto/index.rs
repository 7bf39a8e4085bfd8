//! Declarations of payload indexes as messages, turned into the JSON side's request, whose rules are the rules. Never
//! guesses a type.

use ruvector_core::Wait;
use ruvector_types::{FieldIndex, PayloadPath};

use super::given::{named, narrow, refuse_given, required};
use super::messages::{self as m, payload_index_params::IndexParams, stemming_algorithm::StemmingParams};
use super::quantization::mark;
use super::terms::{self, Terms};
use super::update::{Write, write};
use crate::ApiError;
use crate::error::parse_path;
use crate::index::{WireIndexParams, WireIndexSchema};
use crate::text_index::{WireStemmer, WireStopWords};

const TYPES: &str = "0 (keyword) to 7 (uuid)";

impl m::CreateFieldIndexCollection {
    /// The field and what its index is.
    pub fn into_write(self) -> Result<Write<(PayloadPath, FieldIndex)>, ApiError> {
        let m::CreateFieldIndexCollection {
            collection_name,
            wait,
            field_name,
            field_type,
            field_index_params,
            ordering,
            timeout,
        } = self;
        let path = parse_path(&field_name, "field_name")?;
        let kind = field_type.map(field_type_name).transpose()?;
        let params = field_index_params.map(params).transpose()?;
        let params = match (kind, params) {
            (Some(kind), None) => WireIndexParams {
                kind,
                ..WireIndexParams::default()
            },
            (kind, Some(params)) => {
                if kind.is_some_and(|kind| kind != params.kind) {
                    return Err(ApiError::rule(
                        "field_type",
                        "is another type than field_index_params are of",
                    ));
                }
                params
            }
            (None, None) => {
                return Err(ApiError::Missing {
                    field: "field_type".to_owned(),
                    what: "the type of the index; no type is guessed from the points",
                });
            }
        };
        let index = WireIndexSchema(Box::new(params)).into_index()?;
        write(collection_name, (wait, ordering, timeout), (path, index))
    }
}

impl m::DeleteFieldIndexCollection {
    /// The field.
    pub fn into_write(self) -> Result<Write<PayloadPath>, ApiError> {
        let m::DeleteFieldIndexCollection {
            collection_name,
            wait,
            field_name,
            ordering,
            timeout,
        } = self;
        terms::timeout(timeout)?;
        terms::ordering(ordering)?;
        Ok(Write {
            collection: collection_name,
            op: parse_path(&field_name, "field_name")?,
            wait: match Terms::wait(wait) {
                Wait::Durable => Wait::Durable,
                Wait::Accepted => Wait::Accepted,
            },
        })
    }
}

fn field_type_name(number: i32) -> Result<String, ApiError> {
    let kind = match named::<m::FieldType>(number, "field_type", TYPES)? {
        m::FieldType::Keyword => "keyword",
        m::FieldType::Integer => "integer",
        m::FieldType::Float => "float",
        m::FieldType::Geo => "geo",
        m::FieldType::Text => "text",
        m::FieldType::Bool => "bool",
        m::FieldType::Datetime => "datetime",
        m::FieldType::Uuid => "uuid",
    };
    Ok(kind.to_owned())
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn params(given: m::PayloadIndexParams) -> Result<WireIndexParams, ApiError> {
    let m::PayloadIndexParams { index_params } = given;
    let field = "field_index_params";
    let params = match required(index_params, field, "the parameters of one type")? {
        IndexParams::KeywordIndexParams(given) => keyword(given)?,
        IndexParams::IntegerIndexParams(given) => integer(given)?,
        IndexParams::FloatIndexParams(m::FloatIndexParams {
            on_disk,
            is_principal,
            enable_hnsw,
            memory,
            nested,
        }) => {
            no_nesting(nested.as_ref())?;
            WireIndexParams {
                is_principal,
                ..plain("float", on_disk, enable_hnsw, memory)
            }
        }
        IndexParams::DatetimeIndexParams(m::DatetimeIndexParams {
            on_disk,
            is_principal,
            enable_hnsw,
            memory,
            nested,
        }) => {
            no_nesting(nested.as_ref())?;
            WireIndexParams {
                is_principal,
                ..plain("datetime", on_disk, enable_hnsw, memory)
            }
        }
        IndexParams::UuidIndexParams(given) => uuid(given)?,
        IndexParams::GeoIndexParams(m::GeoIndexParams {
            on_disk,
            enable_hnsw,
            memory,
            nested,
        }) => {
            no_nesting(nested.as_ref())?;
            plain("geo", on_disk, enable_hnsw, memory)
        }
        IndexParams::BoolIndexParams(m::BoolIndexParams {
            on_disk,
            enable_hnsw,
            memory,
            nested,
        }) => {
            no_nesting(nested.as_ref())?;
            plain("bool", on_disk, enable_hnsw, memory)
        }
        IndexParams::TextIndexParams(given) => text(given)?,
    };
    Ok(params)
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn keyword(given: m::KeywordIndexParams) -> Result<WireIndexParams, ApiError> {
    let m::KeywordIndexParams {
        is_tenant,
        on_disk,
        enable_hnsw,
        prefix,
        memory,
        nested,
    } = given;
    no_nesting(nested.as_ref())?;
    Ok(WireIndexParams {
        is_tenant,
        prefix: prefix.map(|m::KeywordPrefixParams {}| true),
        ..plain("keyword", on_disk, enable_hnsw, memory)
    })
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn integer(given: m::IntegerIndexParams) -> Result<WireIndexParams, ApiError> {
    let m::IntegerIndexParams {
        lookup,
        range,
        is_principal,
        on_disk,
        enable_hnsw,
        memory,
        nested,
    } = given;
    no_nesting(nested.as_ref())?;
    Ok(WireIndexParams {
        lookup,
        range,
        is_principal,
        ..plain("integer", on_disk, enable_hnsw, memory)
    })
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn uuid(given: m::UuidIndexParams) -> Result<WireIndexParams, ApiError> {
    let m::UuidIndexParams {
        is_tenant,
        on_disk,
        enable_hnsw,
        memory,
        nested,
    } = given;
    no_nesting(nested.as_ref())?;
    Ok(WireIndexParams {
        is_tenant,
        ..plain("uuid", on_disk, enable_hnsw, memory)
    })
}

fn plain(
    kind: &str,
    on_disk: Option<bool>,
    enable_hnsw: Option<bool>,
    memory: Option<i32>,
) -> WireIndexParams {
    WireIndexParams {
        kind: kind.to_owned(),
        on_disk,
        enable_hnsw,
        memory: mark(memory),
        ..WireIndexParams::default()
    }
}

fn no_nesting(given: Option<&String>) -> Result<(), ApiError> {
    let what = "an index knows the values at its path, wherever arrays hold them; no array is named apart";
    refuse_given(given, "field_index_params.nested", what)
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn text(given: m::TextIndexParams) -> Result<WireIndexParams, ApiError> {
    let m::TextIndexParams {
        tokenizer,
        lowercase,
        min_token_len,
        max_token_len,
        on_disk,
        stopwords,
        phrase_matching,
        stemmer,
        ascii_folding,
        enable_hnsw,
        memory,
        scoring,
        nested,
    } = given;
    no_nesting(nested.as_ref())?;
    let what = "every text index ranks by BM25; it is not declared";
    refuse_given(scoring.as_ref(), "field_index_params.scoring", what)?;
    let expected = "0 (word) to 4 (multilingual)";
    let tokenizer = match named::<m::TokenizerType>(tokenizer, "field_index_params.tokenizer", expected)? {
        m::TokenizerType::Unknown => None,
        other => Some(other.as_str_name().to_lowercase()),
    };
    let length = |given: Option<u64>, name: &str| {
        let narrowed = given.map(|number| narrow(number, &format!("field_index_params.{name}")));
        narrowed.transpose()
    };
    let stopwords =
        stopwords.map(|m::StopwordsSet { languages, custom }| WireStopWords { languages, custom });
    Ok(WireIndexParams {
        tokenizer,
        min_token_len: length(min_token_len, "min_token_len")?,
        max_token_len: length(max_token_len, "max_token_len")?,
        lowercase,
        ascii_folding,
        stopwords,
        stemmer: stemmer.map(stemmer_of).transpose()?,
        phrase_matching,
        ..plain("text", on_disk, enable_hnsw, memory)
    })
}

fn stemmer_of(given: m::StemmingAlgorithm) -> Result<WireStemmer, ApiError> {
    let m::StemmingAlgorithm { stemming_params } = given;
    let field = "field_index_params.stemmer";
    Ok(match required(stemming_params, field, "snowball or disabled")? {
        StemmingParams::Snowball(m::SnowballParams { language }) => WireStemmer {
            kind: "snowball".to_owned(),
            language: Some(language),
        },
        StemmingParams::Disabled(m::DisabledStemmer {}) => WireStemmer {
            kind: "none".to_owned(),
            language: None,
        },
    })
}
