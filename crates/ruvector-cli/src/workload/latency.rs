//! Searches at a fixed rate, whatever they take, and their latencies. Never forgives a search that starts late: each
//! counts from the moment at which it was due (open loop; Tene, "How NOT to measure latency").

use std::time::{Duration, Instant};

use ruvector_core::{Collection, Ctx};
use ruvector_types::SearchRequest;
use serde_json::{Value, json};

use crate::error::CliError;

/// Before a due moment, sleeping gives way to yielding: a sleep wakes up late.
const YIELD: Duration = Duration::from_micros(150);

/// Latencies in microseconds, in the order in which they were due.
pub(crate) struct Latencies(pub(crate) Vec<f64>);

/// Moments that are evenly apart.
pub(crate) struct Pace {
    started: Instant,
    each: Duration,
}

impl Pace {
    pub(crate) fn new(per_second: f64) -> Pace {
        Pace::starting(Instant::now(), per_second)
    }

    /// The first of them at `started`.
    pub(crate) fn starting(started: Instant, per_second: f64) -> Pace {
        Pace {
            started,
            each: Duration::from_secs_f64(1.0 / per_second),
        }
    }

    /// The moment at which number `at` is due.
    pub(crate) fn due(&self, at: u32) -> Instant {
        self.started + self.each * at
    }

    /// Waits for that moment, if it has not passed.
    pub(crate) fn wait(&self, at: u32) -> Instant {
        let due = self.due(at);
        let left = || due.saturating_duration_since(Instant::now());
        if let Some(long) = left().checked_sub(YIELD) {
            std::thread::sleep(long);
        }
        while !left().is_zero() {
            std::thread::yield_now();
        }
        due
    }
}

/// Searches for so many seconds. What was due and has not begun by then counts with the time it has waited.
pub(crate) fn search_at_rate(
    collection: &Collection,
    requests: &[SearchRequest],
    (per_second, seconds): (u32, u32),
) -> Result<Latencies, CliError> {
    let context = Ctx::default();
    let pace = Pace::new(f64::from(per_second));
    let count = per_second * seconds;
    let end = pace.due(count);
    let mut micros = Vec::with_capacity(count as usize);
    for (at, request) in (0..count).zip(requests.iter().cycle()) {
        let due = pace.wait(at);
        if Instant::now() < end {
            std::hint::black_box(collection.search(&context, request)?);
        }
        micros.push(due.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Latencies(micros))
}

impl Latencies {
    /// The latency that this share of them does not exceed; 0 if there is none.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
        sorted.get(at).copied().unwrap_or(0.0)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "count": self.0.len(),
            "p50_us": self.percentile(0.5),
            "p99_us": self.percentile(0.99),
            "p999_us": self.percentile(0.999),
            "max_us": self.percentile(1.0),
        })
    }

    /// A line of a table.
    pub(crate) fn row(&self, name: &str) -> Vec<String> {
        let shares = [0.5, 0.99, 0.999, 1.0];
        let figures = shares
            .iter()
            .map(|share| format!("{:.0}", self.percentile(*share)));
        [name.to_owned(), self.0.len().to_string()]
            .into_iter()
            .chain(figures)
            .collect()
    }
}
