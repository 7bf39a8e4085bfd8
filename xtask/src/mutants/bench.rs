//! The copy of the tree in which mutants are planted, with a build folder of its own. A file is written only
//! when its bytes differ, so that cargo rebuilds what changed and nothing else; the work tree is read only.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::table::Mutant;
use crate::commands;
use crate::error::{ChoreError, at_path};

/// What the named test did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It ran and failed.
    Caught,
    /// It ran and passed.
    Passed,
    /// It neither failed nor passed in time.
    Hung,
    /// It was not run: the code does not compile, or no test has the name.
    NotRun,
}

/// A copy of the tree, ready for planting.
#[derive(Debug)]
pub(super) struct Bench {
    tree: PathBuf,
    build: PathBuf,
    logs: PathBuf,
}

impl Bench {
    /// Copies `root` into `work/tree`, or brings the copy there up to date.
    ///
    /// # Errors
    /// When git or the file system fails.
    pub(super) fn prepare(root: &Path, work: &Path) -> Result<Self, ChoreError> {
        let bench = Self {
            tree: work.join("tree"),
            build: work.join("build"),
            logs: work.join("logs"),
        };
        for folder in [&bench.tree, &bench.build, &bench.logs] {
            fs::create_dir_all(folder).map_err(at_path(folder))?;
        }
        let files = commands::tree_files(root)?;
        for file in &files {
            let bytes = fs::read(root.join(file)).map_err(at_path(&root.join(file)))?;
            write_changed(&bench.tree.join(file), &bytes)?;
        }
        remove_others(&bench.tree, &bench.tree, &files)?;
        Ok(bench)
    }

    /// Where the output of a mutant's last test run is.
    pub(super) fn log(&self, mutant: &Mutant) -> PathBuf {
        self.logs.join(format!("{}.txt", mutant.name))
    }

    /// Checks that the text to replace occurs exactly once.
    ///
    /// # Errors
    /// When it does not, or the file is not there.
    pub(super) fn check_text(&self, mutant: &Mutant) -> Result<(), ChoreError> {
        let path = self.tree.join(&mutant.file);
        let count = fs::read_to_string(&path)
            .map_err(at_path(&path))?
            .matches(&mutant.find)
            .count();
        let (mutant, file) = (mutant.name.clone(), mutant.file.clone());
        if count == 1 {
            Ok(())
        } else {
            Err(ChoreError::MutantText { mutant, file, count })
        }
    }

    /// Runs the mutant's test on the unchanged code.
    ///
    /// # Errors
    /// When it does anything but pass.
    pub(super) fn expect_pass(&self, mutant: &Mutant) -> Result<(), ChoreError> {
        if self.test(mutant)? == Verdict::Passed {
            return Ok(());
        }
        let log = self.log(mutant);
        Err(ChoreError::MutantBaseline {
            mutant: mutant.name.clone(),
            test: mutant.test.clone(),
            log,
        })
    }

    /// Plants the mutant, runs its test, and takes the mutant out again.
    ///
    /// # Errors
    /// When a file cannot be written or cargo cannot be started.
    pub(super) fn plant(&self, mutant: &Mutant) -> Result<Verdict, ChoreError> {
        let path = self.tree.join(&mutant.file);
        let text = fs::read_to_string(&path).map_err(at_path(&path))?;
        let mutated = text.replacen(&mutant.find, &mutant.replace, 1);
        fs::write(&path, mutated).map_err(at_path(&path))?;
        let verdict = self.test(mutant);
        fs::write(&path, text).map_err(at_path(&path))?;
        verdict
    }

    fn test(&self, mutant: &Mutant) -> Result<Verdict, ChoreError> {
        let log = self.log(mutant);
        let file = File::create(&log).map_err(at_path(&log))?;
        let errors = file.try_clone().map_err(at_path(&log))?;
        let mut command = commands::cargo(&self.tree);
        command
            .env("CARGO_TARGET_DIR", &self.build)
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("RUST_TEST_THREADS");
        command
            .args(["test", "--no-fail-fast"])
            .args(&mutant.cargo_args)
            .args(["--", "--exact", &mutant.test]);
        command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .process_group(0);
        let child = command.spawn().map_err(|source| ChoreError::Spawn {
            command: commands::shown(&command),
            source,
        })?;
        let Some(status) = wait(child, Duration::from_secs(mutant.timeout_s)).map_err(at_path(&log))? else {
            return Ok(Verdict::Hung);
        };
        let output = fs::read(&log).map_err(at_path(&log))?;
        Ok(verdict(&mutant.test, &String::from_utf8_lossy(&output), status))
    }
}

/// Reads cargo's output. A compile error is no catch, and neither is another test's failure.
fn verdict(test: &str, output: &str, status: ExitStatus) -> Verdict {
    // What a test prints may stand between its name and its result.
    let runs = output
        .lines()
        .any(|line| line.starts_with(&format!("test {test} ")));
    let counts = |count: &str| {
        output
            .lines()
            .any(|line| line.starts_with("test result:") && line.contains(count))
    };
    match (runs, status.success()) {
        (true, true) if counts(" 1 passed;") => Verdict::Passed,
        (true, false) if counts(" 1 failed;") => Verdict::Caught,
        _ => Verdict::NotRun,
    }
}

