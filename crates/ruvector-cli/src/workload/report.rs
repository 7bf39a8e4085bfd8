//! The figures of a workload as a table and as JSON. Never rounds what goes into the JSON, and never leaves out a
//! target that was missed.

use std::path::Path;
use std::time::{Duration, Instant};

use ruvector_core::Collection;
use serde_json::{Value, json};

use super::arguments::DataArguments;
use super::compare::{Compared, HEAD};
use super::data::Data;
use crate::bench::cpu;
use crate::error::CliError;
use crate::table;

/// Ticks of a second in `/proc/self/stat`: the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effort {
    pub(crate) wall: Duration,
    /// Of all threads; 0 where the system does not tell.
    pub(crate) cpu_s: f64,
}

impl Effort {
    /// Measures `work`.
    pub(crate) fn of<T>(work: impl FnOnce() -> Result<T, CliError>) -> Result<(T, Effort), CliError> {
        let (started, before) = (Instant::now(), cpu_seconds());
        let done = work()?;
        let effort = Effort {
            wall: started.elapsed(),
            cpu_s: cpu_seconds() - before,
        };
        Ok((done, effort))
    }
}

/// Processor seconds of this process so far, user and system.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields count from behind the name, which may hold anything: user time is the 12th, system time the next.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

/// One collection at the end.
pub(crate) struct Side {
    pub(crate) effort: Effort,
    pub(crate) points: u64,
    pub(crate) segments: u64,
    deleted_rows: u64,
    pub(crate) ram_bytes: u64,
    promoted_bytes: u64,
    pub(crate) disk_bytes: u64,
    graph_insertions: u64,
}

impl Side {
    pub(crate) fn of(collection: &Collection, effort: Effort) -> Side {
        let info = collection.info();
        Side {
            effort,
            points: info.points,
            segments: info.segments,
            deleted_rows: info.shards.iter().map(|shard| shard.deleted_rows).sum(),
            ram_bytes: info.ram_bytes,
            promoted_bytes: info.promoted_bytes,
            disk_bytes: info.disk_bytes,
            graph_insertions: info.graph_insertions,
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "points": self.points,
            "segments": self.segments,
            "deleted_rows": self.deleted_rows,
            "ram_bytes": self.ram_bytes,
            "promoted_bytes": self.promoted_bytes,
            "disk_bytes": self.disk_bytes,
            "graph_insertions": self.graph_insertions,
            "build_s": self.effort.wall.as_secs_f64(),
            "cpu_s": self.effort.cpu_s,
        })
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name}: {} points in {} segment(s), {} deleted row(s), RAM {} (promoted {}), disk {}, {} graph \
             insertions, {:.1} s, {:.1} CPU s",
            self.points,
            self.segments,
            self.deleted_rows,
            table::bytes(self.ram_bytes),
            table::bytes(self.promoted_bytes),
            table::bytes(self.disk_bytes),
            self.graph_insertions,
            self.effort.wall.as_secs_f64(),
            self.effort.cpu_s
        )
    }
}

/// A figure that is to stay on one side of a limit.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) limit: f64,
    pub(crate) holds: bool,
}

impl Target {
    pub(crate) fn at_most(name: &'static str, value: f64, limit: f64) -> Target {
        let holds = value <= limit;
        Target {
            name,
            value,
            limit,
            holds,
        }
    }

    pub(crate) fn at_least(name: &'static str, value: f64, limit: f64) -> Target {
        Target {
            holds: value >= limit,
            ..Target::at_most(name, value, limit)
        }
    }

    fn json(&self) -> Value {
        json!({"name": self.name, "value": self.value, "limit": self.limit, "holds": self.holds})
    }
}

/// How much worse recall is at the breadth where that is most, and the lowest ratio of speed.
pub(crate) fn recall_and_speed(compared: &[Compared], recall_max: f64, ratio_min: f64) -> Vec<Target> {
    let lost = compared.iter().map(|c| -c.difference).fold(f64::MIN, f64::max);
    let ratio = compared.iter().map(|c| c.ratio).fold(f64::MAX, f64::min);
    vec![
        Target::at_most("recall lost at any ef", lost, recall_max),
        Target::at_least("QPS ratio at every ef", ratio, ratio_min),
    ]
}

/// Prints a comparison; its part of the JSON.
pub(crate) fn comparison(compared: &[Compared], lived: &Side, fresh: &Side) -> Value {
    println!("\n{}\n{}\n", lived.line("lived"), fresh.line("fresh"));
    let rows: Vec<Vec<String>> = compared.iter().map(Compared::row).collect();
    print!(
        "{}",
        table::lines(&HEAD, &rows, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    );
    let ratio = |a: u64, b: u64| a as f64 / b.max(1) as f64;
    json!({
        "lived": lived.json(),
        "fresh": fresh.json(),
        "disk_ratio": ratio(lived.disk_bytes, fresh.disk_bytes),
        "ram_ratio": ratio(lived.ram_bytes, fresh.ram_bytes),
        "efs": compared.iter().map(Compared::json).collect::<Vec<_>>(),
    })
}

/// Prints the targets and writes everything to the file, if one is named.
pub(crate) fn end(
    arguments: &DataArguments,
    data: &Data,
    (workload, mut figures): (&'static str, Value),
    targets: &[Target],
) -> Result<(), CliError> {
    let measured = json!({
        "dim": data.dim,
        "metric": arguments.metric,
        "k": arguments.k,
        "queries": data.queries.len(),
        "seed": arguments.seed,
    });
    extend(&mut figures, measured);
    conclude(arguments.json.as_deref(), (workload, figures), targets)
}

/// As [`end`], of a workload without vectors of its own.
pub(crate) fn conclude(
    file: Option<&Path>,
    (workload, mut figures): (&'static str, Value),
    targets: &[Target],
) -> Result<(), CliError> {
    let row = |target: &Target| {
        let verdict = if target.holds { "holds" } else { "MISSED" };
        let figure = |figure: f64| format!("{figure:.4}");
        vec![
            target.name.to_owned(),
            figure(target.value),
            figure(target.limit),
            verdict.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = targets.iter().map(row).collect();
    let head = ["target", "measured", "limit", ""];
    print!("\n{}", table::lines(&head, &rows, &[1, 2]));
    let Some(path) = file else {
        return Ok(());
    };
    let common = json!({
        "workload": workload,
        "version": env!("CARGO_PKG_VERSION"),
        "command": std::env::args().collect::<Vec<_>>().join(" "),
        "cpu": cpu(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "targets": targets.iter().map(Target::json).collect::<Vec<_>>(),
    });
    extend(&mut figures, common);
    write(path, &figures)
}

fn extend(figures: &mut Value, more: Value) {
    if let (Value::Object(figures), Value::Object(more)) = (figures, more) {
        figures.extend(more);
    }
}

fn write(path: &Path, figures: &Value) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(figures).map_err(CliError::Json)?;
    std::fs::write(path, text + "\n").map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })
}
