//! Goal: whenever the power goes off, acknowledged ⊆ recovered ⊆ acknowledged ∪ in flight, batches whole or not at
//! all, over all shards. Method: a seeded script on the simulated disk, stopped at every sync point and at many
//! other operations; what each style of power loss leaves is opened, compared with a model, written to, stopped
//! once more. A failure prints its case; `RUVECTOR_CRASH='seed shards sync|op number'` replays it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use ruvector_core::{Ctx, Wait};
use ruvector_io::Io;
use ruvector_io::sim::{PowerLoss, SimDisk};
use support::Announce;
use support::check::{self, Least};
use support::workload::{Fate, Workload, World, open, upsert};

/// Writes of a script.
const WRITES: usize = 44;

/// Where a script is stopped.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Sync(u64),
    Op(u64),
}

/// One script, stopped once.
#[derive(Clone, Copy, Debug)]
struct Case {
    seed: u64,
    shards: u32,
    stop: Stop,
}

const STYLES: [(PowerLoss, u64); 4] = [
    (PowerLoss::DurableOnly, 0),
    (PowerLoss::KeepAll, 0),
    (PowerLoss::Torn, 1),
    (PowerLoss::Torn, 2),
];

impl Case {
    /// Runs the script up to the stop.
    fn run(&self) -> (SimDisk, World) {
        let disk = SimDisk::new(self.seed);
        match self.stop {
            Stop::Sync(point) => disk.stop_at(point),
            Stop::Op(count) => disk.stop_after_op(count),
        }
        let world = Workload::new(self.seed, self.shards, WRITES).run(&disk, || {});
        (disk, world)
    }

    /// Checks what each style of power loss leaves; with `twice`, also losses of power while that is opened.
    fn check(&self, twice: bool) {
        let (stopped, world) = self.run();
        for (style, salt) in STYLES {
            let _announce = Announce(format!("{self:?}, {style:?} {salt}"));
            let least = if style == PowerLoss::KeepAll {
                Least::Accepted
            } else {
                Least::Acknowledged
            };
            let seed = salt + 31 * self.number();
            survives(&stopped.power_loss(seed, style), &world, least);
            if !twice {
                continue;
            }
            let whole = stopped.power_loss(seed, style);
            drop(open(&whole).unwrap());
            for point in 0..whole.sync_points() {
                let _announce = Announce(format!("then at sync point {point} of recovery"));
                let again = stopped.power_loss(seed, style);
                again.stop_at(point);
                drop(open(&again));
                survives(&again.power_loss(seed, PowerLoss::DurableOnly), &world, least);
                survives(&again.power_loss(seed + point, PowerLoss::Torn), &world, least);
            }
        }
    }

    fn number(&self) -> u64 {
        match self.stop {
            Stop::Sync(number) | Stop::Op(number) => number,
        }
    }
}

/// Opens what the power left and checks it; writes, loses power at once, and checks that nothing served is lost.
fn survives(disk: &SimDisk, world: &World, least: Least) {
    let database = open(disk).unwrap();
    let names: BTreeSet<String> = database.collection_names().into_iter().collect();
    for (name, (fate, _)) in &world.collections {
        assert!(*fate != Fate::There || names.contains(name), "{name:?} is lost");
        assert!(*fate != Fate::Gone || !names.contains(name), "{name:?} is back");
    }
    assert!(
        names.iter().all(|name| world.collections.contains_key(name)),
        "{names:?}"
    );
    let mut settled = World::default();
    for name in names {
        let collection = database.collection(&name).unwrap();
        let mut history = world.collections[&name].1.clone();
        let seqs = check::recovered(&collection, &history, least);
        history.settle(&seqs);
        let write = upsert(seqs[0], 3..9);
        let parts = history.begin(&write);
        collection.write(&Ctx::default(), write, Wait::Durable).unwrap();
        history.promise(&parts, true);
        settled.collections.insert(name, (Fate::There, history));
    }
    let again = disk.power_loss(7, PowerLoss::DurableOnly);
    let database = open(&again).unwrap();
    assert_eq!(database.collection_names().len(), settled.collections.len());
    for (name, (_, history)) in &settled.collections {
        check::recovered(&database.collection(name).unwrap(), history, Least::Accepted);
    }
}

