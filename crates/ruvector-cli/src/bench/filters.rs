//! Filtered searches of a bench: every line of a file is one search with its filter and its true neighbours; figures are
//! taken for each group of lines. Never times the making of a request.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ruvector_api::{ApiError, WireFilter, from_json};
use ruvector_core::{Collection, Ctx, Trace};
use ruvector_types::{CountRequest, Limits, SearchRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Plan;
use super::measure::{self, Times};
use crate::error::CliError;
use crate::table;

/// One search; `F` is how its filter is kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<F> {
    /// Searches whose figures are taken together.
    pub(super) group: String,
    /// Row of the queries.
    pub(super) query: usize,
    /// As in the REST interface; none if null or absent.
    pub(super) filter: Option<F>,
    /// True neighbours among the points that match, best first; ids are rows of the base.
    pub(super) truth: Vec<u64>,
}

/// The searches of each group, by its name.
pub(crate) struct Groups(BTreeMap<String, Group>);

/// The searches of a group.
#[derive(Default)]
struct Group {
    requests: Vec<SearchRequest>,
    truth: Vec<Vec<u64>>,
}

impl Groups {
    /// Those of a file, each line checked.
    pub(crate) fn read(plan: &Plan, path: &Path) -> Result<Groups, CliError> {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for (number, line) in (1..).zip(lines::<WireFilter>(plan, path)?) {
            let filter = line
                .filter
                .map(|filter| filter.into_filter("filter", &Limits::default()))
                .transpose()
                .map_err(|source| wrong(path, number, source))?;
            let mut request = SearchRequest::nearest(plan.queries[line.query].clone(), plan.k);
            request.filter = filter;
            request.params.quantization = plan.quantization;
            let group = groups.entry(line.group).or_default();
            group.requests.push(request);
            group.truth.push(line.truth);
        }
        Ok(Groups(groups))
    }

    /// The figures of each, at a breadth or, without one, at the default settings.
    pub(crate) fn measure(
        self,
        collection: &Collection,
        breadths: &[Option<u32>],
    ) -> Result<Vec<Value>, CliError> {
        let mut figures = Vec::new();
        for (name, mut group) in self.0 {
            for breadth in breadths {
                group
                    .requests
                    .iter_mut()
                    .for_each(|request| request.params.hnsw_ef = *breadth);
                figures.push(group.measure(collection, &name, *breadth)?);
            }
        }
        Ok(figures)
    }
}

/// The lines of a file, each of a query that there is, with k true neighbours at most.
pub(super) fn lines<F: DeserializeOwned>(plan: &Plan, path: &Path) -> Result<Vec<Line<F>>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })?;
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(text.lines()) {
        let mut line: Line<F> = from_json(text.as_bytes()).map_err(|source| wrong(path, number, source))?;
        if line.query >= plan.queries.len() {
            return Err(CliError::Shape {
                path: path.to_owned(),
                what: format!(
                    "line {number} names query {} of {}",
                    line.query,
                    plan.queries.len()
                ),
            });
        }
        line.truth.truncate(plan.k);
        lines.push(line);
    }
    Ok(lines)
}

/// A line that is refused, by its number from 1.
pub(super) fn wrong(path: &Path, line: usize, source: ApiError) -> CliError {
    let path = path.to_owned();
    CliError::Line { path, line, source }
}

impl Group {
    fn measure(&self, collection: &Collection, name: &str, breadth: Option<u32>) -> Result<Value, CliError> {
        let trace = Arc::new(Trace::default());
        let traced = Ctx {
            trace: Some(trace.clone()),
            ..Ctx::default()
        };
        let recall = measure::recall(&measure::pass(collection, &self.requests, &traced)?, &self.truth);
        let mut micros = Vec::with_capacity(self.requests.len());
        let context = Ctx::default();
        let started = Instant::now();
        for request in &self.requests {
            let begun = Instant::now();
            std::hint::black_box(collection.search(&context, request)?);
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        let times = Times::new(micros, started.elapsed().as_secs_f64());
        let searches = self.requests.len() as f64;
        let (ways, taken) = self.ways(collection)?;
        Ok(json!({
            "group": name,
            "ef": breadth,
            "searches": self.requests.len(),
            "matching_share": self.matching_share(collection)?,
            "recall": recall,
            "qps": times.qps,
            "p50_us": times.p50_us,
            "p99_us": times.p99_us,
            "nodes_visited": trace.nodes_visited() as f64 / searches,
            "vectors_measured": trace.vectors_measured() as f64 / searches,
            "ef_taken": taken,
            "ways": ways,
        }))
    }

    /// The share of points that match, on average over some searches.
    fn matching_share(&self, collection: &Collection) -> Result<f64, CliError> {
        let context = Ctx::default();
        let points = collection.count(&context, &CountRequest::default())?.max(1) as f64;
        let (mut matching, mut counted) = (0, 0);
        for request in self.requests.iter().take(50) {
            let filter = request.filter.clone();
            matching += collection.count(&context, &CountRequest { filter })?;
            counted += 1;
        }
        Ok(matching as f64 / f64::from(counted.max(1)) / points)
    }

    /// How often segments were read which way, and the largest breadth that was taken.
    fn ways(&self, collection: &Collection) -> Result<(BTreeMap<String, u64>, Option<usize>), CliError> {
        let (mut ways, mut breadth) = (BTreeMap::new(), None);
        for request in self.requests.iter().take(200) {
            let trace = Arc::new(Trace::detailed());
            let context = Ctx {
                trace: Some(trace.clone()),
                ..Ctx::default()
            };
            collection.search(&context, request)?;
            for segment in trace.segments() {
                let names: Vec<&str> = segment.ways.iter().map(|way| way.name()).collect();
                *ways.entry(names.join(", then ")).or_default() += 1;
                breadth = breadth.max(segment.ef);
            }
        }
        Ok((ways, breadth))
    }
}

/// Prints the figures.
pub(crate) fn print(figures: &[Value]) {
    let head = [
        "filter", "ef", "keeps", "recall", "QPS", "p50 µs", "p99 µs", "visited", "measured",
    ];
    // A server does not tell the last two.
    let told = figures
        .iter()
        .any(|figures| figures.get("nodes_visited").is_some());
    let columns = if told { head.len() } else { head.len() - 2 };
    let row = |figures: &Value| {
        let number = |key: &str| figures[key].as_f64().unwrap_or(0.0);
        vec![
            figures["group"].as_str().unwrap_or_default().to_owned(),
            figures["ef"]
                .as_u64()
                .map_or("default".to_owned(), |ef| ef.to_string()),
            format!("{:.2} %", 100.0 * number("matching_share")),
            format!("{:.4}", number("recall")),
            format!("{:.0}", number("qps")),
            format!("{:.1}", number("p50_us")),
            format!("{:.1}", number("p99_us")),
            format!("{:.1}", number("nodes_visited")),
            format!("{:.1}", number("vectors_measured")),
        ]
    };
    let mut rows: Vec<Vec<String>> = figures.iter().map(row).collect();
    rows.iter_mut().for_each(|row| row.truncate(columns));
    print!(
        "\n{}",
        table::lines(&head[..columns], &rows, &[1, 2, 3, 4, 5, 6, 7, 8])
    );
}
