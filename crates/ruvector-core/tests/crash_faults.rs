//! Goal: a refused write leaves nothing behind, a failed fsync poisons its shard and nothing else, and a reopen
//! brings back what was acknowledged. Method: one fault on order at a time, on the log and on the optimizer's
//! files, with the model of the crash test; every shard's log in turn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use ruvector_core::types::{CountRequest, PointSelector, WriteOp};
use ruvector_core::{Collection, Ctx, Database, Error, ErrorKind, Status, Wait};
use ruvector_io::sim::{Fault, PowerLoss, SimDisk};
use support::Announce;
use support::check::{self, Least};
use support::history::History;
use support::random::id;
use support::workload::{config, open, upsert};

const SHARDS: u32 = 2;
const STYLES: [PowerLoss; 3] = [PowerLoss::DurableOnly, PowerLoss::KeepAll, PowerLoss::Torn];

/// A database with two collections alike, and what they hold.
struct Stage {
    disk: SimDisk,
    database: Database,
    history: History,
    bystander: History,
}

impl Stage {
    /// Twenty points each, over both shards.
    fn new() -> Stage {
        let disk = SimDisk::new(1);
        let database = open(&disk).unwrap();
        let mut stage = Stage {
            disk,
            database,
            history: History::new(SHARDS),
            bystander: History::new(SHARDS),
        };
        stage.database.create_collection("hit", config(SHARDS)).unwrap();
        stage
            .database
            .create_collection("bystander", config(SHARDS))
            .unwrap();
        stage.write(upsert(1, 0..20)).unwrap();
        stage.stand_by(2);
        stage
    }

    fn hit(&self) -> Collection {
        self.database.collection("hit").unwrap()
    }

    /// A write into the collection that is hit. Refused: nothing of it may ever be seen; otherwise see `doubtful`.
    fn write(&mut self, operation: WriteOp) -> Result<(), Error> {
        let parts = self.history.begin(&operation);
        let outcome = self.hit().write(&Ctx::default(), operation, Wait::Durable);
        match &outcome {
            Ok(_) => self.history.promise(&parts, true),
            Err(_) => self.history.abandon(&parts),
        }
        outcome.map(drop)
    }

    /// A write into the collection that is hit whose end is open.
    fn doubtful(&mut self, operation: WriteOp) -> Error {
        self.history.begin(&operation);
        self.hit()
            .write(&Ctx::default(), operation, Wait::Durable)
            .unwrap_err()
    }

    /// The other collection takes writes as always.
    fn stand_by(&mut self, seed: u64) {
        let operation = upsert(seed, seed % 7..25);
        let parts = self.bystander.begin(&operation);
        let collection = self.database.collection("bystander").unwrap();
        collection
            .write(&Ctx::default(), operation, Wait::Durable)
            .unwrap();
        self.bystander.promise(&parts, true);
        check::recovered(&collection, &self.bystander, Least::Accepted);
    }

    /// The shard takes no writes, and its reads stand at what was acknowledged.
    fn check_poisoned(&mut self) {
        for operation in [
            upsert(9, 0..20),
            WriteOp::Delete(PointSelector::Ids((0..20).map(id).collect())),
        ] {
            let error = self
                .hit()
                .write(&Ctx::default(), operation, Wait::Durable)
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        }
        assert_eq!(self.hit().info().status, Status::Red);
        assert!(self.hit().info().shards.iter().any(|shard| shard.poisoned));
        let acknowledged: Vec<u64> = self
            .history
            .shards
            .iter()
            .map(|shard| shard.acknowledged)
            .collect();
        check::reads(&self.hit(), &self.history.points(&acknowledged));
        while self.database.step().unwrap() {}
        check::reads(&self.hit(), &self.history.points(&acknowledged));
        self.stand_by(3);
    }

