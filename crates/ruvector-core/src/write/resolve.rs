//! Resolves a checked write against the sequencer's draft: conditions are decided and filters become ids, so that
//! the log holds effects only. Everything that data can refuse is refused here.

use ruvector_payload::Edit;
use ruvector_storage::{LogOperation, LogPoint};
use ruvector_types::{Invalid, PointId, Problem, Step, UpdateMode};

use super::revise::{delete_vectors, update_vectors};
use super::validate::{Prepared, Target};
use crate::collection::Core;
use crate::read::{CompiledFilter, matching_rows, row_matches};
use crate::view::ShardView;
use crate::{Ctx, Error};

/// The part of `prepared` that concerns `shard`, as an operation for its log; `None` if it changes nothing there.
pub(crate) fn resolve(
    ctx: &Ctx,
    core: &Core,
    shard: usize,
    prepared: &mut Prepared,
    draft: &ShardView,
) -> Result<Option<LogOperation>, Error> {
    match prepared {
        Prepared::Upsert {
            by_shard,
            mode,
            condition,
        } => {
            let mut points = std::mem::take(&mut by_shard[shard]);
            if *mode != UpdateMode::Upsert || condition.is_some() {
                points = admitted(points, *mode, condition.as_ref(), draft)?;
            }
            Ok((!points.is_empty()).then_some(LogOperation::Upsert(points)))
        }
        Prepared::UpdateVectors { by_shard, condition } => {
            let updates = std::mem::take(&mut by_shard[shard]);
            let points = update_vectors(core, updates, condition.as_ref(), draft)?;
            Ok((!points.is_empty()).then_some(LogOperation::Upsert(points)))
        }
        Prepared::DeleteVectors { target, fields } => {
            let points = delete_vectors(ctx, core, shard, (target, fields), draft)?;
            Ok((!points.is_empty()).then_some(LogOperation::Upsert(points)))
        }
        Prepared::Delete { target } => {
            let ids = present(ctx, core, shard, target, draft)?;
            Ok((!ids.is_empty()).then_some(LogOperation::Delete(ids)))
        }
        Prepared::Edit { target, edit } => {
            let ids = present(ctx, core, shard, target, draft)?;
            check_editable(core, &ids, edit, draft)?;
            Ok((!ids.is_empty()).then(|| LogOperation::EditPayload {
                ids,
                edit: edit.clone(),
            }))
        }
    }
}

fn admitted(
    points: Vec<LogPoint>,
    mode: UpdateMode,
    condition: Option<&CompiledFilter>,
    draft: &ShardView,
) -> Result<Vec<LogPoint>, Error> {
    let mut kept = Vec::with_capacity(points.len());
    for point in points {
        let admitted = match draft.find(&point.id) {
            None => mode != UpdateMode::UpdateOnly,
            Some(_) if mode == UpdateMode::InsertOnly => false,
            Some((at, row)) => match condition {
                Some(condition) => row_matches(&draft.segments[at], row, condition)?,
                None => true,
            },
        };
        if admitted {
            kept.push(point);
        }
    }
    Ok(kept)
}

/// The ids of this shard that the target names and that exist.
pub(super) fn present(
    ctx: &Ctx,
    core: &Core,
    shard: usize,
    target: &Target,
    draft: &ShardView,
) -> Result<Vec<PointId>, Error> {
    match target {
        Target::Ids(by_shard) => Ok(by_shard[shard]
            .iter()
            .filter(|id| draft.find(id).is_some())
            .cloned()
            .collect()),
        Target::Filter(filter) => {
            let mut ids = Vec::new();
            for segment in &draft.segments {
                for row in matching_rows(ctx, core, segment, filter)?.iter() {
                    ids.extend(segment.id(row));
                }
            }
            Ok(ids)
        }
    }
}

/// Bytes of a payload after an edit that may add to each item of an array. Beyond `bytes_max` they are only known to be so
/// many at least: what was asked for is not made.
fn edited_bytes(payload: &[u8], edit: &Edit, bytes_max: usize) -> Option<usize> {
    let mut map = ruvector_payload::decode(payload).ok()?;
    let least = ruvector_payload::edited_bytes_min(edit, &map);
    if least > bytes_max as u64 {
        return Some(usize::try_from(least).unwrap_or(usize::MAX));
    }
    ruvector_payload::apply(edit, &mut map);
    Some(ruvector_payload::encode(&map).len())
}

/// Refuses an edit of a payload that cannot be read, or that could outgrow the limit.
fn check_editable(core: &Core, ids: &[PointId], edit: &[u8], draft: &ShardView) -> Result<(), Error> {
    let repeats = |edit: &Edit| matches!(edit, Edit::Set { path: Some(path), .. } if path.steps().contains(&Step::Each));
    let repeating = ruvector_payload::decode_edit(edit).ok().filter(repeats);
    for id in ids {
        let Some((at, row)) = draft.find(id) else { continue };
        let Some((payload, _)) = draft.segments[at].payload(row) else {
            return Err(Error::corrupt(format!(
                "the payload of point {id} is damaged; upsert the point to replace it"
            )));
        };
        let bytes = match &repeating {
            None => payload.len() + edit.len(),
            Some(edit) => edited_bytes(payload, edit, core.limits.payload_bytes_max).unwrap_or(payload.len()),
        };
        if bytes > core.limits.payload_bytes_max {
            let limit = core.limits.payload_bytes_max as u64;
            let problem = Problem::AboveLimit {
                given: bytes as u64,
                limit,
                limit_name: "payload_bytes_max",
            };
            return Err(Invalid::new(format!("payload of point {id}"), problem).into());
        }
    }
    Ok(())
}
