//! Rules about a Rust file as a whole: its first line, its length, and names that say something.
//! Never looks at what the code does.

use super::Finding;
use super::source::declared_module;
use super::tree::{RustFile, Tree};

/// Findings of first lines, sizes and names.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust
        .iter()
        .flat_map(|file| {
            [first_line(file), size(tree, file)]
                .into_iter()
                .flatten()
                .chain(names(tree, file))
        })
        .collect()
}

fn first_line(file: &RustFile) -> Option<Finding> {
    let first = file.text.lines().next().unwrap_or_default();
    if first.starts_with("//!") && first.len() > "//! ".len() {
        return None;
    }
    let what = "the first line is not `//! …`; say what the file is for and what it must never do";
    Some(Finding::new(&file.path, 1, "purpose", what))
}

fn size(tree: &Tree, file: &RustFile) -> Option<Finding> {
    let (count, size) = (file.lines.len(), &tree.table.size);
    if count > size.lines_max {
        let what = format!(
            "{count} lines, at most {} are allowed; split it by subject",
            size.lines_max
        );
        return Some(Finding::new(&file.path, 1, "size", what));
    }
    let what = || format!("{count} lines, about 200 are the aim; think of splitting it by subject");
    (count > size.lines_warn).then(|| Finding::warning(&file.path, 1, "size", what()))
}

fn names(tree: &Tree, file: &RustFile) -> Vec<Finding> {
    let banned = &tree.table.names.banned;
    let what = |name: &str| format!("`{name}` says nothing; name it after its subject");
    let parts = file
        .path
        .split('/')
        .map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let mut findings: Vec<Finding> = parts
        .filter(|part| banned.contains(*part))
        .map(|part| Finding::new(&file.path, 1, "name", what(part)))
        .collect();
    for (number, line) in (1..).zip(&file.lines) {
        if let Some(name) = declared_module(&line.code).filter(|name| banned.contains(*name)) {
            findings.push(Finding::new(&file.path, number, "name", what(name)));
        }
    }
    findings
}
