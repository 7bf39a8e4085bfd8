//! Goal: whatever happens to the power, a log recovers a prefix of what was appended that contains every synced
//! record and no undone one; damage to an acknowledged record is reported, never cut off.
//! Method: random scripts on the simulated disk, stopped at every changing operation, found again in several
//! torn states; recovery itself is stopped too. Every bit of a synced log is flipped.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use ruvector_io::sim::{Fault, PowerLoss, SimDisk};
use ruvector_io::{Io, IoError};
use ruvector_storage::{AppendError, Log, LogOperation, LogRecord, OpenLogError, TruncateError, replay};
use ruvector_types::PointId;

const DIR: &str = "shard/log";

fn mix(seed: u64) -> u64 {
    let word = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn record(seq: u64, salt: u64) -> LogRecord {
    let word = mix(seq * 1_000 + salt);
    let ids = (0..word % 90).map(|n| PointId::Num(word ^ n)).collect();
    LogRecord {
        seq,
        epoch: 1,
        shard: 4,
        siblings: vec![(5, word)],
        operation: LogOperation::Delete(ids),
    }
}

/// What the writer knows.
#[derive(Default)]
struct Model {
    /// Records 1, 2, … as they stand in the log.
    records: Vec<LogRecord>,
    /// The record being appended or undone when the power went off.
    in_flight: Option<LogRecord>,
    synced: u64,
    sealed: u64,
}

fn is_stopped(error: &dyn std::error::Error) -> bool {
    format!("{error:?}").contains("Stopped {")
}

/// Runs a script until its end or until the power goes off.
fn run(disk: &SimDisk, seed: u64) -> Model {
    let mut model = Model::default();
    let io: Arc<dyn Io> = Arc::new(disk.clone());
    if io.create_dir("shard").and_then(|()| io.sync_dir("")).is_err() {
        return model;
    }
    let Ok((mut log, _)) = Log::open(io.clone(), DIR, 4, 0) else {
        return model;
    };
    for step in 0..40 {
        if !run_step(&mut log, &io, &mut model, mix(seed * 100 + step), seed) {
            break;
        }
    }
    model
}

fn run_step(log: &mut Log, io: &Arc<dyn Io>, model: &mut Model, dice: u64, seed: u64) -> bool {
    let last = model.records.len() as u64;
    match dice % 16 {
        0..=7 => {
            let next = record(last + 1, dice % 1_000);
            model.in_flight = Some(next.clone());
            if let Err(error) = log.append(&next, model.synced) {
                assert!(is_stopped(&error), "seed {seed}: {error:?}");
                return false;
            }
            model.in_flight = None;
            model.records.push(next);
        }
        8..=10 => {
            let ticket = log.sync_ticket();
            if ticket.sync().is_err() {
                return false;
            }
            log.synced(&ticket);
            model.synced = ticket.last_seq();
            assert_eq!(model.synced, last);
            assert!(!log.needs_dir_sync());
        }
        11 => log.rotate(),
        12 => {
            model.sealed = model.sealed.max(mix(dice) % (model.synced + 1));
            return log.drop_through(model.sealed).is_ok();
        }
        13 if last > model.sealed => {
            model.in_flight = model.records.pop();
            model.synced = model.synced.min(last - 1);
            match log.truncate_from(last) {
                Ok(()) => model.in_flight = None,
                Err(TruncateError::Io(IoError::Stopped { .. })) => return false,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
        14 => log.close_idle(),
        15 => {
            let (opened, records) = match Log::open(io.clone(), DIR, 4, model.sealed) {
                Ok(opened) => opened,
                Err(error) => {
                    assert!(is_stopped(&error), "seed {seed}: {error:?}");
                    return false;
                }
            };
            assert_eq!(records, model.records[model.sealed as usize..], "seed {seed}");
            *log = opened;
            model.synced = last;
        }
        _ => {}
    }
    assert_eq!(log.last_seq(), model.records.len() as u64);
    true
}

/// Opens what the power loss left, checks it against the model and goes on writing.
fn check(disk: &SimDisk, model: &Model, context: &str) {
    let io: Arc<dyn Io> = Arc::new(disk.clone());
    io.create_dir("shard").and_then(|()| io.sync_dir("")).unwrap();
    let (mut log, found) =
        Log::open(io.clone(), DIR, 4, model.sealed).unwrap_or_else(|e| panic!("{context}: {e}"));
    let mut expected = model.records[model.sealed as usize..].to_vec();
    expected.extend(model.in_flight.clone());
    assert!(
        found.len() <= expected.len() && found == expected[..found.len()],
        "{context}: not a prefix"
    );
    let last = model.sealed + found.len() as u64;
    assert!(
        last >= model.synced,
        "{context}: acknowledged {} recovered {last}",
        model.synced
    );
    let next = record(last + 1, 7);
    log.append(&next, last).unwrap();
    log.sync().unwrap();
    let after = disk.power_loss(1, PowerLoss::DurableOnly);
    let (_, again) = Log::open(Arc::new(after), DIR, 4, model.sealed).unwrap();
    assert!(
        again.last() == Some(&next),
        "{context}: {:?}",
        again.last().map(|record| record.seq)
    );
    assert_eq!(again[..again.len() - 1], found[..], "{context}");
}

#[test]
fn every_stop_recovers_what_was_synced() {
    let mut styles = vec![PowerLoss::DurableOnly, PowerLoss::KeepAll];
    styles.extend([PowerLoss::Torn; 6]);
    for seed in 0..14 {
        let whole = SimDisk::new(seed);
        run(&whole, seed);
        for stop in 0..=whole.ops() {
            let disk = SimDisk::new(seed);
            disk.stop_after_op(stop);
            let model = run(&disk, seed);
            for (turn, style) in styles.iter().enumerate() {
                let context = format!("seed {seed} stop {stop} {style:?} {turn}");
                let found = disk.power_loss(turn as u64 * 77 + stop, *style);
                if turn % 3 == 2 {
                    let again = found.power_loss(0, PowerLoss::KeepAll);
                    again.stop_after_op(stop % 6);
                    let opened = Log::open(Arc::new(again.clone()), DIR, 4, model.sealed);
                    assert!(
                        opened.as_ref().err().is_none_or(|e| is_stopped(e)),
                        "{context}: {opened:?}"
                    );
                    check(&again.power_loss(stop, PowerLoss::Torn), &model, &context);
                }
                check(&found, &model, &context);
            }
        }
    }
}

#[test]
fn flipped_bits_in_acknowledged_records_are_reported() {
    let disk = SimDisk::new(1);
    let io: Arc<dyn Io> = Arc::new(disk.clone());
    io.create_dir("shard").and_then(|()| io.sync_dir("")).unwrap();
    let (mut log, _) = Log::open(io.clone(), DIR, 4, 0).unwrap();
    let records: Vec<LogRecord> = (1..=9).map(|seq| record(seq, 0)).collect();
    for record in &records {
        if record.seq == 6 {
            log.rotate();
        }
        log.append(record, record.seq - 1).unwrap();
        log.sync().unwrap();
    }
    drop(log);
    let mut last = Vec::new();
    records[8].encode(8, &mut last);
    let files = disk.files();
    assert_eq!(files.len(), 2);
    for (at, (path, len)) in files.iter().enumerate() {
        let covered = if at == 1 { *len - last.len() as u64 } else { *len };
        for byte in 0..*len {
            let copy = disk.power_loss(0, PowerLoss::DurableOnly);
            copy.flip_bit(path, byte, (byte % 8) as u8).unwrap();
            let opened = Log::open(Arc::new(copy.clone()), DIR, 4, 0);
            if byte < covered {
                let damaged = matches!(opened, Err(OpenLogError::Damaged { .. }));
                assert!(
                    damaged,
                    "{path} byte {byte}: {:?}",
                    opened.map(|(_, records)| records.len())
                );
                assert_eq!(copy.files(), files, "a damaged log was changed");
            } else {
                assert_eq!(opened.unwrap().1, records[..8], "{path} byte {byte}");
            }
            // Records that are sealed already are not needed: only damage behind them counts.
            let copy = disk.power_loss(0, PowerLoss::DurableOnly);
            copy.flip_bit(path, byte, 3).unwrap();
            if at == 1 && (32..covered).contains(&byte) {
                assert_eq!(
                    Log::open(Arc::new(copy), DIR, 4, 8).unwrap().1,
                    records[8..],
                    "byte {byte}"
                );
            }
        }
    }
}

#[test]
fn failed_appends_leave_the_log_as_it_was() {
    for (after_bytes, fresh) in [(0, false), (10, false), (48, false), (0, true), (40, true)] {
        let disk = SimDisk::new(3);
        let io: Arc<dyn Io> = Arc::new(disk.clone());
        io.create_dir("shard").and_then(|()| io.sync_dir("")).unwrap();
        let (mut log, _) = Log::open(io.clone(), DIR, 4, 0).unwrap();
        log.append(&record(1, 0), 0).unwrap();
        if fresh {
            log.rotate();
        }
        let before = disk.files();
        disk.fail_next("log", Fault::DiskFull { after_bytes });
        let refused = log.append(&record(2, 0), 0);
        assert!(
            matches!(refused, Err(AppendError::DiskFull { .. })),
            "{refused:?}"
        );
        assert_eq!(disk.files(), before);
        assert!(matches!(
            log.append(&record(3, 0), 0),
            Err(AppendError::OutOfOrder { expected: 2, .. })
        ));
        log.append(&record(2, 1), 0).unwrap();
        log.sync().unwrap();
        let after = disk.power_loss(0, PowerLoss::DurableOnly);
        let (_, found) = Log::open(Arc::new(after), DIR, 4, 0).unwrap();
        assert_eq!(found, [record(1, 0), record(2, 1)]);
        disk.fail_next("log", Fault::AppendFails { after_bytes });
        disk.fail_next("log", Fault::SyncFails);
        assert!(matches!(
            log.append(&record(3, 0), 0),
            Err(AppendError::Poisoned { .. })
        ));
        assert!(matches!(
            log.append(&record(3, 0), 0),
            Err(AppendError::AlreadyPoisoned)
        ));
    }
}

#[test]
fn an_unused_log_has_no_files_and_hostile_bytes_end() {
    let disk = SimDisk::new(3);
    let io: Arc<dyn Io> = Arc::new(disk.clone());
    io.create_dir("shard").and_then(|()| io.sync_dir("")).unwrap();
    let (log, found) = Log::open(io.clone(), DIR, 4, 17).unwrap();
    assert_eq!(
        (log.last_seq(), log.bytes(), found.len(), disk.files().len()),
        (17, 0, 0, 0)
    );
    let (mut log, _) = Log::open(io.clone(), DIR, 4, 0).unwrap();
    (1..20).for_each(|seq| log.append(&record(seq, 0), 0).unwrap());
    let mut bytes = disk.read_raw(&disk.files()[0].0).unwrap();
    assert_eq!(replay::scan(&bytes).unwrap().records.len(), 19);
    // A body full of beginnings of long records: the search behind the bad place must come to an end.
    let fake = [
        &60_000u32.to_le_bytes()[..],
        &[9; 4],
        &5u64.to_le_bytes(),
        &[0; 16],
        &[4, 0, 0, 0],
    ]
    .concat();
    let tail: Vec<u8> = fake.iter().copied().chain([0; 4]).cycle().take(400_000).collect();
    let stop = replay::scan(&[&bytes[..72], &tail[..]].concat())
        .unwrap()
        .stop
        .unwrap();
    assert!(stop.is_damage(), "given up, so it must not be cut off: {stop:?}");
    for round in 0..3_000u64 {
        let at = 32 + (mix(round) as usize % (bytes.len() - 32));
        bytes[at] = mix(at as u64) as u8;
        let _ = replay::scan(&bytes);
    }
}
