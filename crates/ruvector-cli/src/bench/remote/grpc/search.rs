//! Searches as messages, and the ids in their answers; filters as messages. Never sends one.

use prost::Message;
use ruvector_api::proto::{filter_message, messages as m};
use ruvector_api::{ApiError, WireFilter};
use ruvector_types::Limits;
use serde_json::Value;

use super::super::interface::Ask;
use crate::error::CliError;

/// The message of a search, or of a query.
pub(super) fn message(
    collection: &str,
    vector: &[f32],
    ask: Ask,
    by_query: bool,
) -> Result<Vec<u8>, CliError> {
    let filter = ask.filter.map(filter).transpose()?;
    let params = Some(m::SearchParams {
        hnsw_ef: ask.breadth.ef().map(u64::from),
        exact: Some(ask.breadth.is_exact()),
        ..Default::default()
    });
    if !by_query {
        let search = m::SearchPoints {
            collection_name: collection.to_owned(),
            vector: vector.to_vec(),
            filter,
            limit: ask.k as u64,
            params,
            ..Default::default()
        };
        return Ok(search.encode_to_vec());
    }
    let nearest = m::query::Variant::Nearest(m::VectorInput {
        variant: Some(m::vector_input::Variant::Dense(m::DenseVector {
            data: vector.to_vec(),
        })),
    });
    let query = m::QueryPoints {
        collection_name: collection.to_owned(),
        query: Some(m::Query {
            variant: Some(nearest),
        }),
        filter,
        limit: Some(ask.k as u64),
        params,
        ..Default::default()
    };
    Ok(query.encode_to_vec())
}

/// A filter in JSON, as in the REST interface, as a message.
pub(super) fn filter(json: &Value) -> Result<m::Filter, CliError> {
    let read = serde_json::from_value::<WireFilter>(json.clone());
    let read = read.map_err(|source| CliError::Body {
        place: "a filter".to_owned(),
        source,
    })?;
    let filter = read.into_filter("filter", &Limits::default());
    let message: Result<_, ApiError> = filter.and_then(|filter| filter_message(&filter, "filter"));
    message.map_err(CliError::Message)
}

/// The ids of points that were found. One that is no number is no row of the base, and no true neighbour.
pub(super) fn numbers(points: &[m::ScoredPoint]) -> Vec<u64> {
    let number = |point: &m::ScoredPoint| match point.id.as_ref()?.point_id_options {
        Some(m::point_id::PointIdOptions::Num(number)) => Some(number),
        _ => None,
    };
    points.iter().filter_map(number).collect()
}
