//! What is written and read of a collection as messages: points, its description, names of kinds. Never sends one.

use std::collections::BTreeMap;

use ruvector_api::WirePayload;
use ruvector_api::proto::{messages as m, payload_message};
use ruvector_types::Distance;
use serde_json::{Value, json};

use super::super::super::rows::Row;
use super::super::interface::Described;
use super::super::server::{distance, told};

/// The older spelling of a vector is the one that every server reads.
#[allow(deprecated, reason = "servers of any age are measured")]
pub(super) fn point(row: Row<WirePayload>) -> m::PointStruct {
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

/// A collection's description.
pub(super) fn described(info: m::CollectionInfo) -> Described {
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

pub(super) fn distance_message(distance: Distance) -> m::Distance {
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
pub(in super::super) fn field_type(kind: &str) -> Option<m::FieldType> {
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
