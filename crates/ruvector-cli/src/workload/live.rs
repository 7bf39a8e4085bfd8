//! `ruvector workload live`: how much slower searches get beside a writer, whether the optimizer keeps up, and whether
//! every acknowledged point is found at once and for good. Never measures idle and loaded in different runs.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use ruvector_core::Collection;
use ruvector_types::SearchRequest;
use serde_json::{Value, json};

use super::arguments::LiveArguments;
use super::backlog::{self, Sample};
use super::check::Check;
use super::control::{burn, sync_at_rate};
use super::data::{Data, bar};
use super::latency::{Searches, search_at_rate};
use super::population::Population;
use super::report::{Target, end};
use super::slow;
use super::writer::{Written, write_at_rate};
use super::{Bench, LIVED, settle};
use crate::error::CliError;
use crate::table;

/// All that was measured.
struct Figures {
    idle: Searches,
    /// Beside a burner and a writer to another file.
    control: Searches,
    loaded: Searches,
    written: Written,
    samples: Vec<Sample>,
    /// Of every acknowledged point, after the last write.
    check: Check,
    settle_s: f64,
}

pub(crate) fn run(arguments: &LiveArguments) -> Result<(), CliError> {
    let mut data = Data::open(&arguments.data)?;
    check_flags(arguments)?;
    let points = data.points(arguments.data.points, data.rows * 5 / 6)?;
    let bench = Bench::new(arguments.data.engine_dir.as_ref())?;
    let mut population = Population::new(points, data.rows, arguments.data.seed);
    let (collection, _) = bench.build(LIVED, &mut data, &population.by_id())?;
    settle(&collection)?;
    let figures = measure(
        arguments,
        (&collection, &bench.folder.path),
        &mut data,
        &mut population,
    )?;
    let targets = figures.targets(arguments);
    figures.print();
    let mut json = figures.json(arguments);
    json["points"] = json!(points);
    end(&arguments.data, &data, ("live", json), &targets)?;
    Ok(bench.database.close()?)
}

fn check_flags(arguments: &LiveArguments) -> Result<(), CliError> {
    let flag = |flag, rule| Err(CliError::Flag { flag, rule });
    if arguments.data.metric == "dot" {
        return flag(
            "metric",
            "takes no dot here: a vector is not its own nearest neighbour",
        );
    }
    let counts = [
        arguments.searches_per_second,
        arguments.writes_per_second,
        arguments.seconds,
        arguments.idle_seconds,
        arguments.ef,
    ];
    if counts.contains(&0) || arguments.write_batch == 0 {
        return flag(
            "searches-per-second, --writes-per-second, --write-batch, --seconds, --idle-seconds, --ef",
            "take at least 1",
        );
    }
    if !(0.0..=1.0).contains(&arguments.new_share) {
        return flag("new-share", "takes a share from 0 to 1");
    }
    Ok(())
}

fn measure(
    arguments: &LiveArguments,
    (collection, folder): (&Collection, &Path),
    data: &mut Data,
    population: &mut Population,
) -> Result<Figures, CliError> {
    let requests = data.requests(Some(arguments.ef));
    let rate = arguments.searches_per_second;
    // Once unmeasured, so that what a search touches is in memory.
    search_at_rate(collection, &requests, (rate, 2))?;
    eprintln!("Searching alone");
    let idle = search_at_rate(collection, &requests, (rate, arguments.idle_seconds))?;
    eprintln!("Searching beside other work");
    let control = control((collection, folder), &requests, data.dim, arguments)?;
    let (progress, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let bar = bar("Searching and writing", arguments.seconds as usize);
    let (loaded, written, samples) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| backlog::watch(collection, (&progress, &over), &bar));
        let searching = scope.spawn(|| search_at_rate(collection, &requests, (rate, arguments.seconds)));
        let written = write_at_rate(arguments, collection, data, population, &progress);
        let loaded = searching.join();
        over.store(true, Ordering::Release);
        (loaded, written, watching.join())
    });
    bar.finish_and_clear();
    let written = written?;
    let check = check_all(arguments.ef, collection, data, &written)?;
    let settling = Instant::now();
    settle(collection)?;
    Ok(Figures {
        idle,
        control,
        loaded: loaded.map_err(|_| CliError::Thread)??,
        written,
        samples: samples.map_err(|_| CliError::Thread)?,
        check,
        settle_s: settling.elapsed().as_secs_f64(),
    })
}

/// Searches of the collection at rest, beside threads that burn and sync as much as its optimizer and writer will.
fn control(
    (collection, folder): (&Collection, &Path),
    requests: &[SearchRequest],
    dim: usize,
    arguments: &LiveArguments,
) -> Result<Searches, CliError> {
    let over = AtomicBool::new(false);
    let pace = (arguments.searches_per_second, arguments.idle_seconds);
    std::thread::scope(|scope| {
        scope.spawn(|| burn(&over));
        let syncing = scope.spawn(|| sync_at_rate(folder, dim, arguments, &over));
        let searched = search_at_rate(collection, requests, pace);
        over.store(true, Ordering::Release);
        syncing.join().map_err(|_| CliError::Thread)??;
        searched
    })
}

