//! Updates and removals of single vectors of points. Never touches a payload.

use ruvector_types::{Limits, PointVectors, WriteOp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::schema::{FilterSchema, PointIdSchema};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, not_empty, refuse};
use crate::update::Selection;
use crate::vector::PointVectors as WireVectors;
use crate::{ApiError, WireFilter, WireId};

/// Body of `PUT …/points/vectors`: sets vectors of existing points and leaves their others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateVectors {
    /// Points, each `{"id": …, "vector": …}`: a vector, or vectors by name.
    #[schema(value_type = Vec<Object>)]
    points: Vec<WireUpdate>,
    /// If given, a point is changed only where it matches, and absent points are passed over.
    #[schema(value_type = Option<FilterSchema>)]
    update_filter: Option<WireFilter>,
    #[schema(ignore)]
    shard_key: Unserved,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireUpdate {
    id: WireId,
    vector: WireVectors,
}

/// Body of `POST …/points/vectors/delete`: removes vectors of points.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteVectors {
    /// Names of the vectors; `""` is the unnamed one.
    vector: Vec<String>,
    /// Ids.
    #[schema(value_type = Option<Vec<PointIdSchema>>)]
    points: Option<Vec<WireId>>,
    /// Every point that matches.
    #[schema(value_type = Option<FilterSchema>)]
    filter: Option<WireFilter>,
    #[schema(ignore)]
    shard_key: Unserved,
}

impl UpdateVectors {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        not_empty(&self.points, "points")?;
        at_most(
            self.points.len(),
            limits.batch_points_max,
            "points",
            "batch_points_max",
        )?;
        let point = |update: WireUpdate| PointVectors {
            id: update.id.0,
            vectors: update.vector.0,
        };
        let condition = self
            .update_filter
            .map(|filter| filter.into_filter("update_filter", limits))
            .transpose()?;
        Ok(WriteOp::UpdateVectors {
            points: self.points.into_iter().map(point).collect(),
            condition,
        })
    }
}

impl DeleteVectors {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        not_empty(&self.vector, "vector")?;
        let selection = Selection {
            points: self.points,
            filter: self.filter,
            shard_key: self.shard_key,
        };
        Ok(WriteOp::DeleteVectors {
            names: self.vector,
            points: selection.into_selector(limits)?,
        })
    }
}
