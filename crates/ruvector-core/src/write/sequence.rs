//! Gives a checked write its place in the order of its shards: resolve, append to every log, apply to every draft.
//! After the first append nothing is refused; a failed append is undone everywhere.

use parking_lot::MutexGuard;
use ruvector_storage::{AppendError, LogOperation, LogRecord};

use super::resolve::resolve;
use super::validate::{Prepared, Target};
use crate::collection::Core;
use crate::shard::Sequencer;
use crate::{Ctx, Error, ErrorKind, WriteOutcome};

/// Where a write ended up.
pub(crate) struct Sequenced {
    /// `(shard, seq)` to wait for.
    pub(crate) targets: Vec<(usize, u64)>,
    pub(crate) points_touched: u64,
}

impl Sequenced {
    pub(super) fn outcome(&self) -> WriteOutcome {
        WriteOutcome {
            operation_id: self.targets.iter().map(|(_, seq)| *seq).max().unwrap_or(0),
            points_touched: self.points_touched,
        }
    }
}

/// A shard taking part, its sequencer held.
struct Part<'a> {
    shard: usize,
    sequencer: MutexGuard<'a, Sequencer>,
    record: Option<LogRecord>,
}

impl Prepared {
    fn concerns(&self, shard: usize) -> bool {
        match self {
            Prepared::Upsert { by_shard, .. } => !by_shard[shard].is_empty(),
            Prepared::UpdateVectors { by_shard, .. } => !by_shard[shard].is_empty(),
            Prepared::Delete { target }
            | Prepared::Edit { target, .. }
            | Prepared::DeleteVectors { target, .. } => match target {
                Target::Ids(by_shard) => !by_shard[shard].is_empty(),
                Target::Filter(_) => true,
            },
        }
    }
}

impl Core {
    pub(crate) fn sequence(&self, ctx: &Ctx, mut prepared: Prepared) -> Result<Sequenced, Error> {
        // Sequencers are always taken in the order of shards, here and in commits.
        let mut parts: Vec<Part<'_>> = Vec::new();
        for (shard, state) in self
            .shards
            .iter()
            .enumerate()
            .filter(|(shard, _)| prepared.concerns(*shard))
        {
            let sequencer = state.sequencer.lock();
            sequencer.admit(state.index)?;
            parts.push(Part {
                shard,
                sequencer,
                record: None,
            });
        }
        for part in &mut parts {
            let operation = resolve(ctx, self, part.shard, &mut prepared, &part.sequencer.draft)?;
            part.record = operation.map(|operation| self.record(part, operation));
        }
        self.link_siblings(&mut parts);
        self.append_all(&mut parts)?;
        let schema = self.schema.load();
        let mut sequenced = Sequenced {
            targets: Vec::new(),
            points_touched: 0,
        };
        for part in &mut parts {
            if let Some(record) = part.record.take() {
                sequenced.points_touched += super::apply(&mut part.sequencer, record, &schema);
            }
            self.note_appended(part);
            sequenced.targets.push((part.shard, part.sequencer.draft.seq));
        }
        Ok(sequenced)
    }

    fn record(&self, part: &Part<'_>, operation: LogOperation) -> LogRecord {
        let shard = self.shards[part.shard].index;
        LogRecord {
            seq: part.sequencer.draft.seq + 1,
            epoch: 1,
            shard,
            siblings: Vec::new(),
            operation,
        }
    }

    /// Writes into each record of a batch over several shards where the others are, so that replay applies all
    /// of them or none.
    fn link_siblings(&self, parts: &mut [Part<'_>]) {
        let all: Vec<(u32, u64)> = parts
            .iter()
            .filter_map(|part| part.record.as_ref())
            .map(|record| (record.shard, record.seq))
            .collect();
        if all.len() < 2 {
            return;
        }
        for part in parts {
            if let Some(record) = &mut part.record {
                record.siblings = all
                    .iter()
                    .copied()
                    .filter(|(shard, _)| *shard != record.shard)
                    .collect();
                part.sequencer.siblings_in_flight = true;
            }
        }
    }

    fn append_all(&self, parts: &mut [Part<'_>]) -> Result<(), Error> {
        for at in 0..parts.len() {
            let shard = &self.shards[parts[at].shard];
            let durable_seq = shard.counter(&shard.durable_seq);
            let Part {
                sequencer,
                record: Some(record),
                ..
            } = &mut parts[at]
            else {
                continue;
            };
            if let Err(error) = sequencer.log.append(record, durable_seq) {
                let cut_back = !sequencer.log.is_poisoned();
                if !(undo(&mut parts[..at]) & cut_back) {
                    // A record of this batch may come back. No shard may go on: its next record would pass for
                    // the missing part.
                    parts.iter_mut().for_each(|part| part.sequencer.poisoned = true);
                }
                return Err(refused(error));
            }
        }
        Ok(())
    }

    fn note_appended(&self, part: &Part<'_>) {
        let shard = &self.shards[part.shard];
        shard
            .appended_seq
            .store(part.sequencer.draft.seq, std::sync::atomic::Ordering::Release);
        let now = self.io.monotonic().as_nanos();
        shard.written_ns.store(
            u64::try_from(now).unwrap_or(u64::MAX),
            std::sync::atomic::Ordering::Release,
        );
        shard.backlog.store(
            part.sequencer.pending.len() as u64,
            std::sync::atomic::Ordering::Release,
        );
    }
}

fn refused(error: AppendError) -> Error {
    if let AppendError::TooLarge { bytes, bytes_max } = error {
        let text =
            format!("a write of {bytes} bytes is above the log's limit of {bytes_max} (record_bytes_max)");
        return Error::new(ErrorKind::LimitExceeded, "record_bytes_max", text);
    }
    Error::storage(
        "the write could not be appended to the log; nothing was written",
        error,
    )
}

/// Takes back what a batch appended before one of its shards failed; false if that failed too.
fn undo(parts: &mut [Part<'_>]) -> bool {
    let mut undone = true;
    for part in parts {
        let Some(record) = &part.record else { continue };
        undone &= part.sequencer.log.truncate_from(record.seq).is_ok();
    }
    undone
}
