//! Running other programs, and the few things every chore asks of them. Never interprets their output
//! beyond its exit code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::ChoreError;

/// The root of the work tree: the parent of this crate's folder, as cargo tells it at run time.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let parent = manifest.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    parent.unwrap_or_else(|| PathBuf::from("."))
}

/// A command for the cargo that runs this chore, started in `root`.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs a command with its output passed through.
///
/// # Errors
/// When it cannot be started or ends with another code than 0.
pub(crate) fn pass(command: &mut Command) -> Result<(), ChoreError> {
    let status = command.status().map_err(|source| ChoreError::Spawn {
        command: shown(command),
        source,
    })?;
    if status.success() {
        return Ok(());
    }
    Err(ChoreError::Command {
        command: shown(command),
        code: status.code(),
    })
}

/// Runs a command and returns what it wrote to its standard output.
///
/// # Errors
/// When it cannot be started or ends with another code than 0 (its standard error is passed through).
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, ChoreError> {
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|source| ChoreError::Spawn {
        command: shown(command),
        source,
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(ChoreError::Command {
        command: shown(command),
        code: output.status.code(),
    })
}

/// Whether a command can be started and ends well; its output is dropped.
pub(crate) fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The command as a person would type it, without its folder.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Every file of the work tree that git tracks or would track, relative to `root`, sorted.
///
/// # Errors
/// When git is missing or `root` is not a work tree.
pub(crate) fn tree_files(root: &Path) -> Result<Vec<String>, ChoreError> {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["-c", "safe.directory=*", "-c", "core.quotePath=false"]);
    git.args(["ls-files", "-co", "--exclude-standard", "-z"]);
    let listing = String::from_utf8_lossy(&output(&mut git)?).into_owned();
    let mut files: Vec<String> = listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    files.retain(|path| root.join(path).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// Reads `--name value` pairs; an empty value stands for a flag given without one.
///
/// `known` lists (name, takes a value).
///
/// # Errors
/// On an unknown name or a missing value.
pub(crate) fn options(
    chore: &'static str,
    known: &[(&'static str, bool)],
    arguments: &[String],
) -> Result<BTreeMap<&'static str, String>, ChoreError> {
    let mut found = BTreeMap::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let unknown = || ChoreError::Argument {
            chore,
            argument: argument.clone(),
        };
        let (name, takes_value) = known
            .iter()
            .find(|(name, _)| name == argument)
            .ok_or_else(unknown)?;
        let value = if *takes_value {
            rest.next().ok_or_else(unknown)?.clone()
        } else {
            String::new()
        };
        found.insert(*name, value);
    }
    Ok(found)
}
