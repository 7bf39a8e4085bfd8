//! Turns a write as stated into one that is checked, encoded and split by shard. Looks at the configuration and
//! the limits only, never at data.

use std::collections::HashSet;

use ruvector_payload::Edit;
use ruvector_storage::LogPoint;
use ruvector_types::{
    Filter, Invalid, Limits, Map, Point, PointId, PointSelector, Problem, UpdateMode, Upsert, Value, WriteOp,
};

use super::revise::{VectorUpdate, prepare_removal, prepare_updates};
use super::vectors::prepare_vectors;
use crate::Error;
use crate::collection::{Core, at_most};
use crate::read::{CompiledFilter, compile_filter};

/// A checked write, not yet resolved against data.
pub(crate) enum Prepared {
    Upsert {
        by_shard: Vec<Vec<LogPoint>>,
        mode: UpdateMode,
        condition: Option<CompiledFilter>,
    },
    UpdateVectors {
        by_shard: Vec<Vec<VectorUpdate>>,
        condition: Option<CompiledFilter>,
    },
    DeleteVectors {
        target: Target,
        fields: Vec<u16>,
    },
    Delete {
        target: Target,
    },
    Edit {
        target: Target,
        edit: Box<[u8]>,
    },
}

/// Which points a write names.
pub(crate) enum Target {
    Ids(Vec<Vec<PointId>>),
    Filter(CompiledFilter),
}

pub(crate) fn prepare(operation: WriteOp, core: &Core) -> Result<Prepared, Error> {
    match operation {
        WriteOp::Upsert(upsert) => prepare_upsert(upsert, core),
        WriteOp::Delete(points) => Ok(Prepared::Delete {
            target: target(points, core)?,
        }),
        WriteOp::UpdateVectors { points, condition } => prepare_updates(points, condition, core),
        WriteOp::DeleteVectors { names, points } => prepare_removal(&names, points, core),
        WriteOp::SetPayload {
            payload,
            path,
            points,
        } => {
            let steps = path.as_ref().map_or(0, |path| path.steps().len());
            check_payload(&payload, steps, "payload", &core.limits)?;
            prepare_edit(Edit::Set { payload, path }, points, core)
        }
        WriteOp::OverwritePayload { payload, points } => {
            check_payload(&payload, 0, "payload", &core.limits)?;
            prepare_edit(Edit::Overwrite(payload), points, core)
        }
        WriteOp::DeletePayload { keys, points } => {
            if keys.is_empty() {
                return Err(Invalid::new("keys", Problem::Empty).into());
            }
            at_most(
                "keys",
                keys.len(),
                core.limits.filter_values_max,
                "filter_values_max",
            )?;
            prepare_edit(Edit::Delete(keys), points, core)
        }
        WriteOp::ClearPayload { points } => prepare_edit(Edit::Clear, points, core),
    }
}

fn prepare_edit(edit: Edit, points: PointSelector, core: &Core) -> Result<Prepared, Error> {
    let edit = ruvector_payload::encode_edit(&edit).into_boxed_slice();
    at_most(
        "payload",
        edit.len(),
        core.limits.payload_bytes_max,
        "payload_bytes_max",
    )?;
    Ok(Prepared::Edit {
        target: target(points, core)?,
        edit,
    })
}

fn prepare_upsert(upsert: Upsert, core: &Core) -> Result<Prepared, Error> {
    if upsert.points.is_empty() {
        return Err(Invalid::new("points", Problem::Empty).into());
    }
    at_most(
        "points",
        upsert.points.len(),
        core.limits.batch_points_max,
        "batch_points_max",
    )?;
    let conditional = upsert.mode != UpdateMode::Upsert || upsert.condition.is_some();
    let condition = upsert
        .condition
        .as_ref()
        .map(|filter| compile(filter, core))
        .transpose()?;
    let mut by_shard: Vec<Vec<LogPoint>> = core.shards.iter().map(|_| Vec::new()).collect();
    let mut ids = HashSet::with_capacity(upsert.points.len());
    let mut bytes = 0;
    // Backwards, so that of several points of one id the last is kept, as if they were applied one by one.
    for (at, point) in upsert.points.into_iter().enumerate().rev() {
        let place = |invalid: Invalid| Error::from(invalid.within(format!("points[{at}]")));
        check_id("id", &point.id).map_err(place)?;
        let fresh = ids.insert(point.id.clone());
        let shard = core.shard_of(&point.id);
        let point = prepare_point(point, core).map_err(place)?;
        bytes += point_bytes(&point);
        at_most("points", bytes, core.limits.batch_bytes_max, "batch_bytes_max")?;
        if fresh {
            by_shard[shard].push(point);
        } else if conditional {
            let rule = "a conditional upsert names this id twice";
            return Err(place(Invalid::new("id", Problem::Contradiction { rule })));
        }
    }
    by_shard.iter_mut().for_each(|points| points.reverse());
    Ok(Prepared::Upsert {
        by_shard,
        mode: upsert.mode,
        condition,
    })
}

