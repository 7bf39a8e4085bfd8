//! `cargo xtask conformance`: builds the server and lets the unmodified Python client of Qdrant judge it. Never installs
//! anything outside `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands;
use crate::error::ChoreError;

/// Builds the release program and runs `conformance/python/run` with it; `--only NAME` runs one module, class or test.
///
/// # Errors
/// When the program does not build, there is no python3 with venv, or an answer is not what the client expects.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<(), ChoreError> {
    let options = commands::options("conformance", &[("--only", true)], arguments)?;
    if !commands::works(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        return Err(ChoreError::NoPython);
    }
    let mut build = commands::cargo(root);
    build.args([
        "build",
        "--release",
        "--package",
        "ruvector-cli",
        "--bin",
        "ruvector",
    ]);
    commands::pass(&mut build)?;
    let mut tests = Command::new(root.join("conformance/python/run"));
    tests.arg(target(root).join("release/ruvector"));
    tests.args(options.get("--only"));
    commands::pass(&mut tests)
}

/// Where cargo builds.
fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}
