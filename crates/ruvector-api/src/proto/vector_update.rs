//! Updates and removals of single vectors as messages. Never touches a payload.

use ruvector_types::{Limits, PointVectors, WriteOp};

use super::filter::filter;
use super::given::required;
use super::id::given_id;
use super::messages as m;
use super::selector::{no_shard_keys, points};
use super::update::{Write, write};
use super::vector::vectors;
use crate::ApiError;
use crate::selector::{at_most, not_empty};

impl m::UpdatePointVectors {
    /// The write.
    pub fn into_write(self, limits: &Limits) -> Result<Write, ApiError> {
        let m::UpdatePointVectors {
            collection_name,
            wait,
            points,
            ordering,
            shard_key_selector,
            update_filter,
            timeout,
        } = self;
        let update = m::points_update_operation::UpdateVectors {
            points,
            shard_key_selector,
            update_filter,
        };
        write(
            collection_name,
            (wait, ordering, timeout),
            update.into_op(limits)?,
        )
    }
}

impl m::points_update_operation::UpdateVectors {
    /// The engine's operation.
    pub(super) fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        let m::points_update_operation::UpdateVectors {
            points,
            shard_key_selector,
            update_filter,
        } = self;
        no_shard_keys(shard_key_selector.as_ref())?;
        not_empty(&points, "points")?;
        at_most(
            points.len(),
            limits.batch_points_max,
            "points",
            "batch_points_max",
        )?;
        let one = |(at, given)| {
            let m::PointVectors { id, vectors: given } = given;
            let point = given_id(id, "id").and_then(|id| {
                required(given.as_ref(), "vectors", "the vectors to set")?;
                let vectors = vectors(given, "vectors")?;
                Ok(PointVectors { id, vectors })
            });
            point.map_err(|error| error.within(format_args!("points[{at}]")))
        };
        Ok(WriteOp::UpdateVectors {
            points: points
                .into_iter()
                .enumerate()
                .map(one)
                .collect::<Result<_, _>>()?,
            condition: filter(update_filter, "update_filter", limits)?,
        })
    }
}

impl m::DeletePointVectors {
    /// The write.
    pub fn into_write(self, limits: &Limits) -> Result<Write, ApiError> {
        let m::DeletePointVectors {
            collection_name,
            wait,
            points_selector,
            vectors,
            ordering,
            shard_key_selector,
            timeout,
        } = self;
        let deletion = m::points_update_operation::DeleteVectors {
            points_selector,
            vectors,
            shard_key_selector,
        };
        write(
            collection_name,
            (wait, ordering, timeout),
            deletion.into_op(limits)?,
        )
    }
}

impl m::points_update_operation::DeleteVectors {
    /// The engine's operation.
    pub(super) fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        let m::points_update_operation::DeleteVectors {
            points_selector,
            vectors,
            shard_key_selector,
        } = self;
        no_shard_keys(shard_key_selector.as_ref())?;
        let m::VectorsSelector { names } = required(vectors, "vectors", "the names of the vectors")?;
        not_empty(&names, "vectors.names")?;
        Ok(WriteOp::DeleteVectors {
            names,
            points: points(points_selector, "points_selector", limits)?,
        })
    }
}
