//! Every rule of tidy against a snippet that breaks it and one that does not. Builds trees in memory; reads
//! no file but `layers.toml`.

use super::source;
use super::table::Table;
use super::tree::{Dependency, Package, TextFile, Tree};
use super::{Finding, check};

const TABLE: &str = r#"
dev_anywhere = ["kit"]
[[layer]]
level = 0
crates = ["low"]
[[layer]]
level = 2
crates = ["io", "mid"]
[[layer]]
level = 6
crates = ["kit"]
[[edge]]
from = "mid"
to = "io"
[unsafe_code]
files = ["crates/low/src/kernel.rs"]
[[banned_call]]
path = "std::fs"
below_level = 5
except = ["io"]
instead = "ask io"
[[banned_call]]
path = "std::time::Instant"
below_level = 5
except = ["io"]
instead = "ask io"
[[banned_call]]
path = "rand::"
below_level = 5
except = ["io"]
instead = "ask io"
[[banned_dependency]]
names = ["serde"]
below_level = 5
except = []
instead = "keep it at the edge"
[[banned_word]]
word = "for\u0020now"
[[banned_word]]
word = "todo\u0021"
[[banned_word]]
word = "simulate"
except = ["crates/io/src/sim"]
except_tests = true
[names]
banned = ["utils", "helpers"]
[size]
lines_warn = 8
lines_max = 12
"#;

const KERNEL: &str = "//! A kernel.\n// SAFETY: nothing is read.\nunsafe fn fast() {}\n";

fn package(name: &str, dependencies: &[(&str, &str)]) -> Package {
    let dependency = |(name, kind): &(&str, &str)| Dependency {
        name: (*name).to_owned(),
        kind: (!kind.is_empty()).then(|| (*kind).to_owned()),
    };
    Package {
        name: name.to_owned(),
        folder: format!("crates/{name}"),
        dependencies: dependencies.iter().map(dependency).collect(),
        manifest: "[lints]\nworkspace = true\n".to_owned(),
    }
}

/// A tree in which nothing is to mend.
fn clean() -> Tree {
    let packages = vec![
        package("low", &[("kit", "dev")]),
        package("io", &[("low", "")]),
        package("mid", &[("io", ""), ("low", "")]),
        package("kit", &[("mid", "")]),
    ];
    let mut tree = Tree {
        table: toml::from_str(TABLE).unwrap(),
        packages,
        ..Tree::default()
    };
    tree.add_rust("crates/low/src/kernel.rs", KERNEL.to_owned());
    tree
}

/// "rule at line" of what one more Rust file adds to a clean tree.
fn found(path: &str, text: &str) -> Vec<String> {
    let mut tree = clean();
    tree.add_rust(path, text.to_owned());
    places(&check(&tree))
}

fn places(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.rule, finding.line))
        .collect()
}

// Goal: the rule of layers sees every wrong dependency. Method: a clean set of packages, then one more
// dependency each: upwards, inside a level, upwards for tests only, from behind a fence.
#[test]
fn layers_refuse_upward_and_unlisted_dependencies() {
    assert_eq!(places(&check(&clean())), Vec::<String>::new());
    for (from, to, kind, expected) in [
        (0, "io", "", "(level 2)"),
        (0, "kit", "", "(level 6)"),
        (0, "mid", "dev", "(level 2)"),
        (1, "mid", "", "(level 2)"),
        (1, "serde", "build", "keep it at the edge"),
    ] {
        let mut tree = clean();
        tree.packages[from]
            .dependencies
            .extend(package("x", &[(to, kind)]).dependencies);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1, "{to}: {findings:?}");
        assert!(findings[0].what.contains(expected), "{}", findings[0]);
    }
}

// Goal: the table of layers stays true. Method: one stale or missing entry each.
#[test]
fn layers_refuse_a_table_that_does_not_fit() {
    type Change = fn(&mut Tree);
    let changes: [(Change, &str); 4] = [
        (
            |tree| tree.packages[2].dependencies.retain(|found| found.name != "io"),
            "is not used",
        ),
        (|tree| tree.packages.push(package("new", &[])), "listed 0 times"),
        (
            |tree| tree.table.layer[0].crates.push("gone".into()),
            "is no package",
        ),
        (
            |tree| tree.packages[0].manifest = "[package]\nname = \"low\"\n".into(),
            "`[lints]`",
        ),
    ];
    for (change, expected) in changes {
        let mut tree = clean();
        change(&mut tree);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1, "{expected}: {findings:?}");
        assert!(findings[0].what.contains(expected), "{}", findings[0]);
    }
}

