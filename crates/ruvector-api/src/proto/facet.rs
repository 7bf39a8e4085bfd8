//! Facets as messages: how many points have each value of a field. Never counts.

use ruvector_types::{FacetHit, FacetRequest, Limits, Value};

use super::filter::filter;
use super::given::size;
use super::messages::{self as m, facet_value::Variant};
use super::selector::no_shard_keys;
use super::terms::{consistency, timeout};
use crate::ApiError;
use crate::error::parse_path;
use crate::facet::check_limit;

impl m::FacetCounts {
    /// The collection's name and the engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<(String, FacetRequest), ApiError> {
        let m::FacetCounts {
            collection_name,
            key,
            filter: given,
            limit,
            exact,
            timeout: seconds,
            read_consistency,
            shard_key_selector,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        let limit = limit.map_or(10, size);
        check_limit(limit, limits)?;
        let request = FacetRequest {
            path: parse_path(&key, "key")?,
            limit,
            filter: filter(given, "filter", limits)?,
            exact: exact.unwrap_or(false),
        };
        Ok((collection_name, request))
    }
}

impl m::FacetResponse {
    /// From the engine's counts and the seconds it took.
    pub fn of(hits: Vec<FacetHit>, time: f64) -> m::FacetResponse {
        m::FacetResponse {
            hits: hits.into_iter().map(hit_message).collect(),
            time,
            usage: None,
        }
    }
}

/// Values without a field of their own go as text.
fn hit_message(hit: FacetHit) -> m::FacetHit {
    let FacetHit { value, count } = hit;
    let variant = match value {
        Value::String(text) => Some(Variant::StringValue(text)),
        Value::Int(number) => Some(Variant::IntegerValue(number)),
        Value::Bool(flag) => Some(Variant::BoolValue(flag)),
        Value::UInt(number) => Some(Variant::StringValue(number.to_string())),
        Value::Float(number) => Some(Variant::StringValue(number.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    m::FacetHit {
        value: Some(m::FacetValue { variant }),
        count,
    }
}