/// Waits for a process, or ends it with everything it started and returns `None`.
fn wait(mut child: Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // The child leads its own process group, so this reaches cargo, the test and nothing else.
    Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .status()?;
    child.wait()?;
    Ok(None)
}

fn write_changed(path: &Path, bytes: &[u8]) -> Result<(), ChoreError> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at_path(folder))?;
    }
    fs::write(path, bytes).map_err(at_path(path))
}

/// Removes files of the copy that the tree no longer has; `files` is sorted.
fn remove_others(tree: &Path, folder: &Path, files: &[String]) -> Result<(), ChoreError> {
    for entry in fs::read_dir(folder).map_err(at_path(folder))? {
        let path = entry.map_err(at_path(folder))?.path();
        let name = path
            .strip_prefix(tree)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            remove_others(tree, &path, files)?;
        } else if files.binary_search(&name).is_err() && name != "Cargo.lock" {
            fs::remove_file(&path).map_err(at_path(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{plant_all, table};
    use super::*;

    const LIBRARY: &str = "//! Adds.\n/// The sum.\npub fn sum(a: u32, b: u32) -> u32 {\n    a + b\n}\n\
        #[cfg(test)]\nmod tests {\n    #[test]\n    fn sums() {\n        println!(\"noise\");\n        assert_eq!(super::sum(2, 3), 5);\n    }\n\
        \x20   #[test]\n    fn blind() {\n        assert_eq!(super::sum(0, 0), 0);\n    }\n}\n";

    fn mutant(name: &str, replace: &str, test: &str) -> String {
        format!(
            "[[mutant]]\nname = \"{name}\"\nfile = \"src/lib.rs\"\nfind = \"a + b\"\nreplace = \"{replace}\"\n\
             cargo_args = [\"--lib\"]\ntest = \"tests::{test}\"\ntimeout_s = 120\n"
        )
    }

    fn parse(text: &str) -> Vec<Mutant> {
        table::parse(text, Path::new("mutants.toml")).unwrap()
    }

    fn tiny_crate() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join(".gitignore"), "/target\n").unwrap();
        let manifest = "[package]\nname = \"tiny\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        fs::write(folder.path().join("src/lib.rs"), LIBRARY).unwrap();
        commands::output(
            Command::new("git")
                .current_dir(folder.path())
                .args(["init", "--quiet"]),
        )
        .unwrap();
        folder
    }

    // Goal: only a failure of the named test counts as a catch, and the tree is left as it was. Method: a
    // crate of one function; a mutant that its test sees, one that the test does not look at, one that does
    // not compile, one that hangs; then a second run over the same copy, in which no mutant may be left over.
    #[test]
    fn mutants_are_caught_only_by_the_named_test() {
        let folder = tiny_crate();
        let work = folder.path().join("target/mutants");
        let text = [
            mutant("seen", "a - b + 9", "sums"),
            mutant("unseen", "a + b + a", "blind"),
            mutant("broken", "a +", "sums"),
        ];
        let mutants = parse(&text.concat());
        let bench = Bench::prepare(folder.path(), &work).unwrap();
        mutants
            .iter()
            .for_each(|mutant| bench.expect_pass(mutant).unwrap());
        let verdicts: Vec<Verdict> = mutants
            .iter()
            .map(|mutant| bench.plant(mutant).unwrap())
            .collect();
        assert_eq!(verdicts, [Verdict::Caught, Verdict::Passed, Verdict::NotRun]);
        let mut hanging = parse(&mutant(
            "endless",
            "loop { std::thread::yield_now(); if a > b { break a } }",
            "sums",
        ))
        .remove(0);
        hanging.timeout_s = 10;
        assert_eq!(bench.plant(&hanging).unwrap(), Verdict::Hung);
        assert_eq!(
            fs::read_to_string(folder.path().join("src/lib.rs")).unwrap(),
            LIBRARY
        );
        assert_eq!(plant_all(folder.path(), &work, &mutants[..1]).unwrap(), 0);
        assert_eq!(plant_all(folder.path(), &work, &mutants).unwrap(), 2);
    }

    // Goal: a table that does not fit the tree is refused before anything is planted. Method: a text that
    // occurs twice, a test that does not exist, a name given twice, and a copy with a file too many.
    #[test]
    fn tables_and_copies_must_fit_the_tree() {
        let folder = tiny_crate();
        let work = folder.path().join("target/mutants");
        fs::create_dir_all(work.join("tree/src")).unwrap();
        fs::write(work.join("tree/src/old.rs"), "gone").unwrap();
        let bench = Bench::prepare(folder.path(), &work).unwrap();
        assert!(!work.join("tree/src/old.rs").exists());
        let mut twice = parse(&mutant("twice", "b", "sums"));
        twice[0].find = "sum".to_owned();
        assert!(matches!(
            plant_all(folder.path(), &work, &twice),
            Err(ChoreError::MutantText { count: 4.., .. })
        ));
        let missing = parse(&mutant("missing", "b", "no_such_test"));
        assert!(matches!(
            bench.expect_pass(&missing[0]),
            Err(ChoreError::MutantBaseline { .. })
        ));
        let doubled = mutant("same", "a", "sums") + &mutant("same", "b", "sums");
        assert!(matches!(
            table::parse(&doubled, Path::new("m")),
            Err(ChoreError::MutantTwice { .. })
        ));
    }
}
