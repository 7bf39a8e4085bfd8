//! Payload indexes as a collection's description shows them. Never computes a figure of its own.

use ruvector_core::IndexInfo;
use ruvector_types::{FieldIndex, IndexKind, TextOptions, Tokenizer};

use super::messages::{self as m, payload_index_params::IndexParams, stemming_algorithm::StemmingParams};

/// One index, with what declares it again.
pub(super) fn index_message(info: &IndexInfo) -> m::PayloadSchemaInfo {
    let (kind, params) = params(&info.index);
    m::PayloadSchemaInfo {
        data_type: kind.into(),
        params: params.map(|params| m::PayloadIndexParams {
            index_params: Some(params),
        }),
        points: Some(info.points),
    }
}

/// The type and its options. An index of where a field is missing or null has no message: its type is the unknown one.
#[allow(deprecated, reason = "on_disk is what is served of it")]
fn params(index: &FieldIndex) -> (m::PayloadSchemaType, Option<IndexParams>) {
    use m::PayloadSchemaType as Kind;
    let (on_disk, principal) = (Some(index.on_disk), Some(index.is_principal));
    // What there is: graphs have no links for payload fields.
    let enable_hnsw = Some(false);
    match &index.kind {
        IndexKind::Keyword { prefix } => {
            let params = m::KeywordIndexParams {
                is_tenant: principal,
                on_disk,
                enable_hnsw,
                prefix: prefix.then_some(m::KeywordPrefixParams {}),
                ..Default::default()
            };
            (Kind::Keyword, Some(IndexParams::KeywordIndexParams(params)))
        }
        IndexKind::Integer { lookup, range } => {
            let params = m::IntegerIndexParams {
                lookup: Some(*lookup),
                range: Some(*range),
                is_principal: principal,
                on_disk,
                enable_hnsw,
                ..Default::default()
            };
            (Kind::Integer, Some(IndexParams::IntegerIndexParams(params)))
        }
        IndexKind::Float => {
            let params = m::FloatIndexParams {
                is_principal: principal,
                on_disk,
                enable_hnsw,
                ..Default::default()
            };
            (Kind::Float, Some(IndexParams::FloatIndexParams(params)))
        }
        IndexKind::Datetime => {
            let params = m::DatetimeIndexParams {
                is_principal: principal,
                on_disk,
                enable_hnsw,
                ..Default::default()
            };
            (Kind::Datetime, Some(IndexParams::DatetimeIndexParams(params)))
        }
        IndexKind::Text(options) => {
            let params = m::TextIndexParams {
                on_disk,
                enable_hnsw,
                ..text(options)
            };
            (Kind::Text, Some(IndexParams::TextIndexParams(params)))
        }
        IndexKind::Uuid | IndexKind::Bool | IndexKind::Geo => plain(index),
        IndexKind::Null => (Kind::UnknownType, None),
    }
}

/// Of the types that have hardly an option of their own.
#[allow(deprecated, reason = "on_disk is what is served of it")]
fn plain(index: &FieldIndex) -> (m::PayloadSchemaType, Option<IndexParams>) {
    use m::PayloadSchemaType as Kind;
    let (on_disk, enable_hnsw) = (Some(index.on_disk), Some(false));
    match &index.kind {
        IndexKind::Bool => {
            let params = m::BoolIndexParams {
                on_disk,
                enable_hnsw,
                ..Default::default()
            };
            (Kind::Bool, Some(IndexParams::BoolIndexParams(params)))
        }
        IndexKind::Geo => {
            let params = m::GeoIndexParams {
                on_disk,
                enable_hnsw,
                ..Default::default()
            };
            (Kind::Geo, Some(IndexParams::GeoIndexParams(params)))
        }
        _ => {
            let params = m::UuidIndexParams {
                is_tenant: Some(index.is_principal),
                on_disk,
                enable_hnsw,
                ..Default::default()
            };
            (Kind::Uuid, Some(IndexParams::UuidIndexParams(params)))
        }
    }
}

fn text(options: &TextOptions) -> m::TextIndexParams {
    let tokenizer = match options.tokenizer {
        Tokenizer::Word => m::TokenizerType::Word,
        Tokenizer::Whitespace => m::TokenizerType::Whitespace,
        Tokenizer::Prefix => m::TokenizerType::Prefix,
        Tokenizer::Multilingual => m::TokenizerType::Multilingual,
    };
    let languages = options
        .stop_languages
        .iter()
        .map(|language| language.name().to_owned());
    let stopwords = m::StopwordsSet {
        languages: languages.collect(),
        custom: options.stop_words.iter().cloned().collect(),
    };
    let stemmer = options.stemmer.map(|language| m::StemmingAlgorithm {
        stemming_params: Some(StemmingParams::Snowball(m::SnowballParams {
            language: language.name().to_owned(),
        })),
    });
    m::TextIndexParams {
        tokenizer: tokenizer.into(),
        lowercase: Some(options.lowercase),
        min_token_len: options.token_chars_min.map(u64::from),
        max_token_len: options.token_chars_max.map(u64::from),
        stopwords: Some(stopwords).filter(|words| *words != m::StopwordsSet::default()),
        phrase_matching: Some(options.phrases),
        stemmer,
        ascii_folding: Some(options.ascii_folding),
        ..Default::default()
    }
}