// Goal: first lines, sizes and names are checked. Method: one file for each, the edge cases of the limits.
#[test]
fn files_have_a_purpose_a_size_and_a_name() {
    assert_eq!(found("crates/low/src/a.rs", "fn a() {}\n"), ["purpose 1"]);
    assert_eq!(found("crates/low/src/a.rs", "//!\nfn a() {}\n"), ["purpose 1"]);
    assert_eq!(
        found("crates/low/src/a.rs", &("//! A.\n".to_owned() + &"\n".repeat(11))),
        ["size 1"]
    );
    assert_eq!(
        found("crates/low/src/a.rs", &("//! A.\n".to_owned() + &"\n".repeat(12))),
        ["size 1"]
    );
    assert_eq!(
        found("crates/low/src/a.rs", &("//! A.\n".to_owned() + &"\n".repeat(7))),
        Vec::<String>::new()
    );
    assert_eq!(found("crates/low/src/utils.rs", "//! A.\n"), ["name 1"]);
    assert_eq!(found("crates/low/tests/helpers/x.rs", "//! A.\n"), ["name 1"]);
    assert_eq!(
        found("crates/low/src/a.rs", "//! A.\npub(crate) mod helpers {}\n"),
        ["name 2"]
    );
    let mut tree = clean();
    tree.add_rust("crates/low/src/a.rs", "//! A.\n".repeat(12));
    assert!(check(&tree).iter().all(|finding| finding.is_warning));
}

// Goal: banned paths are seen however they are written, and only where they are banned. Method: spellings of
// the same path at low and high levels, in code, tests, strings and comments.
#[test]
fn calls_are_seen_in_code_and_use_trees() {
    let low = "crates/low/src/a.rs";
    for (text, expected) in [
        ("//! A.\nfn a() { std::fs::read(x); }\n", vec!["call 2"]),
        ("//! A.\nuse std::fs;\n", vec!["call 2"]),
        ("//! A.\nuse std::{\n    fs::File,\n    io,\n};\n", vec!["call 2"]),
        (
            "//! A.\npub use std::time::{Duration, Instant as Moment};\n",
            vec!["call 2"],
        ),
        ("//! A.\nuse std::time::Duration;\n", vec![]),
        ("//! A.\nuse std::fsx::Y;\nlet rand = 3;\n", vec![]),
        (
            "//! A.\nlet x = rand::random();\nuse rand::Rng;\n",
            vec!["call 2", "call 3"],
        ),
        (
            "//! A. std::fs\nlet a = \"std::fs\"; // std::fs\nlet b = r#\"std::fs \" \"#;\n",
            vec![],
        ),
        (
            "//! A.\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\nuse std::fs;\n",
            vec!["call 6"],
        ),
        (
            "//! A.\nfn a() { b.unwrap(); }\nfn c() { d.expect(\"e\"); }\n",
            vec!["unwrap 2", "unwrap 3"],
        ),
        (
            "//! A.\n/* x.unwrap() */ // y.unwrap()\n#[test]\nfn t() {\n    x.unwrap();\n}\n",
            vec![],
        ),
    ] {
        assert_eq!(found(low, text), expected, "{text}");
    }
    let text = "//! A.\nuse std::fs;\n";
    for path in [
        "crates/io/src/a.rs",
        "crates/kit/src/a.rs",
        "crates/low/tests/a.rs",
        "crates/low/build.rs",
        "fuzz/a.rs",
    ] {
        assert_eq!(found(path, text), Vec::<String>::new(), "{path}");
    }
}

// Goal: a file is test code when the module that declares it is. Method: one module of each kind, declared by
// the crate's root and by a module beside it.
#[test]
fn modules_declared_for_tests_are_tests() {
    for (declaring, path) in [
        ("lib.rs", "kit.rs"),
        ("lib.rs", "kit/deep.rs"),
        ("a.rs", "a/kit.rs"),
    ] {
        for (attribute, expected) in [("#[cfg(test)]\n", vec![]), ("", vec!["unwrap 2"])] {
            let mut tree = clean();
            let root = format!("//! A.\n{attribute}mod kit;\n");
            tree.add_rust(
                &format!("crates/low/src/{path}"),
                "//! A.\nfn a() { b.unwrap(); }\n".to_owned(),
            );
            tree.add_rust(&format!("crates/low/src/{declaring}"), root);
            assert_eq!(places(&check(&tree)), expected, "{path}");
        }
    }
}

