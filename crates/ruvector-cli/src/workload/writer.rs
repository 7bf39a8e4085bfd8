//! Upserts at a fixed rate, each batch durable before the next, and looks for points of it right after. Never hides
//! that it falls behind: lag counts from the moment at which a batch was due.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ruvector_core::Collection;

use super::arguments::LiveArguments;
use super::check::Check;
use super::data::Data;
use super::latency::{BATCHES, Latencies, Pace};
use super::population::Population;
use crate::error::CliError;

/// What the writer did.
pub(crate) struct Written {
    /// From when a batch was due to its acknowledgement, in microseconds.
    pub(crate) lag: Latencies,
    /// Of these, the time in the call.
    pub(crate) calls: Latencies,
    pub(crate) points: u64,
    /// What each acknowledged id holds.
    pub(crate) holdings: BTreeMap<u64, usize>,
    /// Of the points looked for right after their acknowledgement.
    pub(crate) check: Check,
    pub(crate) wall: Duration,
}

/// Writes for as long as it was told to, at the rate it was told to if the engine keeps up.
pub(crate) fn write_at_rate(
    arguments: &LiveArguments,
    collection: &Collection,
    data: &mut Data,
    population: &mut Population,
    progress: &AtomicU64,
) -> Result<Written, CliError> {
    let batches_per_second = f64::from(arguments.writes_per_second) / arguments.write_batch as f64;
    let count = (batches_per_second * f64::from(arguments.seconds)) as u32;
    let mut written = Written::new();
    let (pace, started) = (Pace::scattered(batches_per_second, BATCHES), Instant::now());
    let end = pace.period(count);
    let mut new_due = 0.0;
    for at in 0..count {
        let due = pace.wait_spinning(at);
        if Instant::now() >= end {
            break;
        }
        new_due += arguments.new_share * arguments.write_batch as f64;
        let mut batch = population.add(new_due as usize);
        new_due -= batch.len() as f64;
        batch.extend(population.replace(arguments.write_batch.saturating_sub(batch.len())));
        let called = Instant::now();
        data.upsert(collection, &batch)?;
        written.calls.0.push(called.elapsed().as_secs_f64() * 1e6);
        written.lag.0.push(due.elapsed().as_secs_f64() * 1e6);
        written.points += batch.len() as u64;
        progress.store(written.points, Ordering::Relaxed);
        if let Some(held) = batch.get(at as usize % batch.len().max(1)) {
            written.check.point(collection, data, *held, arguments.ef)?;
        }
        written.holdings.extend(batch);
    }
    written.wall = started.elapsed();
    Ok(written)
}

impl Written {
    fn new() -> Written {
        Written {
            lag: Latencies(Vec::new()),
            calls: Latencies(Vec::new()),
            points: 0,
            holdings: BTreeMap::new(),
            check: Check::default(),
            wall: Duration::ZERO,
        }
    }
}
