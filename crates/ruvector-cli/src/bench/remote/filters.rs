//! Filtered searches of a server: the lines of the filters file, whose figures are taken for each group. Never
//! evaluates a filter itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::{Plan, filters, measure};
use super::interface::{Ask, Breadth, Interface};
use super::measure::Timer;
use super::search::Searches;
use crate::error::CliError;

/// Searches whose filters are counted to know what share of the points they keep.
const COUNTED: usize = 50;

/// The lines of each group, by its name.
pub(super) type Groups = BTreeMap<String, Vec<filters::Line<Value>>>;

/// Those of a file, each a search that the interface can say.
pub(super) fn read(plan: &Plan, interface: &dyn Interface, path: &Path) -> Result<Groups, CliError> {
    let mut groups = Groups::new();
    for (number, line) in (1..).zip(filters::lines::<Value>(plan, path)?) {
        let said = interface.search(&plan.queries[line.query], ask(plan, &line, None));
        said.map_err(|error| match error {
            CliError::Message(source) => filters::wrong(path, number, source),
            other => other,
        })?;
        groups.entry(line.group.clone()).or_default().push(line);
    }
    Ok(groups)
}

fn ask<'a>(plan: &Plan, line: &'a filters::Line<Value>, breadth: Option<u32>) -> Ask<'a> {
    Ask {
        k: plan.k,
        filter: line.filter.as_ref(),
        breadth: breadth.map_or(Breadth::Default, Breadth::Ef),
    }
}

/// The figures of each group, at a breadth or, without one, at the default settings.
pub(super) fn measure_groups(
    plan: &Plan,
    (interface, timer): (&dyn Interface, &Timer),
    groups: &Groups,
    breadths: &[Option<u32>],
) -> Result<Vec<Value>, CliError> {
    let mut figures = Vec::new();
    for (name, lines) in groups {
        let share = matching_share(interface, plan, lines)?;
        let truth: Vec<Vec<u64>> = lines.iter().map(|line| line.truth.clone()).collect();
        for breadth in breadths {
            let mut searches = Searches::new(interface);
            for line in lines {
                searches.push(&plan.queries[line.query], ask(plan, line, *breadth))?;
            }
            let recall = measure::recall(&searches.pass()?, &truth);
            let times = timer.time(&searches, lines.len())?;
            figures.push(json!({
                "group": name,
                "ef": breadth,
                "searches": lines.len(),
                "matching_share": share,
                "recall": recall,
                "qps": times.qps,
                "p50_us": times.p50_us,
                "p99_us": times.p99_us,
            }));
        }
    }
    Ok(figures)
}

/// The share of points that match, on average over some searches.
fn matching_share(
    interface: &dyn Interface,
    plan: &Plan,
    lines: &[filters::Line<Value>],
) -> Result<f64, CliError> {
    let counted = &lines[..lines.len().min(COUNTED)];
    let mut matching = 0;
    for line in counted {
        matching += interface.count(line.filter.as_ref())?;
    }
    Ok(matching as f64 / counted.len().max(1) as f64 / plan.rows as f64)
}
