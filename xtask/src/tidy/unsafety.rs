//! Rule: unsafe code only in the files that `layers.toml` lists, each use with its reason beside it.
//! Never judges whether the reason is true.

use super::Finding;
use super::source::{Line, has_word};
use super::tree::{RustFile, Tree};

const RULE: &str = "unsafe";

/// Lines of code that may stand between a `// SAFETY:` comment and the use it belongs to.
const NEAR_LINES: usize = 3;

/// Findings of unsafe code out of place or without a reason, and of listed files without any.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let listed = &tree.table.unsafe_code.files;
    let mut findings: Vec<Finding> = tree
        .rust
        .iter()
        .flat_map(|file| check_file(file, listed.contains(&file.path)))
        .collect();
    let uses = |path: &String| {
        tree.rust
            .iter()
            .any(|file| file.path == *path && file.lines.iter().any(is_unsafe))
    };
    for path in listed.iter().filter(|path| !uses(path)) {
        let what = format!("`{path}` is allowed unsafe code but has none; take it out");
        findings.push(Finding::new("layers.toml", 1, RULE, what));
    }
    findings
}

fn is_unsafe(line: &Line) -> bool {
    has_word(&line.code, "unsafe") || has_word(&line.code, "unsafe_code") && line.code.contains("allow(")
}

fn check_file(file: &RustFile, is_listed: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(&file.lines).filter(|(_, line)| is_unsafe(line)) {
        if !is_listed {
            let what = "unsafe code outside the files of layers.toml; use a safe way, or list the file with a reason";
            findings.push(Finding::new(&file.path, number, RULE, what));
        } else if needs_reason(line) && !has_reason(&file.lines, number) {
            let what = "no `// SAFETY:` beside it; say why the conditions of the call hold";
            findings.push(Finding::new(&file.path, number, RULE, what));
        }
    }
    findings
}

/// A block, item or attribute needs a reason; the type of a function pointer and a lint attribute do not.
fn needs_reason(line: &Line) -> bool {
    let is_pointer = line.code.contains("unsafe fn(") || line.code.contains("unsafe extern \"\" fn(");
    has_word(&line.code, "unsafe") && !is_pointer
}

/// Whether line `number` (from 1) or a comment close above it says why; an unsafe function without
/// documentation of its own may say it at the start of its body.
fn has_reason(lines: &[Line], number: usize) -> bool {
    let says = |line: &Line| line.comment.contains("SAFETY:") || line.comment.contains("# Safety");
    let (above, below) = lines.split_at(number.min(lines.len()));
    let is_function = above.last().is_some_and(|line| line.code.contains("unsafe fn"));
    if is_function && below.iter().take(NEAR_LINES).any(says) {
        return true;
    }
    let mut code_lines = 0;
    for line in above.iter().rev() {
        if says(line) {
            return true;
        }
        let code = line.code.trim();
        if !(code.is_empty() || code.starts_with("#[")) {
            code_lines += 1;
        }
        if code_lines > NEAR_LINES {
            return false;
        }
    }
    false
}
