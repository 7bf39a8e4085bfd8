//! Compares two collections that hold the same points: recall query by query, speed in turns. Never compares with
//! figures of another run.

use std::collections::HashSet;
use std::time::Instant;

use ruvector_core::{Collection, Ctx};
use ruvector_types::{PointId, SearchRequest};
use serde_json::{Value, json};

use super::arguments::CompareArguments;
use super::data::{Data, bar};
use crate::bench::sweep;
use crate::error::CliError;

/// A collection with a history, and one built from the same points at once.
pub(crate) struct Pair {
    pub(crate) lived: Collection,
    pub(crate) fresh: Collection,
}

/// The true neighbours, and on how many queries the two collections' exact searches differ.
pub(crate) struct Truth {
    pub(crate) neighbours: Vec<Vec<u64>>,
    pub(crate) exact_differs: usize,
}

/// Both at one breadth.
pub(crate) struct Compared {
    ef: u32,
    recall: [f64; 2],
    /// Mean over the queries of lived minus fresh, and its standard error.
    pub(crate) difference: f64,
    pub(crate) standard_error: f64,
    qps: [f64; 2],
    /// Lived over fresh: the median over the rounds, and the extremes.
    pub(crate) ratio: f64,
    ratio_range: [f64; 2],
}

impl Pair {
    /// The exact neighbours in the fresh collection, held against those in the other.
    pub(crate) fn truth(&self, data: &Data) -> Result<Truth, CliError> {
        let requests = data.requests(None);
        let bar = bar("Exact search", requests.len());
        let mut truth = Truth {
            neighbours: Vec::with_capacity(requests.len()),
            exact_differs: 0,
        };
        for request in &requests {
            let fresh = ids(&self.fresh, request)?;
            let set: HashSet<u64> = fresh.iter().copied().collect();
            let same = ids(&self.lived, request)?.iter().all(|id| set.contains(id));
            truth.exact_differs += usize::from(!same);
            truth.neighbours.push(fresh);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(truth)
    }

    /// Every breadth of the sweep.
    pub(crate) fn compare(
        &self,
        data: &Data,
        truth: &[Vec<u64>],
        arguments: &CompareArguments,
    ) -> Result<Vec<Compared>, CliError> {
        let breadths = sweep(&arguments.sweep)?;
        if arguments.timed_rounds == 0 || arguments.calls == 0 {
            return Err(CliError::Flag {
                flag: "timed-rounds, --calls",
                rule: "take at least 1",
            });
        }
        let bar = bar("Comparing", breadths.len());
        let mut compared = Vec::new();
        for ef in breadths {
            let requests = data.requests(Some(ef));
            let recall = [
                recalls(&self.lived, &requests, truth)?,
                recalls(&self.fresh, &requests, truth)?,
            ];
            let rounds = self.timed(&requests, arguments)?;
            compared.push(Compared::new(ef, &recall, &rounds));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(compared)
    }

    /// Queries a second of both, round by round; every second round in the other order.
    fn timed(
        &self,
        requests: &[SearchRequest],
        arguments: &CompareArguments,
    ) -> Result<Vec<[f64; 2]>, CliError> {
        let mut rounds = Vec::new();
        for round in 0..arguments.timed_rounds {
            let mut qps = [0.0; 2];
            for turn in 0..2 {
                let side = (turn + round) % 2;
                let collection = [&self.lived, &self.fresh][side];
                qps[side] = calls_per_second(collection, requests, arguments.calls)?;
            }
            rounds.push(qps);
        }
        Ok(rounds)
    }
}

impl Compared {
    fn new(ef: u32, recall: &[Vec<f64>; 2], rounds: &[[f64; 2]]) -> Compared {
        let differences: Vec<f64> = recall[0].iter().zip(&recall[1]).map(|(a, b)| a - b).collect();
        let count = differences.len() as f64;
        let difference = mean(&differences);
        let squares: Vec<f64> = differences.iter().map(|d| (d - difference).powi(2)).collect();
        let side = |side: usize| median(rounds.iter().map(|qps| qps[side]).collect());
        let mut ratios: Vec<f64> = rounds.iter().map(|qps| qps[0] / qps[1]).collect();
        ratios.sort_by(f64::total_cmp);
        Compared {
            ef,
            recall: [mean(&recall[0]), mean(&recall[1])],
            difference,
            standard_error: (squares.iter().sum::<f64>() / (count - 1.0) / count).sqrt(),
            qps: [side(0), side(1)],
            ratio_range: [ratios[0], ratios[ratios.len() - 1]],
            ratio: median(ratios),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "ef": self.ef,
            "recall_lived": self.recall[0],
            "recall_fresh": self.recall[1],
            "recall_difference": self.difference,
            "recall_standard_error": self.standard_error,
            "qps_lived": self.qps[0],
            "qps_fresh": self.qps[1],
            "qps_ratio": self.ratio,
            "qps_ratio_min": self.ratio_range[0],
            "qps_ratio_max": self.ratio_range[1],
        })
    }

    /// A line of the table under [`HEAD`].
    pub(crate) fn row(&self) -> Vec<String> {
        vec![
            self.ef.to_string(),
            format!("{:.4}", self.recall[0]),
            format!("{:.4}", self.recall[1]),
            format!("{:+.4}", self.difference),
            format!("{:.4}", self.standard_error),
            format!("{:.0}", self.qps[0]),
            format!("{:.0}", self.qps[1]),
            format!("{:.3}", self.ratio),
            format!("{:.3}–{:.3}", self.ratio_range[0], self.ratio_range[1]),
        ]
    }
}

/// The table's head.
pub(crate) const HEAD: [&str; 9] = [
    "ef",
    "recall lived",
    "fresh",
    "difference",
    "± s.e.",
    "QPS lived",
    "fresh",
    "ratio",
    "of rounds",
];

fn ids(collection: &Collection, request: &SearchRequest) -> Result<Vec<u64>, CliError> {
    let found = collection.search(&Ctx::default(), request)?;
    let number = |id: PointId| match id {
        PointId::Num(number) => Some(number),
        _ => None,
    };
    Ok(found.into_iter().filter_map(|point| number(point.id)).collect())
}

/// The share of each query's true neighbours that is returned.
fn recalls(
    collection: &Collection,
    requests: &[SearchRequest],
    truth: &[Vec<u64>],
) -> Result<Vec<f64>, CliError> {
    let mut recalls = Vec::with_capacity(requests.len());
    for (request, truth) in requests.iter().zip(truth) {
        let found: HashSet<u64> = ids(collection, request)?.into_iter().collect();
        let hits = truth.iter().filter(|id| found.contains(id)).count();
        recalls.push(hits as f64 / truth.len().max(1) as f64);
    }
    Ok(recalls)
}

fn calls_per_second(
    collection: &Collection,
    requests: &[SearchRequest],
    calls: usize,
) -> Result<f64, CliError> {
    let context = Ctx::default();
    let started = Instant::now();
    for request in requests.iter().cycle().take(calls) {
        std::hint::black_box(collection.search(&context, request)?);
    }
    Ok(calls as f64 / started.elapsed().as_secs_f64())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The middle value; the lower one of two. Of something.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}
