//! Compares two collections that hold the same points: recall query by query, speed in turns. Never compares with
//! figures of another run.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use ruvector_core::{Collection, Ctx, Trace};
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
    /// Graph nodes visited by a query on average.
    visited: [f64; 2],
    /// Queries a second of the lived one over those of the fresh one at the same recall, where that is measured.
    at_equal_recall: Option<f64>,
}

impl Pair {
    /// The exact neighbours in the fresh collection, held against those in the other.
    pub(crate) fn truth(&self, data: &Data) -> Result<Truth, CliError> {
        let (requests, context) = (data.requests(None), Ctx::default());
        let bar = bar("Exact search", requests.len());
        let mut truth = Truth {
            neighbours: Vec::with_capacity(requests.len()),
            exact_differs: 0,
        };
        for request in &requests {
            let fresh = ids(&self.fresh, &context, request)?;
            let set: HashSet<u64> = fresh.iter().copied().collect();
            let same = ids(&self.lived, &context, request)?
                .iter()
                .all(|id| set.contains(id));
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
            let lived = recalls(&self.lived, &requests, truth)?;
            let fresh = recalls(&self.fresh, &requests, truth)?;
            let rounds = self.timed(&requests, arguments)?;
            compared.push(Compared::new(ef, &[lived, fresh], &rounds));
            bar.inc(1);
        }
        bar.finish_and_clear();
        let front: Vec<(f64, f64)> = compared.iter().map(|c| (c.recall[1], c.qps[1])).collect();
        for compared in &mut compared {
            let fresh = qps_at(&front, compared.recall[0]);
            compared.at_equal_recall = fresh.map(|fresh| compared.qps[0] / fresh);
        }
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
    fn new(ef: u32, passes: &[Pass; 2], rounds: &[[f64; 2]]) -> Compared {
        let [lived, fresh] = passes.each_ref().map(|pass| &pass.recalls);
        let differences: Vec<f64> = lived.iter().zip(fresh).map(|(a, b)| a - b).collect();
        let count = differences.len() as f64;
        let difference = mean(&differences);
        let squares: Vec<f64> = differences.iter().map(|d| (d - difference).powi(2)).collect();
        let side = |side: usize| median(rounds.iter().map(|qps| qps[side]).collect());
        let mut ratios: Vec<f64> = rounds.iter().map(|qps| qps[0] / qps[1]).collect();
        ratios.sort_by(f64::total_cmp);
        Compared {
            ef,
            recall: [mean(lived), mean(fresh)],
            difference,
            standard_error: (squares.iter().sum::<f64>() / (count - 1.0) / count).sqrt(),
            qps: [side(0), side(1)],
            ratio_range: [ratios[0], ratios[ratios.len() - 1]],
            ratio: median(ratios),
            visited: passes.each_ref().map(|pass| pass.visited),
            at_equal_recall: None,
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
            "qps_ratio_at_equal_recall": self.at_equal_recall,
            "visited_lived": self.visited[0],
            "visited_fresh": self.visited[1],
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
            self.at_equal_recall
                .map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}")),
            format!("{:.0}", self.visited[0]),
            format!("{:.0}", self.visited[1]),
        ]
    }
}

/// The table's head.
pub(crate) const HEAD: [&str; 12] = [
    "ef",
    "recall lived",
    "fresh",
    "difference",
    "± s.e.",
    "QPS lived",
    "fresh",
    "ratio",
    "of rounds",
    "at equal recall",
    "visited lived",
    "fresh",
];

fn ids(collection: &Collection, context: &Ctx, request: &SearchRequest) -> Result<Vec<u64>, CliError> {
    let found = collection.search(context, request)?;
    let number = |id: PointId| match id {
        PointId::Num(number) => Some(number),
        _ => None,
    };
    Ok(found.into_iter().filter_map(|point| number(point.id)).collect())
}

/// One pass of all queries: the share of each one's true neighbours that is returned, and the work.
struct Pass {
    recalls: Vec<f64>,
    visited: f64,
}

fn recalls(
    collection: &Collection,
    requests: &[SearchRequest],
    truth: &[Vec<u64>],
) -> Result<Pass, CliError> {
    let trace = Arc::new(Trace::default());
    let context = Ctx {
        trace: Some(trace.clone()),
        ..Ctx::default()
    };
    let mut recalls = Vec::with_capacity(requests.len());
    for (request, truth) in requests.iter().zip(truth) {
        let found: HashSet<u64> = ids(collection, &context, request)?.into_iter().collect();
        let hits = truth.iter().filter(|id| found.contains(id)).count();
        recalls.push(hits as f64 / truth.len().max(1) as f64);
    }
    let visited = trace.nodes_visited() as f64 / requests.len() as f64;
    Ok(Pass { recalls, visited })
}

/// Queries a second at a recall, between two measured points on a straight line of their logarithm over recall.
fn qps_at(front: &[(f64, f64)], recall: f64) -> Option<f64> {
    front.windows(2).find_map(|pair| {
        let [(low, fast), (high, slow)] = [pair[0], pair[1]];
        let inside = low < high && (low..=high).contains(&recall);
        inside.then(|| fast * (slow / fast).powf((recall - low) / (high - low)))
    })
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
