//! Searches by words, ranked by BM25: the request; results are those of other searches. Never runs one.

use ruvector_types::{Invalid, Limits, PayloadSelector, Problem, TextSearchRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::parse_path;
use crate::schema::{FilterSchema, WithPayloadSchema, WithVectorSchema};
use crate::search::{check_results, filter};
use crate::selector::{at_most, payload_selector, vector_selector};
use crate::{ApiError, WireFilter, WirePayloadSelector, WireVectorSelector};

/// Body of `POST …/points/search/text`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchText {
    /// A field with a text index, which says how texts are cut into words.
    key: String,
    /// The words, of which a point has at least one.
    text: String,
    /// Results wanted; 10 if absent.
    limit: Option<usize>,
    /// Results to skip.
    offset: Option<usize>,
    /// Only points that match.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    /// Only scores at least this.
    score_threshold: Option<f32>,
    /// Payload to return; none if absent.
    #[schema(value_type = Option<WithPayloadSchema>)]
    with_payload: Option<WirePayloadSelector>,
    /// Vectors to return; none if absent.
    #[schema(value_type = Option<WithVectorSchema>)]
    with_vector: Option<WireVectorSelector>,
    #[schema(ignore)]
    with_vectors: Option<WireVectorSelector>,
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
}

impl SearchText {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<TextSearchRequest, ApiError> {
        let (limit, offset) = (self.limit.unwrap_or(10), self.offset.unwrap_or(0));
        check_results(limit, offset, self.score_threshold, limits)?;
        if self.text.trim().is_empty() {
            return Err(Invalid::new("text", Problem::Empty).into());
        }
        let text_max = limits.query_text_bytes_max;
        at_most(self.text.len(), text_max, "text", "query_text_bytes_max")?;
        Ok(TextSearchRequest {
            path: parse_path(&self.key, "key")?,
            text: self.text,
            limit,
            offset,
            filter: filter(self.filter, limits)?,
            score_threshold: self.score_threshold,
            with_payload: payload_selector(self.with_payload, PayloadSelector::None)?,
            with_vectors: vector_selector(self.with_vector, self.with_vectors)?,
        })
    }
}
