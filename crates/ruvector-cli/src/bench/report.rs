//! The figures as a table and as JSON. Never rounds what goes into the JSON.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::build::Build;
use super::embedded::Embedded;
use super::indexes::Built;
use super::measure::Figures;
use super::{Plan, filters};
use crate::commands::BenchArguments;
use crate::error::CliError;
use crate::table;

/// All that a run found out.
#[derive(Serialize)]
pub(crate) struct Report {
    version: &'static str,
    command: String,
    cpu: String,
    cores: usize,
    base: String,
    n: u64,
    dim: usize,
    metric: String,
    k: usize,
    filter: Option<Value>,
    truth: &'static str,
    threads: usize,
    /// Absent where an earlier run built the collection: this one does not know how.
    #[serde(flatten)]
    build: Option<Build>,
    /// What only the embedded engine tells.
    #[serde(flatten)]
    pub(crate) embedded: Option<Embedded>,
    /// The server that was measured, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<Value>,
    points: Vec<Value>,
    /// Seconds until the payload indexes declared by this run were built.
    #[serde(skip_serializing_if = "Option::is_none")]
    index_s: Option<f64>,
    indexes: Vec<Value>,
    filters: Vec<Value>,
}

impl Report {
    pub(crate) fn new(
        arguments: &BenchArguments,
        plan: &Plan,
        points: u64,
        build: Option<Build>,
        (truth, figures): (&'static str, Vec<Figures>),
    ) -> Report {
        Report {
            version: env!("CARGO_PKG_VERSION"),
            command: command(std::env::args()),
            cpu: cpu(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            base: arguments.base.display().to_string(),
            n: points,
            dim: plan.dim,
            metric: arguments.metric.clone(),
            k: plan.k,
            filter: arguments
                .filter
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok()),
            truth,
            threads: plan.threads,
            build,
            embedded: None,
            server: None,
            points: figures.iter().map(|figures| point(plan, figures)).collect(),
            index_s: None,
            indexes: Vec::new(),
            filters: Vec::new(),
        }
    }

    /// What payload indexes took, and the figures of filtered searches.
    pub(crate) fn add_filters(&mut self, built: Built, filters: Vec<Value>) {
        self.index_s = (!built.fields.is_empty()).then_some(built.seconds);
        (self.indexes, self.filters) = (built.fields, filters);
    }

    /// The table on standard output, and the JSON file if one is wanted.
    pub(crate) fn finish(&self, arguments: &BenchArguments) -> Result<(), CliError> {
        self.print();
        match &arguments.json {
            Some(path) => self.write(path),
            None => Ok(()),
        }
    }

    fn print(&self) {
        println!(
            "\n{} points of {} dimensions, {}, k = {}, {} thread(s), {}, truth: {}",
            self.n, self.dim, self.metric, self.k, self.threads, self.cpu, self.truth
        );
        match &self.build {
            Some(build) => println!("{}", build.line()),
            None => println!("built by an earlier run"),
        }
        if let Some(embedded) = &self.embedded {
            println!("{}\n", embedded.lines());
        }
        if let Some(server) = &self.server {
            println!("server {server}\n");
        }
        let recall = format!("recall@{}", self.k);
        let head = [
            "ef",
            recall.as_str(),
            "QPS",
            "mean µs",
            "p50 µs",
            "p95 µs",
            "p99 µs",
            "visited",
            "measured",
        ];
        // A server does not tell the last two.
        let columns = head.len() - if self.embedded.is_some() { 0 } else { 2 };
        let mut rows: Vec<Vec<String>> = self.points.iter().map(row).collect();
        rows.iter_mut().for_each(|row| row.truncate(columns));
        print!(
            "{}",
            table::lines(&head[..columns], &rows, &[0, 1, 2, 3, 4, 5, 6, 7, 8])
        );
        if let Some(seconds) = self.index_s {
            println!(
                "\n{} payload index(es) built in {seconds:.2} s",
                self.indexes.len()
            );
        }
        if !self.filters.is_empty() {
            filters::print(&self.filters);
        }
    }

    /// The JSON file.
    fn write(&self, path: &Path) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(self).map_err(CliError::Json)?;
        std::fs::write(path, text + "\n").map_err(|source| CliError::File {
            path: path.to_owned(),
            source,
        })
    }
}

fn point(plan: &Plan, figures: &Figures) -> Value {
    let mut params = json!({"ef": figures.ef});
    if let Some(rescore) = plan.quantization.rescore {
        params["rescore"] = rescore.into();
    }
    if let Some(oversampling) = plan.quantization.oversampling {
        params["oversampling"] = oversampling.into();
    }
    let times = &figures.times;
    let mut point = json!({
        "params": params,
        "recall": figures.recall,
        "qps": times.qps,
        "mean_us": times.mean_us,
        "p50_us": times.p50_us,
        "p95_us": times.p95_us,
        "p99_us": times.p99_us,
        "calls": times.calls,
    });
    if let Some(work) = &figures.work {
        point["nodes_visited"] = work.visited.into();
        point["vectors_measured"] = work.measured.into();
        point["batch_recall"] = work.batch.0.into();
        point["batch_qps"] = work.batch.1.into();
    }
    point
}

/// The command line as it was given, but for keys.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let mut hidden = false;
    let shown = arguments.map(|argument| {
        let secret = std::mem::replace(&mut hidden, argument == "--api-key");
        match argument.split_once('=') {
            _ if secret => "…".to_owned(),
            Some(("--api-key", _)) => "--api-key=…".to_owned(),
            _ => argument,
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn row(point: &Value) -> Vec<String> {
    let number = |key: &str| point[key].as_f64().unwrap_or(0.0);
    vec![
        point["params"]["ef"].to_string(),
        format!("{:.4}", number("recall")),
        format!("{:.0}", number("qps")),
        format!("{:.1}", number("mean_us")),
        format!("{:.1}", number("p50_us")),
        format!("{:.1}", number("p95_us")),
        format!("{:.1}", number("p99_us")),
        format!("{:.1}", number("nodes_visited")),
        format!("{:.1}", number("vectors_measured")),
    ]
}

/// The processor's name where the system tells it.
pub(crate) fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(':'));
    name.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}