pub(super) fn point_bytes(point: &LogPoint) -> usize {
    point.payload.len()
        + point
            .vectors
            .iter()
            .map(|(_, vector)| vector.bytes())
            .sum::<usize>()
        + 64
}

fn prepare_point(point: Point, core: &Core) -> Result<LogPoint, Invalid> {
    let vectors = prepare_vectors(point.vectors, core)?;
    check_payload(&point.payload, 0, "payload", &core.limits)?;
    let payload = ruvector_payload::encode(&point.payload).into_boxed_slice();
    at_most(
        "payload",
        payload.len(),
        core.limits.payload_bytes_max,
        "payload_bytes_max",
    )?;
    Ok(LogPoint {
        id: point.id,
        vectors,
        payload,
    })
}

pub(super) fn target(points: PointSelector, core: &Core) -> Result<Target, Error> {
    let ids = match points {
        PointSelector::Filter(filter) => return Ok(Target::Filter(compile(&filter, core)?)),
        PointSelector::Ids(ids) => ids,
    };
    if ids.is_empty() {
        return Err(Invalid::new("points", Problem::Empty).into());
    }
    at_most(
        "points",
        ids.len(),
        core.limits.batch_points_max,
        "batch_points_max",
    )?;
    let mut by_shard: Vec<Vec<PointId>> = core.shards.iter().map(|_| Vec::new()).collect();
    let mut seen = HashSet::with_capacity(ids.len());
    for (at, id) in ids.into_iter().enumerate() {
        check_id(&format!("points[{at}]"), &id)?;
        if seen.insert(id.clone()) {
            by_shard[core.shard_of(&id)].push(id);
        }
    }
    Ok(Target::Ids(by_shard))
}

pub(super) fn compile(filter: &Filter, core: &Core) -> Result<CompiledFilter, Error> {
    compile_filter(filter, core, &core.schema.load())
}

/// An id made by hand (not parsed) must still be one that parses to itself.
pub(super) fn check_id(place: &str, id: &PointId) -> Result<(), Invalid> {
    let PointId::Str(text) = id else { return Ok(()) };
    let parsed = PointId::parse(text).map_err(|error| Invalid::new(place, Problem::BadId(error)))?;
    if parsed == *id {
        return Ok(());
    }
    Err(Invalid::new(
        place,
        Problem::Contradiction {
            rule: "spells a number or a UUID: use PointId::parse",
        },
    ))
}

fn check_payload(payload: &Map, outer_levels: usize, place: &str, limits: &Limits) -> Result<(), Invalid> {
    for (key, value) in payload {
        let depth = outer_levels + 1 + value.depth();
        at_most(
            &format!("{place}.{key}"),
            depth,
            limits.payload_depth_max,
            "payload_depth_max",
        )?;
        check_numbers(value, place, key)?;
    }
    Ok(())
}

fn check_numbers(value: &Value, place: &str, key: &str) -> Result<(), Invalid> {
    match value {
        Value::Float(number) if !number.is_finite() => Err(Invalid::new(
            format!("{place}.{key}"),
            Problem::NotFinite { index: 0 },
        )),
        Value::Array(items) => items.iter().try_for_each(|item| check_numbers(item, place, key)),
        Value::Object(map) => map.values().try_for_each(|item| check_numbers(item, place, key)),
        _ => Ok(()),
    }
}
