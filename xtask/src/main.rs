//! The project's own chores, run as `cargo xtask NAME`. Never part of the product, and nothing here
//! installs software or changes the source tree.

mod commands;
mod conformance;
mod error;
mod fuzz;
mod mutants;
mod steps;
mod tidy;
mod wasm;

use std::error::Error;
use std::process::ExitCode;

use error::ChoreError;

const HELP: &str = "\
cargo xtask CHORE

  test [--list] [--only NAME]    every test there is, step by step
  lint [--list] [--only NAME]    rustfmt, clippy and tidy
  tidy                           the fences of layers.toml and the rules of CONTRIBUTING.md
  wasm                           cargo check of the engine's crates for wasm32-unknown-unknown
  fuzz [--seconds N] [--target NAME]
                                 every fuzz target for N seconds (default 60)
  conformance [--only NAME]      Qdrant's own Python client against the release server; needs python3 with venv
  mutants [--only NAME]          plants the bugs of xtask/mutants.toml; a named test must catch each
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(source) = cause {
                eprintln!("  because: {source}");
                cause = source.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), ChoreError> {
    let root = commands::root();
    let (chore, rest) = match arguments.split_first() {
        Some((chore, rest)) => (chore.as_str(), rest),
        None => ("help", arguments),
    };
    match chore {
        "test" => steps::run(&root, &steps::TEST, rest),
        "lint" => steps::run(&root, &steps::LINT, rest),
        "tidy" => {
            commands::options("tidy", &[], rest)?;
            tidy::run(&root)
        }
        "wasm" => {
            commands::options("wasm", &[], rest)?;
            wasm::run(&root)
        }
        "fuzz" => fuzz::run(&root, rest),
        "conformance" => conformance::run(&root, rest),
        "mutants" => mutants::run(&root, rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(ChoreError::UnknownChore {
            name: other.to_owned(),
        }),
    }
}
