//! The breadth of a graph search: what the request names, else what the graph was measured to need. Never raised to the number
//! of results here.

use super::nearest::Query;
use crate::view::SegmentView;

/// The breadth of a search that names none, at least.
const EF_MIN: usize = 64;

/// The same where the graph was not measured.
const EF_UNMEASURED: usize = 128;

/// The share of the nearest that such a search is to find: what filtered searches promise.
const RECALL: f32 = 0.95;

impl Query<'_> {
    /// The breadth of this search in a segment: data without structure takes many times that of other data. A segment in memory
    /// is taken to be like the largest one.
    pub(crate) fn ef_in(&self, segment: &SegmentView) -> usize {
        self.ef.unwrap_or_else(|| {
            let fast = segment.fast(self.field.number).or(self.yardstick);
            let measured = fast.and_then(|fast| fast.breadth_of(RECALL));
            let ef = measured.unwrap_or(EF_UNMEASURED).max(EF_MIN);
            ef.min(self.core.limits.hnsw_ef_max as usize)
        })
    }
}
