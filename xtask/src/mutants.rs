//! `cargo xtask mutants`: plants the bugs of `xtask/mutants.toml` one by one in a copy of the tree and
//! expects the named test to fail. Never touches the work tree itself.

mod bench;
mod table;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::commands;
use crate::error::{ChoreError, at_path};
use bench::{Bench, Verdict};
use table::Mutant;

/// Plants every mutant, or the one of `--only NAME`, and prints which test caught it.
///
/// # Errors
/// When the table does not fit the tree, a named test fails on the unchanged code, or a mutant lives.
/// Cost: one build of the tests, then one rebuild of the changed crate and one test run a mutant.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<(), ChoreError> {
    let options = commands::options("mutants", &[("--only", true)], arguments)?;
    let path = root.join("xtask/mutants.toml");
    let text = std::fs::read_to_string(&path).map_err(at_path(&path))?;
    let mut mutants = table::parse(&text, &path)?;
    if let Some(only) = options.get("--only") {
        mutants.retain(|mutant| mutant.name == *only);
        if mutants.is_empty() {
            return Err(ChoreError::UnknownStep {
                chore: "mutants",
                name: only.clone(),
            });
        }
    }
    let start = Instant::now();
    let alive = plant_all(root, &root.join("target/mutants"), &mutants)?;
    println!(
        "mutants: {} of {} caught in {} s",
        mutants.len() - alive,
        mutants.len(),
        start.elapsed().as_secs()
    );
    if alive > 0 {
        Err(ChoreError::MutantsAlive { count: alive })
    } else {
        Ok(())
    }
}

/// Tests the unchanged copy, then each mutant; returns how many were not caught.
fn plant_all(root: &Path, work: &Path, mutants: &[Mutant]) -> Result<usize, ChoreError> {
    if mutants.is_empty() {
        return Ok(0);
    }
    let bench = Bench::prepare(root, work)?;
    mutants.iter().try_for_each(|mutant| bench.check_text(mutant))?;
    let mut passed = BTreeSet::new();
    for mutant in mutants {
        // Several mutants may have the same test.
        if passed.insert((&mutant.cargo_args, &mutant.test)) {
            println!("mutants: unchanged code: {}", mutant.test);
            bench.expect_pass(mutant)?;
        }
    }
    let mut rows = Vec::new();
    for mutant in mutants {
        println!("mutants: planting {}", mutant.name);
        let start = Instant::now();
        let verdict = bench.plant(mutant)?;
        rows.push((mutant, verdict, start.elapsed()));
    }
    println!("\n{:32} {:48} result", "mutant", "test");
    rows.iter()
        .for_each(|(mutant, verdict, time)| println!("{}", row(&bench, mutant, *verdict, *time)));
    Ok(rows
        .iter()
        .filter(|(_, verdict, _)| *verdict != Verdict::Caught)
        .count())
}

fn row(bench: &Bench, mutant: &Mutant, verdict: Verdict, time: Duration) -> String {
    let log = bench.log(mutant);
    let result = match verdict {
        Verdict::Caught => format!("caught in {} s", time.as_secs()),
        Verdict::Passed => "NOT CAUGHT: the test passes".to_owned(),
        Verdict::Hung => format!(
            "NOT CAUGHT: no result after {} s, see {}",
            mutant.timeout_s,
            log.display()
        ),
        Verdict::NotRun => format!(
            "NOT CAUGHT: the test did not run (does the mutant compile?), see {}",
            log.display()
        ),
    };
    format!("{:32} {:48} {result}", mutant.name, mutant.test)
}
