//! `ruvector workload churn`: a share of the points is renewed, round after round; then recall, speed and size beside
//! a collection built from the points that are left. Never optimizes further than it was told to.

use ruvector_core::Collection;
use serde_json::json;

use super::arguments::{ChurnArguments, ChurnMode, Settle};
use super::compare::{Compared, Pair};
use super::data::{Data, bar};
use super::population::Population;
use super::report::{Effort, Side, Target, comparison, end, recall_and_speed};
use super::{Bench, FRESH, LIVED, settle};
use crate::error::CliError;

pub(crate) fn run(arguments: &ChurnArguments) -> Result<(), CliError> {
    let mut data = Data::open(&arguments.data)?;
    if !(arguments.share > 0.0 && arguments.share <= 1.0) {
        return Err(CliError::Flag {
            flag: "share",
            rule: "takes more than 0 and at most 1",
        });
    }
    let default = (data.rows as f64 / (1.0 + arguments.share)) as usize;
    let points = data.points(arguments.data.points, default)?;
    let bench = Bench::new(arguments.data.engine_dir.as_ref())?;
    let mut population = Population::new(points, data.rows, arguments.data.seed);
    let (lived, first) = bench.build(LIVED, &mut data, &population.by_id())?;
    let mut effort = first;
    let ((), renewal) = Effort::of(|| renew(arguments, &mut data, &lived, &mut population))?;
    effort.wall += renewal.wall;
    effort.cpu_s += renewal.cpu_s;
    let (fresh, fresh_effort) = bench.build(FRESH, &mut data, &population.by_id())?;
    let pair = Pair { lived, fresh };
    let truth = pair.truth(&data)?;
    let compared = pair.compare(&data, &truth.neighbours, &arguments.compare)?;
    let sides = [Side::of(&pair.lived, effort), Side::of(&pair.fresh, fresh_effort)];
    let mut figures = comparison(&compared, &sides[0], &sides[1]);
    figures["rounds"] = json!(arguments.rounds);
    figures["share"] = json!(arguments.share);
    figures["mode"] = json!(match arguments.mode {
        ChurnMode::Replace => "replace",
        ChurnMode::DeleteInsert => "delete-insert",
    });
    figures["settle"] = json!(match arguments.settle {
        Settle::Background => "background",
        Settle::Optimize => "optimize",
    });
    figures["exact_differs"] = json!(truth.exact_differs);
    let targets = targets(&compared, &sides, truth.exact_differs);
    end(&arguments.data, &data, ("churn", figures), &targets)?;
    Ok(bench.database.close()?)
}

fn renew(
    arguments: &ChurnArguments,
    data: &mut Data,
    collection: &Collection,
    population: &mut Population,
) -> Result<(), CliError> {
    let count = (population.by_id().len() as f64 * arguments.share).round() as usize;
    let bar = bar("Renewing", count * arguments.rounds);
    for _ in 0..arguments.rounds {
        match arguments.mode {
            ChurnMode::Replace => data.load(collection, &population.replace(count), &bar)?,
            ChurnMode::DeleteInsert => {
                let (dead, born) = population.delete_insert(count);
                data.delete(collection, &dead)?;
                data.load(collection, &born, &bar)?;
            }
        }
        match arguments.settle {
            Settle::Background => settle(collection)?,
            Settle::Optimize => collection.optimize()?,
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn targets(compared: &[Compared], [lived, fresh]: &[Side; 2], exact_differs: usize) -> Vec<Target> {
    let ratio = |a: u64, b: u64| a as f64 / b.max(1) as f64;
    let mut targets = recall_and_speed(compared, 0.005, 0.9);
    targets.extend([
        Target::at_most("disk ratio", ratio(lived.disk_bytes, fresh.disk_bytes), 1.3),
        Target::at_most("RAM ratio", ratio(lived.ram_bytes, fresh.ram_bytes), 1.3),
        Target::at_most("queries whose exact answers differ", exact_differs as f64, 0.0),
        Target::at_most(
            "points too many or too few",
            lived.points.abs_diff(fresh.points) as f64,
            0.0,
        ),
    ]);
    targets
}