/// Sync points and operations of a whole script.
fn length(seed: u64, shards: u32) -> (u64, u64) {
    let disk = SimDisk::new(seed);
    Workload::new(seed, shards, WRITES).run(&disk, || {});
    assert!(!disk.is_stopped());
    (disk.sync_points(), disk.ops())
}

fn every_sync_point(seed: u64, shards: u32) {
    let (points, _) = length(seed, shards);
    for point in 0..points {
        Case {
            seed,
            shards,
            stop: Stop::Sync(point),
        }
        .check(false);
    }
}

#[test]
fn every_sync_point_of_one_shard() {
    every_sync_point(1, 1);
    every_sync_point(2, 1);
}

#[test]
fn every_sync_point_of_two_shards() {
    every_sync_point(1, 2);
    every_sync_point(2, 2);
}

#[test]
fn operations_between_the_syncs() {
    for (seed, shards) in [(3, 1), (3, 2), (4, 2)] {
        let (_, ops) = length(seed, shards);
        for count in (seed..ops).step_by(3) {
            Case {
                seed,
                shards,
                stop: Stop::Op(count),
            }
            .check(false);
        }
    }
}

#[test]
fn recovery_loses_power_too() {
    for (seed, shards) in [(5, 1), (5, 2)] {
        let (points, ops) = length(seed, shards);
        for point in (0..points).step_by(12) {
            Case {
                seed,
                shards,
                stop: Stop::Sync(point),
            }
            .check(true);
        }
        for count in (0..ops).step_by(60) {
            Case {
                seed,
                shards,
                stop: Stop::Op(count),
            }
            .check(true);
        }
    }
}

#[test]
fn replay_of_one_case() {
    let Ok(text) = std::env::var("RUVECTOR_CRASH") else {
        return;
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [seed, shards, kind, number] = words[..] else {
        panic!("seed shards sync|op number")
    };
    let number = number.parse().unwrap();
    let stop = if kind == "sync" {
        Stop::Sync(number)
    } else {
        Stop::Op(number)
    };
    Case {
        seed: seed.parse().unwrap(),
        shards: shards.parse().unwrap(),
        stop,
    }
    .check(true);
}

// Goal: the scripts reach what they are to test. Method: the files that appear while a script runs undisturbed,
// the state it ends in, and that a second run makes the very same calls.
#[test]
fn scripts_reach_every_kind_of_change() {
    for (seed, shards) in [
        (1, 1),
        (2, 1),
        (1, 2),
        (2, 2),
        (3, 1),
        (3, 2),
        (4, 2),
        (5, 1),
        (5, 2),
    ] {
        let _announce = Announce(format!("seed {seed}, {shards} shards"));
        let disk = SimDisk::new(seed);
        let mut files = BTreeSet::new();
        let world = Workload::new(seed, shards, WRITES).run(&disk, || {
            files.extend(disk.files().into_iter().map(|(path, _)| path));
        });
        assert_eq!((disk.sync_points(), disk.ops()), length(seed, shards));
        let count = |part: &str| files.iter().filter(|path| path.contains(part)).count();
        assert!(count(".ids.") > 4, "seals and merges: {files:?}");
        assert!(
            count(".deletes.") > 0 && count(".delta.") > 0,
            "overlays: {files:?}"
        );
        let payloads = files.iter().filter_map(|path| path.split_once(".payload."));
        let segments: BTreeSet<&str> = payloads.map(|(segment, _)| segment).collect();
        assert!(
            count(".payload.") > segments.len(),
            "payloads written again: {files:?}"
        );
        assert!(
            count("manifest.") > 6 && count("catalog.") > 2,
            "swaps: {files:?}"
        );
        let logs = disk
            .files()
            .into_iter()
            .filter(|(path, _)| path.ends_with(".log"))
            .count();
        assert!(logs < count(".log"), "log files are dropped: {files:?}");
        let (fate, history) = &world.collections["main"];
        assert_eq!(*fate, Fate::There);
        assert_eq!(world.collections["second"].0, Fate::Gone);
        assert!(history.batches.len() > 5 || shards == 1);
        assert!(disk.list("collections").unwrap().len() == 1);
    }
}
