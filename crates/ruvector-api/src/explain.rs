//! What a read did, as its answer tells it if asked to explain. Never counts anything itself but sums.

use std::time::Duration;

use ruvector_core::{SegmentTrace, Trace, Way};
use serde::Serialize;
use utoipa::ToSchema;

/// `explain` of an answer, beside its result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplainView {
    /// The segments visited, in order.
    segments: Vec<SegmentView>,
    /// Their sums.
    totals: TotalsView,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedSegment)]
struct SegmentView {
    shard: u32,
    /// Its number in the shard.
    segment: u64,
    /// `sealed`: in files, with payload indexes; `active`: in memory, without.
    state: &'static str,
    /// Live points.
    points: u64,
    /// How many points the filter is about; `null` without one.
    filter: Option<FilterView>,
    /// How it was read, in the order taken: `scan`, `graph`, `fast graph`, `fast scan`, `scan of codes`, `graph by codes`,
    /// `lists`, `rows` or `text`.
    /// A second one where the first had to be given up; none where no point could match.
    #[schema(value_type = Vec<String>)]
    ways: Vec<&'static str>,
    /// Breadth of the search: `hnsw_ef`, or what the graph is known to take where that is absent; `null` where breadth means
    /// nothing.
    ef: Option<usize>,
    /// Graph nodes whose links were followed, and those that a fast scan measured by their codes in the layout.
    visited: u64,
    /// Full vectors compared with the query.
    measured: u64,
    /// Microseconds for what the indexes know of the filter.
    filter_us: f64,
    /// Microseconds for the rest.
    search_us: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ExplainedFilter)]
struct FilterView {
    /// Points that match, guessed from the indexes' figures, deleted ones included.
    estimated: u64,
    /// Points for which no index decides: their payloads are read.
    undecided: u64,
    /// Points that match in truth.
    matching: u64,
    /// Fields with a condition that an index answers.
    indexed: Vec<String>,
    /// Fields with a condition that no index answers, and those inside `nested`: they are found in the payloads of the
    /// points that the others leave.
    unindexed: Vec<String>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ExplainedTotals)]
struct TotalsView {
    segments_visited: u64,
    /// `measured` of all segments.
    points_scored: u64,
    /// `visited` of all segments.
    nodes_visited: u64,
    estimated: u64,
    undecided: u64,
    /// Points that match in truth; without a filter, all live points of the segments visited.
    matching: u64,
    filter_us: f64,
    search_us: f64,
    /// Both. Reading the payloads of the results and counting `matching` are in none of them.
    total_us: f64,
}

impl ExplainView {
    /// From the engine's trace.
    pub fn new(trace: &Trace) -> ExplainView {
        let segments = trace.segments();
        let mut totals = TotalsView {
            segments_visited: segments.len() as u64,
            points_scored: trace.vectors_measured(),
            nodes_visited: trace.nodes_visited(),
            ..TotalsView::default()
        };
        let (mut filter_time, mut search_time) = (Duration::ZERO, Duration::ZERO);
        for segment in &segments {
            let filter = segment.filter.as_ref();
            totals.estimated += filter.map_or(segment.points, |filter| filter.estimated);
            totals.undecided += filter.map_or(0, |filter| filter.undecided);
            totals.matching += filter.map_or(segment.points, |filter| filter.matching);
            filter_time += segment.filter_time;
            search_time += segment.search_time;
        }
        totals.filter_us = micros(filter_time);
        totals.search_us = micros(search_time);
        totals.total_us = micros(filter_time + search_time);
        ExplainView {
            segments: segments.iter().map(SegmentView::new).collect(),
            totals,
        }
    }
}

impl SegmentView {
    fn new(segment: &SegmentTrace) -> SegmentView {
        SegmentView {
            shard: segment.shard,
            segment: segment.segment,
            state: match segment.sealed {
                true => "sealed",
                false => "active",
            },
            points: segment.points,
            filter: segment.filter.as_ref().map(|filter| FilterView {
                estimated: filter.estimated,
                undecided: filter.undecided,
                matching: filter.matching,
                indexed: filter.indexed.clone(),
                unindexed: filter.unindexed.clone(),
            }),
            ways: segment.ways.iter().copied().map(Way::name).collect(),
            ef: segment.ef,
            visited: segment.visited,
            measured: segment.measured,
            filter_us: micros(segment.filter_time),
            search_us: micros(segment.search_time),
        }
    }
}

/// With the clock's nanoseconds behind the point.
fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}
