//! Recommendations in their older form, `recommend` and `recommend/batch`: spellings of queries. Never runs one.

use ruvector_types::{Limits, PayloadSelector, QueryRequest};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::query_kind::{WireExamples, WireQuery, WireRecommend, WireStrategy};
use crate::query_stage::{WireLookup, WireStage};
use crate::schema::{FilterSchema, LookupSchema, VectorInputSchema, WithPayloadSchema, WithVectorSchema};
use crate::search::check_results;
use crate::search_batch::{Searches, Weigh, refuse_explain, requests};
use crate::selector::{NO_SHARD_KEYS, Unserved, payload_selector, refuse, vector_selector};
use crate::{ApiError, WireFilter, WirePayloadSelector, WireSearchParams, WireVectorSelector};

/// Body of `POST …/points/recommend`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecommendPoints {
    /// Like these: ids of points, or vectors.
    #[schema(value_type = Option<Vec<VectorInputSchema>>)]
    positive: Option<WireExamples>,
    /// Unlike these: ids of points, or vectors.
    #[schema(value_type = Option<Vec<VectorInputSchema>>)]
    negative: Option<WireExamples>,
    /// `average_vector` (default), `best_score` or `sum_scores`.
    #[schema(value_type = Option<String>)]
    strategy: Option<WireStrategy>,
    /// The vector field; absent: the unnamed one.
    using: Option<String>,
    /// Results wanted; 10 if absent.
    limit: Option<usize>,
    /// Results to skip.
    offset: Option<usize>,
    /// Only points that match.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    /// How hard to try.
    params: Option<WireSearchParams>,
    /// Payload to return; none if absent.
    #[schema(value_type = Option<WithPayloadSchema>)]
    with_payload: Option<WirePayloadSelector>,
    /// Vectors to return; none if absent.
    #[schema(value_type = Option<WithVectorSchema>)]
    with_vector: Option<WireVectorSelector>,
    #[schema(ignore)]
    with_vectors: Option<WireVectorSelector>,
    /// Only scores at least (Cosine, Dot) or at most (Euclid, Manhattan) this.
    score_threshold: Option<f32>,
    /// Where examples given by id are looked up; absent: in this collection.
    #[schema(value_type = Option<LookupSchema>)]
    lookup_from: Option<WireLookup>,
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Body of `POST …/points/recommend/batch`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecommendPointsBatch {
    /// The recommendations; their `limit`s together are at most `limit_max`.
    #[schema(value_type = Vec<RecommendPoints>)]
    searches: Searches<RecommendPoints>,
}

impl RecommendPoints {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<QueryRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let recommend = WireRecommend {
            positive: self.positive,
            negative: self.negative,
            strategy: self.strategy,
        };
        let stage = WireStage {
            prefetch: None,
            query: Some(WireQuery::Recommend(recommend)),
            using: self.using,
            filter: self.filter,
            params: self.params,
            score_threshold: self.score_threshold,
            limit: self.limit,
            lookup_from: self.lookup_from,
        };
        let stage = stage.into_stage(limits)?;
        let offset = self.offset.unwrap_or(0);
        check_results(stage.limit, offset, stage.score_threshold, limits)?;
        Ok(QueryRequest {
            stage,
            offset,
            with_payload: payload_selector(self.with_payload, PayloadSelector::None)?,
            with_vectors: vector_selector(self.with_vector, self.with_vectors)?,
        })
    }
}

impl RecommendPointsBatch {
    /// The engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<Vec<QueryRequest>, ApiError> {
        let into_request = |recommend: RecommendPoints| {
            refuse_explain(recommend.explain)?;
            let request = recommend.into_request(limits)?;
            Ok((request.stage.limit, request))
        };
        requests(self.searches, limits, into_request)
    }
}

impl Weigh for RecommendPoints {
    fn weight(&self) -> usize {
        1
    }
}
