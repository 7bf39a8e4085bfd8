//! Rule: a crate depends only on levels below its own, or along a listed edge. Reads `layers.toml` and
//! `cargo metadata`; whatever the table lists must exist and be used.

use super::Finding;
use super::tree::{Dependency, Package, Tree};

const RULE: &str = "layers";
const TABLE: &str = "layers.toml";

/// Findings of the layer table against the packages.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = unlisted_and_stale(tree);
    for package in &tree.packages {
        let Some(level) = tree.table.level(&package.name) else {
            continue;
        };
        for dependency in &package.dependencies {
            findings.extend(upward(tree, package, level, dependency));
            findings.extend(fenced(tree, package, level, dependency));
        }
    }
    findings
}

fn manifest(package: &Package) -> String {
    format!("{}/Cargo.toml", package.folder)
}

fn unlisted_and_stale(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &tree.packages {
        let places = tree
            .table
            .layer
            .iter()
            .flat_map(|layer| &layer.crates)
            .filter(|name| **name == package.name)
            .count();
        if places != 1 {
            let what = format!(
                "`{}` is listed {places} times in {TABLE}; give it exactly one level",
                package.name
            );
            findings.push(Finding::new(&manifest(package), 1, RULE, what));
        }
    }
    let has = |name: &String| tree.packages.iter().any(|package| package.name == *name);
    let listed = tree
        .table
        .layer
        .iter()
        .flat_map(|layer| &layer.crates)
        .chain(&tree.table.dev_anywhere);
    for name in listed.filter(|name| !has(name)) {
        findings.push(Finding::new(
            TABLE,
            1,
            RULE,
            format!("`{name}` is listed but is no package; take it out"),
        ));
    }
    for edge in &tree.table.edge {
        let uses = |package: &Package| {
            package.name == edge.from
                && package
                    .dependencies
                    .iter()
                    .any(|dependency| dependency.name == edge.to)
        };
        if tree.table.level(&edge.from) != tree.table.level(&edge.to) {
            let what = format!(
                "edge {} → {} is not inside one level; take it out",
                edge.from, edge.to
            );
            findings.push(Finding::new(TABLE, 1, RULE, what));
        } else if !tree.packages.iter().any(uses) {
            let what = format!("edge {} → {} is not used; take it out", edge.from, edge.to);
            findings.push(Finding::new(TABLE, 1, RULE, what));
        }
    }
    findings
}

fn upward(tree: &Tree, package: &Package, level: u32, dependency: &Dependency) -> Option<Finding> {
    let target = tree.table.level(&dependency.name)?;
    let is_dev = dependency.kind.as_deref() == Some("dev");
    let is_edge = tree
        .table
        .edge
        .iter()
        .any(|edge| edge.from == package.name && edge.to == dependency.name);
    if target < level || is_edge || (is_dev && tree.table.dev_anywhere.contains(&dependency.name)) {
        return None;
    }
    let what = format!(
        "{} (level {level}) depends on {} (level {target}); depend downwards only, or list the edge in {TABLE} with a reason",
        package.name, dependency.name
    );
    Some(Finding::new(&manifest(package), 1, RULE, what))
}

fn fenced(tree: &Tree, package: &Package, level: u32, dependency: &Dependency) -> Option<Finding> {
    if dependency.kind.as_deref() == Some("dev") {
        return None;
    }
    let ban = tree.table.banned_dependency.iter().find(|ban| {
        level < ban.below_level && ban.names.contains(&dependency.name) && !ban.except.contains(&package.name)
    })?;
    let what = format!(
        "`{}` is not allowed below level {}; {}",
        dependency.name, ban.below_level, ban.instead
    );
    Some(Finding::new(&manifest(package), 1, "dependency", what))
}