// Goal: unsafe code needs a listed file and a reason. Method: the same code in listed and other files.
#[test]
fn unsafe_needs_a_place_and_a_reason() {
    let block = "//! A.\n// SAFETY: read only.\nlet a = unsafe { b() };\n";
    assert_eq!(found("crates/mid/src/a.rs", block), ["unsafe 3"]);
    assert_eq!(
        found("crates/mid/src/a.rs", "//! unsafe\n#![allow(unsafe_code)]\n"),
        ["unsafe 2"]
    );
    assert_eq!(
        found(
            "crates/mid/src/a.rs",
            "//! unsafe\n// unsafe\n#![deny(unsafe_code)]\n"
        ),
        Vec::<String>::new()
    );
    let listed = |text: &str| {
        let mut tree = clean();
        tree.rust.clear();
        tree.add_rust("crates/low/src/kernel.rs", text.to_owned());
        places(&check(&tree))
    };
    assert_eq!(listed(block), Vec::<String>::new());
    assert_eq!(
        listed("//! A.\n#![allow(unsafe_code)]\ntype F = unsafe fn(u8);\n"),
        Vec::<String>::new()
    );
    assert_eq!(listed("//! A.\nlet a = unsafe { b() };\n"), ["unsafe 2"]);
    assert_eq!(
        listed("//! A.\n// SAFETY: a.\na();\nb();\nc();\nd();\nunsafe { e() };\n"),
        ["unsafe 7"]
    );
    assert_eq!(
        listed("//! A.\n/// # Safety\n/// The CPU has it.\n#[inline]\nunsafe fn f() {}\n"),
        Vec::<String>::new()
    );
    let inside = "//! A.\nunsafe fn f() {\n    // SAFETY: the caller's.\n    unsafe { g() }\n}\n";
    assert_eq!(listed(inside), Vec::<String>::new());
    assert_eq!(listed("//! A.\nfn safe() {}\n"), ["unsafe 1"]);
}

// Goal: banned words are found as whole words in code, comments, strings and prose. Method: each place once.
#[test]
fn words_are_found_in_text_of_any_kind() {
    let word = concat!("For", " now");
    assert_eq!(
        found("crates/low/src/a.rs", &format!("//! A.\n// {word} it is.\n")),
        ["word 2"]
    );
    assert_eq!(
        found("crates/low/src/a.rs", concat!("//! A.\nfn a() { to", "do!() }\n")),
        ["word 2"]
    );
    assert_eq!(
        found("crates/low/src/a.rs", "//! A simulated disk.\n"),
        Vec::<String>::new()
    );
    let text = concat!("//! A.\n// sim", "ulate\n");
    assert_eq!(found("crates/low/src/a.rs", text), ["word 2"]);
    assert_eq!(found("crates/io/src/sim/a.rs", text), Vec::<String>::new());
    assert_eq!(found("crates/low/tests/a.rs", text), Vec::<String>::new());
    let mut tree = clean();
    tree.prose.push(TextFile {
        path: "README.md".into(),
        text: format!("# A\n\n{word}\n"),
    });
    assert_eq!(places(&check(&tree)), ["word 3"]);
}

// Goal: links and listed paths must exist. Method: good and bad links from two folders, blocks left out.
#[test]
fn links_lead_somewhere() {
    let prose = |path: &str, text: &str| {
        let mut tree = clean();
        tree.prose.push(TextFile {
            path: path.into(),
            text: text.into(),
        });
        places(&check(&tree))
    };
    let good =
        "[a](crates/low/src/kernel.rs#x) [b](crates/low) [c](https://x.org/y) [d](#e)\n```\n[f](g.md)\n```\n";
    assert_eq!(prose("README.md", good), Vec::<String>::new());
    assert_eq!(
        prose("docs/a.md", "[a](../crates/low/src/kernel.rs)\n[b](crates/low)\n"),
        ["link 2"]
    );
    assert_eq!(
        prose("docs/a.md", "x\n[a](../../above.md) [c](/crates/low \"title\")\n"),
        ["link 2"]
    );
    let listed = "- `crates/low/src/kernel.rs`: x\n1. `crates/low/src/gone.rs`\n- `GET /a/b`\n- `word`\n";
    assert_eq!(prose("ARCHITECTURE.md", listed), ["architecture 2"]);
    assert_eq!(prose("docs/a.md", listed), Vec::<String>::new());
}

// Goal: the scanner tells code from everything else. Method: what is easily taken for something else.
#[test]
fn scanner_tells_code_from_text() {
    let text = "let a = '\"'; b::<'x>(); // c\nlet d = \"e\\\"f // \\\n g\"; h\n/* i /* j */ k */ l\nr#if + br##\"m\"#\"## + '\\u{41}' n\n";
    let lines = source::lines(text);
    let code: Vec<&str> = lines.iter().map(|line| line.code.trim()).collect();
    assert_eq!(
        code,
        [
            "let a = ; b::<'x>();",
            "let d = \"",
            "\"; h",
            "l",
            "r#if + br +  n"
        ]
    );
    assert_eq!(lines[0].comment, "// c");
    let marked = "#[cfg(test)]\nuse a::{b,\n  c};\nfn d() {}\n#[cfg(test)]\nmod e;\nfn f() {}\n#[cfg(all(test, g))]\nmod h {\n  fn i() { j[0]; }\n}\nfn k() {}\n";
    let is_test: Vec<bool> = source::lines(marked).iter().map(|line| line.is_test).collect();
    assert_eq!(
        is_test,
        [
            true, true, true, false, true, true, false, true, true, true, true, false
        ]
    );
}

// Goal: the project's own table is read. Method: parse the real file.
#[test]
fn the_real_table_parses() {
    let table: Table = toml::from_str(include_str!("../../../layers.toml")).unwrap();
    assert_eq!(table.level("ruvector-core"), Some(3));
}
