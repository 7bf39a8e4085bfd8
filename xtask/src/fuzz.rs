//! `cargo xtask fuzz`: runs every libFuzzer target of `fuzz/` for a set time with cargo-fuzz. Installs
//! nothing, and needs no nightly compiler: `RUSTC_BOOTSTRAP=1` opens the flags that cargo-fuzz passes.

use std::path::Path;

use crate::commands;
use crate::error::{ChoreError, at_path};

#[derive(Debug, serde::Deserialize)]
struct Manifest {
    #[serde(default)]
    bin: Vec<Target>,
}

#[derive(Debug, serde::Deserialize)]
struct Target {
    name: String,
}

/// Runs the targets listed in `fuzz/Cargo.toml`; `--seconds N` each, `--target NAME` for one only.
///
/// A folder `fuzz/seeds/NAME` is read as a first corpus where it exists; finds go to `fuzz/artifacts`.
///
/// # Errors
/// When cargo-fuzz is missing, no target is listed, or a target finds an input that crashes, hangs for
/// 20 s or takes more than 2 GiB.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<(), ChoreError> {
    let options = commands::options("fuzz", &[("--seconds", true), ("--target", true)], arguments)?;
    let seconds: u32 = match options.get("--seconds") {
        None => 60,
        Some(text) => text.parse().map_err(|_| ChoreError::Argument {
            chore: "fuzz",
            argument: text.clone(),
        })?,
    };
    let manifest = root.join("fuzz/Cargo.toml");
    let mut names = targets(
        &std::fs::read_to_string(&manifest).map_err(at_path(&manifest))?,
        &manifest,
    )?;
    if let Some(only) = options.get("--target") {
        names.retain(|name| name == only);
    }
    if names.is_empty() {
        return Err(ChoreError::NoFuzzTarget { path: manifest });
    }
    if !commands::works(commands::cargo(root).args(["fuzz", "--version"])) {
        return Err(ChoreError::NoCargoFuzz);
    }
    names
        .iter()
        .try_for_each(|name| run_target(root, name, seconds))?;
    println!("fuzz: {} targets, {seconds} s each, nothing found", names.len());
    Ok(())
}

fn targets(manifest: &str, path: &Path) -> Result<Vec<String>, ChoreError> {
    let parsed: Manifest = toml::from_str(manifest).map_err(|source| ChoreError::Table {
        path: path.to_path_buf(),
        source,
    })?;
    Ok(parsed.bin.into_iter().map(|target| target.name).collect())
}

fn run_target(root: &Path, name: &str, seconds: u32) -> Result<(), ChoreError> {
    println!("\n== fuzz: {name}");
    let corpus = root.join("fuzz/corpus").join(name);
    std::fs::create_dir_all(&corpus).map_err(at_path(&corpus))?;
    let mut command = commands::cargo(root);
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["fuzz", "run", "--sanitizer", "none", name])
        .arg(corpus);
    let seeds = root.join("fuzz/seeds").join(name);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command.args(["--", "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}"));
    commands::pass(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: the list of targets comes from fuzz/Cargo.toml alone. Method: a manifest with two, one with none.
    #[test]
    fn targets_are_the_bins_of_the_manifest() {
        let path = Path::new("fuzz/Cargo.toml");
        let two = "[package]\nname = \"fuzz\"\n[[bin]]\nname = \"log\"\npath = \"a.rs\"\n[[bin]]\nname = \"component\"\n";
        assert_eq!(targets(two, path).unwrap(), ["log", "component"]);
        assert!(targets("[package]\nname = \"fuzz\"\n", path).unwrap().is_empty());
        assert!(matches!(targets("bin = 3", path), Err(ChoreError::Table { .. })));
    }
}
