//! Searches: `search` and `query`, and their results. Never runs one.

use ruvector_types::{
    Invalid, Limits, PayloadSelector, Problem, QueryRequest, ScoredPoint, SearchParams, SearchRequest,
};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::order::OrderValueView;
use crate::payload::PayloadView;
use crate::quantization::WireQuantizationSearch;
use crate::query_kind::WireQuery;
use crate::query_stage::{WireLookup, WirePrefetch, WireStage};
use crate::schema::{
    FilterSchema, LookupSchema, PrefetchSchema, QuerySchema, ScoredPointSchema, SearchVectorSchema,
    WithPayloadSchema, WithVectorSchema,
};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, payload_selector, refuse, vector_selector};
use crate::vector::VectorsView;
use crate::{ApiError, QueryVector, WireFilter, WireId, WirePayloadSelector, WireVectorSelector};

/// Body of `POST …/points/search`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPoints {
    /// The query: a list of numbers, or `{"name": …, "vector": […]}` for a named vector.
    #[schema(value_type = SearchVectorSchema)]
    vector: QueryVector,
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
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Body of `POST …/points/query`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryPoints {
    /// What is looked for; absent: all points, by id.
    #[schema(value_type = Option<QuerySchema>)]
    query: Option<WireQuery>,
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
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
    /// Queries carried out before: this one is of what they find. One, or a list.
    #[schema(value_type = Option<Vec<PrefetchSchema>>)]
    prefetch: Option<WirePrefetch>,
    /// Where vectors given by id are looked up; absent: in this collection.
    #[schema(value_type = Option<LookupSchema>)]
    lookup_from: Option<WireLookup>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// How hard a search tries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WireSearchParams {
    /// Breadth of the graph search. If absent, the least from 64 on at which a segment's graph, when written, found 95 % of the
    /// nearest, as far as it does; 128 where that was not measured.
    hnsw_ef: Option<u32>,
    /// Compare with every vector instead of using the graph.
    exact: Option<bool>,
    /// How to use the field's codes, where it has some.
    quantization: Option<WireQuantizationSearch>,
    #[schema(ignore)]
    indexed_only: Option<bool>,
    #[schema(ignore)]
    acorn: Unserved,
    #[schema(ignore)]
    idf: Unserved,
}

impl WireSearchParams {
    pub(crate) fn into_params(self, limits: &Limits) -> Result<SearchParams, ApiError> {
        let params = Params {
            hnsw_ef: self.hnsw_ef,
            indexed_only: self.indexed_only,
            acorn: self.acorn.is_some(),
            idf: self.idf.is_some(),
        };
        check_params(params, limits)?;
        Ok(SearchParams {
            hnsw_ef: self.hnsw_ef,
            exact: self.exact.unwrap_or(false),
            quantization: self
                .quantization
                .map(WireQuantizationSearch::into_search)
                .unwrap_or_default(),
        })
    }
}

/// The parameters of a search that can be refused; for what is not served, whether it was given.
#[derive(Clone, Copy)]
pub(crate) struct Params {
    pub(crate) hnsw_ef: Option<u32>,
    pub(crate) indexed_only: Option<bool>,
    pub(crate) acorn: bool,
    pub(crate) idf: bool,
}

/// Refuses parameters that are not served or out of their limits.
pub(crate) fn check_params(params: Params, limits: &Limits) -> Result<(), ApiError> {
    let unserved = |field: &str, what| {
        let field = field.to_owned();
        Err(ApiError::NotSupported { field, what })
    };
    if params.indexed_only == Some(true) {
        return unserved("params.indexed_only", "no point is ever hidden from a search");
    }
    if params.acorn {
        return unserved("params.acorn", "filters are planned without parameters");
    }
    if params.idf {
        return unserved(
            "params.idf",
            "a sparse field says itself whether rarity counts (modifier)",
        );
    }
    if let Some(ef) = params.hnsw_ef {
        at_most(
            ef as usize,
            limits.hnsw_ef_max as usize,
            "params.hnsw_ef",
            "hnsw_ef_max",
        )?;
        if ef == 0 {
            return Err(Invalid::new("params.hnsw_ef", Problem::BelowLimit { given: 0, limit: 1 }).into());
        }
    }
    Ok(())
}

impl SearchPoints {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<SearchRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let request = SearchRequest {
            using: self.vector.name,
            vector: self.vector.vector,
            limit: self.limit.unwrap_or(10),
            offset: self.offset.unwrap_or(0),
            filter: filter(self.filter, limits)?,
            score_threshold: self.score_threshold,
            params: self.params.unwrap_or_default().into_params(limits)?,
            with_payload: payload_selector(self.with_payload, PayloadSelector::None)?,
            with_vectors: vector_selector(self.with_vector, self.with_vectors)?,
        };
        checked(request, limits)
    }
}

impl QueryPoints {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<QueryRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let stage = WireStage {
            prefetch: self.prefetch,
            query: self.query,
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

    /// Stages, all levels together.
    pub(crate) fn stages(&self) -> usize {
        1 + self.prefetch.as_ref().map_or(0, WirePrefetch::count)
    }
}

pub(crate) fn filter(
    wire: Option<WireFilter>,
    limits: &Limits,
) -> Result<Option<ruvector_types::Filter>, ApiError> {
    wire.map(|filter| filter.into_filter("filter", limits))
        .transpose()
}

fn checked(request: SearchRequest, limits: &Limits) -> Result<SearchRequest, ApiError> {
    check_results(request.limit, request.offset, request.score_threshold, limits)?;
    Ok(request)
}

/// Refuses figures of a search that say of no results which are wanted.
pub(crate) fn check_results(
    limit: usize,
    offset: usize,
    score_threshold: Option<f32>,
    limits: &Limits,
) -> Result<(), ApiError> {
    at_most(limit, limits.limit_max, "limit", "limit_max")?;
    at_most(offset, limits.offset_max, "offset", "offset_max")?;
    if limit == 0 {
        return Err(Invalid::new("limit", Problem::BelowLimit { given: 0, limit: 1 }).into());
    }
    if score_threshold.is_some_and(|score| !score.is_finite()) {
        return Err(ApiError::rule("score_threshold", "must fit a 32-bit float"));
    }
    Ok(())
}

/// A result on its way out.
#[derive(Debug)]
pub struct ScoredView(pub ScoredPoint);

impl Serialize for ScoredView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut point = serializer.serialize_struct("ScoredPoint", 5)?;
        point.serialize_field("id", &WireId(self.0.id.clone()))?;
        point.serialize_field("version", &self.0.version)?;
        point.serialize_field("score", &self.0.score)?;
        if let Some(payload) = &self.0.payload {
            point.serialize_field("payload", &PayloadView(payload))?;
        }
        if let Some(vectors) = &self.0.vectors {
            point.serialize_field("vector", &VectorsView(vectors))?;
        }
        if let Some(value) = self.0.order_value {
            point.serialize_field("order_value", &OrderValueView(value))?;
        }
        point.end()
    }
}

/// Result of `POST …/points/query`.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueryView {
    /// The points, best first.
    #[schema(value_type = Vec<ScoredPointSchema>)]
    points: Vec<ScoredView>,
}

impl QueryView {
    /// From the engine's results.
    pub fn new(points: Vec<ScoredPoint>) -> QueryView {
        QueryView {
            points: points.into_iter().map(ScoredView).collect(),
        }
    }
}
