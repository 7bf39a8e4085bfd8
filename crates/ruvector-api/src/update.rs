//! Deletes and payload updates, and what every write answers. Never resolves a filter.

use ruvector_core::{Wait, WriteOutcome};
use ruvector_types::{Limits, PointSelector, WriteOp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::parse_path;
use crate::id::into_ids;
use crate::schema::{FilterSchema, PayloadSchema, PointIdSchema};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, not_empty, paths, refuse};
use crate::{ApiError, WireFilter, WireId, WirePayload};

/// Body of `POST …/points/delete`: `points` (ids) or `filter`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletePoints {
    /// Ids.
    #[schema(value_type = Option<Vec<PointIdSchema>>)]
    points: Option<Vec<WireId>>,
    /// Every point that matches.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Body of `POST …/points/payload/clear`: `points` (ids) or `filter`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearPayload {
    /// Ids.
    #[schema(value_type = Option<Vec<PointIdSchema>>)]
    points: Option<Vec<WireId>>,
    /// Every point that matches.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Body of `POST …/points/payload`: sets keys of the payload and leaves the others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPayload {
    /// Keys and values to set.
    #[schema(value_type = PayloadSchema)]
    payload: WirePayload,
    /// Ids.
    #[schema(value_type = Option<Vec<PointIdSchema>>)]
    points: Option<Vec<WireId>>,
    /// Every point that matches.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    /// Path of the object whose keys are set, if not the payload itself.
    key: Option<String>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Body of `PUT …/points/payload`: replaces the whole payload.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverwritePayload {
    /// The new payload.
    #[schema(value_type = PayloadSchema)]
    payload: WirePayload,
    /// Ids.
    #[schema(value_type = Option<Vec<PointIdSchema>>)]
    points: Option<Vec<WireId>>,
    /// Every point that matches.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    #[schema(ignore)]
    key: Unserved,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Body of `POST …/points/payload/delete`: removes what the paths name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletePayload {
    /// Paths, e.g. `author.name`.
    keys: Vec<String>,
    /// Ids.
    #[schema(value_type = Option<Vec<PointIdSchema>>)]
    points: Option<Vec<WireId>>,
    /// Every point that matches.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    #[schema(ignore)]
    shard_key: Unserved,
}

/// Result of a write.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdateView {
    /// Number of the operation; `null` for a change of the collection itself, such as of its indexes.
    operation_id: Option<u64>,
    /// `completed` (with `wait=true`: on the disk and visible) or `acknowledged`.
    status: &'static str,
}

impl UpdateView {
    /// From the engine's answer.
    pub fn new(outcome: &WriteOutcome, wait: Wait) -> UpdateView {
        UpdateView {
            operation_id: Some(outcome.operation_id),
            status: status_of(wait),
        }
    }

    /// Of a change of the collection itself, durable when it is answered.
    pub fn of_collection(wait: Wait) -> UpdateView {
        UpdateView {
            operation_id: None,
            status: status_of(wait),
        }
    }
}

fn status_of(wait: Wait) -> &'static str {
    match wait {
        Wait::Durable => "completed",
        Wait::Accepted => "acknowledged",
    }
}

/// Ids or a filter, as the requests above spell them.
pub(crate) struct Selection {
    pub(crate) points: Option<Vec<WireId>>,
    pub(crate) filter: Option<WireFilter>,
    pub(crate) shard_key: Unserved,
}

impl Selection {
    pub(crate) fn into_selector(self, limits: &Limits) -> Result<PointSelector, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        match (self.points, self.filter) {
            (Some(ids), None) => {
                not_empty(&ids, "points")?;
                at_most(ids.len(), limits.batch_points_max, "points", "batch_points_max")?;
                Ok(PointSelector::Ids(into_ids(ids)))
            }
            (None, Some(filter)) => Ok(PointSelector::Filter(filter.into_filter("filter", limits)?)),
            _ => Err(ApiError::rule("points", "give either points (ids) or filter")),
        }
    }
}

impl DeletePoints {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        let selection = Selection {
            points: self.points,
            filter: self.filter,
            shard_key: self.shard_key,
        };
        Ok(WriteOp::Delete(selection.into_selector(limits)?))
    }
}

impl ClearPayload {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        let selection = Selection {
            points: self.points,
            filter: self.filter,
            shard_key: self.shard_key,
        };
        let points = selection.into_selector(limits)?;
        Ok(WriteOp::ClearPayload { points })
    }
}

impl SetPayload {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        let selection = Selection {
            points: self.points,
            filter: self.filter,
            shard_key: self.shard_key,
        };
        let path = self.key.map(|text| parse_path(&text, "key")).transpose()?;
        Ok(WriteOp::SetPayload {
            payload: self.payload.into_map("payload", limits)?,
            path,
            points: selection.into_selector(limits)?,
        })
    }
}

impl OverwritePayload {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        refuse(
            "key",
            &self.key,
            "an overwrite replaces the whole payload; set takes a key",
        )?;
        let selection = Selection {
            points: self.points,
            filter: self.filter,
            shard_key: self.shard_key,
        };
        Ok(WriteOp::OverwritePayload {
            payload: self.payload.into_map("payload", limits)?,
            points: selection.into_selector(limits)?,
        })
    }
}

impl DeletePayload {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        not_empty(&self.keys, "keys")?;
        let selection = Selection {
            points: self.points,
            filter: self.filter,
            shard_key: self.shard_key,
        };
        Ok(WriteOp::DeletePayload {
            keys: paths(&self.keys, "keys")?,
            points: selection.into_selector(limits)?,
        })
    }
}
