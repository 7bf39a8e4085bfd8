//! Rule: links in prose lead to files that exist, and so do the paths that ARCHITECTURE.md lists. Looks
//! inside the work tree only; never asks the network.

use super::Finding;
use super::tree::{TextFile, Tree};

/// Findings of links and listed paths that lead nowhere.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.prose
        .iter()
        .flat_map(|file| check_file(tree, file))
        .collect()
}

fn check_file(tree: &Tree, file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_block = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        }
        if is_block {
            continue;
        }
        for link in links(line) {
            if !resolve(&file.path, link).is_some_and(|path| tree.has(&path)) {
                let what = format!("`{link}` leads nowhere; mend the link or add the file");
                findings.push(Finding::new(&file.path, number, "link", what));
            }
        }
        if let Some(path) = listed_path(line).filter(|_| file.path == "ARCHITECTURE.md")
            && !tree.has(path.trim_end_matches('/'))
        {
            let what = format!("`{path}` does not exist; write the path as it is now");
            findings.push(Finding::new(&file.path, number, "architecture", what));
        }
    }
    findings
}

/// The targets of `[text](target)` on a line that are paths, without their anchors.
fn links(line: &str) -> Vec<&str> {
    let targets = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.get(..rest.find(')')?));
    let targets = targets.map(|link| link.split([' ', '#']).next().unwrap_or_default());
    targets
        .filter(|link| !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:"))
        .collect()
}

/// A link as a path from the root; `None` when it leaves the work tree.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = if link.starts_with('/') {
        Vec::new()
    } else {
        from.split('/').collect()
    };
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The path of a list item that begins with one: "- `crates/x/src/y.rs`: …" or "3. `…`".
fn listed_path(line: &str) -> Option<&str> {
    let item = line
        .trim_start()
        .trim_start_matches(|char: char| char.is_ascii_digit());
    let rest = ["- `", "* `", ". `"]
        .iter()
        .find_map(|mark| item.strip_prefix(mark))?;
    let path = rest.split('`').next()?.split(':').next()?;
    let is_path = path.contains('/') && !path.contains([' ', '{', '*', '<']) && !path.starts_with('/');
    is_path.then_some(path)
}
