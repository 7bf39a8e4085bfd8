//! `cargo xtask tidy`: the rules of the project that compiler and clippy do not know. Each rule reads a
//! `Tree` in memory and returns findings; nothing here changes a file.

mod calls;
mod layers;
mod links;
mod manifests;
mod names;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod unsafety;
mod words;

use std::fmt;
use std::path::Path;

use crate::error::ChoreError;
use tree::Tree;

/// One thing to mend, or to think about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1; 1 also stands for the file as a whole.
    line: usize,
    rule: &'static str,
    /// What is wrong and how to mend it.
    what: String,
    is_warning: bool,
}

impl Finding {
    fn new(path: &str, line: usize, rule: &'static str, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule,
            what: what.into(),
            is_warning: false,
        }
    }

    fn warning(path: &str, line: usize, rule: &'static str, what: impl Into<String>) -> Self {
        Self {
            is_warning: true,
            ..Self::new(path, line, rule, what)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_warning { " (warning)" } else { "" };
        write!(
            out,
            "{}:{}: {}{kind}: {}",
            self.path, self.line, self.rule, self.what
        )
    }
}

const RULES: [fn(&Tree) -> Vec<Finding>; 7] = [
    layers::check,
    manifests::check,
    names::check,
    calls::check,
    unsafety::check,
    words::check,
    links::check,
];

/// Checks the whole work tree and prints one line a finding.
///
/// # Errors
/// `Untidy` when anything but warnings was found; otherwise what kept the tree from being read.
pub(crate) fn run(root: &Path) -> Result<(), ChoreError> {
    let tree = Tree::read(root)?;
    let findings = check(&tree);
    findings.iter().for_each(|finding| println!("{finding}"));
    let warnings = findings.iter().filter(|finding| finding.is_warning).count();
    let count = findings.len() - warnings;
    println!(
        "tidy: {count} to mend, {warnings} warnings, {} files",
        tree.paths.len()
    );
    if count > 0 {
        Err(ChoreError::Untidy { count })
    } else {
        Ok(())
    }
}

/// Every rule's findings, sorted by place.
fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    findings.sort();
    findings.dedup();
    findings
}
