//! `cargo xtask test` and `cargo xtask lint`: tables of steps, run in order, stopped by the first failure.
//! Never skips a step without saying so.

use std::path::Path;
use std::time::Instant;

use crate::commands;
use crate::error::ChoreError;
use crate::tidy;

/// A chore made of steps.
#[derive(Debug)]
pub(crate) struct Steps {
    chore: &'static str,
    steps: &'static [Step],
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    what: &'static str,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Cargo(&'static [&'static str]),
    Tidy,
}

/// Every test there is. The release build of the last step is the one that users run.
pub(crate) const TEST: Steps = Steps {
    chore: "test",
    steps: &[
        Step {
            name: "workspace",
            what: "unit, model, crash and doc tests of every crate but the command",
            action: Action::Cargo(&["test", "--workspace", "--exclude", "ruvector-cli"]),
        },
        Step {
            name: "command",
            what: "unit tests of the ruvector command",
            action: Action::Cargo(&["test", "--package", "ruvector-cli", "--bins"]),
        },
        Step {
            name: "end-to-end",
            what: "the release binary, driven from outside",
            action: Action::Cargo(&["test", "--release", "--package", "ruvector-cli", "--test", "*"]),
        },
    ],
};

/// Everything that reads the source without running it.
pub(crate) const LINT: Steps = Steps {
    chore: "lint",
    steps: &[
        Step {
            name: "format",
            what: "rustfmt",
            action: Action::Cargo(&["fmt", "--all", "--check"]),
        },
        Step {
            name: "tidy",
            what: "fences and rules of the project",
            action: Action::Tidy,
        },
        Step {
            name: "clippy",
            what: "clippy on all targets, warnings refused",
            action: Action::Cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        },
    ],
};

/// Runs the steps of a chore, or with `--list` names them, or with `--only NAME` runs one.
///
/// # Errors
/// The first step's that fails.
pub(crate) fn run(root: &Path, steps: &Steps, arguments: &[String]) -> Result<(), ChoreError> {
    let chore = steps.chore;
    let options = commands::options(chore, &[("--list", false), ("--only", true)], arguments)?;
    if options.contains_key("--list") {
        steps
            .steps
            .iter()
            .for_each(|step| println!("{:12} {}", step.name, command_line(step)));
        return Ok(());
    }
    let chosen: Vec<&Step> = match options.get("--only") {
        None => steps.steps.iter().collect(),
        Some(name) => steps.steps.iter().filter(|step| step.name == name).collect(),
    };
    if let (true, Some(name)) = (chosen.is_empty(), options.get("--only")) {
        return Err(ChoreError::UnknownStep {
            chore,
            name: name.clone(),
        });
    }
    let start = Instant::now();
    for step in &chosen {
        println!(
            "\n== {chore}: {}: {} ({})",
            step.name,
            step.what,
            command_line(step)
        );
        match &step.action {
            Action::Cargo(arguments) => commands::pass(commands::cargo(root).args(*arguments))?,
            Action::Tidy => tidy::run(root)?,
        }
    }
    println!(
        "\n{chore}: {} of {} steps passed in {} s",
        chosen.len(),
        steps.steps.len(),
        start.elapsed().as_secs()
    );
    Ok(())
}

fn command_line(step: &Step) -> String {
    match &step.action {
        Action::Cargo(arguments) => format!("cargo {}", arguments.join(" ")),
        Action::Tidy => "cargo xtask tidy".to_owned(),
    }
}
