//! Searches: `search` and `query`, and their results. Never runs one.

use std::fmt;

use ruvector_types::{
    Invalid, Limits, PayloadSelector, Problem, ScoredPoint, SearchParams, SearchRequest, Vector,
};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::payload::PayloadView;
use crate::quantization::WireQuantizationSearch;
use crate::schema::{FilterSchema, ScoredPointSchema, WithPayloadSchema, WithVectorSchema};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, payload_selector, refuse, vector_selector};
use crate::vector::VectorsView;
use crate::{ApiError, QueryVector, WireFilter, WireId, WirePayloadSelector, WireVector, WireVectorSelector};

/// Body of `POST …/points/search`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPoints {
    /// The query: a list of numbers, or `{"name": …, "vector": […]}` for a named vector.
    #[schema(value_type = Object, example = json!([0.1, 0.2, 0.3]))]
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
    /// A list of numbers, or `{"nearest": […]}`.
    #[schema(value_type = Object, example = json!({"nearest": [0.1, 0.2, 0.3]}))]
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
    #[schema(ignore)]
    prefetch: Unserved,
    #[schema(ignore)]
    lookup_from: Unserved,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// How hard a search tries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WireSearchParams {
    /// Breadth of the graph search; 64 if absent.
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
    fn into_params(self, limits: &Limits) -> Result<SearchParams, ApiError> {
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
        return unserved("params.idf", "only dense vectors are served");
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
    pub fn into_request(self, limits: &Limits) -> Result<SearchRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        refuse("prefetch", &self.prefetch, "queries have one stage")?;
        refuse(
            "lookup_from",
            &self.lookup_from,
            "the query is a vector given in the request",
        )?;
        let vector = match self.query {
            Some(WireQuery::Vector(vector)) => vector,
            Some(WireQuery::Unserved(what)) => {
                let field = "query".to_owned();
                return Err(ApiError::NotSupported { field, what });
            }
            None => {
                let field = "query".to_owned();
                let what = "a vector, or {\"nearest\": vector}; scroll lists points without a query";
                return Err(ApiError::Missing { field, what });
            }
        };
        let request = SearchRequest {
            using: self.using.unwrap_or_default(),
            vector,
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

/// What `query` may hold.
#[derive(Debug)]
enum WireQuery {
    /// Nearest to this.
    Vector(Vector),
    /// A kind of query that is not served, in words.
    Unserved(&'static str),
}

const ONE_KIND: &str = "the query is a vector, or {\"nearest\": vector}";

impl<'de> Deserialize<'de> for WireQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QueryVisitor)
    }
}

struct QueryVisitor;

impl<'de> Visitor<'de> for QueryVisitor {
    type Value = WireQuery;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers, or {\"nearest\": […]}")
    }

    fn visit_u64<E>(self, _: u64) -> Result<WireQuery, E> {
        Ok(WireQuery::Unserved("a query by point id; give its vector"))
    }

    fn visit_str<E>(self, _: &str) -> Result<WireQuery, E> {
        Ok(WireQuery::Unserved("a query by point id; give its vector"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<WireQuery, A::Error> {
        let vector = WireVector::deserialize(serde::de::value::SeqAccessDeserializer::new(items))?;
        Ok(WireQuery::Vector(vector.0))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<WireQuery, A::Error> {
        let mut query = None;
        while let Some(key) = entries.next_key::<String>()? {
            if key == "nearest" && !matches!(query, Some(WireQuery::Unserved(_))) {
                query = Some(entries.next_value::<Nearest>()?.0);
            } else {
                let _: serde::de::IgnoredAny = entries.next_value()?;
                query = Some(WireQuery::Unserved(ONE_KIND));
            }
        }
        query.ok_or_else(|| A::Error::custom(ONE_KIND))
    }
}

/// What `nearest` may hold: a vector, or an id (refused in words).
struct Nearest(WireQuery);

impl<'de> Deserialize<'de> for Nearest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NearestVisitor;
        impl<'de> Visitor<'de> for NearestVisitor {
            type Value = Nearest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Nearest, E> {
                QueryVisitor.visit_u64(number).map(Nearest)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Nearest, E> {
                QueryVisitor.visit_str(text).map(Nearest)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Nearest, A::Error> {
                QueryVisitor.visit_seq(items).map(Nearest)
            }
        }
        deserializer.deserialize_any(NearestVisitor)
    }
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
