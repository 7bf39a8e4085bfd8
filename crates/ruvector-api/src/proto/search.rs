//! Searches as messages, alone and in batches, and their results. Never runs one.

use ruvector_types::{
    Limits, PayloadSelector, QuantizationSearch, ScoredPoint, SearchParams, SearchRequest, SparseVector,
    Vector,
};

use super::filter::filter;
use super::given::{narrow, size};
use super::id::id_message;
use super::messages as m;
use super::read::order_value_message;
use super::selector::{no_shard_keys, with_payload, with_vectors};
use super::terms::{consistency, timeout};
use super::value::payload_message;
use super::vector::vectors_message;
use crate::ApiError;
use crate::search::{Params, check_params, check_results};
use crate::selector::at_most;

impl m::SearchPoints {
    /// The collection's name and the engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<(String, SearchRequest), ApiError> {
        let m::SearchPoints {
            collection_name,
            vector,
            filter: given,
            limit,
            with_payload: payload,
            params,
            score_threshold,
            offset,
            vector_name,
            with_vectors: vectors,
            read_consistency,
            timeout: seconds,
            shard_key_selector,
            sparse_indices,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        let vector = match sparse_indices {
            None => Vector::Dense(vector),
            Some(m::SparseIndices { data: indices }) => Vector::Sparse(SparseVector {
                indices,
                values: vector,
            }),
        };
        let request = SearchRequest {
            using: vector_name.unwrap_or_default(),
            vector,
            limit: size(limit),
            offset: size(offset.unwrap_or(0)),
            filter: filter(given, "filter", limits)?,
            score_threshold,
            params: search_params(params, limits)?,
            with_payload: with_payload(payload, PayloadSelector::None)?,
            with_vectors: with_vectors(vectors)?,
        };
        check_results(request.limit, request.offset, score_threshold, limits)?;
        Ok((collection_name, request))
    }
}

impl m::SearchBatchPoints {
    /// The collection's name and the engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<(String, Vec<SearchRequest>), ApiError> {
        let m::SearchBatchPoints {
            collection_name,
            search_points,
            read_consistency,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        let requests = batch(
            search_points,
            "search_points",
            (&collection_name, limits),
            |search: &m::SearchPoints| search.timeout,
            m::SearchPoints::into_request,
            |request| request.limit,
        )?;
        Ok((collection_name, requests))
    }
}

/// The requests of a batch, which asks for no more results than one may, and names no collection but that of the batch.
pub(super) fn batch<T, R>(
    list: Vec<T>,
    field: &str,
    (collection, limits): (&str, &Limits),
    timeout_of: impl Fn(&T) -> Option<u64>,
    into_request: impl Fn(T, &Limits) -> Result<(String, R), ApiError>,
    limit_of: impl Fn(&R) -> usize,
) -> Result<Vec<R>, ApiError> {
    at_most(list.len(), limits.batch_points_max, field, "batch_points_max")?;
    let mut results = 0_usize;
    let mut requests = Vec::with_capacity(list.len());
    for (at, item) in list.into_iter().enumerate() {
        let place = || format!("{field}[{at}]");
        if timeout_of(&item).is_some() {
            let rule = "is the batch's: it is answered as a whole";
            return Err(ApiError::rule(format!("{}.timeout", place()), rule));
        }
        let (name, request) = into_request(item, limits).map_err(|error| error.within(place()))?;
        if !name.is_empty() && name != collection {
            let rule = "must be that of the batch, or empty";
            return Err(ApiError::rule(format!("{}.collection_name", place()), rule));
        }
        results = results.saturating_add(limit_of(&request));
        let together = format!("{field}[0..={at}].limit, together");
        at_most(results, limits.limit_max, &together, "limit_max")?;
        requests.push(request);
    }
    Ok(requests)
}

/// How hard a search tries.
pub(super) fn search_params(
    given: Option<m::SearchParams>,
    limits: &Limits,
) -> Result<SearchParams, ApiError> {
    let Some(given) = given else {
        return Ok(SearchParams::default());
    };
    let m::SearchParams {
        hnsw_ef,
        exact,
        quantization,
        indexed_only,
        acorn,
        idf,
    } = given;
    let quantization = quantization.map(|codes| {
        let m::QuantizationSearchParams {
            ignore,
            rescore,
            oversampling,
        } = codes;
        QuantizationSearch {
            ignore: ignore.unwrap_or(false),
            rescore,
            oversampling: oversampling.map(|factor| factor as f32),
        }
    });
    let params = Params {
        hnsw_ef: hnsw_ef.map(|ef| narrow(ef, "params.hnsw_ef")).transpose()?,
        indexed_only,
        acorn: acorn.is_some(),
        idf: idf.is_some(),
    };
    check_params(params, limits)?;
    Ok(SearchParams {
        hnsw_ef: params.hnsw_ef,
        exact: exact.unwrap_or(false),
        quantization: quantization.unwrap_or_default(),
    })
}

/// Results on their way out.
pub(super) fn scored(points: Vec<ScoredPoint>) -> Vec<m::ScoredPoint> {
    points.into_iter().map(scored_message).collect()
}

pub(super) fn scored_message(point: ScoredPoint) -> m::ScoredPoint {
    let ScoredPoint {
        id,
        score,
        version,
        payload,
        vectors,
        order_value,
    } = point;
    m::ScoredPoint {
        id: Some(id_message(id)),
        payload: payload_message(payload),
        score,
        version,
        vectors: vectors_message(vectors),
        shard_key: None,
        order_value: order_value.map(order_value_message),
    }
}

fn batches(found: Vec<Vec<ScoredPoint>>) -> Vec<m::BatchResult> {
    let result = |points| m::BatchResult {
        result: scored(points),
    };
    found.into_iter().map(result).collect()
}

/// The answer of a call that finds points: results, seconds it took.
macro_rules! answers {
    ($($answer:ident: $found:ty => $results:ident),* $(,)?) => {
        $(impl m::$answer {
            /// From the engine's results and the seconds it took.
            pub fn of(found: $found, time: f64) -> m::$answer {
                m::$answer { result: $results(found), time, usage: None }
            }
        })*
    };
}

answers! {
    SearchResponse: Vec<ScoredPoint> => scored,
    QueryResponse: Vec<ScoredPoint> => scored,
    RecommendResponse: Vec<ScoredPoint> => scored,
    SearchBatchResponse: Vec<Vec<ScoredPoint>> => batches,
    QueryBatchResponse: Vec<Vec<ScoredPoint>> => batches,
    RecommendBatchResponse: Vec<Vec<ScoredPoint>> => batches,
}
