//! The server by gRPC: the messages of `ruvector-api`, one connection for whatever is not timed. Never measures.

mod channel;
mod search;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;
use prost::bytes::Bytes;
use ruvector_api::WirePayload;
use ruvector_api::proto::{messages as m, payload_message};
use ruvector_types::Distance;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tonic::Code;

use super::super::Plan;
use super::super::rows::{self, Row, Written};
use super::arguments::RemoteArguments;
use super::interface::{Ask, Described, Interface, Wire};
use super::measure::ANSWER;
use super::server::{distance, told};
use crate::commands::BenchArguments;
use crate::error::CliError;
use channel::{Address, Channel};

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

/// The older spelling of a vector is the one that every server reads.
#[allow(deprecated, reason = "servers of any age are measured")]
fn point(row: Row<WirePayload>) -> m::PointStruct {
    let vector = m::Vector {
        data: row.vector,
        ..Default::default()
    };
    m::PointStruct {
        id: Some(m::PointId {
            point_id_options: Some(m::point_id::PointIdOptions::Num(row.id)),
        }),
        payload: payload_message(Some(row.payload.0)),
        vectors: Some(m::Vectors {
            vectors_options: Some(m::vectors::VectorsOptions::Vector(vector)),
        }),
    }
}

fn described(info: m::CollectionInfo) -> Described {
    let status = match info.status() {
        m::CollectionStatus::Green => "green",
        m::CollectionStatus::Yellow => "yellow",
        m::CollectionStatus::Red => "red",
        m::CollectionStatus::Grey => "grey",
        m::CollectionStatus::UnknownCollectionStatus => "of no status",
    };
    let optimizer = info.optimizer_status.unwrap_or_default();
    let params = info.config.and_then(|config| config.params);
    let vectors = params.and_then(|params| params.vectors_config?.config);
    let (size, distance) = match vectors {
        Some(m::vectors_config::Config::Params(vector)) => (json!(vector.size), named(vector.distance())),
        _ => (Value::Null, Value::Null),
    };
    Described {
        status: status.to_owned(),
        optimizer: match optimizer.ok {
            true => json!("ok"),
            false => json!({"error": optimizer.error}),
        },
        size,
        distance,
        indexed_vectors: info.indexed_vectors_count.into(),
        fields: indexes(info.payload_schema),
    }
}

fn indexes(schema: BTreeMap<String, m::PayloadSchemaInfo>) -> Vec<Value> {
    let one = |(field, info): (String, m::PayloadSchemaInfo)| {
        told(&field, &[("points", info.points.map(Value::from))])
    };
    schema.into_iter().map(one).collect()
}

fn distance_message(distance: Distance) -> m::Distance {
    match distance {
        Distance::Cosine => m::Distance::Cosine,
        Distance::Dot => m::Distance::Dot,
        Distance::Euclid => m::Distance::Euclid,
        Distance::Manhattan => m::Distance::Manhattan,
    }
}

/// A distance by the name that REST has for it.
fn named(given: m::Distance) -> Value {
    let all = [
        Distance::Cosine,
        Distance::Dot,
        Distance::Euclid,
        Distance::Manhattan,
    ];
    let known = all.into_iter().find(|known| distance_message(*known) == given);
    known.map_or(Value::Null, |known| distance(known).into())
}

/// A kind of payload index, if messages have it.
pub(super) fn field_type(kind: &str) -> Option<m::FieldType> {
    Some(match kind {
        "keyword" => m::FieldType::Keyword,
        "integer" => m::FieldType::Integer,
        "float" => m::FieldType::Float,
        "geo" => m::FieldType::Geo,
        "text" => m::FieldType::Text,
        "bool" => m::FieldType::Bool,
        "datetime" => m::FieldType::Datetime,
        "uuid" => m::FieldType::Uuid,
        _ => return None,
    })
}
