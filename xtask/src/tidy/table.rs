//! The shape of `layers.toml`. Values only; what they mean is decided in the rules.

use std::collections::BTreeSet;

use serde::Deserialize;

/// The project's fences.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    #[serde(default)]
    pub(super) dev_anywhere: BTreeSet<String>,
    #[serde(default)]
    pub(super) layer: Vec<Layer>,
    #[serde(default)]
    pub(super) edge: Vec<Edge>,
    #[serde(default)]
    pub(super) unsafe_code: UnsafeCode,
    #[serde(default)]
    pub(super) banned_call: Vec<BannedCall>,
    #[serde(default)]
    pub(super) banned_dependency: Vec<BannedDependency>,
    #[serde(default)]
    pub(super) banned_word: Vec<BannedWord>,
    #[serde(default)]
    pub(super) names: Names,
    #[serde(default)]
    pub(super) size: Size,
}

/// Crates of one level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layer {
    pub(super) level: u32,
    pub(super) crates: Vec<String>,
    /// For the reader of the table.
    #[serde(default, rename = "why")]
    pub(super) _why: String,
}

/// An allowed dependency inside one level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
}

/// Where unsafe code may stand.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnsafeCode {
    pub(super) files: BTreeSet<String>,
}

/// A path that lower levels may not name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BannedCall {
    pub(super) path: String,
    pub(super) below_level: u32,
    pub(super) except: Vec<String>,
    pub(super) instead: String,
}

/// Dependencies that lower levels may not have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BannedDependency {
    pub(super) names: Vec<String>,
    pub(super) below_level: u32,
    pub(super) except: Vec<String>,
    pub(super) instead: String,
}

/// A word that shipped text does not use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BannedWord {
    pub(super) word: String,
    #[serde(default)]
    pub(super) except: Vec<String>,
    #[serde(default)]
    pub(super) except_tests: bool,
}

/// File, folder and module names that say nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    pub(super) banned: BTreeSet<String>,
}

/// Lines of a Rust file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    pub(super) lines_warn: usize,
    pub(super) lines_max: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            lines_warn: 400,
            lines_max: 800,
        }
    }
}

impl Table {
    /// The level of a crate, if it is listed.
    pub(super) fn level(&self, name: &str) -> Option<u32> {
        self.layer
            .iter()
            .find(|layer| layer.crates.iter().any(|listed| listed == name))
            .map(|layer| layer.level)
    }
}
