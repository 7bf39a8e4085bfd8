//! What the rules read: the files of the work tree, the packages as cargo sees them, and `layers.toml`.
//! Reads everything once; no rule opens a file of its own.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::source::{self, Line};
use super::table::Table;
use crate::commands;
use crate::error::{ChoreError, at_path};

/// The work tree in memory.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) table: Table,
    pub(super) packages: Vec<Package>,
    /// Every file, relative to the root, with `/`.
    pub(super) paths: BTreeSet<String>,
    pub(super) rust: Vec<RustFile>,
    /// Modules declared for tests only, as paths without `.rs`.
    pub(super) test_modules: BTreeSet<String>,
    pub(super) prose: Vec<TextFile>,
}

/// A package of the workspace.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    /// Its folder, relative to the root.
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
    /// The text of its Cargo.toml.
    pub(super) manifest: String,
}

/// One dependency as `cargo metadata` prints it.
#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(super) kind: Option<String>,
}

/// A Rust file, taken apart.
#[derive(Debug)]
pub(super) struct RustFile {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) lines: Vec<Line>,
    /// The package it belongs to; `None` in `fuzz/` and other folders outside the workspace.
    pub(super) package: Option<String>,
}

/// A file of prose.
#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

impl Tree {
    /// Reads the work tree at `root`; asks git for the files and cargo for the packages, offline.
    ///
    /// # Errors
    /// When git, cargo, a file or `layers.toml` cannot be read.
    pub(super) fn read(root: &Path) -> Result<Self, ChoreError> {
        let mut tree = Self {
            table: read_table(root)?,
            packages: read_packages(root)?,
            ..Self::default()
        };
        for path in commands::tree_files(root)? {
            if path.ends_with(".rs") {
                let text = read_text(root, &path)?;
                tree.add_rust(&path, text);
            } else if path.ends_with(".md") {
                let text = read_text(root, &path)?;
                tree.prose.push(TextFile {
                    path: path.clone(),
                    text,
                });
            }
            tree.paths.insert(path);
        }
        Ok(tree)
    }

    /// Takes a Rust file apart and adds it; the packages must be known before.
    pub(super) fn add_rust(&mut self, path: &str, text: String) {
        let owns = |package: &&Package| {
            path.strip_prefix(&package.folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let package = self
            .packages
            .iter()
            .find(owns)
            .map(|package| package.name.clone());
        let lines = source::lines(&text);
        let declared = lines
            .iter()
            .filter(|line| line.is_test)
            .filter_map(|line| source::declared_module(&line.code));
        self.test_modules
            .extend(declared.map(|module| format!("{}/{module}", module_folder(path))));
        self.paths.insert(path.to_owned());
        self.rust.push(RustFile {
            path: path.to_owned(),
            text,
            lines,
            package,
        });
    }

    /// Whether everything in a file is test code: by its place, or because a module above is for tests only.
    pub(super) fn is_test(&self, file: &RustFile) -> bool {
        let is_below = |module: &String| {
            file.path
                .strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        is_test_path(&file.path) || self.test_modules.iter().any(is_below)
    }

    /// Whether a file or a folder of this name exists.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.paths.contains(path)
            || self
                .paths
                .range(folder.clone()..)
                .next()
                .is_some_and(|next| next.starts_with(&folder))
    }
}

/// The folder in which the modules that a file declares have their files.
fn module_folder(path: &str) -> &str {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_root = matches!(name, "lib.rs" | "main.rs" | "mod.rs");
    if is_root {
        folder
    } else {
        path.strip_suffix(".rs").unwrap_or(path)
    }
}

/// Whether a file is a test, a bench or a fuzz target by its place.
fn is_test_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    parts
        .iter()
        .any(|part| matches!(*part, "tests" | "benches" | "tests.rs" | "fuzz"))
}

fn read_text(root: &Path, path: &str) -> Result<String, ChoreError> {
    let full = root.join(path);
    std::fs::read_to_string(&full).map_err(at_path(&full))
}

fn read_table(root: &Path) -> Result<Table, ChoreError> {
    let text = read_text(root, "layers.toml")?;
    toml::from_str(&text).map_err(|source| ChoreError::Table {
        path: "layers.toml".into(),
        source,
    })
}

fn read_packages(root: &Path) -> Result<Vec<Package>, ChoreError> {
    let mut command = commands::cargo(root);
    command.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let answer = commands::output(&mut command)?;
    let metadata: Metadata =
        serde_json::from_slice(&answer).map_err(|source| ChoreError::Metadata { source })?;
    let absolute = std::fs::canonicalize(root).map_err(at_path(root))?;
    let package = |found: MetadataPackage| {
        let manifest_path = Path::new(&found.manifest_path);
        let folder = manifest_path
            .parent()
            .and_then(|parent| parent.strip_prefix(&absolute).ok());
        let folder = folder
            .map(|folder| folder.to_string_lossy().replace('\\', "/"))
            .unwrap_or_default();
        let manifest = std::fs::read_to_string(manifest_path).map_err(at_path(manifest_path))?;
        Ok(Package {
            name: found.name,
            folder,
            dependencies: found.dependencies,
            manifest,
        })
    };
    metadata.packages.into_iter().map(package).collect()
}
