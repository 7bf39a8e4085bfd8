//! Searches at a fixed rate, whatever they take, and their latencies. Never forgives a search that starts late: each
//! counts from the moment at which it was due (open loop; Tene, "How NOT to measure latency").

use std::sync::Arc;
use std::time::{Duration, Instant};

use ruvector_core::{Collection, Ctx, Trace};
use ruvector_types::SearchRequest;
use serde_json::{Value, json};

use super::random::Random;
use super::slow::{Search, Slowest, ThreadFigures, page_faults};
use crate::error::CliError;

/// Before a due moment, sleeping gives way to yielding or spinning: a sleep wakes up late.
const YIELD: Duration = Duration::from_micros(150);

/// Seed of the moments of searches.
const SEARCHES: u64 = 1;

/// Seed of the moments of batches.
pub(crate) const BATCHES: u64 = 2;

/// Latencies in microseconds, in the order in which they were due.
pub(crate) struct Latencies(pub(crate) Vec<f64>);

/// Moments at a rate.
pub(crate) struct Pace {
    started: Instant,
    each: Duration,
    seed: Option<u64>,
}

impl Pace {
    /// From now on, one moment in each of equal periods, somewhere in it, as `seed` decides. Two such sequences share no
    /// rhythm; at even distances, every fourth search would meet the same batch of a writer, or none ever would.
    pub(crate) fn scattered(per_second: f64, seed: u64) -> Pace {
        Pace {
            seed: Some(seed),
            ..Pace::even(Instant::now(), per_second)
        }
    }

    /// Evenly apart, the first of them at `started`.
    pub(crate) fn even(started: Instant, per_second: f64) -> Pace {
        Pace {
            started,
            each: Duration::from_secs_f64(1.0 / per_second),
            seed: None,
        }
    }

    /// The moment at which number `at` is due.
    pub(crate) fn due(&self, at: u32) -> Instant {
        let within = self.seed.map(|seed| Random(seed ^ (u64::from(at) << 32)).unit());
        self.period(at) + self.each.mul_f64(within.unwrap_or(0.0))
    }

    /// The beginning of its period, where the one before ends.
    pub(crate) fn period(&self, at: u32) -> Instant {
        self.started + self.each * at
    }

    /// Waits for that moment, if it has not passed; yields at the end, for threads that outnumber the processors.
    pub(crate) fn wait(&self, at: u32) -> Instant {
        self.wait_with(at, std::thread::yield_now)
    }

    /// The same, and keeps its processor at the end. Linux takes every yield for a turn taken, so that a thread that has
    /// yielded a hundred times may have to let others go first, which would count as latency.
    pub(crate) fn wait_spinning(&self, at: u32) -> Instant {
        self.wait_with(at, std::hint::spin_loop)
    }

    fn wait_with(&self, at: u32, pass: fn()) -> Instant {
        let due = self.due(at);
        let left = || due.saturating_duration_since(Instant::now());
        if let Some(long) = left().checked_sub(YIELD) {
            std::thread::sleep(long);
        }
        while !left().is_zero() {
            pass();
        }
        due
    }
}

/// Searches at a rate: all latencies, and what the slowest waited for.
pub(crate) struct Searches {
    pub(crate) latencies: Latencies,
    pub(crate) slowest: Slowest,
}

/// Searches for so many seconds. What was due and has not begun by then counts with the time it has waited.
pub(crate) fn search_at_rate(
    collection: &Collection,
    requests: &[SearchRequest],
    (per_second, seconds): (u32, u32),
) -> Result<Searches, CliError> {
    let pace = Pace::scattered(f64::from(per_second), SEARCHES);
    let count = per_second * seconds;
    let end = pace.period(count);
    let mut micros = Vec::with_capacity(count as usize);
    let mut slowest = Slowest::default();
    let mut faults = page_faults();
    for (at, request) in (0..count).zip(requests.iter().cycle()) {
        let trace = Arc::new(Trace::detailed());
        let context = Ctx {
            trace: Some(trace.clone()),
            ..Ctx::default()
        };
        let due = pace.wait_spinning(at);
        let (late, before) = (due.elapsed(), ThreadFigures::read());
        if Instant::now() < end {
            std::hint::black_box(collection.search(&context, request)?);
        }
        let latency_us = due.elapsed().as_secs_f64() * 1e6;
        let (after, faults_before) = (ThreadFigures::read(), faults);
        faults = page_faults();
        micros.push(latency_us);
        slowest.add(Search {
            second: pace.started.elapsed().as_secs_f64(),
            latency_us,
            late_us: late.as_secs_f64() * 1e6,
            waited_us: after.waited_ns.saturating_sub(before.waited_ns) as f64 / 1e3,
            slices: after.slices.saturating_sub(before.slices),
            faults: faults.saturating_sub(faults_before),
            segments: trace.segments(),
        });
    }
    Ok(Searches {
        latencies: Latencies(micros),
        slowest,
    })
}

impl Searches {
    pub(crate) fn json(&self) -> Value {
        let mut figures = self.latencies.json();
        figures["traced"] = self.slowest.json();
        figures
    }
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
