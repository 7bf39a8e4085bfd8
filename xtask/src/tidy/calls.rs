//! Rules about paths in code: what lower levels may not name (files, threads, the clock, randomness), and
//! `.unwrap()` and `.expect(` outside tests. Use trees are expanded; macros and re-exports are not followed.

use std::collections::BTreeSet;

use super::Finding;
use super::source::has_word;
use super::table::BannedCall;
use super::tree::{RustFile, Tree};

/// Findings of banned paths and of unwraps.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let shipped = tree.rust.iter().filter(|file| !tree.is_test(file));
    shipped
        .flat_map(|file| banned_calls(tree, file).into_iter().chain(unwraps(file)))
        .collect()
}

fn banned_calls(tree: &Tree, file: &RustFile) -> Vec<Finding> {
    let Some(package) = &file.package else {
        return Vec::new();
    };
    let (Some(level), false) = (tree.table.level(package), file.path.ends_with("/build.rs")) else {
        return Vec::new();
    };
    let applies = |ban: &&BannedCall| level < ban.below_level && !ban.except.contains(package);
    let bans: Vec<&BannedCall> = tree.table.banned_call.iter().filter(applies).collect();
    let used = used_paths(file);
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(&file.lines).filter(|(_, line)| !line.is_test) {
        let names = |ban: &&&BannedCall| {
            let brings = |path: &String| {
                path == &ban.path
                    || path.starts_with(ban.path.trim_end_matches("::")) && has_word(path, &ban.path)
            };
            has_word(&line.code, &ban.path) || used.iter().any(|(at, path)| *at == number && brings(path))
        };
        if let Some(ban) = bans.iter().find(names) {
            let what = format!("`{}` is not allowed in {package}; {}", ban.path, ban.instead);
            findings.push(Finding::new(&file.path, number, "call", what));
        }
    }
    findings
}

fn unwraps(file: &RustFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(&file.lines).filter(|(_, line)| !line.is_test) {
        for call in [".unwrap()", ".expect("] {
            if line.code.contains(call) {
                let what = format!(
                    "`{call}` outside tests; return a typed error (a method of this name: rename it)"
                );
                findings.push(Finding::new(&file.path, number, "unwrap", what));
            }
        }
    }
    findings
}

/// Every path that a `use` outside tests brings in, with the line on which the `use` begins.
fn used_paths(file: &RustFile) -> BTreeSet<(usize, String)> {
    let mut paths = BTreeSet::new();
    let mut statement: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(&file.lines).filter(|(_, line)| !line.is_test) {
        if statement.is_none() {
            let mut words = line.code.split_whitespace();
            let is_use = words
                .next()
                .is_some_and(|word| word == "use" || word.starts_with("pub") && words.next() == Some("use"));
            statement = is_use.then(|| (number, String::new()));
        }
        let Some((start, text)) = statement.as_mut() else {
            continue;
        };
        text.push_str(line.code.trim());
        text.push(' ');
        if line.code.contains(';') {
            let tree = text.split_once("use ").map_or("", |(_, tree)| tree);
            let tree = tree.split(';').next().unwrap_or_default();
            paths.extend(expand("", tree).into_iter().map(|path| (*start, path)));
            statement = None;
        }
    }
    paths
}

/// The full paths of a use tree: `std::{fs, time::Instant}` gives `std::fs` and `std::time::Instant`.
pub(super) fn expand(prefix: &str, tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        return vec![format!("{prefix}{path}").trim_start_matches("::").to_owned()];
    };
    let prefix = format!("{prefix}{}", head.trim());
    let group = group.trim().strip_suffix('}').unwrap_or(group);
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(group.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(group.get(start..).unwrap_or_default());
    parts
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| expand(&prefix, part))
        .collect()
}
