//! What a read did, for whoever asks: work counted always, the way of each segment if details are wanted. Never changes
//! what a read does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// The work of the reads that carry it.
#[derive(Debug, Default)]
pub struct Trace {
    visited: AtomicU64,
    measured: AtomicU64,
    details: Option<Mutex<Details>>,
}

#[derive(Debug, Default)]
struct Details {
    /// Taken in the segment under way.
    ways: Vec<Way>,
    /// The breadth of the last of them.
    ef: Option<usize>,
    segments: Vec<SegmentTrace>,
}

/// How a segment was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Full vectors compared one by one; with a filter, those that may match.
    Scan,
    /// A walk of the plain graph, the filter asked about each result.
    Graph,
    /// A walk of the fast layout, the filter inside.
    FastGraph,
    /// The rows that may match, by their codes in the fast layout; the best compared in full.
    FastScan,
    /// Codes compared one by one.
    CodeScan,
    /// A walk of the plain graph that compares codes.
    CodeGraph,
    /// Sets of rows only: a count, a scroll, a facet.
    Rows,
    /// The postings of words; rows that the index does not know by their payloads.
    Text,
    /// The inverted lists of sparse vectors.
    Lists,
}

impl Way {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Way::Scan => "scan",
            Way::Graph => "graph",
            Way::FastGraph => "fast graph",
            Way::FastScan => "fast scan",
            Way::CodeScan => "scan of codes",
            Way::CodeGraph => "graph by codes",
            Way::Rows => "rows",
            Way::Text => "text",
            Way::Lists => "lists",
        }
    }
}

/// What a read did in one segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentTrace {
    /// The shard.
    pub shard: u32,
    /// The segment's number in it.
    pub segment: u64,
    /// Whether it lies in files; an active one is in memory and has no payload indexes.
    pub sealed: bool,
    /// Live points.
    pub points: u64,
    /// What the filter is about, if there is one.
    pub filter: Option<FilterTrace>,
    /// In the order taken: a second one where the first had to be given up.
    pub ways: Vec<Way>,
    /// The breadth of its search: the one asked for, or that taken where none was. `None` where breadth means nothing.
    pub ef: Option<usize>,
    /// Graph nodes whose links were followed, and those that a fast scan measured by their codes in the layout.
    pub visited: u64,
    /// Full vectors compared.
    pub measured: u64,
    /// Time for the filter's sets.
    pub filter_time: Duration,
    /// Time for the rest.
    pub search_time: Duration,
}

/// How many points of a segment match, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterTrace {
    /// Guessed from the indexes' figures, deleted points included.
    pub estimated: u64,
    /// Points for which the indexes decided nothing: their payloads are looked at.
    pub undecided: u64,
    /// In truth.
    pub matching: u64,
    /// Fields with a condition that an index answers, ascending.
    pub indexed: Vec<String>,
    /// Fields with a condition that no index answers: the payloads of points that the others leave are looked at.
    pub unindexed: Vec<String>,
}

impl Trace {
    /// One that keeps what was done in each segment too.
    pub fn detailed() -> Trace {
        Trace {
            details: Some(Mutex::default()),
            ..Trace::default()
        }
    }

    /// Graph nodes whose links were followed, and those that a fast scan measured by their codes in the layout.
    pub fn nodes_visited(&self) -> u64 {
        self.visited.load(Ordering::Relaxed)
    }

    /// Full vectors that a query was compared with.
    pub fn vectors_measured(&self) -> u64 {
        self.measured.load(Ordering::Relaxed)
    }

    /// What was done in each segment, in order; nothing unless it is [detailed](Trace::detailed).
    pub fn segments(&self) -> Vec<SegmentTrace> {
        let details = self.details.as_ref();
        details.map_or_else(Vec::new, |details| details.lock().segments.clone())
    }

    pub(crate) fn is_detailed(&self) -> bool {
        self.details.is_some()
    }

    pub(crate) fn count(&self, visited: u64, measured: u64) {
        self.visited.fetch_add(visited, Ordering::Relaxed);
        self.measured.fetch_add(measured, Ordering::Relaxed);
    }

    pub(crate) fn took(&self, way: Way, ef: Option<usize>) {
        if let Some(details) = &self.details {
            let mut details = details.lock();
            details.ways.push(way);
            details.ef = ef.or(details.ef);
        }
    }

    /// Ends a segment: its ways and its breadth are those since the last one ended.
    pub(crate) fn end_segment(&self, mut segment: SegmentTrace) {
        if let Some(details) = &self.details {
            let mut details = details.lock();
            segment.ways = std::mem::take(&mut details.ways);
            segment.ef = details.ef.take();
            details.segments.push(segment);
        }
    }
}
