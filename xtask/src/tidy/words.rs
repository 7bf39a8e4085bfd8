//! Rule: words that shipped code and prose do not use. Looks at whole words in any case, in code, comments
//! and strings alike.

use super::Finding;
use super::source::has_word;
use super::table::BannedWord;
use super::tree::Tree;

/// Findings of banned words in Rust files and in prose.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.rust {
        let is_test = tree.is_test(file);
        for (number, (text, line)) in (1..).zip(file.text.lines().zip(&file.lines)) {
            findings.extend(check_line(
                tree,
                &file.path,
                number,
                text,
                is_test || line.is_test,
            ));
        }
    }
    for file in &tree.prose {
        for (number, text) in (1..).zip(file.text.lines()) {
            findings.extend(check_line(tree, &file.path, number, text, false));
        }
    }
    findings
}

fn check_line(tree: &Tree, path: &str, number: usize, text: &str, is_test: bool) -> Vec<Finding> {
    let text = text.to_lowercase();
    let is_at_home = |ban: &BannedWord| {
        ban.except_tests && is_test || ban.except.iter().any(|start| path.starts_with(start))
    };
    let bans = tree
        .table
        .banned_word
        .iter()
        .filter(|ban| !is_at_home(ban) && has_word(&text, &ban.word));
    let what = |ban: &BannedWord| {
        format!(
            "`{}` does not belong in shipped text; finish it, or say what is",
            ban.word
        )
    };
    bans.map(|ban| Finding::new(path, number, "word", what(ban)))
        .collect()
}
