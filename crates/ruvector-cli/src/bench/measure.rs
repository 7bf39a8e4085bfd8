//! Times searches, one query at a time on each thread and all in one call, and compares what they return with the truth. Never times
//! the making of a request.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use indicatif::ProgressBar;
use ruvector_core::{Collection, Ctx, Trace};
use ruvector_types::{PointId, ScoredPoint, SearchRequest};

use super::Plan;
use crate::error::CliError;

/// Figures at one breadth.
pub(crate) struct Figures {
    pub(crate) ef: u32,
    pub(crate) recall: f64,
    pub(crate) times: Times,
    /// What only the embedded engine tells.
    pub(crate) work: Option<Work>,
}

/// What calls took. Latencies in microseconds.
pub(crate) struct Times {
    pub(crate) qps: f64,
    pub(crate) mean_us: f64,
    pub(crate) p50_us: f64,
    pub(crate) p95_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) calls: usize,
}

pub(crate) struct Work {
    /// Graph nodes visited and full vectors measured by a query on average.
    pub(crate) visited: f64,
    pub(crate) measured: f64,
    /// Recall and QPS of all queries in one call, on one thread: the best of a few calls.
    pub(crate) batch: (f64, f64),
}

impl Times {
    /// Of the latencies of calls that together took `wall_s` seconds.
    pub(crate) fn new(mut micros: Vec<f64>, wall_s: f64) -> Times {
        micros.sort_by(f64::total_cmp);
        let percentile = |share: f64| {
            let at = (share * micros.len().saturating_sub(1) as f64).round() as usize;
            micros.get(at).copied().unwrap_or(0.0)
        };
        Times {
            qps: micros.len() as f64 / wall_s,
            mean_us: micros.iter().sum::<f64>() / micros.len().max(1) as f64,
            p50_us: percentile(0.5),
            p95_us: percentile(0.95),
            p99_us: percentile(0.99),
            calls: micros.len(),
        }
    }
}

/// The ids that every request returns, in order.
pub(crate) fn pass(
    collection: &Collection,
    requests: &[SearchRequest],
    context: &Ctx,
) -> Result<Vec<Vec<u64>>, CliError> {
    requests
        .iter()
        .map(|request| Ok(numbers(&collection.search(context, request)?)))
        .collect()
}

/// The true neighbours by the engine's exact search.
pub(crate) fn exact(plan: &Plan, collection: &Collection) -> Result<Vec<Vec<u64>>, CliError> {
    let context = Ctx::default();
    let bar = ProgressBar::new(plan.queries.len() as u64);
    let requests = plan.requests(None);
    let found = requests.iter().map(|request| {
        bar.inc(1);
        Ok(numbers(&collection.search(&context, request)?))
    });
    let found = found.collect();
    bar.finish_and_clear();
    found
}

fn numbers(found: &[ScoredPoint]) -> Vec<u64> {
    let number = |point: &ScoredPoint| match point.id {
        PointId::Num(number) => Some(number),
        _ => None,
    };
    found.iter().filter_map(number).collect()
}

/// Recall on every query once (that warms up, too), then the timed calls, shared among the threads.
pub(crate) fn measure(
    plan: &Plan,
    collection: &Collection,
    truth: &[Vec<u64>],
    ef: u32,
) -> Result<Figures, CliError> {
    let requests = plan.requests(Some(ef));
    let trace = Arc::new(Trace::default());
    let traced = Ctx {
        trace: Some(trace.clone()),
        ..Ctx::default()
    };
    let recall = recall(&pass(collection, &requests, &traced)?, truth);
    let batch = batch(plan, collection, &requests, truth)?;
    let each = plan.calls.div_ceil(plan.threads);
    let started = Instant::now();
    let timed: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.threads)
            .map(|thread| {
                let requests = &requests;
                let first = thread * requests.len() / plan.threads;
                scope.spawn(move || calls(collection, requests, first, each))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let wall_s = started.elapsed().as_secs_f64();
    let mut micros = Vec::with_capacity(each * plan.threads);
    for times in timed {
        micros.extend(times.map_err(|_| CliError::Thread)??);
    }
    Ok(Figures {
        ef,
        recall,
        times: Times::new(micros, wall_s),
        work: Some(Work {
            visited: trace.nodes_visited() as f64 / requests.len() as f64,
            measured: trace.vectors_measured() as f64 / requests.len() as f64,
            batch,
        }),
    })
}

/// Recall and queries a second where all queries are one call, the best of as many calls as make up the plan's.
fn batch(
    plan: &Plan,
    collection: &Collection,
    requests: &[SearchRequest],
    truth: &[Vec<u64>],
) -> Result<(f64, f64), CliError> {
    let context = Ctx::default();
    let (mut found, mut best_s) = (Vec::new(), f64::INFINITY);
    for _ in 0..(plan.calls / requests.len()).clamp(1, 10) {
        let started = Instant::now();
        found = collection.search_batch(&context, requests)?;
        best_s = best_s.min(started.elapsed().as_secs_f64());
    }
    let found: Vec<Vec<u64>> = found.iter().map(|found| numbers(found)).collect();
    Ok((recall(&found, truth), requests.len() as f64 / best_s))
}

/// The microseconds of so many calls, cycling through the requests from `first`.
fn calls(
    collection: &Collection,
    requests: &[SearchRequest],
    first: usize,
    count: usize,
) -> Result<Vec<f64>, CliError> {
    let context = Ctx::default();
    let mut micros = Vec::with_capacity(count);
    for call in 0..count {
        let request = &requests[(first + call) % requests.len()];
        let started = Instant::now();
        let found = collection.search(&context, request)?;
        micros.push(started.elapsed().as_secs_f64() * 1e6);
        std::hint::black_box(found);
    }
    Ok(micros)
}

/// The share of true neighbours that were returned, over all queries. A filter may leave fewer than k.
pub(super) fn recall(found: &[Vec<u64>], truth: &[Vec<u64>]) -> f64 {
    let (mut hits, mut wanted) = (0usize, 0usize);
    for (found, truth) in found.iter().zip(truth) {
        let returned: HashSet<u64> = found.iter().copied().collect();
        hits += truth.iter().filter(|id| returned.contains(id)).count();
        wanted += truth.len();
    }
    if wanted == 0 {
        1.0
    } else {
        hits as f64 / wanted as f64
    }
}
