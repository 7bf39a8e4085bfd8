//! Deletes and payload updates as messages, and what every write answers. Never resolves a filter.

use std::collections::BTreeMap;

use ruvector_core::{Wait, WriteOutcome};
use ruvector_types::{Limits, WriteOp};

use super::messages as m;
use super::selector::{no_shard_keys, points};
use super::terms::{self, Terms};
use super::value::payload;
use crate::ApiError;
use crate::error::parse_path;
use crate::selector::{not_empty, paths};

/// A write: where, what, and when it answers.
#[derive(Debug)]
pub struct Write<T = WriteOp> {
    /// The collection's name.
    pub collection: String,
    /// What is written.
    pub op: T,
    /// When it answers.
    pub wait: Wait,
}

/// What every write says beside its operation: `wait`, `ordering`, `timeout`.
pub(super) type Manner = (Option<bool>, Option<m::WriteOrdering>, Option<u64>);

/// A write of these terms.
pub(super) fn write<T>(
    collection: String,
    (wait, ordering, timeout): Manner,
    op: T,
) -> Result<Write<T>, ApiError> {
    terms::timeout(timeout)?;
    terms::ordering(ordering)?;
    let wait = Terms::wait(wait);
    Ok(Write { collection, op, wait })
}

/// Deletion of the points that a selector names.
pub(super) fn deletion(
    given: Option<m::PointsSelector>,
    shard_key_selector: Option<&m::ShardKeySelector>,
    limits: &Limits,
) -> Result<WriteOp, ApiError> {
    no_shard_keys(shard_key_selector)?;
    Ok(WriteOp::Delete(points(given, "points", limits)?))
}

/// Removal of the whole payload of the points that a selector names.
pub(super) fn clearing(
    given: Option<m::PointsSelector>,
    shard_key_selector: Option<&m::ShardKeySelector>,
    limits: &Limits,
) -> Result<WriteOp, ApiError> {
    no_shard_keys(shard_key_selector)?;
    let points = points(given, "points", limits)?;
    Ok(WriteOp::ClearPayload { points })
}

/// What is set, where, and of which points.
pub(super) struct Setting {
    pub(super) payload: BTreeMap<String, m::Value>,
    pub(super) key: Option<String>,
    pub(super) points: Option<m::PointsSelector>,
    pub(super) shard_key: Option<m::ShardKeySelector>,
}

impl Setting {
    /// Keys of the payload are set, others stay.
    pub(super) fn set(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        no_shard_keys(self.shard_key.as_ref())?;
        let path = self.key.map(|text| parse_path(&text, "key")).transpose()?;
        Ok(WriteOp::SetPayload {
            payload: payload(self.payload, "payload", limits)?,
            path,
            points: points(self.points, "points_selector", limits)?,
        })
    }

    /// The whole payload is replaced.
    pub(super) fn overwrite(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        no_shard_keys(self.shard_key.as_ref())?;
        let what = "an overwrite replaces the whole payload; set takes a key";
        super::given::refuse_given(self.key.as_ref(), "key", what)?;
        Ok(WriteOp::OverwritePayload {
            payload: payload(self.payload, "payload", limits)?,
            points: points(self.points, "points_selector", limits)?,
        })
    }
}

/// Removal of keys of the payload.
pub(super) fn key_deletion(
    keys: &[String],
    given: Option<m::PointsSelector>,
    shard_key_selector: Option<&m::ShardKeySelector>,
    limits: &Limits,
) -> Result<WriteOp, ApiError> {
    no_shard_keys(shard_key_selector)?;
    not_empty(keys, "keys")?;
    Ok(WriteOp::DeletePayload {
        keys: paths(keys, "keys")?,
        points: points(given, "points_selector", limits)?,
    })
}

impl m::DeletePoints {
    /// The write.
    pub fn into_write(self, limits: &Limits) -> Result<Write, ApiError> {
        let m::DeletePoints {
            collection_name,
            wait,
            points,
            ordering,
            shard_key_selector,
            timeout,
        } = self;
        let op = deletion(points, shard_key_selector.as_ref(), limits)?;
        write(collection_name, (wait, ordering, timeout), op)
    }
}

impl m::ClearPayloadPoints {
    /// The write.
    pub fn into_write(self, limits: &Limits) -> Result<Write, ApiError> {
        let m::ClearPayloadPoints {
            collection_name,
            wait,
            points,
            ordering,
            shard_key_selector,
            timeout,
        } = self;
        let op = clearing(points, shard_key_selector.as_ref(), limits)?;
        write(collection_name, (wait, ordering, timeout), op)
    }
}

impl m::SetPayloadPoints {
    /// The write that sets keys and leaves the others.
    pub fn into_set(self, limits: &Limits) -> Result<Write, ApiError> {
        self.into_write(|setting| setting.set(limits))
    }

    /// The write that replaces the whole payload.
    pub fn into_overwrite(self, limits: &Limits) -> Result<Write, ApiError> {
        self.into_write(|setting| setting.overwrite(limits))
    }

    fn into_write(self, op: impl FnOnce(Setting) -> Result<WriteOp, ApiError>) -> Result<Write, ApiError> {
        let m::SetPayloadPoints {
            collection_name,
            wait,
            payload,
            points_selector,
            ordering,
            shard_key_selector,
            key,
            timeout,
        } = self;
        let setting = Setting {
            payload,
            key,
            points: points_selector,
            shard_key: shard_key_selector,
        };
        write(collection_name, (wait, ordering, timeout), op(setting)?)
    }
}

impl m::DeletePayloadPoints {
    /// The write.
    pub fn into_write(self, limits: &Limits) -> Result<Write, ApiError> {
        let m::DeletePayloadPoints {
            collection_name,
            wait,
            keys,
            points_selector,
            ordering,
            shard_key_selector,
            timeout,
        } = self;
        let op = key_deletion(&keys, points_selector, shard_key_selector.as_ref(), limits)?;
        write(collection_name, (wait, ordering, timeout), op)
    }
}

/// What a write did: the number of its operation, none for a change of the collection itself.
pub(super) fn result_message(operation_id: Option<u64>, wait: Wait) -> m::UpdateResult {
    let status = match wait {
        Wait::Durable => m::UpdateStatus::Completed,
        Wait::Accepted => m::UpdateStatus::Acknowledged,
    };
    m::UpdateResult {
        operation_id,
        status: status.into(),
    }
}

impl m::PointsOperationResponse {
    /// From the engine's answer and the seconds it took; without an outcome for a change of the collection itself.
    pub fn of(outcome: Option<WriteOutcome>, wait: Wait, time: f64) -> m::PointsOperationResponse {
        let operation_id = outcome.map(|outcome| outcome.operation_id);
        m::PointsOperationResponse {
            result: Some(result_message(operation_id, wait)),
            time,
            usage: None,
        }
    }
}
