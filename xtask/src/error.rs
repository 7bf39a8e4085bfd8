//! What can go wrong in a chore, each with the words that tell the reader what to do next.
//! Never used by the product's crates.

use std::io;
use std::path::PathBuf;

/// Why a chore stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoreError {
    #[error("unknown chore `{name}`; `cargo xtask help` lists them")]
    UnknownChore { name: String },
    #[error("`cargo xtask {chore}` does not understand `{argument}`; `cargo xtask help` lists the arguments")]
    Argument { chore: &'static str, argument: String },
    #[error("`cargo xtask {chore}` has no step `{name}`; see `cargo xtask {chore} --list`")]
    UnknownStep { chore: &'static str, name: String },
    #[error("cannot read or write {}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot start `{command}`")]
    Spawn { command: String, source: io::Error },
    #[error("`{command}` failed{}", code.map_or(String::new(), |code| format!(" with exit code {code}")))]
    Command { command: String, code: Option<i32> },
    #[error("{} is not what it should be", path.display())]
    Table { path: PathBuf, source: toml::de::Error },
    #[error("`cargo metadata` answered something unexpected")]
    Metadata { source: serde_json::Error },
    #[error("tidy: {count} to mend")]
    Untidy { count: usize },
    #[error("no toolchain for wasm32-unknown-unknown: {cargo} or {rustc} is missing.\n{advice}")]
    NoWasmToolchain {
        cargo: String,
        rustc: String,
        advice: &'static str,
    },
    #[error("cargo-fuzz is missing; `cargo install cargo-fuzz --version 0.13.2 --locked` installs it")]
    NoCargoFuzz,
    #[error("python3 with venv and ensurepip is missing; on Debian: apt-get install python3-venv")]
    NoPython,
    #[error("{} lists no fuzz target (a [[bin]] with a name)", path.display())]
    NoFuzzTarget { path: PathBuf },
    #[error("mutant `{mutant}`: its text occurs {count} times in {file}, it must occur exactly once")]
    MutantText {
        mutant: String,
        file: String,
        count: usize,
    },
    #[error("mutant `{mutant}` is named twice")]
    MutantTwice { mutant: String },
    #[error("mutant `{mutant}`: test `{test}` does not pass on the unchanged code; see {}", log.display())]
    MutantBaseline {
        mutant: String,
        test: String,
        log: PathBuf,
    },
    #[error("mutants: {count} not caught; a test must be strengthened")]
    MutantsAlive { count: usize },
}

/// Attaches the path to an I/O error.
pub(crate) fn at_path(path: &std::path::Path) -> impl FnOnce(io::Error) -> ChoreError {
    let path = path.to_path_buf();
    move |source| ChoreError::File { path, source }
}
