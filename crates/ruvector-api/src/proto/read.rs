//! Retrieve, scroll and count as messages, and their results. Never holds more than a page.

use ruvector_types::{
    CountRequest, Limits, OrderBy, OrderValue, PayloadSelector, PointId, PointRecord, ScrollPage,
    ScrollRequest, VectorSelector, datetime,
};

use super::filter::{filter, micros};
use super::given::{named, required};
use super::id::{id_message, point_id, point_ids};
use super::messages::{self as m, order_value, start_from::Value as StartValue};
use super::selector::{no_shard_keys, with_payload, with_vectors};
use super::terms::{consistency, timeout};
use super::value::payload_message;
use super::vector::vectors_message;
use crate::ApiError;
use crate::error::parse_path;
use crate::selector::at_most;

/// Points asked for by id.
#[derive(Debug)]
pub struct Retrieve {
    /// Of which collection.
    pub collection: String,
    /// The points.
    pub ids: Vec<PointId>,
    /// Payload to return.
    pub with_payload: PayloadSelector,
    /// Vectors to return.
    pub with_vectors: VectorSelector,
}

impl m::GetPoints {
    /// What the engine is asked for.
    pub fn into_request(self, limits: &Limits) -> Result<Retrieve, ApiError> {
        let m::GetPoints {
            collection_name,
            ids,
            with_payload: payload,
            with_vectors: vectors,
            read_consistency,
            shard_key_selector,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        at_most(ids.len(), limits.limit_max, "ids", "limit_max")?;
        Ok(Retrieve {
            collection: collection_name,
            ids: point_ids(ids, "ids")?,
            with_payload: with_payload(payload, PayloadSelector::All)?,
            with_vectors: with_vectors(vectors)?,
        })
    }
}

impl m::ScrollPoints {
    /// The collection's name and the engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<(String, ScrollRequest), ApiError> {
        let m::ScrollPoints {
            collection_name,
            filter: given,
            offset,
            limit,
            with_payload: payload,
            with_vectors: vectors,
            read_consistency,
            shard_key_selector,
            order_by: order,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        let limit = limit.unwrap_or(10) as usize;
        at_most(limit, limits.limit_max, "limit", "limit_max")?;
        let request = ScrollRequest {
            from: offset.map(|id| point_id(id, "offset")).transpose()?,
            order_by: order.map(order_by).transpose()?,
            limit,
            filter: filter(given, "filter", limits)?,
            with_payload: with_payload(payload, PayloadSelector::All)?,
            with_vectors: with_vectors(vectors)?,
        };
        Ok((collection_name, request))
    }
}

/// By which values points are ordered.
pub(super) fn order_by(given: m::OrderBy) -> Result<OrderBy, ApiError> {
    let m::OrderBy {
        key,
        direction,
        start_from,
    } = given;
    let expected = "0 (ascending) or 1 (descending)";
    let direction = direction.map(|number| named::<m::Direction>(number, "order_by.direction", expected));
    let start = |given: m::StartFrom| {
        let m::StartFrom { value } = given;
        let field = "order_by.start_from";
        match required(value, field, "a number or a time")? {
            StartValue::Float(number) => Ok(OrderValue::Float(number)),
            StartValue::Integer(number) => Ok(OrderValue::Int(number)),
            StartValue::Timestamp(time) => micros(&time, field).map(OrderValue::Time),
            StartValue::Datetime(text) => match datetime::parse_micros(&text) {
                Some(micros) => Ok(OrderValue::Time(micros)),
                None => {
                    let field = field.to_owned();
                    Err(ApiError::BadTime { field, text })
                }
            },
        }
    };
    Ok(OrderBy {
        path: parse_path(&key, "order_by.key")?,
        descending: direction.transpose()? == Some(m::Direction::Desc),
        start_from: start_from.map(start).transpose()?,
    })
}

impl m::CountPoints {
    /// The collection's name and the engine's request. Counts are always exact, whatever `exact` allows.
    pub fn into_request(self, limits: &Limits) -> Result<(String, CountRequest), ApiError> {
        let m::CountPoints {
            collection_name,
            filter: given,
            exact: _,
            read_consistency,
            shard_key_selector,
            timeout: seconds,
        } = self;
        timeout(seconds)?;
        consistency(read_consistency)?;
        no_shard_keys(shard_key_selector.as_ref())?;
        let filter = filter(given, "filter", limits)?;
        Ok((collection_name, CountRequest { filter }))
    }
}

fn record_message(point: PointRecord) -> m::RetrievedPoint {
    let PointRecord {
        id,
        version: _,
        payload,
        vectors,
        order_value,
    } = point;
    m::RetrievedPoint {
        id: Some(id_message(id)),
        payload: payload_message(payload),
        vectors: vectors_message(vectors),
        shard_key: None,
        order_value: order_value.map(order_value_message),
    }
}

/// The value a point came by: of a time, the microseconds since 1970. Above `i64::MAX` it goes as the nearest double.
pub(super) fn order_value_message(value: OrderValue) -> m::OrderValue {
    let variant = match value {
        OrderValue::Int(number) | OrderValue::Time(number) => order_value::Variant::Int(number),
        OrderValue::UInt(number) => order_value::Variant::Float(number as f64),
        OrderValue::Float(number) => order_value::Variant::Float(number),
    };
    m::OrderValue {
        variant: Some(variant),
    }
}

impl m::GetResponse {
    /// From the engine's records and the seconds it took.
    pub fn of(points: Vec<PointRecord>, time: f64) -> m::GetResponse {
        m::GetResponse {
            result: points.into_iter().map(record_message).collect(),
            time,
            usage: None,
        }
    }
}

impl m::ScrollResponse {
    /// From the engine's page and the seconds it took.
    pub fn of(page: ScrollPage, time: f64) -> m::ScrollResponse {
        m::ScrollResponse {
            next_page_offset: page.next.map(id_message),
            result: page.points.into_iter().map(record_message).collect(),
            time,
            usage: None,
        }
    }
}

impl m::CountResponse {
    /// From the engine's count and the seconds it took.
    pub fn of(count: u64, time: f64) -> m::CountResponse {
        m::CountResponse {
            result: Some(m::CountResult { count }),
            time,
            usage: None,
        }
    }
}
