//! Upserts: a list of points, or a batch in columns. Never drops a point silently.

use ruvector_types::{Limits, Point, UpdateMode, Upsert, WriteOp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::schema::{FilterSchema, PointSchema};
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, not_empty, refuse};
use crate::{ApiError, BatchVectors, PointVectors, WireFilter, WireId, WirePayload};

/// Body of `PUT /collections/{name}/points`: `points`, or `batch` (the same in columns). Applied in order,
/// all or nothing; of an id given twice the last counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpsertPoints {
    /// The points.
    #[schema(value_type = Option<Vec<PointSchema>>)]
    points: Option<Vec<WirePoint>>,
    /// The points in columns: `{"ids": […], "vectors": […], "payloads": […]}`.
    #[schema(value_type = Option<Object>)]
    batch: Option<Batch>,
    /// If given, an existing point is replaced only where it matches.
    #[schema(value_type = Option<FilterSchema>)]
    update_filter: Option<WireFilter>,
    /// `upsert`, `insert_only` or `update_only`.
    #[schema(value_type = Option<String>)]
    update_mode: Option<Mode>,
    #[schema(ignore)]
    shard_key: Unserved,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePoint {
    id: WireId,
    vector: PointVectors,
    payload: Option<WirePayload>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    ids: Vec<WireId>,
    vectors: BatchVectors,
    payloads: Option<Vec<Option<WirePayload>>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Upsert,
    InsertOnly,
    UpdateOnly,
}

impl UpsertPoints {
    /// The engine's operation.
    pub fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        refuse("shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        let points = match (self.points, self.batch) {
            (Some(points), None) => list(points, limits)?,
            (None, Some(batch)) => batch.into_points(limits)?,
            _ => return Err(ApiError::rule("points", "give either points or batch")),
        };
        let mode = match self.update_mode {
            None | Some(Mode::Upsert) => UpdateMode::Upsert,
            Some(Mode::InsertOnly) => UpdateMode::InsertOnly,
            Some(Mode::UpdateOnly) => UpdateMode::UpdateOnly,
        };
        let condition = self
            .update_filter
            .map(|filter| filter.into_filter("update_filter", limits))
            .transpose()?;
        Ok(WriteOp::Upsert(Upsert {
            points,
            mode,
            condition,
        }))
    }
}

fn list(points: Vec<WirePoint>, limits: &Limits) -> Result<Vec<Point>, ApiError> {
    not_empty(&points, "points")?;
    at_most(
        points.len(),
        limits.batch_points_max,
        "points",
        "batch_points_max",
    )?;
    points
        .into_iter()
        .enumerate()
        .map(|(at, point)| {
            let payload = point.payload.unwrap_or_default();
            let payload = payload.into_map(&format!("points[{at}].payload"), limits)?;
            Ok(Point {
                id: point.id.0,
                vectors: point.vector.0,
                payload,
            })
        })
        .collect()
}

impl Batch {
    fn into_points(self, limits: &Limits) -> Result<Vec<Point>, ApiError> {
        let count = self.ids.len();
        not_empty(&self.ids, "batch.ids")?;
        at_most(count, limits.batch_points_max, "batch.ids", "batch_points_max")?;
        let mut points: Vec<Point> = self
            .ids
            .into_iter()
            .map(|id| Point {
                id: id.0,
                vectors: Default::default(),
                payload: Default::default(),
            })
            .collect();
        for (name, column) in self.vectors.0 {
            let field = if name.is_empty() {
                "batch.vectors".to_owned()
            } else {
                format!("batch.vectors.{name}")
            };
            same_length(field, column.len(), count)?;
            for (point, vector) in points.iter_mut().zip(column) {
                point.vectors.insert(name.clone(), vector);
            }
        }
        if let Some(payloads) = self.payloads {
            same_length("batch.payloads".to_owned(), payloads.len(), count)?;
            for (at, (point, payload)) in points.iter_mut().zip(payloads).enumerate() {
                let field = format!("batch.payloads[{at}]");
                point.payload = payload.unwrap_or_default().into_map(&field, limits)?;
            }
        }
        Ok(points)
    }
}

fn same_length(field: String, given: usize, expected: usize) -> Result<(), ApiError> {
    if given == expected {
        return Ok(());
    }
    Err(ApiError::Length {
        field,
        given,
        expected,
    })
}
