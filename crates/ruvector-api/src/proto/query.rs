//! Queries of one or several stages as messages, and recommendations. Never runs one; the engine checks the tree.

use ruvector_types::{
    Fusion, Limits, LookupFrom, PayloadSelector, Query, QueryRequest, QueryStage, RecommendStrategy,
    VectorInput,
};

use super::filter::filter;
use super::given::{named, required, size, unserved};
use super::id::point_id;
use super::messages::{self as m, query::Variant};
use super::read::order_by;
use super::search::{batch, search_params};
use super::selector::{no_shard_keys, with_payload, with_vectors};
use super::terms::{consistency, timeout};
use super::vector::{vector, vector_input};
use crate::document::Purpose;
use crate::query_kind::{DIVERSITY, RRF_K};
use crate::search::check_results;
use crate::{ApiError, QueryBatch};

impl m::QueryPoints {
    /// The collection's name and the engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<(String, QueryRequest), ApiError> {
        let m::QueryPoints {
            collection_name,
            prefetch,
            query: asked,
            using,
            filter: given,
            params,
            score_threshold,
            limit,
            offset,
            with_vectors: vectors,
            with_payload: payload,
            read_consistency,
            shard_key_selector,
            lookup_from,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        let stage = m::PrefetchQuery {
            prefetch,
            query: asked,
            using,
            filter: given,
            params,
            score_threshold,
            limit,
            lookup_from,
        };
        let request = QueryRequest {
            stage: stage.into_stage(limits)?,
            offset: size(offset.unwrap_or(0)),
            with_payload: with_payload(payload, PayloadSelector::None)?,
            with_vectors: with_vectors(vectors)?,
        };
        check_results(request.stage.limit, request.offset, score_threshold, limits)?;
        Ok((collection_name, request))
    }
}

impl m::QueryBatchPoints {
    /// The collection's name and the engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<(String, QueryBatch), ApiError> {
        let m::QueryBatchPoints {
            collection_name,
            query_points,
            read_consistency,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        let requests = batch(
            query_points,
            "query_points",
            (&collection_name, limits),
            |query: &m::QueryPoints| query.timeout,
            m::QueryPoints::into_request,
            |request| request.stage.limit,
        )?;
        Ok((collection_name, QueryBatch::of(requests)))
    }
}

impl m::PrefetchQuery {
    /// Recursion is bounded by the reader of messages, at 100 of them inside each other.
    fn into_stage(self, limits: &Limits) -> Result<QueryStage, ApiError> {
        let m::PrefetchQuery {
            prefetch,
            query: asked,
            using,
            filter: given,
            params,
            score_threshold,
            limit,
            lookup_from,
        } = self;
        let limit = limit.map_or(10, size);
        let one = |(at, stage): (usize, m::PrefetchQuery)| {
            let threshold = stage.score_threshold;
            let checked = stage.into_stage(limits).and_then(|stage| {
                check_results(stage.limit, 0, threshold, limits)?;
                Ok(stage)
            });
            checked.map_err(|error| error.within(format_args!("prefetch[{at}]")))
        };
        Ok(QueryStage {
            prefetch: prefetch
                .into_iter()
                .enumerate()
                .map(one)
                .collect::<Result<_, _>>()?,
            query: asked
                .map(query)
                .transpose()
                .map_err(|error| error.within("query"))?,
            using: using.unwrap_or_default(),
            filter: filter(given, "filter", limits)?,
            score_threshold,
            params: search_params(params, limits)?,
            limit,
            lookup_from: lookup_from.map(lookup).transpose()?,
        })
    }
}

/// A collection that lends its vectors.
fn lookup(given: m::LookupLocation) -> Result<LookupFrom, ApiError> {
    let m::LookupLocation {
        collection_name,
        vector_name,
        shard_key_selector,
    } = given;
    no_shard_keys(shard_key_selector.as_ref()).map_err(|error| error.within("lookup_from"))?;
    Ok(LookupFrom {
        collection: collection_name,
        vector: vector_name,
    })
}

const PAIRS: &str = "queries by pairs of examples are not served; recommend takes examples";

fn query(given: m::Query) -> Result<Query, ApiError> {
    let m::Query { variant } = given;
    match required(variant, "variant", "what is asked for")? {
        Variant::Nearest(input) => input_at(input, "nearest").map(Query::Nearest),
        Variant::NearestWithMmr(given) => diverse(given).map_err(|error| error.within("nearest_with_mmr")),
        Variant::Recommend(m::RecommendInput {
            positive,
            negative,
            strategy: number,
        }) => Ok(Query::Recommend {
            positive: inputs(positive, "recommend.positive")?,
            negative: inputs(negative, "recommend.negative")?,
            strategy: strategy(number, "recommend.strategy")?,
        }),
        Variant::OrderBy(given) => order_by(given).map(Query::OrderBy),
        Variant::Fusion(number) => match named::<m::Fusion>(number, "fusion", "0 (RRF) or 1 (DBSF)")? {
            m::Fusion::Rrf => Ok(Query::Fusion(Fusion::Rrf {
                k: RRF_K,
                weights: None,
            })),
            m::Fusion::Dbsf => Ok(Query::Fusion(Fusion::Dbsf)),
        },
        Variant::Rrf(m::Rrf { k, weights }) => {
            let weights = Some(weights).filter(|weights| !weights.is_empty());
            let k = k.unwrap_or(RRF_K);
            Ok(Query::Fusion(Fusion::Rrf { k, weights }))
        }
        Variant::Sample(number) => named::<m::Sample>(number, "sample", "0 (random)").map(|_| Query::Sample),
        Variant::Discover(_) => Err(unserved("discover", PAIRS)),
        Variant::Context(_) => Err(unserved("context", PAIRS)),
        Variant::Formula(_) => Err(unserved("formula", "scores are not computed by formulas")),
        Variant::RelevanceFeedback(_) => {
            let what = "feedback on results is not served; recommend takes examples";
            Err(unserved("relevance_feedback", what))
        }
        Variant::Text(_) => Err(unserved(
            "text",
            "searches by words are served over REST: search/text",
        )),
    }
}