    /// After every style of power loss: what was acknowledged, batches whole, and writes go on.
    fn check_reopened(&self) {
        for (style, seed) in STYLES.into_iter().zip(0..) {
            let _announce = Announce(format!("reopened after {style:?}"));
            let disk = self.disk.power_loss(seed, style);
            let database = open(&disk).unwrap();
            let collection = database.collection("hit").unwrap();
            let mut history = self.history.clone();
            history.settle(&check::recovered(&collection, &self.history, Least::Acknowledged));
            let write = upsert(4, 5..15);
            let parts = history.begin(&write);
            collection.write(&Ctx::default(), write, Wait::Durable).unwrap();
            history.promise(&parts, true);
            check::recovered(&collection, &history, Least::Accepted);
            check::recovered(
                &database.collection("bystander").unwrap(),
                &self.bystander,
                Least::Accepted,
            );
        }
    }
}

fn log_of(shard: u32) -> String {
    format!("00000000/shard-{shard:04}/log/")
}

#[test]
fn a_failed_fsync_of_the_log_poisons_its_shard_only() {
    for shard in 0..SHARDS {
        let _announce = Announce(format!("log of shard {shard}"));
        let mut stage = Stage::new();
        stage.disk.fail_next(&log_of(shard), Fault::SyncFails);
        let error = stage.doubtful(upsert(5, 10..30));
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        stage.check_poisoned();
        stage.check_reopened();
    }
}

#[test]
fn a_refused_append_leaves_nothing_and_the_next_write_works() {
    let faults = [
        (Fault::DiskFull { after_bytes: 0 }, ErrorKind::DiskFull),
        (Fault::DiskFull { after_bytes: 100 }, ErrorKind::DiskFull),
        (Fault::AppendFails { after_bytes: 100 }, ErrorKind::Internal),
    ];
    for (fault, kind) in faults {
        for shard in 0..SHARDS {
            let _announce = Announce(format!("{fault:?} on the log of shard {shard}"));
            let mut stage = Stage::new();
            stage.disk.fail_next(&log_of(shard), fault);
            let error = stage.write(upsert(5, 10..30)).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            check::recovered(&stage.hit(), &stage.history, Least::Accepted);
            stage.check_reopened();
            stage.write(upsert(6, 12..32)).unwrap();
            check::recovered(&stage.hit(), &stage.history, Least::Accepted);
            stage.stand_by(3);
            stage.check_reopened();
        }
    }
}

// Goal: a batch that was refused on one shard never comes back in half, even if undoing it on another fails as
// well. Method: the append to the last log fails, then the fsync of the undoing; more writes, every power loss.
#[test]
fn a_batch_that_cannot_be_undone_never_comes_back_in_half() {
    for failing_sync in 0..SHARDS {
        let _announce = Announce(format!("undoing fails on shard {failing_sync}"));
        let mut stage = Stage::new();
        stage
            .disk
            .fail_next(&log_of(1), Fault::AppendFails { after_bytes: 60 });
        stage.disk.fail_next(&log_of(failing_sync), Fault::SyncFails);
        stage.doubtful(upsert(5, 10..30));
        for number in 0..20 {
            let write = upsert(number, number..number + 1);
            let parts = stage.history.begin(&write);
            let taken = stage.hit().write(&Ctx::default(), write, Wait::Durable).is_ok();
            assert!(!taken, "shard {parts:?} goes on after a batch in doubt");
        }
        stage.stand_by(3);
        let history = stage.history.clone();
        let kept: Vec<u64> = history
            .shards
            .iter()
            .map(|shard| shard.acknowledged + 1)
            .collect();
        stage
            .history
            .shards
            .iter_mut()
            .zip(kept)
            .for_each(|(shard, kept)| {
                shard.states.truncate(kept as usize + 1);
            });
        stage.history.batches.retain(|parts| {
            parts
                .iter()
                .all(|(shard, seq)| *seq <= stage.history.shards[*shard].last())
        });
        stage.check_reopened();
    }
}

