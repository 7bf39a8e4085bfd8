//! Checks the simulated disk's rules: what survives a loss of power, what may, and what never does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::time::Duration;

use ruvector_io::sim::{Fault, PowerLoss, SimDisk};
use ruvector_io::{Io, IoError};

const SEEDS: u64 = 400;

fn read(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
    disk.len(path)
        .unwrap()
        .map(|_| disk.read(path, u64::MAX).unwrap())
}

fn names(disk: &SimDisk) -> Vec<String> {
    disk.files().into_iter().map(|(path, _)| path).collect()
}

// Goal: data and name become durable apart, by sync and sync_dir. Method: each alone, then both.
#[test]
fn only_synced_data_under_synced_names_is_durable() {
    let disk = SimDisk::new(1);
    let durable = |disk: &SimDisk| disk.power_loss(0, PowerLoss::DurableOnly);
    disk.create_dir("d").unwrap();
    let file = disk.create("d/f").unwrap();
    file.append(b"synced").unwrap();
    file.sync().unwrap();
    assert_eq!(names(&durable(&disk)), [""; 0]);
    disk.sync_dir("d").unwrap();
    assert_eq!(
        names(&durable(&disk)),
        [""; 0],
        "the directory's own name is not durable yet"
    );
    disk.sync_dir("").unwrap();
    file.append(b" and more").unwrap();
    assert_eq!(read(&durable(&disk), "d/f").unwrap(), b"synced");
    assert_eq!(
        read(&disk.power_loss(0, PowerLoss::KeepAll), "d/f").unwrap(),
        b"synced and more"
    );

    file.truncate(3).unwrap();
    file.append(b"X").unwrap();
    assert_eq!(
        read(&durable(&disk), "d/f").unwrap(),
        b"synced",
        "nor is a truncation"
    );
    file.sync().unwrap();
    assert_eq!(read(&durable(&disk), "d/f").unwrap(), b"synX");

    disk.hard_link("d/f", "link").unwrap();
    disk.sync_dir("").unwrap();
    disk.remove_dir_all("d").unwrap();
    assert_eq!(names(&durable(&disk)), ["d/f", "link"], "nor a removal");
    disk.sync_dir("").unwrap();
    let after = durable(&disk);
    assert_eq!(names(&after), ["link"]);
    assert_eq!(read(&after, "link").unwrap(), b"synX");
    assert_eq!(after.list("").unwrap().len(), 1);
}

// Goal: a torn disk keeps every synced byte, and shows every kind of damage to the others.
// Method: many seeds over one file with a synced head that ends inside a sector.
#[test]
fn torn_sectors_spare_synced_bytes() {
    let disk = SimDisk::new(2);
    let file = disk.create("f").unwrap();
    file.append(&[1; 700]).unwrap();
    file.sync().unwrap();
    disk.sync_dir("").unwrap();
    file.append(&[2; 2000]).unwrap();
    let mut fates = BTreeSet::new();
    for seed in 0..SEEDS {
        let torn = disk.power_loss(seed, PowerLoss::Torn);
        let bytes = read(&torn, "f").unwrap();
        assert_eq!(
            Some(&bytes),
            read(&disk.power_loss(seed, PowerLoss::Torn), "f").as_ref(),
            "seed {seed}"
        );
        assert!((700..=2700).contains(&bytes.len()), "seed {seed}");
        assert_eq!(bytes[..700], [1; 700], "seed {seed}");
        fates.insert(match bytes.len() {
            700 => "length lost",
            2700 => "length kept",
            _ => "length between",
        });
        for sector in [700..1024, 1024..1536, 1536..2048, 2048..2560, 2560..2700] {
            let Some(found) = bytes.get(sector) else { continue };
            fates.insert(match found {
                found if found.iter().all(|byte| *byte == 2) => "survives",
                found if found.iter().all(|byte| *byte == 0) => "zeros",
                _ => "garbage",
            });
        }
    }
    let wanted = [
        "length lost",
        "length kept",
        "length between",
        "survives",
        "zeros",
        "garbage",
    ];
    assert_eq!(fates, BTreeSet::from(wanted));
}

