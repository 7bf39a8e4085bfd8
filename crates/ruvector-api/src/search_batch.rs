//! Batches of searches: `search/batch` and `query/batch`. Never lets a batch ask for more results than one search may.

use std::fmt;
use std::marker::PhantomData;

use ruvector_types::{Limits, SearchRequest};
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
        requests(self.searches.0, limits, |search, limits| {
            refuse_explain(search.explain)?;
            search.into_request(limits)
        })
    }
}

impl QueryPointsBatch {
    /// The engine's requests, in order.
    pub fn into_requests(self, limits: &Limits) -> Result<Vec<SearchRequest>, ApiError> {
        requests(self.searches.0, limits, |query, limits| {
            refuse_explain(query.explain)?;
            query.into_request(limits)
        })
    }
}

fn requests<T>(
    searches: Vec<T>,
    limits: &Limits,
    into_request: impl Fn(T, &Limits) -> Result<SearchRequest, ApiError>,
) -> Result<Vec<SearchRequest>, ApiError> {
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
        let request = into_request(search, limits).map_err(|error| error.within(place()))?;
        results = results.saturating_add(request.limit);
        let field = format!("searches[0..={at}].limit, together");
        at_most(results, limits.limit_max, &field, "limit_max")?;
        requests.push(request);
    }
    Ok(requests)
}

fn refuse_explain(explain: Option<bool>) -> Result<(), ApiError> {
    if explain != Some(true) {
        return Ok(());
    }
    let field = "explain".to_owned();
    let what = "searches of a batch share their work; send the search alone to have it explained";
    Err(ApiError::NotSupported { field, what })
}

/// A list that is not read beyond `SEARCHES_READ_MAX`.
#[derive(Debug)]
struct Searches<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Searches<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Searches<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of searches")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Searches<T>, A::Error> {
                let mut searches = Vec::new();
                while let Some(search) = items.next_element()? {
                    if searches.len() == SEARCHES_READ_MAX {
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
