//! Applies one logged operation to a shard's draft; live writes and replay both call this. Applying never refuses (what was read
//! from a file is checked before), never reads the clock; an operation that is already in the state changes nothing.

use std::sync::Arc;

use ruvector_payload::Edit;
use ruvector_storage::{LogOperation, LogPoint, LogRecord, PayloadVersion};
use ruvector_types::{PointId, Vector};

use crate::Error;
use crate::schema::Schema;
use crate::shard::Sequencer;
use crate::view::Source;

/// Refuses a record read from a log in which a vector is not of its field's kind: no writer logs that.
pub(crate) fn check_logged(record: &LogRecord, schema: &Schema) -> Result<(), Error> {
    let LogOperation::Upsert(points) = &record.operation else {
        return Ok(());
    };
    for point in points {
        let strange = |(number, vector): &&(u16, Vector)| !schema.could_hold(*number, vector);
        if let Some((number, _)) = point.vectors.iter().find(strange) {
            let LogRecord { shard, seq, .. } = record;
            return Err(Error::corrupt(format!(
                "record {seq} of the log of shard {shard}: point {} has a vector of another kind than field {number}",
                point.id
            )));
        }
    }
    Ok(())
}

/// Applies `record` to the draft, unpublished. Returns the points touched.
pub(crate) fn apply(sequencer: &mut Sequencer, record: LogRecord, schema: &Schema) -> u64 {
    let seq = record.seq;
    let touched = match record.operation {
        LogOperation::Upsert(points) => {
            sequencer.make_room(points.len(), schema);
            points
                .into_iter()
                .map(|point| upsert(sequencer, seq, point))
                .sum()
        }
        LogOperation::Delete(ids) => ids.iter().map(|id| delete(sequencer, seq, id)).sum(),
        LogOperation::EditPayload { ids, edit } => match ruvector_payload::decode_edit(&edit) {
            Ok(edit) => ids.iter().map(|id| edit_payload(sequencer, seq, id, &edit)).sum(),
            Err(_) => 0,
        },
    };
    sequencer.draft.seq = seq;
    sequencer.dirty = true;
    sequencer.freeze_if_full(&schema.optimizer);
    touched
}

/// Marks the live row of `id` deleted if an earlier operation wrote it; false if a later one did.
fn retire(sequencer: &mut Sequencer, seq: u64, id: &PointId) -> Retired {
    let Some((at, row)) = sequencer.draft.find(id) else {
        return Retired::Absent;
    };
    let segment = &mut sequencer.draft.segments[at];
    if segment.version(row).is_some_and(|version| version >= seq) {
        return Retired::Newer;
    }
    segment.deletes.set(row);
    Retired::Deleted
}

#[derive(PartialEq)]
enum Retired {
    Absent,
    Deleted,
    Newer,
}

fn upsert(sequencer: &mut Sequencer, seq: u64, point: LogPoint) -> u64 {
    if retire(sequencer, seq, &point.id) == Retired::Newer {
        return 0;
    }
    let Some(last) = sequencer.draft.segments.last_mut() else {
        return 0;
    };
    let Source::Active(active) = &last.source else {
        return 0;
    };
    match active.push(point.id, seq, point.payload, point.vectors) {
        Some(row) => {
            last.rows = row + 1;
            1
        }
        None => 0,
    }
}

fn delete(sequencer: &mut Sequencer, seq: u64, id: &PointId) -> u64 {
    u64::from(retire(sequencer, seq, id) == Retired::Deleted)
}

fn edit_payload(sequencer: &mut Sequencer, seq: u64, id: &PointId, edit: &Edit) -> u64 {
    let Some((at, row)) = sequencer.draft.find(id) else {
        return 0;
    };
    let segment = &mut sequencer.draft.segments[at];
    let Some((payload, version)) = segment.payload(row) else {
        return 0;
    };
    if version >= seq {
        return 0;
    }
    let Ok(mut map) = ruvector_payload::decode(payload) else {
        return 0;
    };
    ruvector_payload::apply(edit, &mut map);
    let payload = ruvector_payload::encode(&map).into_boxed_slice();
    segment.delta.insert(
        row,
        Arc::new(PayloadVersion {
            version: seq,
            payload,
        }),
    );
    1
}
