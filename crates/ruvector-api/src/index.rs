//! Requests that declare a payload index: of which field, of what type, with which options. Never lets an option through
//! that the type does not have.

use std::fmt;

use ruvector_types::{FieldIndex, IndexKind, Invalid, PayloadPath, Problem};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::ApiError;
use crate::error::parse_path;
use crate::schema::{IndexSchemaSchema, StopWordsSchema};
use crate::selector::{Unserved, refuse};
use crate::text_index::{WireStemmer, WireStopWords};

/// Body of `PUT /collections/{name}/index`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFieldIndex {
    /// The field: a path into the payload.
    field_name: String,
    /// The index's type, or an object with `type` and its options.
    #[schema(value_type = IndexSchemaSchema)]
    field_schema: Option<WireIndexSchema>,
}

impl CreateFieldIndex {
    /// The field and what its index is.
    pub fn into_parts(self) -> Result<(PayloadPath, FieldIndex), ApiError> {
        let path = parse_path(&self.field_name, "field_name")?;
        let schema = self.field_schema.ok_or(ApiError::Missing {
            field: "field_schema".to_owned(),
            what: "the type of the index; no type is guessed from the points",
        })?;
        Ok((path, schema.into_index()?))
    }
}

/// The field named in a URL.
pub fn index_path(text: &str) -> Result<PayloadPath, ApiError> {
    PayloadPath::parse(text)
        .map_err(|error| ApiError::BadPathParameter(Invalid::new("field_name", Problem::BadPath(error))))
}

/// What an index is: the word of its type, or an object. Body of `PUT /collections/{name}/index/{field_name}`.
#[derive(Debug)]
pub struct WireIndexSchema(pub(crate) Box<WireIndexParams>);

/// An index's type and options.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IndexParams)]
pub struct WireIndexParams {
    /// `keyword`, `integer`, `float`, `geo`, `text`, `bool`, `datetime`, `uuid` or `null`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub(crate) kind: String,
    /// Whether its pages stay in their files instead of being copied into resident memory; false if absent.
    pub(crate) on_disk: Option<bool>,
    /// Of `keyword` and `uuid`: most requests name one value of the field. The index is kept in memory before others.
    pub(crate) is_tenant: Option<bool>,
    /// Of `integer`, `float` and `datetime`: most requests filter or order by the field. As `is_tenant`.
    pub(crate) is_principal: Option<bool>,
    /// Of `integer`: serves match conditions and facets; true if absent.
    pub(crate) lookup: Option<bool>,
    /// Of `integer`: serves ranges and ordering; true if absent.
    pub(crate) range: Option<bool>,
    /// Of `text`: `word` (if absent), `whitespace`, `prefix` or `multilingual`.
    pub(crate) tokenizer: Option<String>,
    /// Of `text`: shorter words are left out; characters.
    pub(crate) min_token_len: Option<u32>,
    /// Of `text`: longer words are left out; characters.
    pub(crate) max_token_len: Option<u32>,
    /// Of `text`: case is ignored; true if absent.
    pub(crate) lowercase: Option<bool>,
    /// Of `text`: accents are ignored; false if absent.
    pub(crate) ascii_folding: Option<bool>,
    /// Of `text`: words left out: a language, or `{"languages": […], "custom": […]}`.
    #[schema(value_type = Option<StopWordsSchema>)]
    pub(crate) stopwords: Option<WireStopWords>,
    /// Of `text`: words are cut to their stems: `{"type": "snowball", "language": …}`, or `{"type": "none"}`.
    #[schema(value_type = Option<Object>, example = json!({"type": "snowball", "language": "english"}))]
    pub(crate) stemmer: Option<WireStemmer>,
    /// Of `text`: serves phrases; false if absent.
    pub(crate) phrase_matching: Option<bool>,
    /// Of `keyword`: `prefix` conditions are wanted. They are answered without it too.
    pub(crate) prefix: Option<bool>,
    /// Only `false` is served.
    #[schema(ignore)]
    pub(crate) enable_hnsw: Option<bool>,
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

impl<'de> Deserialize<'de> for WireIndexSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SchemaVisitor;
        impl<'de> Visitor<'de> for SchemaVisitor {
            type Value = WireIndexSchema;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type of index, or an object with its type and options")
            }

