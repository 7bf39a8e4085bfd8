//! Facets: how many points have each value of a field. Requests and results; never counts.

use ruvector_types::{FacetHit, FacetRequest, Invalid, Limits, Problem, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::parse_path;
use crate::payload::ValueView;
use crate::schema::{FacetHitSchema, FilterSchema};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, refuse};
use crate::{ApiError, WireFilter};

/// Body of `POST …/facet`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FacetPoints {
    /// A field with a keyword, uuid, bool or integer (with lookup) index.
    key: String,
    /// Values wanted, the most frequent first; 10 if absent.
    limit: Option<usize>,
    /// Only points that match.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    /// Deleted points are never counted; otherwise they may be, where there is no filter. False if absent.
    exact: Option<bool>,
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
    #[schema(ignore)]
    shard_key: Unserved,
}

impl FacetPoints {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<FacetRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let limit = self.limit.unwrap_or(10);
        check_limit(limit, limits)?;
        let filter = self.filter;
        Ok(FacetRequest {
            path: parse_path(&self.key, "key")?,
            limit,
            filter: filter
                .map(|filter| filter.into_filter("filter", limits))
                .transpose()?,
            exact: self.exact.unwrap_or(false),
        })
    }
}

/// Refuses a number of values out of its limits.
pub(crate) fn check_limit(limit: usize, limits: &Limits) -> Result<(), ApiError> {
    at_most(limit, limits.limit_max, "limit", "limit_max")?;
    if limit == 0 {
        return Err(Invalid::new("limit", Problem::BelowLimit { given: 0, limit: 1 }).into());
    }
    Ok(())
}

/// Result of `POST …/facet`.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetView {
    /// The values, the most frequent first, equal counts by value.
    #[schema(value_type = Vec<FacetHitSchema>)]
    hits: Vec<HitView>,
}

#[derive(Debug, Serialize)]
struct HitView {
    #[serde(serialize_with = "value")]
    value: Value,
    count: u64,
}

fn value<S: serde::Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    ValueView(value).serialize(serializer)
}

impl FacetView {
    /// From the engine's counts.
    pub fn new(hits: Vec<FacetHit>) -> FacetView {
        let view = |hit: FacetHit| HitView {
            value: hit.value,
            count: hit.count,
        };
        FacetView {
            hits: hits.into_iter().map(view).collect(),
        }
    }
}
