//! Point ids as JSON: a number or a string. Never accepts a number that is not a `u64`.

use std::fmt;

use ruvector_types::PointId;
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point id on the wire: an unsigned 64-bit number, a UUID in any standard form, or any other string to
/// 512 bytes. `"1"` is the number 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireId(pub PointId);

impl Serialize for WireId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_id(&self.0, serializer)
    }
}

pub(crate) fn serialize_id<S: Serializer>(id: &PointId, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        PointId::Num(number) => serializer.serialize_u64(*number),
        PointId::Uuid(_) => serializer.collect_str(id),
        PointId::Str(text) => serializer.serialize_str(text),
    }
}

impl<'de> Deserialize<'de> for WireId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = WireId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point id: an unsigned 64-bit integer, a UUID or a string of 1 to 512 bytes")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<WireId, E> {
        Ok(WireId(PointId::Num(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<WireId, E> {
        let unexpected = Unexpected::Signed(number);
        u64::try_from(number)
            .map(|number| WireId(PointId::Num(number)))
            .map_err(|_| E::invalid_value(unexpected, &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WireId, E> {
        PointId::parse(text).map(WireId).map_err(E::custom)
    }
}

pub(crate) fn into_ids(ids: Vec<WireId>) -> Vec<PointId> {
    ids.into_iter().map(|id| id.0).collect()
}
