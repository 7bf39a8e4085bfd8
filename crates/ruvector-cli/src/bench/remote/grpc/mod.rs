//! The server by gRPC: the messages of `ruvector-api`, one connection for whatever is not timed. Never measures.

mod channel;
mod messages;
mod search;
mod verbatim;
mod wire;

use std::time::Duration;

use prost::Message;
use prost::bytes::Bytes;
use ruvector_api::WirePayload;
use ruvector_api::proto::messages as m;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tonic::Code;

use super::super::Plan;
use super::super::rows::{self, Row, Written};
use super::arguments::RemoteArguments;
use super::interface::{Ask, Described, Interface, Wire};
use super::measure::ANSWER;
use crate::commands::BenchArguments;
use crate::error::CliError;
use channel::{Address, Channel};
pub(super) use messages::field_type;
use messages::{described, distance_message, point};

const SEARCH: &str = "/qdrant.Points/Search";
const QUERY: &str = "/qdrant.Points/Query";

/// One collection of a server.
pub(super) struct Grpc {
    /// Its one thread answers the server's pings while nothing is asked.
    runtime: Runtime,
    channel: Channel,
    address: Address,
    collection: String,
    by_query: bool,
    patience: Duration,
}

impl Grpc {
    /// Connects.
    pub(super) fn new(url: &str, remote: &RemoteArguments, patience: Duration) -> Result<Grpc, CliError> {
        let address = Address::new(url, remote.api_key.as_deref())?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(CliError::Runtime)?;
        Ok(Grpc {
            channel: runtime.block_on(Channel::open(&address))?,
            runtime,
            address,
            collection: remote.collection.clone(),
            by_query: remote.query_route,
            patience,
        })
    }

    fn call(&self, path: &'static str, message: Bytes, patience: Duration) -> Result<Bytes, CliError> {
        let mut channel = self.channel.clone();
        self.runtime.block_on(channel.call(path, message, patience))
    }

    fn ask<A: Message + Default>(&self, path: &'static str, request: &impl Message) -> Result<A, CliError> {
        read(&self.call(path, request.encode_to_vec().into(), self.patience)?)
    }

    fn path(&self) -> &'static str {
        if self.by_query { QUERY } else { SEARCH }
    }

    fn upsert(&self, rows: Vec<Row<WirePayload>>) -> Result<(), CliError> {
        let request = m::UpsertPoints {
            collection_name: self.collection.clone(),
            wait: Some(true),
            points: rows.into_iter().map(point).collect(),
            ..Default::default()
        };
        let done: m::PointsOperationResponse = self.ask("/qdrant.Points/Upsert", &request)?;
        match done.result.map(|result| result.status()) {
            Some(m::UpdateStatus::Completed) => Ok(()),
            _ => Err(CliError::Answer("an upsert that was waited for is not completed")),
        }
    }
}

impl Interface for Grpc {
    fn identity(&self) -> Result<(Value, Value), CliError> {
        let answer = self.call("/qdrant.Qdrant/HealthCheck", Bytes::new(), ANSWER);
        let answer = answer.map_err(|error| match error {
            error @ (CliError::Broken { .. }
            | CliError::RefusedCall {
                code: Code::Unimplemented | Code::Unknown | Code::Internal,
                ..
            }) => CliError::NoGrpc(Box::new(error)),
            other => other,
        })?;
        let m::HealthCheckReply { title, version, .. } = read(&answer)?;
        Ok((title.into(), version.into()))
    }

    fn describe(&self) -> Result<Described, CliError> {
        let request = m::GetCollectionInfoRequest {
            collection_name: self.collection.clone(),
        };
        let answer: m::GetCollectionInfoResponse = self.ask("/qdrant.Collections/Get", &request)?;
        let info = answer.result;
        Ok(described(
            info.ok_or(CliError::Answer("a collection without a description"))?,
        ))
    }

    fn create(&self, arguments: &BenchArguments, plan: &Plan) -> Result<(), CliError> {
        let params = m::VectorParams {
            size: plan.dim as u64,
            distance: distance_message(plan.distance).into(),
            ..Default::default()
        };
        let request = m::CreateCollection {
            collection_name: self.collection.clone(),
            vectors_config: Some(m::VectorsConfig {
                config: Some(m::vectors_config::Config::Params(params)),
            }),
            hnsw_config: Some(m::HnswConfigDiff {
                m: Some(arguments.m.into()),
                ef_construct: Some(arguments.ef_construct.into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let done: m::CollectionOperationResponse = self.ask("/qdrant.Collections/Create", &request)?;
        match done.result {
            true => Ok(()),
            false => Err(CliError::Answer("the collection was not created")),
        }
    }

    fn load(&self, arguments: &BenchArguments) -> Result<Written, CliError> {
        rows::write_all(arguments, |rows| self.upsert(rows))
    }

    fn count(&self, filter: Option<&Value>) -> Result<u64, CliError> {
        let request = m::CountPoints {
            collection_name: self.collection.clone(),
            filter: filter.map(search::filter).transpose()?,
            exact: Some(true),
            ..Default::default()
        };
        let answer: m::CountResponse = self.ask("/qdrant.Points/Count", &request)?;
        let result = answer
            .result
            .ok_or(CliError::Answer("a count without a number"))?;
        Ok(result.count)
    }

    fn declare(&self, field: &str, kind: &str) -> Result<(), CliError> {
        let rule = "takes no kind null with --grpc";
        let kind = field_type(kind).ok_or(CliError::Flag { flag: "index", rule })?;
        let request = m::CreateFieldIndexCollection {
            collection_name: self.collection.clone(),
            wait: Some(true),
            field_name: field.to_owned(),
            field_type: Some(kind.into()),
            ..Default::default()
        };
        match self.ask::<m::PointsOperationResponse>("/qdrant.Points/CreateFieldIndex", &request) {
            // No answer in the server's time: the building goes on.
            Err(CliError::RefusedCall {
                code: Code::DeadlineExceeded,
                ..
            }) => Ok(()),
            answer => answer.map(drop),
        }
    }

    fn wake(&self) -> Result<(), CliError> {
        let nothing = m::UpdateCollection {
            collection_name: self.collection.clone(),
            optimizers_config: Some(m::OptimizersConfigDiff::default()),
            ..Default::default()
        };
        let done: Result<m::CollectionOperationResponse, _> =
            self.ask("/qdrant.Collections/Update", &nothing);
        done.map(drop)
    }

    fn search(&self, vector: &[f32], ask: Ask) -> Result<Vec<u8>, CliError> {
        search::message(&self.collection, vector, ask, self.by_query)
    }

    fn ids(&self, search: &[u8]) -> Result<Vec<u64>, CliError> {
        let answer = self.call(self.path(), Bytes::copy_from_slice(search), self.patience)?;
        Ok(search::numbers(&match self.by_query {
            true => read::<m::QueryResponse>(&answer)?.result,
            false => read::<m::SearchResponse>(&answer)?.result,
        }))
    }

    fn request(&self, search: &[u8]) -> Bytes {
        Bytes::copy_from_slice(search)
    }

    fn open(&self) -> Result<Box<dyn Wire>, CliError> {
        Ok(Box::new(wire::Stream::open(&self.address, self.path())?))
    }
}

fn read<A: Message + Default>(bytes: &[u8]) -> Result<A, CliError> {
    A::decode(bytes).map_err(|_| CliError::Answer("it is not the message that was to come"))
}
