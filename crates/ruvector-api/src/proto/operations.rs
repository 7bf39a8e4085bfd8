//! Several writes in one message. Never carries one out.

use ruvector_core::{Wait, WriteOutcome};
use ruvector_types::{Limits, WriteOp};

use super::given::required;
use super::messages::{self as m, points_update_operation as op, points_update_operation::Operation};
use super::update::{Setting, Write, clearing, deletion, key_deletion, result_message, write};
use crate::ApiError;
use crate::selector::{at_most, not_empty};

impl m::UpdateBatchPoints {
    /// The writes, in order.
    pub fn into_writes(self, limits: &Limits) -> Result<Write<Vec<WriteOp>>, ApiError> {
        let m::UpdateBatchPoints {
            collection_name,
            wait,
            operations,
            ordering,
            timeout,
        } = self;
        not_empty(&operations, "operations")?;
        at_most(
            operations.len(),
            limits.batch_points_max,
            "operations",
            "batch_points_max",
        )?;
        let one = |(at, given)| {
            operation(given, limits).map_err(|error: ApiError| error.within(format_args!("operations[{at}]")))
        };
        let ops = operations
            .into_iter()
            .enumerate()
            .map(one)
            .collect::<Result<_, _>>()?;
        write(collection_name, (wait, ordering, timeout), ops)
    }
}

#[allow(deprecated, reason = "older clients write deletions so")]
fn operation(given: m::PointsUpdateOperation, limits: &Limits) -> Result<WriteOp, ApiError> {
    let m::PointsUpdateOperation { operation } = given;
    match required(operation, "operation", "what is written")? {
        Operation::Upsert(list) => list.into_op(limits),
        Operation::UpdateVectors(update) => update.into_op(limits),
        Operation::DeleteVectors(given) => given.into_op(limits),
        Operation::DeleteDeprecated(points) => deletion(Some(points), None, limits),
        Operation::ClearPayloadDeprecated(points) => clearing(Some(points), None, limits),
        Operation::DeletePoints(given) => {
            let op::DeletePoints {
                points,
                shard_key_selector,
            } = given;
            deletion(points, shard_key_selector.as_ref(), limits)
        }
        Operation::ClearPayload(given) => {
            let op::ClearPayload {
                points,
                shard_key_selector,
            } = given;
            clearing(points, shard_key_selector.as_ref(), limits)
        }
        Operation::SetPayload(given) => {
            let op::SetPayload {
                payload,
                points_selector: points,
                shard_key_selector: shard_key,
                key,
            } = given;
            let setting = Setting {
                payload,
                key,
                points,
                shard_key,
            };
            setting.set(limits)
        }
        Operation::OverwritePayload(given) => {
            let op::OverwritePayload {
                payload,
                points_selector: points,
                shard_key_selector: shard_key,
                key,
            } = given;
            let setting = Setting {
                payload,
                key,
                points,
                shard_key,
            };
            setting.overwrite(limits)
        }
        Operation::DeletePayload(given) => {
            let op::DeletePayload {
                keys,
                points_selector,
                shard_key_selector,
            } = given;
            key_deletion(&keys, points_selector, shard_key_selector.as_ref(), limits)
        }
    }
}

impl m::UpdateBatchResponse {
    /// From the engine's answers and the seconds it took.
    pub fn of(outcomes: &[WriteOutcome], wait: Wait, time: f64) -> m::UpdateBatchResponse {
        let result = |outcome: &WriteOutcome| result_message(Some(outcome.operation_id), wait);
        m::UpdateBatchResponse {
            result: outcomes.iter().map(result).collect(),
            time,
            usage: None,
        }
    }
}
