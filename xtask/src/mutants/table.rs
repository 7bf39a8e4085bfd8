//! The shape of `mutants.toml`. Refuses a table that names a mutant twice.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::error::ChoreError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    mutant: Vec<Mutant>,
}

/// One bug to plant, and the test that must see it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    pub(super) name: String,
    /// The bug in one sentence, for the reader of the table.
    #[serde(default, rename = "what")]
    pub(super) _what: String,
    /// Relative to the root.
    pub(super) file: String,
    /// Must occur exactly once in the file.
    pub(super) find: String,
    pub(super) replace: String,
    /// Arguments of `cargo test` that choose the test's binary, such as `["--package", "x", "--lib"]`.
    pub(super) cargo_args: Vec<String>,
    /// The whole name of the test as `cargo test` prints it.
    pub(super) test: String,
    /// Build and run together.
    #[serde(default = "timeout_s")]
    pub(super) timeout_s: u64,
}

fn timeout_s() -> u64 {
    900
}

/// Reads the table.
///
/// # Errors
/// When it is not such a table, or a name occurs twice.
pub(super) fn parse(text: &str, path: &Path) -> Result<Vec<Mutant>, ChoreError> {
    let table: Table = toml::from_str(text).map_err(|source| ChoreError::Table {
        path: path.to_path_buf(),
        source,
    })?;
    let mut names = BTreeSet::new();
    match table
        .mutant
        .iter()
        .find(|mutant| !names.insert(mutant.name.clone()))
    {
        Some(twice) => Err(ChoreError::MutantTwice {
            mutant: twice.name.clone(),
        }),
        None => Ok(table.mutant),
    }
}