fn input_at(given: m::VectorInput, field: &str) -> Result<VectorInput, ApiError> {
    vector_input(given).map_err(|error| error.within(field))
}

fn inputs(given: Vec<m::VectorInput>, field: &str) -> Result<Vec<VectorInput>, ApiError> {
    let one = |(at, input)| input_at(input, &format!("{field}[{at}]"));
    given.into_iter().enumerate().map(one).collect()
}

fn diverse(given: m::NearestInputWithMmr) -> Result<Query, ApiError> {
    let m::NearestInputWithMmr { nearest, mmr } = given;
    let nearest = required(nearest, "nearest", "the vector")?;
    let m::Mmr {
        diversity,
        candidates_limit,
    } = required(mmr, "mmr", "its parameters, which may be empty")?;
    let diversity = diversity.unwrap_or(DIVERSITY);
    Ok(Query::Diverse {
        nearest: input_at(nearest, "nearest")?,
        diversity,
        candidates: candidates_limit.map(|candidates| candidates as usize),
    })
}

fn strategy(number: Option<i32>, field: &str) -> Result<RecommendStrategy, ApiError> {
    let Some(number) = number else {
        return Ok(RecommendStrategy::default());
    };
    let expected = "0 (average_vector), 1 (best_score) or 2 (sum_scores)";
    Ok(match named::<m::RecommendStrategy>(number, field, expected)? {
        m::RecommendStrategy::AverageVector => RecommendStrategy::AverageVector,
        m::RecommendStrategy::BestScore => RecommendStrategy::BestScore,
        m::RecommendStrategy::SumScores => RecommendStrategy::SumScores,
    })
}

impl m::RecommendPoints {
    /// The collection's name and the engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<(String, QueryRequest), ApiError> {
        let m::RecommendPoints {
            collection_name,
            positive,
            negative,
            filter: given,
            limit,
            with_payload: payload,
            params,
            score_threshold,
            offset,
            using,
            with_vectors: vectors,
            lookup_from,
            read_consistency,
            strategy: number,
            positive_vectors,
            negative_vectors,
            timeout: seconds,
            shard_key_selector,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        let query = Query::Recommend {
            positive: examples((positive, "positive"), (positive_vectors, "positive_vectors"))?,
            negative: examples((negative, "negative"), (negative_vectors, "negative_vectors"))?,
            strategy: strategy(number, "strategy")?,
        };
        let stage = QueryStage {
            prefetch: Vec::new(),
            query: Some(query),
            using: using.unwrap_or_default(),
            filter: filter(given, "filter", limits)?,
            score_threshold,
            params: search_params(params, limits)?,
            limit: size(limit),
            lookup_from: lookup_from.map(lookup).transpose()?,
        };
        let request = QueryRequest {
            stage,
            offset: size(offset.unwrap_or(0)),
            with_payload: with_payload(payload, PayloadSelector::None)?,
            with_vectors: with_vectors(vectors)?,
        };
        check_results(request.stage.limit, request.offset, score_threshold, limits)?;
        Ok((collection_name, request))
    }
}

impl m::RecommendBatchPoints {
    /// The collection's name and the engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<(String, Vec<QueryRequest>), ApiError> {
        let m::RecommendBatchPoints {
            collection_name,
            recommend_points,
            read_consistency,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        let requests = batch(
            recommend_points,
            "recommend_points",
            (&collection_name, limits),
            |recommend: &m::RecommendPoints| recommend.timeout,
            m::RecommendPoints::into_request,
            |request| request.stage.limit,
        )?;
        Ok((collection_name, requests))
    }
}

/// Examples by id, then by vector.
fn examples(
    (ids, ids_field): (Vec<m::PointId>, &str),
    (vectors, vectors_field): (Vec<m::Vector>, &str),
) -> Result<Vec<VectorInput>, ApiError> {
    let by_id = |(at, id)| point_id(id, &format!("{ids_field}[{at}]")).map(VectorInput::Id);
    let by_vector = |(at, given)| match vector(given, Purpose::Query) {
        Ok(vector) => Ok(VectorInput::Vector(vector)),
        Err(error) => Err(error.within(format_args!("{vectors_field}[{at}]"))),
    };
    let ids = ids.into_iter().enumerate().map(by_id);
    ids.chain(vectors.into_iter().enumerate().map(by_vector))
        .collect()
}
