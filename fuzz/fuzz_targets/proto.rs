//! Messages of gRPC calls, behind a byte that chooses the call: any bytes are refused or read into what the engine is
//! asked for, and what is looked over and found sound is decoded without another fault than a text or depth. Never
//! serves, never stores.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use ruvector_api::ApiError;
use ruvector_api::proto::{self, messages as m};
use ruvector_types::{CollectionConfig, Distance, Limits};

/// Memory that the message of one input may take.
const BYTES_MAX: usize = 64 << 20;

type Read = fn(&[u8], &Limits) -> Result<(), ApiError>;

macro_rules! calls {
    ($($path:literal $message:ident $read:expr),* $(,)?) => {
        &[$(($path, |bytes, limits| {
            let message = m::$message::decode(bytes).map_err(proto::WireError::Decode)?;
            let read: fn(m::$message, &Limits) -> Result<(), ApiError> = $read;
            read(message, limits)
        })),*]
    };
}

const CALLS: &[(&str, Read)] = calls! {
    "/qdrant.Points/Search" SearchPoints |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/SearchBatch" SearchBatchPoints |r, limits| r.into_requests(limits).map(drop),
    "/qdrant.Points/Query" QueryPoints |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/QueryBatch" QueryBatchPoints |r, limits| r.into_requests(limits).map(drop),
    "/qdrant.Points/Recommend" RecommendPoints |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/Get" GetPoints |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/Scroll" ScrollPoints |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/Count" CountPoints |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/Facet" FacetCounts |r, limits| r.into_request(limits).map(drop),
    "/qdrant.Points/Upsert" UpsertPoints |r, limits| r.into_write(limits).map(drop),
    "/qdrant.Points/Delete" DeletePoints |r, limits| r.into_write(limits).map(drop),
    "/qdrant.Points/UpdateVectors" UpdatePointVectors |r, limits| r.into_write(limits).map(drop),
    "/qdrant.Points/DeleteVectors" DeletePointVectors |r, limits| r.into_write(limits).map(drop),
    "/qdrant.Points/SetPayload" SetPayloadPoints |r, limits| r.into_set(limits).map(drop),
    "/qdrant.Points/DeletePayload" DeletePayloadPoints |r, limits| r.into_write(limits).map(drop),
    "/qdrant.Points/UpdateBatch" UpdateBatchPoints |r, limits| r.into_writes(limits).map(drop),
    "/qdrant.Points/CreateFieldIndex" CreateFieldIndexCollection |r, _| r.into_write().map(drop),
    "/qdrant.Collections/Create" CreateCollection |r, limits| r.into_config(limits).map(drop),
    "/qdrant.Collections/Update" UpdateCollection |r, limits| {
        let (_, update) = r.into_update(limits)?;
        update.apply(&mut CollectionConfig::single(4, Distance::Cosine), limits).map(drop)
    },
};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, message)) = bytes.split_first() else {
        return;
    };
    let (path, read) = CALLS[usize::from(*choice) % CALLS.len()];
    let Some(call) = proto::shapes().call(path) else {
        panic!("the interface has no {path}");
    };
    let Some(timeout) = call.timeout else {
        panic!("{path} has no timeout");
    };
    let _ = proto::varint(message, timeout);
    let sound = proto::shapes().check(call, message, BYTES_MAX, &Limits::default());
    // What is not sound is never read by the server; what is sound may still hold texts that are none.
    if sound.is_ok()
        && let Err(error) = read(message, &Limits::default())
    {
        assert!(!proto::message(&error).is_empty());
        let _ = proto::code(&error);
    }
});
