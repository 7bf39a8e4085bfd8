//! Goal: a write that was waited for is seen by the next read, and survives a loss of power right after its answer.
//! Method: a server on a simulated disk, which has no threads that would sync later; every call that writes points; after
//! each answer the points over gRPC beside those that a database finds on what was synced until then.

use std::fmt::Debug;
use std::sync::Arc;

use prost::Message;
use ruvector_api::proto::messages as m;
use ruvector_core::types::{PayloadSelector, PointId, VectorSelector};
use ruvector_core::{Ctx, Database, DatabaseOptions};
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_server::ServerConfig;

use crate::answers::{all, creation, dense, ids, named, number, value};
use crate::caller::Caller;
use crate::harness::Server;

const POINTS: u64 = 4;

/// A database without threads.
fn open(disk: &SimDisk) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(Arc::new(disk.clone()), options).unwrap()
}

struct Powered {
    disk: SimDisk,
    caller: Caller,
    last: Vec<m::RetrievedPoint>,
}

impl Powered {
    fn new() -> Powered {
        let disk = SimDisk::new(7);
        let server = Server::start_on(ServerConfig::default(), open(&disk));
        let caller = Caller::of(server);
        let create = creation("c", m::Distance::Dot);
        let _: m::CollectionOperationResponse = caller.ok("/qdrant.Collections/Create", &create);
        let last = Vec::new();
        Powered { disk, caller, last }
    }

    fn served(&self) -> Vec<m::RetrievedPoint> {
        let get = m::GetPoints {
            collection_name: named("c"),
            ids: (0..POINTS).map(number).collect(),
            with_vectors: all(),
            ..Default::default()
        };
        let got: m::GetResponse = self.caller.ok("/qdrant.Points/Get", &get);
        got.result
    }

    fn survived(&self) -> Vec<m::RetrievedPoint> {
        let disk = self.disk.power_loss(1, PowerLoss::DurableOnly);
        let database = open(&disk);
        let collection = database.collection("c").unwrap();
        let ids: Vec<_> = (0..POINTS).map(PointId::Num).collect();
        let (payload, vectors) = (PayloadSelector::All, VectorSelector::All);
        let found = collection.get(&Ctx::default(), &ids, &payload, &vectors).unwrap();
        m::GetResponse::of(found, 0.0).result
    }

    /// A write that must change what is read, at once and for good.
    fn wrote<A: Message + Default>(&mut self, call: &str, request: &(impl Message + Debug)) {
        let _: A = self.caller.ok(&format!("/qdrant.Points/{call}"), request);
        let served = self.served();
        assert_ne!(served, self.last, "{call}: not seen");
        assert_eq!(served, self.survived(), "{call}: lost");
        self.last = served;
    }
}

fn point(id: u64, n: i64) -> m::PointStruct {
    m::PointStruct {
        id: Some(number(id)),
        payload: [(named("n"), value(n))].into(),
        vectors: Some(dense(&[id as f32, n as f32, 1.0])),
    }
}

fn payload(key: &str, of: u64) -> m::SetPayloadPoints {
    m::SetPayloadPoints {
        collection_name: named("c"),
        wait: Some(true),
        payload: [(named(key), value(9))].into(),
        points_selector: ids(vec![number(of)]),
        ..Default::default()
    }
}

#[test]
fn what_was_waited_for_survives() {
    let mut powered = Powered::new();
    for n in 0..3 {
        let upsert = m::UpsertPoints {
            collection_name: named("c"),
            wait: Some(true),
            points: (0..POINTS).map(|id| point(id, n)).collect(),
            ..Default::default()
        };
        powered.wrote::<m::PointsOperationResponse>("Upsert", &upsert);
    }
    powered.wrote::<m::PointsOperationResponse>("SetPayload", &payload("a", 0));
    powered.wrote::<m::PointsOperationResponse>("OverwritePayload", &payload("b", 1));
    let keys = m::DeletePayloadPoints {
        collection_name: named("c"),
        wait: Some(true),
        keys: vec![named("n")],
        points_selector: ids(vec![number(2)]),
        ..Default::default()
    };
    powered.wrote::<m::PointsOperationResponse>("DeletePayload", &keys);
    let clear = m::ClearPayloadPoints {
        collection_name: named("c"),
        wait: Some(true),
        points: ids(vec![number(3)]),
        ..Default::default()
    };
    powered.wrote::<m::PointsOperationResponse>("ClearPayload", &clear);
    let vectors = m::UpdatePointVectors {
        collection_name: named("c"),
        wait: Some(true),
        points: vec![m::PointVectors {
            id: Some(number(0)),
            vectors: Some(dense(&[7.0, 8.0, 9.0])),
        }],
        ..Default::default()
    };
    powered.wrote::<m::PointsOperationResponse>("UpdateVectors", &vectors);
    let no_vectors = m::DeletePointVectors {
        collection_name: named("c"),
        wait: Some(true),
        points_selector: ids(vec![number(1)]),
        vectors: Some(m::VectorsSelector {
            names: vec![String::new()],
        }),
        ..Default::default()
    };
    powered.wrote::<m::PointsOperationResponse>("DeleteVectors", &no_vectors);
    let upsert = m::points_update_operation::PointStructList {
        points: vec![point(3, 30)],
        ..Default::default()
    };
    let batch = m::UpdateBatchPoints {
        collection_name: named("c"),
        wait: Some(true),
        operations: vec![m::PointsUpdateOperation {
            operation: Some(m::points_update_operation::Operation::Upsert(upsert)),
        }],
        ..Default::default()
    };
    powered.wrote::<m::UpdateBatchResponse>("UpdateBatch", &batch);
    let delete = m::DeletePoints {
        collection_name: named("c"),
        wait: Some(true),
        points: ids(vec![number(2)]),
        ..Default::default()
    };
    powered.wrote::<m::PointsOperationResponse>("Delete", &delete);
    assert_eq!(powered.last.len() as u64, POINTS - 1);
}