            fn visit_str<E: Error>(self, kind: &str) -> Result<WireIndexSchema, E> {
                let kind = kind.to_owned();
                Ok(WireIndexSchema(Box::new(WireIndexParams {
                    kind,
                    ..WireIndexParams::default()
                })))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<WireIndexSchema, A::Error> {
                let params = WireIndexParams::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(WireIndexSchema(Box::new(params)))
            }
        }
        deserializer.deserialize_any(SchemaVisitor)
    }
}

const TYPES: &str = "keyword, integer, float, geo, text, bool, datetime, uuid or null";

impl WireIndexSchema {
    /// The engine's declaration.
    pub fn into_index(self) -> Result<FieldIndex, ApiError> {
        let params = *self.0;
        params.refuse_unserved()?;
        params.refuse_of_other_types()?;
        let kind = match params.kind.as_str() {
            "keyword" => IndexKind::Keyword {
                prefix: params.prefix.unwrap_or(false),
            },
            "integer" => IndexKind::Integer {
                lookup: params.lookup.unwrap_or(true),
                range: params.range.unwrap_or(true),
            },
            "float" => IndexKind::Float,
            "geo" => IndexKind::Geo,
            "text" => IndexKind::Text(params.text_options()?),
            "bool" => IndexKind::Bool,
            "datetime" => IndexKind::Datetime,
            "uuid" => IndexKind::Uuid,
            "null" => IndexKind::Null,
            _ => {
                return Err(ApiError::Unknown {
                    field: "field_schema.type".to_owned(),
                    name: params.kind,
                    expected: TYPES,
                });
            }
        };
        Ok(FieldIndex {
            kind,
            on_disk: params.on_disk.unwrap_or(false),
            is_principal: params.is_tenant.or(params.is_principal).unwrap_or(false),
        })
    }
}

impl WireIndexParams {
    fn refuse_unserved(&self) -> Result<(), ApiError> {
        let what = "on_disk says whether the index stays in its files";
        refuse("field_schema.memory", &self.memory, what)?;
        let links = "graphs have no links for payload fields (filters are asked inside the walk); only false is served";
        if self.enable_hnsw == Some(true) {
            let field = "field_schema.enable_hnsw".to_owned();
            return Err(ApiError::NotSupported { field, what: links });
        }
        Ok(())
    }

    /// Refuses options that an index of this type does not have.
    fn refuse_of_other_types(&self) -> Result<(), ApiError> {
        let is = |kinds: &[&str]| kinds.contains(&self.kind.as_str());
        let tenant = (is(&["keyword", "uuid"]), "only a keyword or uuid index has it");
        let principal = is(&["integer", "float", "datetime"]);
        let principal = (principal, "only an integer, float or datetime index has it");
        let integer = (is(&["integer"]), "only an integer index has it");
        let keyword = (is(&["keyword"]), "only a keyword index has it");
        let text = (is(&["text"]), "only a text index has it");
        for (name, given, (fits, what)) in [
            ("is_tenant", self.is_tenant.is_some(), tenant),
            ("is_principal", self.is_principal.is_some(), principal),
            ("lookup", self.lookup.is_some(), integer),
            ("range", self.range.is_some(), integer),
            ("prefix", self.prefix.is_some(), keyword),
            ("tokenizer", self.tokenizer.is_some(), text),
            ("min_token_len", self.min_token_len.is_some(), text),
            ("max_token_len", self.max_token_len.is_some(), text),
            ("lowercase", self.lowercase.is_some(), text),
            ("ascii_folding", self.ascii_folding.is_some(), text),
            ("stopwords", self.stopwords.is_some(), text),
            ("stemmer", self.stemmer.is_some(), text),
            ("phrase_matching", self.phrase_matching.is_some(), text),
        ] {
            let known = TYPES.split([',', ' ']).any(|kind| kind == self.kind);
            if known && given && !fits {
                let field = format!("field_schema.{name}");
                return Err(ApiError::NotSupported { field, what });
            }
        }
        Ok(())
    }
}
