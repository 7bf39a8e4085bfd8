//! By which values a scroll is ordered, on the wire, and the value a point came by. Never orders anything.

use std::fmt;

use ruvector_types::{OrderBy, OrderValue, datetime};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ApiError;
use crate::error::parse_path;

/// `order_by`: a field, or `{"key", "direction", "start_from"}`.
#[derive(Debug)]
pub(crate) struct WireOrderBy(OrderParams);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderParams {
    key: String,
    direction: Option<Direction>,
    start_from: Option<StartFrom>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Asc,
    Desc,
}

/// Where a page starts.
#[derive(Debug)]
enum StartFrom {
    Number(OrderValue),
    /// To be a time.
    Text(String),
}

impl WireOrderBy {
    /// The engine's order.
    pub(crate) fn into_order(self) -> Result<OrderBy, ApiError> {
        let OrderParams {
            key,
            direction,
            start_from,
        } = self.0;
        let start_from = match start_from {
            None => None,
            Some(StartFrom::Number(number)) => Some(number),
            Some(StartFrom::Text(text)) => match datetime::parse_micros(&text) {
                Some(micros) => Some(OrderValue::Time(micros)),
                None => {
                    let field = "order_by.start_from".to_owned();
                    return Err(ApiError::BadTime { field, text });
                }
            },
        };
        Ok(OrderBy {
            path: parse_path(&key, "order_by.key")?,
            descending: direction == Some(Direction::Desc),
            start_from,
        })
    }
}

impl<'de> Deserialize<'de> for WireOrderBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrderVisitor;
        impl<'de> Visitor<'de> for OrderVisitor {
            type Value = WireOrderBy;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field, or {\"key\", \"direction\", \"start_from\"}")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<WireOrderBy, E> {
                Ok(WireOrderBy(OrderParams {
                    key: key.to_owned(),
                    direction: None,
                    start_from: None,
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<WireOrderBy, A::Error> {
                OrderParams::deserialize(MapAccessDeserializer::new(entries)).map(WireOrderBy)
            }
        }
        deserializer.deserialize_any(OrderVisitor)
    }
}

impl<'de> Deserialize<'de> for StartFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StartVisitor;
        impl Visitor<'_> for StartVisitor {
            type Value = StartFrom;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or an RFC 3339 time")
            }

            fn visit_i64<E>(self, number: i64) -> Result<StartFrom, E> {
                Ok(StartFrom::Number(OrderValue::Int(number)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<StartFrom, E> {
                let signed = i64::try_from(number).map(OrderValue::Int);
                Ok(StartFrom::Number(signed.unwrap_or(OrderValue::UInt(number))))
            }

            fn visit_f64<E>(self, number: f64) -> Result<StartFrom, E> {
                Ok(StartFrom::Number(OrderValue::Float(number)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<StartFrom, E> {
                Ok(StartFrom::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(StartVisitor)
    }
}

/// The value a point came by: a number; of a time, the microseconds since 1970.
pub(crate) struct OrderValueView(pub(crate) OrderValue);

impl Serialize for OrderValueView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            OrderValue::Int(integer) | OrderValue::Time(integer) => serializer.serialize_i64(integer),
            OrderValue::UInt(integer) => serializer.serialize_u64(integer),
            OrderValue::Float(number) => serializer.serialize_f64(number),
        }
    }
}