// Goal: when a shard is poisoned, batches in flight that it shares are given up on the other shards too: nobody
// sees half of one, nothing is acknowledged behind one, and a flush does not pretend. Method: batches over both
// shards in the logs, not fsynced; an append to one log that fails and cannot be undone; then writes to the other.
#[test]
fn a_poisoned_shard_takes_its_batches_with_it() {
    for poisoned in 0..SHARDS {
        let _announce = Announce(format!("shard {poisoned} poisoned"));
        let mut stage = Stage::new();
        let (mine, others): (Vec<u64>, Vec<u64>) =
            (0..20).partition(|number| stage.history.shard_of(&id(*number)) == poisoned as usize);
        for seed in 0..3 {
            let batch = upsert(seed, [mine[0], others[0]]);
            let parts = stage.history.begin(&batch);
            stage.hit().write(&Ctx::default(), batch, Wait::Accepted).unwrap();
            stage.history.promise(&parts, false);
        }
        stage
            .disk
            .fail_next(&log_of(poisoned), Fault::AppendFails { after_bytes: 60 });
        stage.disk.fail_next(&log_of(poisoned), Fault::SyncFails);
        stage.doubtful(upsert(5, mine[1..4].iter().copied()));
        let write = upsert(70, others[1..4].iter().copied());
        let parts = stage.history.begin(&write);
        if stage.hit().write(&Ctx::default(), write, Wait::Durable).is_ok() {
            stage.history.promise(&parts, true);
        }
        let seqs: Vec<u64> = stage
            .hit()
            .info()
            .shards
            .iter()
            .map(|shard| shard.visible_seq)
            .collect();
        for parts in &stage.history.batches {
            let seen = parts.iter().filter(|(shard, seq)| *seq <= seqs[*shard]).count();
            assert!(
                seen == 0 || seen == parts.len(),
                "half a batch is visible: {parts:?} at {seqs:?}"
            );
        }
        check::reads(&stage.hit(), &stage.history.points(&seqs));
        assert_eq!(stage.hit().flush().unwrap_err().kind(), ErrorKind::Unavailable);
        stage.check_reopened();
    }
}

// Goal: a full or failing disk under the optimizer costs nothing but time. Method: a fault on each kind of file
// that it writes, then space again; everything is read all along.
#[test]
fn faults_under_the_optimizer_lose_nothing() {
    let parts = [
        ".ids.",
        ".payload.",
        ".vectors.",
        ".graph.",
        ".deletes.",
        ".delta.",
        "manifest.",
    ];
    let faults = [
        Fault::DiskFull { after_bytes: 10 },
        Fault::AppendFails { after_bytes: 0 },
        Fault::SyncFails,
    ];
    for part in parts {
        for fault in faults {
            let _announce = Announce(format!("{fault:?} on {part}"));
            let mut stage = Stage::new();
            stage.hit().optimize().unwrap();
            stage
                .write(WriteOp::Delete(PointSelector::Ids((0..3).map(id).collect())))
                .unwrap();
            stage.write(upsert(7, 6..10)).unwrap();
            let points = PointSelector::Ids((10..15).map(id).collect());
            stage.write(WriteOp::ClearPayload { points }).unwrap();
            stage.write(upsert(8, 30..60)).unwrap();
            stage.disk.fail_next(
                &format!("00000000/shard-0000/{}", part.trim_start_matches('.')),
                fault,
            );
            stage.disk.fail_next(part, fault);
            let mut failed = 0;
            for _ in 0..60 {
                failed += u32::from(stage.hit().step().is_err());
                let latest = stage.history.latest();
                check::reads(&stage.hit(), &latest);
            }
            assert!(failed > 0, "the fault was never met");
            stage.stand_by(3);
            if !stage.hit().info().shards.iter().any(|shard| shard.poisoned) {
                stage.write(upsert(11, 40..50)).unwrap();
                stage.hit().optimize().unwrap();
                check::recovered(&stage.hit(), &stage.history, Least::Accepted);
            }
            assert_eq!(
                stage
                    .hit()
                    .count(&Ctx::default(), &CountRequest::default())
                    .unwrap(),
                stage.history.latest().len() as u64
            );
            stage.check_reopened();
        }
    }
}
