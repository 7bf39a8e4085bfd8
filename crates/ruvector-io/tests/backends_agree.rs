//! Checks that the real, in-memory and simulated backends answer alike. Never looks at durability.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_io::{Io, IoError, MemIo, RealIo};

/// Paths that collide often: files and directories take each other's names.
const PATHS: [&str; 9] = ["a", "b", "c", "a/a", "a/b", "a/b/c", "b/a", "b/c", "b/c/d"];
const BAD_PATHS: [&str; 9] = ["/a", "a/", "a//b", ".", "a/..", "a b", "a\\b", "é", "a\0"];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn path(&mut self) -> &'static str {
        PATHS[self.below(PATHS.len() as u64) as usize]
    }
}

#[derive(Debug)]
enum Step {
    CreateDir(&'static str),
    RemoveDirAll(&'static str),
    List(&'static str),
    SyncDir(&'static str),
    Rename(&'static str, &'static str),
    Remove(&'static str),
    Len(&'static str),
    Create(&'static str, Vec<u8>),
    Append(&'static str, Vec<u8>),
    Truncate(&'static str, u64),
    Read(&'static str, u64),
    Map(&'static str),
    HardLink(&'static str, &'static str),
    Lock(&'static str),
}

fn step(random: &mut Random) -> Step {
    let bytes = vec![random.below(256) as u8; random.below(700) as usize];
    match random.below(20) {
        0..3 => Step::CreateDir(random.path()),
        3 => Step::RemoveDirAll(random.path()),
        4 => Step::List(if random.below(3) == 0 { "" } else { random.path() }),
        5 => Step::SyncDir(if random.below(3) == 0 { "" } else { random.path() }),
        6..9 => Step::Rename(random.path(), random.path()),
        9 => Step::Remove(random.path()),
        10 => Step::Len(random.path()),
        11..14 => Step::Create(random.path(), bytes),
        14 => Step::Append(random.path(), bytes),
        15 => Step::Truncate(random.path(), random.below(800)),
        16 => Step::Read(random.path(), random.below(2000)),
        17 => Step::Map(random.path()),
        18 => Step::HardLink(random.path(), random.path()),
        _ => Step::Lock(random.path()),
    }
}

/// What a caller can see of a step, as text.
fn run(io: &dyn Io, step: &Step) -> String {
    let seen = match step {
        Step::CreateDir(path) => io.create_dir(path).map(|()| String::new()),
        Step::RemoveDirAll(path) => io.remove_dir_all(path).map(|()| String::new()),
        Step::List(path) => io.list(path).map(|entries| format!("{entries:?}")),
        Step::SyncDir(path) => io.sync_dir(path).map(|()| String::new()),
        Step::Rename(from, to) => io.rename(from, to).map(|()| String::new()),
        Step::Remove(path) => io.remove(path).map(|()| String::new()),
        Step::Len(path) => io.len(path).map(|len| format!("{len:?}")),
        Step::Create(path, bytes) => io.create(path).and_then(|file| {
            file.append(bytes)?;
            Ok(format!("{}", file.len()))
        }),
        Step::Append(path, bytes) => io.open_append(path).and_then(|file| {
            file.append(bytes)?;
            file.sync()?;
            Ok(format!("{}", file.len()))
        }),
        Step::Truncate(path, len) => io.open_append(path).and_then(|file| {
            file.truncate(*len)?;
            file.append(b"end")?;
            Ok(format!("{}", file.len()))
        }),
        Step::Read(path, max) => io.read(path, *max).map(|bytes| format!("{bytes:?}")),
        Step::Map(path) => io.map(path).map(|region| format!("{:?}", &region[..])),
        Step::HardLink(from, to) => io.hard_link(from, to).map(|()| String::new()),
        Step::Lock(path) => io.lock(path).map(|_| shape(io.lock(path).map(|_| ()))),
    };
    shape(seen)
}

fn shape<T: std::fmt::Debug>(seen: Result<T, IoError>) -> String {
    match seen {
        Err(IoError::Os { op, path, source }) => format!("{op} {path} {:?}", source.kind()),
        seen => format!("{seen:?}"),
    }
}

/// All files and directories with their bytes.
fn contents(io: &dyn Io, dir: &str, into: &mut Vec<(String, Option<Vec<u8>>)>) {
    for entry in io.list(dir).unwrap() {
        let path = if dir.is_empty() {
            entry.name
        } else {
            format!("{dir}/{}", entry.name)
        };
        if entry.is_dir {
            into.push((path.clone(), None));
            contents(io, &path, into);
        } else {
            into.push((path.clone(), Some(io.read(&path, u64::MAX).unwrap())));
        }
    }
}

fn all(io: &dyn Io) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    contents(io, "", &mut found);
    found
}

// Goal: code tested in memory or on the simulated disk meets the same answers on a real machine.
// Method: random scripts over nine colliding names; every answer (values, error variant, kind) and at
// the end every byte must be equal, also on the disk found when the process, but not the power, ended.
#[test]
fn random_scripts_agree() {
    for seed in 1..=40u64 {
        let dir = tempfile::tempdir().unwrap();
        let real = RealIo::open(&dir.path().join("x/y")).unwrap();
        let (mem, sim) = (MemIo::new(), SimDisk::new(seed));
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for n in 0..400 {
            let step = step(&mut random);
            let answer = run(&real, &step);
            assert_eq!(answer, run(&mem, &step), "mem, seed {seed}, step {n}: {step:?}");
            assert_eq!(answer, run(&sim, &step), "sim, seed {seed}, step {n}: {step:?}");
        }
        let expected = all(&real);
        assert_eq!(expected, all(&mem), "seed {seed}");
        assert_eq!(expected, all(&sim), "seed {seed}");
        assert_eq!(
            expected,
            all(&sim.power_loss(seed, PowerLoss::KeepAll)),
            "seed {seed}"
        );
    }
}

fn backends(dir: &std::path::Path) -> Vec<Arc<dyn Io>> {
    vec![
        Arc::new(RealIo::open(dir).unwrap()),
        Arc::new(MemIo::new()),
        Arc::new(SimDisk::new(1)),
    ]
}

// Goal: no path leaves the root, and no backend takes what another refuses.
// Method: every operation that takes a path, on every kind of bad path.
#[test]
fn bad_paths_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let long = "x".repeat(ruvector_io::NAME_BYTES_MAX + 1);
    for io in backends(dir.path()) {
        io.create("good").unwrap();
        for bad in BAD_PATHS.into_iter().chain([long.as_str()]) {
            let refusals = [
                io.create_dir(bad).err(),
                io.remove_dir_all(bad).err(),
                io.list(bad).err(),
                io.sync_dir(bad).err(),
                io.rename(bad, "good").err(),
                io.rename("good", bad).err(),
                io.remove(bad).err(),
                io.len(bad).err(),
                io.create(bad).err(),
                io.open_append(bad).err(),
                io.read(bad, 1).err(),
                io.map(bad).err(),
                io.hard_link("good", bad).err(),
                io.disk_bytes(bad).err(),
                io.lock(bad).err(),
            ];
            for refusal in refusals {
                assert!(
                    matches!(refusal, Some(IoError::BadPath { .. })),
                    "{io:?} {bad:?} {refusal:?}"
                );
            }
        }
        for refusal in [
            io.create_dir("").err(),
            io.remove_dir_all("").err(),
            io.remove("").err(),
        ] {
            assert!(
                matches!(refusal, Some(IoError::BadPath { .. })),
                "{io:?} {refusal:?}"
            );
        }
    }
}

// Goal: a lock has one holder, and ends with it. Method: take, take again, drop, take.
#[test]
fn locks_exclude() {
    let dir = tempfile::tempdir().unwrap();
    for io in backends(dir.path()) {
        let held = io.lock("LOCK").unwrap();
        assert!(matches!(io.lock("LOCK"), Err(IoError::Locked { .. })), "{io:?}");
        io.lock("OTHER").unwrap();
        drop(held);
        io.lock("LOCK").unwrap();
    }
}

// Goal: regions keep their bytes and alignment whatever happens to the name. Method: map, remove, read.
#[test]
fn regions_outlive_names() {
    let dir = tempfile::tempdir().unwrap();
    for io in backends(dir.path()) {
        let bytes: Vec<u8> = (0..10_000u32).map(|n| n as u8).collect();
        io.create("file").unwrap().append(&bytes).unwrap();
        io.create("empty").unwrap();
        let region = io.map("file").unwrap();
        region.advise_random();
        region.advise_willneed();
        io.remove("file").unwrap();
        assert_eq!(region.clone()[..], bytes[..], "{io:?}");
        assert_eq!(region.as_ptr() as usize % 64, 0, "{io:?}");
        assert!(!region.faulted());
        assert!(io.map("empty").unwrap().is_empty(), "{io:?}");
    }
}
