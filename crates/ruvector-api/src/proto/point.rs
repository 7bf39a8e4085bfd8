//! Upserts as messages. Never drops a point silently.

use ruvector_types::{Limits, Point, UpdateMode, Upsert, WriteOp};

use super::filter::filter;
use super::given::named;
use super::id::given_id;
use super::messages as m;
use super::selector::no_shard_keys;
use super::update::{Write, write};
use super::value::payload;
use super::vector::vectors;
use crate::ApiError;
use crate::selector::{at_most, not_empty};

impl m::UpsertPoints {
    /// The write.
    pub fn into_write(self, limits: &Limits) -> Result<Write, ApiError> {
        let m::UpsertPoints {
            collection_name,
            wait,
            points,
            ordering,
            shard_key_selector,
            update_filter,
            timeout,
            update_mode,
        } = self;
        let list = m::points_update_operation::PointStructList {
            points,
            shard_key_selector,
            update_filter,
            update_mode,
        };
        write(collection_name, (wait, ordering, timeout), list.into_op(limits)?)
    }
}

impl m::points_update_operation::PointStructList {
    /// The engine's operation.
    pub(super) fn into_op(self, limits: &Limits) -> Result<WriteOp, ApiError> {
        let m::points_update_operation::PointStructList {
            points,
            shard_key_selector,
            update_filter,
            update_mode,
        } = self;
        no_shard_keys(shard_key_selector.as_ref())?;
        not_empty(&points, "points")?;
        at_most(
            points.len(),
            limits.batch_points_max,
            "points",
            "batch_points_max",
        )?;
        let mode = match update_mode {
            None => UpdateMode::Upsert,
            Some(number) => {
                let expected = "0 (upsert), 1 (insert_only) or 2 (update_only)";
                match named::<m::UpdateMode>(number, "update_mode", expected)? {
                    m::UpdateMode::Upsert => UpdateMode::Upsert,
                    m::UpdateMode::InsertOnly => UpdateMode::InsertOnly,
                    m::UpdateMode::UpdateOnly => UpdateMode::UpdateOnly,
                }
            }
        };
        let one = |(at, given)| {
            point(given, limits).map_err(|error: ApiError| error.within(format_args!("points[{at}]")))
        };
        Ok(WriteOp::Upsert(Upsert {
            points: points
                .into_iter()
                .enumerate()
                .map(one)
                .collect::<Result<_, _>>()?,
            mode,
            condition: filter(update_filter, "update_filter", limits)?,
        }))
    }
}

fn point(given: m::PointStruct, limits: &Limits) -> Result<Point, ApiError> {
    let m::PointStruct {
        id,
        payload: fields,
        vectors: given,
    } = given;
    Ok(Point {
        id: given_id(id, "id")?,
        vectors: vectors(given, "vectors")?,
        payload: payload(fields, "payload", limits)?,
    })
}
