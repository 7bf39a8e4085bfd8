//! Batches of searches: `search/batch` and `query/batch`. Never lets a batch ask for more results than one search may.

use std::fmt;
use std::marker::PhantomData;

use ruvector_types::{Limits, QueryRequest, SearchRequest};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::selector::at_most;
use crate::{ApiError, QueryPoints, SearchPoints};

/// Searches that are read from one body, whatever the other limits: one takes about half a KiB before it is checked.
const SEARCHES_READ_MAX: usize = 100_000;

/// Body of `POST …/points/search/batch`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPointsBatch {
    /// The searches; their `limit`s together are at most `limit_max`.
    #[schema(value_type = Vec<SearchPoints>)]
    searches: Searches<SearchPoints>,
}

/// Body of `POST …/points/query/batch`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryPointsBatch {
    /// The queries; their `limit`s together are at most `limit_max`.
    #[schema(value_type = Vec<QueryPoints>)]
    searches: Searches<QueryPoints>,
}

impl SearchPointsBatch {
    /// The engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<Vec<SearchRequest>, ApiError> {
        requests(self.searches, limits, |search| {
            refuse_explain(search.explain)?;
            let request = search.into_request(limits)?;
            Ok((request.limit, request))
        })
    }
}

/// The queries of a batch.
#[derive(Debug)]
pub enum QueryBatch {
    /// Each the points nearest to one given vector: searched together.
    Searches(Vec<SearchRequest>),
    /// At least one of another kind.
    Queries(Vec<QueryRequest>),
}

impl QueryPointsBatch {
    /// The engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<QueryBatch, ApiError> {
        let queries = requests(self.searches, limits, |query: QueryPoints| {
            refuse_explain(query.explain)?;
            let request = query.into_request(limits)?;
            Ok((request.stage.limit, request))
        })?;
        Ok(QueryBatch::of(queries))
    }
}

impl QueryBatch {
    pub(crate) fn of(queries: Vec<QueryRequest>) -> QueryBatch {
        if !queries.iter().all(QueryRequest::is_search) {
            return QueryBatch::Queries(queries);
        }
        let searches = queries.into_iter().filter_map(|query| query.into_search().ok());
        QueryBatch::Searches(searches.collect())
    }
}

/// The requests of a batch in order; `into_request` gives how many results each wants beside it.
pub(crate) fn requests<T, R>(
    searches: Searches<T>,
    limits: &Limits,
    into_request: impl Fn(T) -> Result<(usize, R), ApiError>,
) -> Result<Vec<R>, ApiError> {
    let searches = searches.0;
    at_most(
        searches.len(),
        limits.batch_points_max,
        "searches",
        "batch_points_max",
    )?;
    let mut results = 0_usize;
    let mut requests = Vec::with_capacity(searches.len());
    for (at, search) in searches.into_iter().enumerate() {
        let place = || format!("searches[{at}]");
        let (wanted, request) = into_request(search).map_err(|error| error.within(place()))?;
        results = results.saturating_add(wanted);
        let field = format!("searches[0..={at}].limit, together");
        at_most(results, limits.limit_max, &field, "limit_max")?;
        requests.push(request);
    }
    Ok(requests)
}

pub(crate) fn refuse_explain(explain: Option<bool>) -> Result<(), ApiError> {
    if explain != Some(true) {
        return Ok(());
    }
    let field = "explain".to_owned();
    let what = "searches of a batch share their work; send the search alone to have it explained";
    Err(ApiError::NotSupported { field, what })
}

/// How many searches a search counts for.
pub(crate) trait Weigh {
    /// Its stages.
    fn weight(&self) -> usize;
}

impl Weigh for SearchPoints {
    fn weight(&self) -> usize {
        1
    }
}

impl Weigh for QueryPoints {
    fn weight(&self) -> usize {
        self.stages()
    }
}

/// A list that is not read beyond `SEARCHES_READ_MAX`, stages of queries counted too.
#[derive(Debug)]
pub(crate) struct Searches<T>(Vec<T>);

impl<'de, T: Deserialize<'de> + Weigh> Deserialize<'de> for Searches<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Weigh> Visitor<'de> for List<T> {
            type Value = Searches<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of searches")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Searches<T>, A::Error> {
                let (mut searches, mut weight) = (Vec::new(), 0);
                while let Some(search) = items.next_element::<T>()? {
                    weight += search.weight();
                    if weight > SEARCHES_READ_MAX {
                        return Err(A::Error::custom(format_args!(
                            "more than {SEARCHES_READ_MAX} searches in one batch"
                        )));
                    }
                    searches.push(search);
                }
                Ok(Searches(searches))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}
