//! Searches as bodies of requests, and the ids in their answers. Never sends one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::interface::Ask;
use crate::error::CliError;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<&'a [f32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a [f32]>,
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a Value>,
    params: Params,
}

#[derive(Serialize)]
struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    hnsw_ef: Option<u32>,
    exact: bool,
}

/// The body of a search, or of a query.
pub(super) fn body(vector: &[f32], ask: Ask, by_query: bool) -> Result<Vec<u8>, CliError> {
    let body = Body {
        vector: (!by_query).then_some(vector),
        query: by_query.then_some(vector),
        limit: ask.k,
        filter: ask.filter,
        params: Params {
            hnsw_ef: ask.breadth.ef(),
            exact: ask.breadth.is_exact(),
        },
    };
    serde_json::to_vec(&body).map_err(CliError::Json)
}

#[derive(Deserialize)]
struct Answer {
    result: Found,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Search(Vec<Hit>),
    Query { points: Vec<Hit> },
}

#[derive(Deserialize)]
struct Hit {
    id: Value,
}

/// The ids of an answer.
pub(super) fn numbers(bytes: &[u8]) -> Result<Vec<u64>, CliError> {
    let answer: Answer =
        serde_json::from_slice(bytes).map_err(|_| CliError::Answer("it is no list of points"))?;
    let (Found::Search(points) | Found::Query { points }) = answer.result;
    // An id that is no number is no row of the base, and no true neighbour.
    Ok(points.iter().filter_map(|point| point.id.as_u64()).collect())
}
