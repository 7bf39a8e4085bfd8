//! Several writes in one request. Never carries one out.

use ruvector_types::{Limits, WriteOp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::selector::{at_most, not_empty};
use crate::{
    ApiError, ClearPayload, DeletePayload, DeletePoints, DeleteVectors, OverwritePayload, SetPayload,
    UpdateVectors, UpsertPoints,
};

/// Body of `POST …/points/batch`: writes, carried out in order, each with one key that says what it does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteBatch {
    /// The writes.
    #[schema(value_type = Vec<Object>)]
    operations: Vec<WireOperation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireOperation {
    Upsert(UpsertPoints),
    Delete(DeletePoints),
    SetPayload(SetPayload),
    OverwritePayload(OverwritePayload),
    DeletePayload(DeletePayload),
    ClearPayload(ClearPayload),
    UpdateVectors(UpdateVectors),
    DeleteVectors(DeleteVectors),
}

impl WriteBatch {
    /// The engine's operations.
    pub fn into_ops(self, limits: &Limits) -> Result<Vec<WriteOp>, ApiError> {
        not_empty(&self.operations, "operations")?;
        let (given, limit) = (self.operations.len(), limits.batch_points_max);
        at_most(given, limit, "operations", "batch_points_max")?;
        let operations = self.operations.into_iter().enumerate();
        operations
            .map(|(at, operation)| {
                let op = operation.into_op(limits);
                op.map_err(|error| error.within(format_args!("operations[{at}]")))
            })
            .collect()
    }
}

impl WireOperation {
    fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        match self {
            WireOperation::Upsert(body) => body.into_op(limits),
            WireOperation::Delete(body) => body.into_op(limits),
            WireOperation::SetPayload(body) => body.into_op(limits),
            WireOperation::OverwritePayload(body) => body.into_op(limits),
            WireOperation::DeletePayload(body) => body.into_op(limits),
            WireOperation::ClearPayload(body) => body.into_op(limits),
            WireOperation::UpdateVectors(body) => body.into_op(limits),
            WireOperation::DeleteVectors(body) => body.into_op(limits),
        }
    }
}
