//! `ruvector workload merges`: a collection grown by many merges beside one built at once from the same points.
//! Never lets two chunks go into one merge.

use ruvector_core::Collection;
use serde_json::json;

use super::arguments::MergesArguments;
use super::compare::{Pair, Truth};
use super::data::{Data, bar};
use super::population::{Holding, Population};
use super::report::{Effort, Side, Target, comparison, end, recall_and_speed};
use super::{Bench, FRESH, LIVED};
use crate::bench::at;
use crate::error::CliError;
use crate::npy::Npy;

pub(crate) fn run(arguments: &MergesArguments) -> Result<(), CliError> {
    let mut data = Data::open(&arguments.data)?;
    let points = data.points(arguments.data.points, data.rows)?;
    let file_truth = truth(arguments, &data, points)?;
    let bench = Bench::new(arguments.data.engine_dir.as_ref())?;
    let holdings = Population::new(points, data.rows, arguments.data.seed).by_id();
    let lived = bench.create(LIVED, &data)?;
    let ((), effort) = Effort::of(|| grow(arguments.merges, &mut data, &lived, &holdings))?;
    let (fresh, fresh_effort) = bench.build(FRESH, &mut data, &holdings)?;
    let pair = Pair { lived, fresh };
    let truth = match file_truth {
        Some(neighbours) => Truth {
            neighbours,
            exact_differs: 0,
        },
        None => pair.truth(&data)?,
    };
    let compared = pair.compare(&data, &truth.neighbours, &arguments.compare)?;
    let sides = [Side::of(&pair.lived, effort), Side::of(&pair.fresh, fresh_effort)];
    let mut figures = comparison(&compared, &sides[0], &sides[1]);
    let cpu_ratio = sides[0].effort.cpu_s / sides[1].effort.cpu_s.max(f64::MIN_POSITIVE);
    println!("CPU of the grown one is {cpu_ratio:.2} times that of the other");
    figures["merges"] = json!(arguments.merges);
    figures["cpu_ratio"] = json!(cpu_ratio);
    figures["exact_differs"] = json!(truth.exact_differs);
    let mut targets = recall_and_speed(&compared, 0.02, 0.98);
    targets.extend([
        Target::at_most("segments", sides[0].segments as f64, 1.0),
        Target::at_most(
            "queries whose exact answers differ",
            truth.exact_differs as f64,
            0.0,
        ),
    ]);
    end(&arguments.data, &data, ("merges", figures), &targets)?;
    Ok(bench.database.close()?)
}

/// The points in merges + 1 chunks, each optimized before the next comes.
fn grow(
    merges: usize,
    data: &mut Data,
    collection: &Collection,
    holdings: &[Holding],
) -> Result<(), CliError> {
    let bar = bar("Growing", holdings.len());
    for chunk in 0..=merges {
        let bound = |chunk: usize| holdings.len() * chunk / (merges + 1);
        data.load(collection, &holdings[bound(chunk)..bound(chunk + 1)], &bar)?;
        collection.optimize()?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// The neighbours from the file, if one is named.
fn truth(arguments: &MergesArguments, data: &Data, points: usize) -> Result<Option<Vec<Vec<u64>>>, CliError> {
    let Some(path) = &arguments.truth else {
        return Ok(None);
    };
    let mut npy = at(path, Npy::open(path))?;
    if npy.rows != data.queries.len() || npy.columns < data.k || points != data.rows {
        let what = format!(
            "{} rows of {} neighbours do not go with {} queries, k = {} and {points} of {} rows",
            npy.rows,
            npy.columns,
            data.queries.len(),
            data.k,
            data.rows
        );
        let path = path.clone();
        return Err(CliError::Shape { path, what });
    }
    at(path, npy.row_numbers(data.k, data.rows)).map(Some)
}
