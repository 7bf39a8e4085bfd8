//! Rule: every crate takes the lints of the workspace. Reads the manifests' text only.

use serde::Deserialize;

use super::Finding;
use super::tree::Tree;

#[derive(Deserialize)]
struct Manifest {
    lints: Option<Lints>,
}

#[derive(Deserialize)]
struct Lints {
    #[serde(default)]
    workspace: bool,
}

/// Findings of crates without `[lints] workspace = true`.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let inherits = |text: &str| {
        let manifest = toml::from_str::<Manifest>(text);
        manifest.is_ok_and(|manifest| manifest.lints.is_some_and(|lints| lints.workspace))
    };
    let strict = tree
        .packages
        .iter()
        .filter(|package| !inherits(&package.manifest));
    let what = "the crate does not take the workspace's lints; add `[lints]` with `workspace = true`";
    strict
        .map(|package| Finding::new(&format!("{}/Cargo.toml", package.folder), 1, "lints", what))
        .collect()
}
