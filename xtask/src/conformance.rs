//! `cargo xtask conformance`: builds the server and lets the unmodified clients of Qdrant judge it: Python (with the
//! frameworks on top of it, and a generator of requests from the OpenAPI document) and JavaScript. Never installs anything
//! outside `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands;
use crate::error::ChoreError;

/// Builds the release program and runs `conformance/js/run` and `conformance/python/run` with it; `--only NAME` runs one
/// module, class or test of Python.
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
    let program = target(root).join("release/ruvector");
    let only = options.get("--only");
    if only.is_none() {
        commands::pass(Command::new(root.join("conformance/js/run")).arg(&program))?;
    }
    let mut tests = Command::new(root.join("conformance/python/run"));
    commands::pass(tests.arg(&program).args(only))
}

/// Where cargo builds.
fn target(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}
