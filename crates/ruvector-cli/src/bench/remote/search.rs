//! Searches as bodies of requests, made before anything is timed, and the ids in their answers. Never sends anything but
//! searches.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::arguments::RemoteArguments;
use super::server::Server;
use super::wire::Address;
use crate::client::Client;
use crate::error::CliError;

/// Searches of one route.
pub(super) struct Searches {
    path: String,
    by_query: bool,
    bodies: Vec<Vec<u8>>,
}

/// What a search asks for beside its vector.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) k: usize,
    pub(super) filter: Option<&'a Value>,
    pub(super) breadth: Breadth,
}

#[derive(Clone, Copy)]
pub(super) enum Breadth {
    Exact,
    Default,
    Ef(u32),
}

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

impl Searches {
    pub(super) fn new(server: &Server, remote: &RemoteArguments) -> Searches {
        Searches {
            path: format!("{}/points/{}", server.path, remote.route()),
            by_query: remote.query_route,
            bodies: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, vector: &[f32], ask: Ask) -> Result<(), CliError> {
        let body = Body {
            vector: (!self.by_query).then_some(vector),
            query: self.by_query.then_some(vector),
            limit: ask.k,
            filter: ask.filter,
            params: Params {
                hnsw_ef: match ask.breadth {
                    Breadth::Ef(ef) => Some(ef),
                    Breadth::Exact | Breadth::Default => None,
                },
                exact: matches!(ask.breadth, Breadth::Exact),
            },
        };
        self.bodies
            .push(serde_json::to_vec(&body).map_err(CliError::Json)?);
        Ok(())
    }

    /// Sends one, cycling through them, and reads its whole answer.
    fn send(&self, client: &Client, at: usize) -> Result<Vec<u8>, CliError> {
        let body = &self.bodies[at % self.bodies.len()];
        client.bytes("POST", &self.path, body)
    }

    /// The bytes of each as a request, made once before anything is timed.
    pub(super) fn requests(&self, address: &Address) -> Vec<Vec<u8>> {
        let request = |body: &Vec<u8>| address.post(&self.path, body);
        self.bodies.iter().map(request).collect()
    }

    /// The ids that every search returns, in order.
    pub(super) fn pass(&self, client: &Client) -> Result<Vec<Vec<u64>>, CliError> {
        (0..self.bodies.len())
            .map(|at| numbers(&self.send(client, at)?))
            .collect()
    }
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

fn numbers(bytes: &[u8]) -> Result<Vec<u64>, CliError> {
    let answer: Answer =
        serde_json::from_slice(bytes).map_err(|_| CliError::Answer("it is no list of points"))?;
    let (Found::Search(points) | Found::Query { points }) = answer.result;
    // An id that is no number is no row of the base, and no true neighbour.
    Ok(points.iter().filter_map(|point| point.id.as_u64()).collect())
}