/// Looks for every acknowledged point, while the optimizer still has what the writer left it.
fn check_all(
    ef: u32,
    collection: &Collection,
    data: &mut Data,
    written: &Written,
) -> Result<Check, CliError> {
    let bar = bar("Looking for all", written.holdings.len());
    let mut check = Check::default();
    for (id, row) in &written.holdings {
        check.point(collection, data, (*id, *row), ef)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(check)
}

impl Figures {
    fn ratio(&self) -> f64 {
        self.loaded.latencies.percentile(0.99) / self.idle.latencies.percentile(0.99)
    }

    fn achieved(&self) -> f64 {
        self.written.points as f64 / self.written.wall.as_secs_f64()
    }

    fn targets(&self, arguments: &LiveArguments) -> Vec<Target> {
        // A second of writes is no backlog.
        let second = f64::from(arguments.writes_per_second);
        let growth = |name: &str, slack: f64| {
            let figure = backlog::FIGURES.iter().find(|figure| figure.0 == name);
            let (first, last) = figure.map_or((0.0, 0.0), |figure| backlog::thirds(&self.samples, figure.1));
            (last + slack) / (first + slack)
        };
        let gone = |check: &Check| check.lost + check.unfindable;
        let missed = (self.check.missed + self.written.check.missed) as f64;
        let checked = (self.check.checked + self.written.check.checked).max(1) as f64;
        vec![
            Target::at_most("p99 loaded / idle", self.ratio(), 5.0),
            Target::at_least("share of the write rate", self.achieved() / second, 0.98),
            Target::at_most("growth of segments", growth("segments", 1.0), 1.5),
            Target::at_most("growth of unsealed rows", growth("unsealed_rows", second), 1.5),
            Target::at_most(
                "growth of unindexed vectors",
                growth("unindexed_vectors", second),
                1.5,
            ),
            Target::at_most(
                "acknowledged points lost",
                (gone(&self.check) + gone(&self.written.check)) as f64,
                0.0,
            ),
            Target::at_most("share missed by the search", missed / checked, 0.001),
        ]
    }

    fn print(&self) {
        let rows = [
            self.idle.latencies.row("searches, idle"),
            self.control.latencies.row("searches, control"),
            self.loaded.latencies.row("searches, loaded"),
            self.written.lag.row("write lag"),
            self.written.calls.row("write calls"),
        ];
        let head = ["µs", "count", "p50", "p99", "p99.9", "max"];
        print!("\n{}", table::lines(&head, &rows, &[1, 2, 3, 4, 5]));
        let slow = [
            self.idle.slowest.rows("idle"),
            self.control.slowest.rows("control"),
            self.loaded.slowest.rows("loaded"),
        ];
        print!("\n{}", slow::table(&slow.concat()));
        println!(
            "\n{} points written, {:.0} a second; the optimizer at rest {:.1} s after the end",
            self.written.points,
            self.achieved(),
            self.settle_s
        );
        println!("{}", self.written.check.line("right after"));
        println!("{}\n", self.check.line("at the end"));
        let row = |(name, figure): &backlog::Figure| {
            let (first, last) = backlog::thirds(&self.samples, *figure);
            vec![
                name.replace('_', " "),
                format!("{first:.1}"),
                format!("{last:.1}"),
            ]
        };
        let rows: Vec<Vec<String>> = backlog::FIGURES.iter().map(row).collect();
        print!(
            "{}",
            table::lines(&["mean of the", "first third", "last third"], &rows, &[1, 2])
        );
    }

    fn json(&self, arguments: &LiveArguments) -> Value {
        let third = |(name, figure): &backlog::Figure| {
            let (first, last) = backlog::thirds(&self.samples, *figure);
            ((*name).to_owned(), json!({"first": first, "last": last}))
        };
        let thirds: serde_json::Map<String, Value> = backlog::FIGURES.iter().map(third).collect();
        json!({
            "ef": arguments.ef,
            "searches_per_second": arguments.searches_per_second,
            "writes_per_second": arguments.writes_per_second,
            "write_batch": arguments.write_batch,
            "new_share": arguments.new_share,
            "seconds": arguments.seconds,
            "idle": self.idle.json(),
            "control": self.control.json(),
            "loaded": self.loaded.json(),
            "p99_ratio": self.ratio(),
            "write_lag": self.written.lag.json(),
            "write_calls": self.written.calls.json(),
            "points_written": self.written.points,
            "achieved_writes_per_second": self.achieved(),
            "checked_at_once": self.written.check.json(),
            "checked_at_the_end": self.check.json(),
            "settle_s": self.settle_s,
            "backlog_thirds": thirds,
            "backlog": backlog::json(&self.samples),
        })
    }
}
