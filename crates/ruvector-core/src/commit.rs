//! Group commit: one caller fsyncs for all who wait, then one swap makes everything visible.
//! Nothing is published or acknowledged before its log, and those of its sibling shards, are durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Condvar, Mutex, MutexGuard};
use ruvector_storage::SyncTicket;

use crate::Error;
use crate::collection::Core;
use crate::shard::{Sequencer, Shard};
use crate::view::{CollectionView, ShardView};

/// Who fsyncs now.
#[derive(Debug, Default)]
pub(crate) struct Committer {
    leading: Mutex<bool>,
    turn: Condvar,
}

/// What one shard brings into a round.
struct Round {
    view: Arc<ShardView>,
    ticket: SyncTicket,
    siblings: bool,
    failed: Option<ruvector_io::IoError>,
}

impl Core {
    /// Returns once every operation named by `(shard, seq)` is durable and visible. Cost: at most two fsyncs of
    /// each dirty log; one if nobody else was committing.
    pub(crate) fn commit(&self, targets: &[(usize, u64)]) -> Result<(), Error> {
        let mut leading = self.committer.leading.lock();
        loop {
            if self.reached(targets)? {
                return Ok(());
            }
            if *leading {
                self.committer.turn.wait(&mut leading);
                continue;
            }
            *leading = true;
            drop(leading);
            let outcome = self.lead();
            leading = self.committer.leading.lock();
            *leading = false;
            self.committer.turn.notify_all();
            if let Err(error) = outcome {
                // The failure may be another shard's.
                return if matches!(self.reached(targets), Ok(true)) {
                    Ok(())
                } else {
                    Err(error)
                };
            }
        }
    }

    /// Makes everything appended so far durable and visible, structural changes included.
    pub(crate) fn commit_all(&self) -> Result<(), Error> {
        self.in_turn(Core::lead)
    }

    /// Makes the schema that is in force that of the published view, whatever the logs are doing.
    pub(crate) fn publish_schema(&self) {
        self.in_turn(|core| {
            let view = CollectionView {
                schema: core.schema.load_full(),
                shards: core.view.load().shards.clone(),
            };
            core.view.store(Arc::new(view));
        });
    }

    /// Does what nobody else may do meanwhile to the published view.
    fn in_turn<T>(&self, work: impl FnOnce(&Core) -> T) -> T {
        let mut leading = self.committer.leading.lock();
        while *leading {
            self.committer.turn.wait(&mut leading);
        }
        *leading = true;
        drop(leading);
        let outcome = work(self);
        *self.committer.leading.lock() = false;
        self.committer.turn.notify_all();
        outcome
    }

    /// Refuses if a shard holds writes that cannot be committed any more.
    pub(crate) fn check_committed(&self) -> Result<(), Error> {
        self.shards.iter().try_for_each(|shard| {
            let sequencer = shard.sequencer.lock();
            let behind = shard.counter(&shard.visible_seq) < sequencer.draft.seq;
            if behind {
                sequencer.admit(shard.index)
            } else {
                Ok(())
            }
        })
    }

    fn reached(&self, targets: &[(usize, u64)]) -> Result<bool, Error> {
        let mut all = true;
        for (shard, seq) in targets {
            let shard = &self.shards[*shard];
            if shard.counter(&shard.visible_seq) < *seq {
                all = false;
                shard.sequencer.lock().admit(shard.index)?;
            }
        }
        Ok(all)
    }

    /// One round: a consistent cut over all shards, their fsyncs, one publication.
    fn lead(&self) -> Result<(), Error> {
        let mut rounds = self.cut();
        for round in rounds.iter_mut().flatten() {
            round.failed = round.ticket.sync().err();
        }
        let error = self.poison_failed(&mut rounds);
        let published = self.view.load();
        let mut view = CollectionView {
            // Rows of a field are in a draft only once the schema has it.
            schema: self.schema.load_full(),
            shards: published.shards.clone(),
        };
        for (shard, round) in self
            .shards
            .iter()
            .zip(rounds)
            .filter_map(|(shard, round)| Some((shard, round?)))
        {
            shard.sequencer.lock().log.synced(&round.ticket);
            shard.durable_seq.store(round.view.seq, Ordering::Release);
            shard.committed_seq.store(round.view.seq, Ordering::Release);
            view.shards[shard.index as usize] = round.view;
        }
        let seqs: Vec<u64> = view.shards.iter().map(|shard| shard.seq).collect();
        self.view.store(Arc::new(view));
        for (shard, seq) in self.shards.iter().zip(seqs) {
            shard.visible_seq.store(seq, Ordering::Release);
        }
        error.map_or(Ok(()), Err)
    }

    /// The drafts of all shards at one moment: every batch is in it whole or not at all.
    fn cut(&self) -> Vec<Option<Round>> {
        let mut guards: Vec<MutexGuard<'_, Sequencer>> =
            self.shards.iter().map(|shard| shard.sequencer.lock()).collect();
        if guards
            .iter()
            .any(|sequencer| sequencer.poisoned && sequencer.siblings_in_flight)
        {
            // A batch lost its part there: the other parts, and what follows them, must never be acknowledged.
            let parts = guards.iter_mut().filter(|sequencer| sequencer.siblings_in_flight);
            parts.for_each(|sequencer| sequencer.poisoned = true);
        }
        guards.iter_mut().map(|sequencer| Round::cut(sequencer)).collect()
    }

    /// Poisons the shards whose fsync failed and those with a batch in flight over several shards, drops their
    /// rounds, and returns the first error.
    fn poison_failed(&self, rounds: &mut [Option<Round>]) -> Option<Error> {
        if rounds.iter().flatten().all(|round| round.failed.is_none()) {
            return None;
        }
        let mut first = None;
        for (shard, slot) in self.shards.iter().zip(rounds) {
            if slot
                .as_ref()
                .is_some_and(|round| round.failed.is_some() || round.siblings)
            {
                shard.poison();
                first = first.or(slot.take().and_then(|round| round.failed));
            }
        }
        first.map(|error| {
            Error::io(
                "fsync of the log failed; the shard refuses writes until reopened",
                error,
            )
        })
    }
}

impl Round {
    fn cut(sequencer: &mut Sequencer) -> Option<Round> {
        if sequencer.poisoned || !sequencer.dirty {
            return None;
        }
        sequencer.dirty = false;
        Some(Round {
            view: Arc::new(sequencer.draft.clone()),
            ticket: sequencer.log.sync_ticket(),
            siblings: std::mem::take(&mut sequencer.siblings_in_flight),
            failed: None,
        })
    }
}

impl Shard {
    /// Refuses writes from here on, until the database is reopened.
    pub(crate) fn poison(&self) {
        self.sequencer.lock().poisoned = true;
    }
}
