//! Payload indexes as a collection's description shows them, and the answer to their declaration. Never computes a figure
//! of its own.

use std::collections::BTreeMap;

use ruvector_core::IndexInfo;
use ruvector_types::{FieldIndex, IndexKind, PayloadPath};
use serde::Serialize;
use utoipa::ToSchema;

use crate::text_index::{WireStemmer, WireStopWords, stemmer_of, stop_words_of, tokenizer_name};

/// The indexes of a collection by field.
pub(crate) type PayloadSchemaView = BTreeMap<String, IndexView>;

/// One index.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PayloadIndexInfo)]
pub struct IndexView {
    /// Its type.
    data_type: &'static str,
    /// Its type and options, defaults included: what declares it again.
    #[schema(value_type = Object)]
    params: ParamsView,
    /// Live points with a value that it is about, of segments that have it and of segments in memory.
    points: u64,
    /// Live points of sealed segments that it is still to be built for, with a value or without.
    points_waiting: u64,
    /// Bytes in files.
    disk_bytes: u64,
    /// Of these, copied into resident memory.
    ram_bytes: u64,
}

#[derive(Debug, Default, Serialize)]
struct ParamsView {
    r#type: &'static str,
    on_disk: bool,
    /// False of every index: it is what there is.
    enable_hnsw: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_tenant: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_principal: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<bool>,
    #[serde(flatten)]
    text: Option<TextView>,
}

#[derive(Debug, Serialize)]
struct TextView {
    tokenizer: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_token_len: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_token_len: Option<u32>,
    lowercase: bool,
    ascii_folding: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopwords: Option<WireStopWords>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stemmer: Option<WireStemmer>,
    phrase_matching: bool,
}

/// From the engine's figures.
pub(crate) fn payload_schema(indexes: BTreeMap<PayloadPath, IndexInfo>) -> PayloadSchemaView {
    let view = |(path, info): (PayloadPath, IndexInfo)| (path.to_string(), IndexView::new(&info));
    indexes.into_iter().map(view).collect()
}

impl IndexView {
    fn new(info: &IndexInfo) -> IndexView {
        let params = ParamsView::new(&info.index);
        IndexView {
            data_type: params.r#type,
            params,
            points: info.points,
            points_waiting: info.points_waiting,
            disk_bytes: info.disk_bytes,
            ram_bytes: info.ram_bytes,
        }
    }
}

impl ParamsView {
    fn new(index: &FieldIndex) -> ParamsView {
        let mut params = ParamsView {
            r#type: type_name(&index.kind),
            on_disk: index.on_disk,
            ..ParamsView::default()
        };
        match &index.kind {
            IndexKind::Keyword { prefix } => {
                (params.is_tenant, params.prefix) = (Some(index.is_principal), Some(*prefix));
            }
            IndexKind::Uuid => params.is_tenant = Some(index.is_principal),
            IndexKind::Float | IndexKind::Datetime => params.is_principal = Some(index.is_principal),
            IndexKind::Integer { lookup, range } => {
                params.is_principal = Some(index.is_principal);
                (params.lookup, params.range) = (Some(*lookup), Some(*range));
            }
            IndexKind::Text(options) => {
                params.text = Some(TextView {
                    tokenizer: tokenizer_name(options.tokenizer),
                    min_token_len: options.token_chars_min,
                    max_token_len: options.token_chars_max,
                    lowercase: options.lowercase,
                    ascii_folding: options.ascii_folding,
                    stopwords: stop_words_of(options),
                    stemmer: stemmer_of(options),
                    phrase_matching: options.phrases,
                });
            }
            IndexKind::Bool | IndexKind::Geo | IndexKind::Null => {}
        }
        params
    }
}

fn type_name(kind: &IndexKind) -> &'static str {
    match kind {
        IndexKind::Integer { .. } => "integer",
        IndexKind::Float => "float",
        IndexKind::Datetime => "datetime",
        IndexKind::Keyword { .. } => "keyword",
        IndexKind::Uuid => "uuid",
        IndexKind::Bool => "bool",
        IndexKind::Geo => "geo",
        IndexKind::Text(_) => "text",
        IndexKind::Null => "null",
    }
}
