//! Retrieve, scroll and count: requests and results. Never holds more than a page.

use ruvector_types::{
    CountRequest, Limits, PayloadSelector, PointId, PointRecord, ScrollPage, ScrollRequest, VectorSelector,
};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::id::into_ids;
use crate::order::{OrderValueView, WireOrderBy};
use crate::payload::PayloadView;
use crate::schema::{
    FilterSchema, OrderBySchema, PointIdSchema, RecordSchema, WithPayloadSchema, WithVectorSchema,
};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, payload_selector, refuse, vector_selector};
use crate::vector::VectorsView;
use crate::{ApiError, WireFilter, WireId, WirePayloadSelector, WireVectorSelector};

/// Body of `POST …/points`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrievePoints {
    /// Ids; absent ones are passed over.
    #[schema(value_type = Vec<PointIdSchema>)]
    ids: Vec<WireId>,
    /// Payload to return; all if absent.
    #[schema(value_type = Option<WithPayloadSchema>)]
    with_payload: Option<WirePayloadSelector>,
    /// Vectors to return; none if absent.
    #[schema(value_type = Option<WithVectorSchema>)]
    with_vector: Option<WireVectorSelector>,
    #[schema(ignore)]
    with_vectors: Option<WireVectorSelector>,
    #[schema(ignore)]
    shard_key: Unserved,
}

impl RetrievePoints {
    /// What the engine is asked for: ids, payload, vectors.
    pub fn into_parts(
        self,
        limits: &Limits,
    ) -> Result<(Vec<PointId>, PayloadSelector, VectorSelector), ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        at_most(self.ids.len(), limits.limit_max, "ids", "limit_max")?;
        let payload = payload_selector(self.with_payload, PayloadSelector::All)?;
        let vectors = vector_selector(self.with_vector, self.with_vectors)?;
        Ok((into_ids(self.ids), payload, vectors))
    }
}

/// What `GET …/points/{id}` asks for: payload and vectors.
pub fn retrieve_one() -> (PayloadSelector, VectorSelector) {
    (PayloadSelector::All, VectorSelector::All)
}

/// Body of `POST …/points/scroll`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScrollPoints {
    /// First id of the page; absent: the smallest.
    #[schema(value_type = Option<PointIdSchema>)]
    offset: Option<WireId>,
    /// Points of the page; 10 if absent.
    limit: Option<usize>,
    /// Only points that match.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    /// Payload to return; all if absent.
    #[schema(value_type = Option<WithPayloadSchema>)]
    with_payload: Option<WirePayloadSelector>,
    /// Vectors to return; none if absent.
    #[schema(value_type = Option<WithVectorSchema>)]
    with_vector: Option<WireVectorSelector>,
    #[schema(ignore)]
    with_vectors: Option<WireVectorSelector>,
    /// The order of the points, if not that of their ids; not with `offset`.
    #[schema(value_type = Option<OrderBySchema>)]
    order_by: Option<WireOrderBy>,
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
    #[schema(ignore)]
    shard_key: Unserved,
}

impl ScrollPoints {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<ScrollRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let limit = self.limit.unwrap_or(10);
        at_most(limit, limits.limit_max, "limit", "limit_max")?;
        Ok(ScrollRequest {
            from: self.offset.map(|id| id.0),
            order_by: self.order_by.map(WireOrderBy::into_order).transpose()?,
            limit,
            filter: self
                .filter
                .map(|filter| filter.into_filter("filter", limits))
                .transpose()?,
            with_payload: payload_selector(self.with_payload, PayloadSelector::All)?,
            with_vectors: vector_selector(self.with_vector, self.with_vectors)?,
        })
    }
}

/// Body of `POST …/points/count`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountPoints {
    /// Only points that match.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    /// Counts are always exact; `false` allows an estimate, and gets the exact count too.
    #[serde(rename = "exact")]
    #[schema(rename = "exact")]
    _exact: Option<bool>,
    /// Tell what was done in each segment.
    pub explain: Option<bool>,
    #[schema(ignore)]
    shard_key: Unserved,
}

impl CountPoints {
    /// The engine's request.
    pub fn into_request(self, limits: &Limits) -> Result<CountRequest, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let filter = self
            .filter
            .map(|filter| filter.into_filter("filter", limits))
            .transpose()?;
        Ok(CountRequest { filter })
    }
}

/// Result of `POST …/points/count`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountView {
    /// Points that match.
    pub count: u64,
}

/// A point on its way out.
#[derive(Debug)]
pub struct RecordView(pub PointRecord);

impl Serialize for RecordView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Record", 4)?;
        record.serialize_field("id", &WireId(self.0.id.clone()))?;
        if let Some(payload) = &self.0.payload {
            record.serialize_field("payload", &PayloadView(payload))?;
        }
        if let Some(vectors) = &self.0.vectors {
            record.serialize_field("vector", &VectorsView(vectors))?;
        }
        if let Some(value) = self.0.order_value {
            record.serialize_field("order_value", &OrderValueView(value))?;
        }
        record.end()
    }
}

/// Result of `POST …/points/scroll`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScrollView {
    /// The points, by id or in the order asked for.
    #[schema(value_type = Vec<RecordSchema>)]
    points: Vec<RecordView>,
    /// `offset` of the next page; `null` at the end, and where values order the points.
    #[schema(value_type = Option<PointIdSchema>)]
    next_page_offset: Option<WireId>,
}

impl ScrollView {
    /// From the engine's page.
    pub fn new(page: ScrollPage) -> ScrollView {
        ScrollView {
            points: page.points.into_iter().map(RecordView).collect(),
            next_page_offset: page.next.map(WireId),
        }
    }
}
