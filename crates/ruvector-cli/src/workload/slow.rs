//! What the slowest searches waited for: their start, a processor, memory, segments. Never slows a search down by more
//! than a microsecond or two: what costs more is read between searches.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use ruvector_core::SegmentTrace;
use serde_json::{Value, json};

use crate::table;

/// The slowest searches that are kept; 1 % of 30,000.
const KEPT_MAX: usize = 300;

/// What the system says of this thread so far; zeros where it does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThreadFigures {
    /// Nanoseconds in which it could have run and had no processor.
    pub(crate) waited_ns: u64,
    /// How often it was given one.
    pub(crate) slices: u64,
}

impl ThreadFigures {
    /// Reads them. Cost: about a microsecond.
    pub(crate) fn read() -> ThreadFigures {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let mut fields = text.split_whitespace().skip(1).map(|field| field.parse().ok());
        let mut next = || fields.next().flatten().unwrap_or(0);
        ThreadFigures {
            waited_ns: next(),
            slices: next(),
        }
    }
}

/// Page faults of this thread so far that needed no disk.
pub(crate) fn page_faults() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    // Fields count from behind the name, which may hold anything.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let faults = fields.split_whitespace().nth(7);
    faults.and_then(|faults| faults.parse().ok()).unwrap_or(0)
}

/// One search.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub(crate) second: f64,
    /// From when it was due.
    pub(crate) latency_us: f64,
    /// Of that, before it began.
    pub(crate) late_us: f64,
    /// Of the rest, without a processor.
    pub(crate) waited_us: f64,
    /// How often it was given a processor again.
    pub(crate) slices: u64,
    pub(crate) faults: u64,
    pub(crate) segments: Vec<SegmentTrace>,
}

/// The slowest of many, and the sums over all.
#[derive(Debug, Default)]
pub(crate) struct Slowest {
    count: u64,
    sums: [f64; COLUMNS.len()],
    kept: BinaryHeap<BySpeed>,
}

/// What is told of a search, or on average of some.
const COLUMNS: [&str; 10] = [
    "latency",
    "late",
    "no processor",
    "in active",
    "in sealed",
    "elsewhere",
    "resumed",
    "faults",
    "active rows",
    "segments",
];

impl Search {
    fn figures(&self) -> [f64; COLUMNS.len()] {
        let micros = |sealed: bool| {
            let segments = self.segments.iter().filter(|segment| segment.sealed == sealed);
            segments
                .map(|segment| segment.search_time.as_secs_f64() * 1e6)
                .sum::<f64>()
        };
        let (active, sealed) = (micros(false), micros(true));
        let rows = self.segments.iter().filter(|segment| !segment.sealed);
        [
            self.latency_us,
            self.late_us,
            self.waited_us,
            active,
            sealed,
            self.latency_us - self.late_us - active - sealed,
            self.slices as f64,
            self.faults as f64,
            rows.map(|segment| segment.points).sum::<u64>() as f64,
            self.segments.len() as f64,
        ]
    }

    fn json(&self) -> Value {
        let segment = |segment: &SegmentTrace| {
            let ways: Vec<&str> = segment.ways.iter().map(|way| way.name()).collect();
            json!({
                "segment": segment.segment,
                "sealed": segment.sealed,
                "points": segment.points,
                "ways": ways,
                "visited": segment.visited,
                "measured": segment.measured,
                "us": segment.search_time.as_secs_f64() * 1e6,
            })
        };
        json!({
            "second": self.second,
            "latency_us": self.latency_us,
            "late_us": self.late_us,
            "no_processor_us": self.waited_us,
            "resumed": self.slices,
            "faults": self.faults,
            "segments": self.segments.iter().map(segment).collect::<Vec<_>>(),
        })
    }
}

impl Slowest {
    pub(crate) fn add(&mut self, search: Search) {
        self.count += 1;
        for (sum, figure) in self.sums.iter_mut().zip(search.figures()) {
            *sum += figure;
        }
        self.kept.push(BySpeed(search));
        if self.kept.len() > KEPT_MAX {
            self.kept.pop();
        }
    }

    /// The slowest hundredth, slowest first.
    fn hundredth(&self) -> Vec<&Search> {
        let mut kept: Vec<&BySpeed> = self.kept.iter().collect();
        kept.sort();
        let count = (self.count as usize).div_ceil(100);
        kept.into_iter()
            .take(count)
            .map(|BySpeed(search)| search)
            .collect()
    }

    /// Two lines of a table: of all searches, and of the slowest hundredth.
    pub(crate) fn rows(&self, name: &str) -> [Vec<String>; 2] {
        let line = |what: &str, figures: Vec<f64>| {
            let figures = figures.into_iter().map(|figure| format!("{figure:.1}"));
            [format!("{name}, {what}")].into_iter().chain(figures).collect()
        };
        let slow = self.hundredth();
        let mean = |column: usize| {
            let sum: f64 = slow.iter().map(|search| search.figures()[column]).sum();
            sum / slow.len().max(1) as f64
        };
        let all = self.sums.iter().map(|sum| sum / self.count.max(1) as f64);
        [
            line("all", all.collect()),
            line("slowest 1 %", (0..COLUMNS.len()).map(mean).collect()),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        let all = COLUMNS.iter().zip(self.sums);
        let all = all.map(|(name, sum)| (name.replace(' ', "_"), json!(sum / self.count.max(1) as f64)));
        json!({
            "mean_of_all": all.collect::<serde_json::Map<_, _>>(),
            "slowest": self.hundredth().into_iter().map(Search::json).collect::<Vec<_>>(),
        })
    }
}

/// The table's lines under their head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let head: Vec<&str> = ["mean µs"].into_iter().chain(COLUMNS).collect();
    let numbers: Vec<usize> = (1..head.len()).collect();
    table::lines(&head, rows, &numbers)
}

/// A search, the slowest the least.
#[derive(Debug)]
struct BySpeed(Search);

impl Ord for BySpeed {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.latency_us.total_cmp(&self.0.latency_us)
    }
}

impl PartialOrd for BySpeed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for BySpeed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for BySpeed {}