// Goal: replacing a file by rename shows the old or the new one, never none or a third.
// Method: stop a correct replacement after every operation and at every sync, tear with many seeds.
#[test]
fn replacement_by_rename_is_atomic() {
    let replace = |disk: &SimDisk, bytes: &[u8]| -> Result<(), IoError> {
        let file = disk.create("tmp")?;
        file.append(bytes)?;
        file.sync()?;
        disk.rename("tmp", "CURRENT")?;
        disk.sync_dir("")
    };
    let prepared = || {
        let disk = SimDisk::new(3);
        replace(&disk, b"old").unwrap();
        disk
    };
    let (ops, syncs) = (prepared().ops(), prepared().sync_points());
    assert_eq!((ops, syncs), (5, 2));
    let mut found = BTreeSet::new();
    let stops = (0..=5)
        .map(|n| (Some(ops + n), None))
        .chain((0..=2).map(|n| (None, Some(syncs + n))));
    for (op, sync) in stops {
        let disk = prepared();
        if let Some(op) = op {
            disk.stop_after_op(op);
        }
        if let Some(sync) = sync {
            disk.stop_at(sync);
        }
        let done = replace(&disk, b"new");
        let stopped = matches!(done, Err(IoError::Stopped { .. }));
        assert_eq!(stopped, disk.is_stopped(), "{op:?} {sync:?}");
        assert_eq!(stopped, matches!(disk.len("tmp"), Err(IoError::Stopped { .. })));
        for seed in 0..SEEDS / 8 {
            let after = disk.power_loss(seed, PowerLoss::Torn);
            let current = read(&after, "CURRENT").expect("CURRENT is always there");
            assert!(
                current == b"new" || (stopped && current == b"old"),
                "{op:?} {sync:?} seed {seed}"
            );
            found.insert((stopped, current));
        }
        let durable = disk.power_loss(0, PowerLoss::DurableOnly);
        assert_eq!(
            read(&durable, "CURRENT").unwrap(),
            if stopped { b"old" } else { b"new" }
        );
    }
    assert_eq!(found.len(), 3, "both outcomes of a stopped replacement occur");
}

// Goal: unsynced names survive independently, but one name's changes in order, and no file vanishes
// between two names. Method: two creations, and a rename whose old name is taken again.
#[test]
fn torn_names_are_independent_but_ordered() {
    let disk = SimDisk::new(4);
    let file = disk.create("log").unwrap();
    file.append(b"first").unwrap();
    file.sync().unwrap();
    disk.sync_dir("").unwrap();
    disk.rename("log", "log.old").unwrap();
    disk.create("log").unwrap();
    disk.create("other").unwrap();
    let mut found = BTreeSet::new();
    for seed in 0..SEEDS {
        let after = disk.power_loss(seed, PowerLoss::Torn);
        let (old, new) = (read(&after, "log.old"), read(&after, "log"));
        let kept = [&old, &new]
            .into_iter()
            .flatten()
            .filter(|bytes| *bytes == b"first")
            .count();
        assert_eq!(kept, 1, "seed {seed}: {old:?} {new:?}");
        found.insert((old.is_some(), new.is_some(), read(&after, "other").is_some()));
    }
    assert_eq!(found.len(), 6, "{found:?}");
}

// Goal: faults on order strike where and as they should. Method: one of each, then the disk after it.
#[test]
fn ordered_faults_strike_once() {
    let disk = SimDisk::new(5);
    let (log, other) = (disk.create("wal-1").unwrap(), disk.create("other").unwrap());
    disk.sync_dir("").unwrap();
    disk.fail_next("wal", Fault::DiskFull { after_bytes: 6 });
    other.append(&[0; 100]).unwrap();
    log.append(b"four").unwrap();
    assert!(matches!(log.append(b"more"), Err(IoError::DiskFull { .. })));
    assert_eq!(log.len(), 6);
    log.append(b"!").unwrap();
    disk.fail_next("wal", Fault::AppendFails { after_bytes: 0 });
    assert!(matches!(log.append(b"x"), Err(IoError::Os { op: "append", .. })));
    log.sync().unwrap();

    log.append(b"dropped").unwrap();
    disk.fail_next("wal", Fault::SyncFails);
    other.sync().unwrap();
    assert!(matches!(log.sync(), Err(IoError::Os { op: "sync", .. })));
    log.append(b"kept").unwrap();
    log.sync().unwrap();
    assert_eq!(disk.read_raw("wal-1").unwrap(), b"fourmo!droppedkept");
    let after = disk.power_loss(0, PowerLoss::DurableOnly);
    assert_eq!(read(&after, "wal-1").unwrap(), b"fourmo!\0\0\0\0\0\0\0kept");

    disk.flip_bit("wal-1", 0, 0).unwrap();
    assert!(disk.flip_bit("wal-1", 1000, 0).is_err());
    assert_eq!(disk.read_raw("wal-1").unwrap()[0], b'f' ^ 1);
}

// Goal: the same seed and calls give the same disk; clocks move only when told.
// Method: two disks side by side, then one after a loss of power.
#[test]
fn deterministic_clock_and_randomness() {
    let (a, b) = (SimDisk::new(6), SimDisk::new(6));
    assert_eq!(a.random_u64(), b.random_u64());
    assert_ne!(a.random_u64(), SimDisk::new(7).random_u64());
    let wall = a.wall_clock_ms();
    a.advance(Duration::from_millis(1500));
    assert_eq!(
        (a.monotonic(), a.wall_clock_ms()),
        (Duration::from_millis(1500), wall + 1500)
    );
    let after = a.power_loss(0, PowerLoss::KeepAll);
    assert_eq!(
        (after.monotonic(), after.wall_clock_ms()),
        (Duration::ZERO, wall + 1500)
    );
    assert!(matches!(
        a.spawn("t", Box::new(|| {})),
        Err(IoError::NoThreads { .. })
    ));
}
