//! How many live points of a segment have a value that an index is about. Never counts a point twice, and never reads the
//! payload of one that an index knows.

use ruvector_payload::PayloadRef;
use ruvector_payload::index::{Index, ValueTest};
use ruvector_storage::Component;

use crate::read::take_away_deleted;
use crate::view::SegmentView;

/// The points of a segment that has the index. `None`: damaged. Cost: none, or a set of the segment's size where points
/// were deleted or changed, and a look at the payloads of the changed ones.
pub(crate) fn in_index(segment: &SegmentView, index: &Index<Component>, about: &ValueTest) -> Option<u64> {
    if segment.deletes.is_empty() && segment.delta.is_empty() {
        return index.valued_count();
    }
    let mut valued = index.valued()?;
    for (row, _) in segment.delta.iter() {
        match has_value(segment, row, about) {
            true => valued.insert(row),
            false => valued.remove(row),
        }
    }
    take_away_deleted(segment, &mut valued);
    Some(valued.count())
}

/// The points of a segment without it. Cost: looks at every payload.
pub(crate) fn in_payloads(segment: &SegmentView, about: &ValueTest) -> u64 {
    let rows = (0..segment.rows).filter(|row| segment.is_live(*row) && has_value(segment, *row, about));
    rows.count() as u64
}

/// A damaged payload has no values, as it matches no filter.
fn has_value(segment: &SegmentView, row: u32, about: &ValueTest) -> bool {
    let payload = segment
        .payload(row)
        .and_then(|(bytes, _)| PayloadRef::new(bytes).ok());
    payload.is_some_and(|payload| about.passes(payload).unwrap_or(false))
}
