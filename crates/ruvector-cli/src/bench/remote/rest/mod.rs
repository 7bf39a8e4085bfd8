//! The server by REST: bodies in JSON, one connection for whatever is not timed. Never measures.

mod search;
mod wire;

use std::time::Duration;

use prost::bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::Plan;
use super::super::rows::{self, Row, Written};
use super::arguments::RemoteArguments;
use super::interface::{Ask, Described, Interface, Wire};
use super::server::{distance, told};
use crate::client::{Client, segment};
use crate::commands::BenchArguments;
use crate::error::CliError;
use wire::{Address, Socket};

/// One collection of a server.
pub(super) struct Rest {
    client: Client,
    address: Address,
    path: String,
    route: String,
    by_query: bool,
}

impl Rest {
    pub(super) fn new(url: &str, remote: &RemoteArguments, patience: Duration) -> Result<Rest, CliError> {
        let path = format!("/collections/{}", segment(&remote.collection));
        Ok(Rest {
            client: Client::with(url, remote.api_key.as_deref(), patience),
            address: Address::new(url, remote.api_key.as_deref())?,
            route: format!("{path}/points/{}", remote.route()),
            path,
            by_query: remote.query_route,
        })
    }
}

#[derive(Serialize)]
struct Upsert {
    points: Vec<Row<Map<String, Value>>>,
}

impl Interface for Rest {
    fn identity(&self) -> Result<(Value, Value), CliError> {
        let answer = self.client.answer("GET", "/", None);
        let mut answer = answer.map_err(|error| match error {
            CliError::Answer(_) => CliError::Answer("it is not JSON; a port of gRPC is measured with --grpc"),
            other => other,
        })?;
        Ok((answer["title"].take(), answer["version"].take()))
    }

    fn describe(&self) -> Result<Described, CliError> {
        let mut info = self.client.send("GET", &self.path, None)?;
        let fields = info["payload_schema"].as_object().into_iter().flatten();
        let of_field = |(field, info): (&String, &Value)| {
            let figure = |key| (key, info.get(key).cloned());
            told(field, &["points", "disk_bytes", "ram_bytes"].map(figure))
        };
        let fields = fields.map(of_field).collect();
        let vector = &mut info["config"]["params"]["vectors"];
        let (size, distance) = (vector["size"].take(), vector["distance"].take());
        Ok(Described {
            status: info["status"].as_str().unwrap_or("of no status").to_owned(),
            optimizer: info["optimizer_status"].take(),
            size,
            distance,
            indexed_vectors: info["indexed_vectors_count"].take(),
            fields,
        })
    }

    fn create(&self, arguments: &BenchArguments, plan: &Plan) -> Result<(), CliError> {
        let body = json!({
            "vectors": {"size": plan.dim, "distance": distance(plan.distance)},
            "hnsw_config": {"m": arguments.m, "ef_construct": arguments.ef_construct},
        });
        self.client.send("PUT", &self.path, Some(&body))?;
        Ok(())
    }

    fn load(&self, arguments: &BenchArguments) -> Result<Written, CliError> {
        let path = format!("{}/points?wait=true", self.path);
        rows::write_all(arguments, |points| {
            let body = serde_json::to_vec(&Upsert { points }).map_err(CliError::Json)?;
            self.client.bytes("PUT", &path, &body)?;
            Ok(())
        })
    }

    fn count(&self, filter: Option<&Value>) -> Result<u64, CliError> {
        let mut body = json!({"exact": true});
        if let Some(filter) = filter {
            body["filter"] = filter.clone();
        }
        let path = format!("{}/points/count", self.path);
        let result = self.client.send("POST", &path, Some(&body))?;
        let count = result["count"].as_u64();
        count.ok_or(CliError::Answer("a count without a number"))
    }

    fn declare(&self, field: &str, kind: &str) -> Result<(), CliError> {
        let body = json!({"field_name": field, "field_schema": kind});
        let path = format!("{}/index?wait=true", self.path);
        match self.client.send("PUT", &path, Some(&body)) {
            // No answer in the server's time: the building goes on.
            Err(CliError::Refused { status: 408, .. }) => Ok(()),
            answer => answer.map(drop),
        }
    }

    fn wake(&self) -> Result<(), CliError> {
        let nothing = json!({"optimizers_config": {}});
        self.client.send("PATCH", &self.path, Some(&nothing)).map(drop)
    }

    fn search(&self, vector: &[f32], ask: Ask) -> Result<Vec<u8>, CliError> {
        search::body(vector, ask, self.by_query)
    }

    fn ids(&self, search: &[u8]) -> Result<Vec<u64>, CliError> {
        search::numbers(&self.client.bytes("POST", &self.route, search)?)
    }

    fn request(&self, search: &[u8]) -> Bytes {
        self.address.post(&self.route, search)
    }

    fn open(&self) -> Result<Box<dyn Wire>, CliError> {
        Ok(Box::new(Socket::open(&self.address)?))
    }
}
