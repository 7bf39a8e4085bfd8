//! The optimizer: plans purely (`policy`, `residency`), works in steps (`rewrite`, `promote`), and swaps states
//! (`carry`, `finish`).
//! Never holds a sequencer while it reads or writes bulk data, so that writers and readers go on.

mod carry;
mod fast;
mod finish;
mod graphs;
mod indexing;
mod insertion;
mod leftovers;
mod lists;
mod policy;
mod promote;
mod recode;
mod residency;
mod rewrite;
mod warm;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ruvector_storage::{ComponentName, Manifest, Promotion};

use indexing::Reindex;
pub(crate) use policy::Effort;
use policy::{Plan, SegmentStats, Stats, plan};
use recode::{Recode, RefusedCodes};
use rewrite::Rewrite;

use crate::collection::Core;
use crate::shard::{Sequencer, Shard};
use crate::view::{SegmentView, ShardView, Source};
use crate::{Ctx, Error};

/// The optimizer's state of one shard.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) manifest: Manifest,
    /// The state that the manifest describes: sealed segments only.
    pub(crate) persisted: ShardView,
    /// A seal goes before a merge, which waits meanwhile.
    seal: Option<Rewrite>,
    merge: Option<Rewrite>,
    promotion: Option<Promotion>,
    recode: Option<Recode>,
    reindex: Option<Reindex>,
    /// What recoding found impossible.
    refused: Vec<RefusedCodes>,
    /// The last step inserted into the active graph.
    grew: bool,
    /// What was replaced, until no reader holds it any more: freeing it takes milliseconds, which are not a search's.
    retired: Vec<Source>,
}

/// Vectors inserted into an active graph in one step.
const GROW_NODES: u32 = 128;

/// Frozen states at which writers begin to help.
const BACKLOG_MAX: u64 = 8;

/// Insertions into graphs that a row takes on average: one to seal it, the others in merges.
const INSERTIONS_OF_A_ROW: u64 = 4;

/// Rows for which a writer that helps does one step, most of which insert nothing in a large merge.
const ROWS_OF_A_STEP: u64 = 16;

impl Jobs {
    pub(crate) fn new(manifest: Manifest, persisted: ShardView) -> Jobs {
        Jobs {
            manifest,
            persisted,
            seal: None,
            merge: None,
            promotion: None,
            recode: None,
            reindex: None,
            refused: Vec::new(),
            grew: false,
            retired: Vec::new(),
        }
    }

    /// Ends what is under way; the files begun go with it.
    pub(crate) fn abandon(&mut self) {
        self.seal = None;
        self.merge = None;
        self.recode = None;
        self.reindex = None;
    }

    /// Frees what was replaced and is read no more; all of it `at_rest`, when nobody may come again: the last reader
    /// frees it then.
    fn free_retired(&mut self, at_rest: bool) {
        self.retired.retain(|source| match source {
            Source::Active(active) => !at_rest && Arc::strong_count(active) > 1,
            Source::Sealed(sealed) => !at_rest && Arc::strong_count(sealed) > 1,
        });
    }

    /// A name for a component that takes the place of `before`; no file that a manifest names has it.
    fn next_name(&self, before: Option<ComponentName>) -> ComponentName {
        let newest = before.map_or(0, |name| name.generation);
        ComponentName {
            generation: self.manifest.generation.max(newest) + 1,
        }
    }
}

impl Core {
    /// One bounded piece of work in each shard; false if no shard had any.
    pub(crate) fn step(&self, effort: Effort) -> Result<bool, Error> {
        let uncommitted = |shard: &Shard| {
            let sequencer = shard.sequencer.lock();
            sequencer.dirty && !sequencer.poisoned && !sequencer.closed
        };
        let mut worked = self.shards.iter().any(uncommitted);
        if worked {
            self.commit_all()?;
        }
        for shard in &self.shards {
            worked |= self.step_shard(shard, effort)?;
        }
        Ok(worked)
    }

    fn step_shard(&self, shard: &Shard, effort: Effort) -> Result<bool, Error> {
        let mut jobs = shard.jobs.lock();
        {
            let sequencer = shard.sequencer.lock();
            if sequencer.closed || sequencer.poisoned {
                return Ok(false);
            }
        }
        let outcome = self.advance(shard, &mut jobs, effort);
        *shard.failure.lock() = outcome
            .as_ref()
            .err()
            .map_or_else(|| self.refused_codes(&jobs), |error| Some(error.to_string()));
        if outcome.is_err() {
            jobs.abandon();
        }
        if outcome.is_err() && !shard.sequencer.lock().poisoned {
            // What the failed step left behind is nobody's: the next one starts with fresh files. (A poisoned
            // shard may have stored the manifest that names them.)
            let _ = ruvector_storage::remove_orphans(self.io.as_ref(), &shard.dir, &jobs.manifest);
        }
        outcome
    }

    fn advance(&self, shard: &Shard, jobs: &mut Jobs, effort: Effort) -> Result<bool, Error> {
        jobs.free_retired(false);
        if jobs.seal.is_some() {
            return self.advance_seal(shard, jobs, effort);
        }
        let view = self.view.load().shards[shard.index as usize].clone();
        self.forget_refused(jobs, &view);
        let stats = self.stats(shard, jobs, &view);
        jobs.grew = false;
        if !stats.sealed.iter().any(|segment| segment.recode) {
            // The segment was merged, or the configuration changed back: the unfinished file goes.
            jobs.recode = None;
        }
        if !stats.sealed.iter().any(|segment| segment.reindex) {
            jobs.reindex = None;
        }
        let thresholds = self.config.load().optimizer;
        if jobs.merge.is_some() && !stats.goes_before_merge(&thresholds, effort) {
            return self.advance_merge(shard, jobs, effort);
        }
        match plan(&stats, &thresholds, effort) {
            Plan::Idle => {
                jobs.free_retired(true);
                return Ok(false);
            }
            Plan::Promote => self.advance_promotion(jobs, &view),
            Plan::Grow => {
                self.grow(shard, &view);
                jobs.grew = true;
            }
            Plan::Freeze => self.freeze_quiet(shard, view.seq),
            Plan::Seal => {
                let frozen = self.committed_frozen(shard)?;
                // Where no rows are new, payload updates are written beside the segments; vectors and graphs stay.
                let new_rows = frozen
                    .last()
                    .is_some_and(|state| state.segments.iter().any(has_new_rows));
                let merge_all = effort == Effort::Full && jobs.merge.is_none() && new_rows;
                jobs.seal = Some(Rewrite::seal(self, shard, frozen, merge_all)?);
            }
            Plan::Merge(ids) => jobs.merge = Some(Rewrite::merge(self, shard, &view, &ids)?),
            Plan::Index(id) => self.advance_reindex(shard, jobs, &view, id)?,
            Plan::DropLeftovers(id) => self.drop_leftovers(shard, jobs, &view, id)?,
            Plan::Recode(id) => self.advance_recode(shard, jobs, &view, id)?,
            Plan::RewritePayload(id) => self.rewrite_payload(shard, jobs, &view, id)?,
        }
        Ok(true)
    }

    fn advance_seal(&self, shard: &Shard, jobs: &mut Jobs, effort: Effort) -> Result<bool, Error> {
        if let Some(mut seal) = jobs.seal.take() {
            match seal.step(self, shard, effort)? {
                true => self.finish(shard, jobs, seal)?,
                false => jobs.seal = Some(seal),
            }
        }
        Ok(true)
    }

    fn advance_merge(&self, shard: &Shard, jobs: &mut Jobs, effort: Effort) -> Result<bool, Error> {
        if let Some(mut merge) = jobs.merge.take() {
            match merge.step(self, shard, effort)? {
                true => self.finish(shard, jobs, merge)?,
                false => jobs.merge = Some(merge),
            }
        }
        Ok(true)
    }

    /// Threads that build one graph: all that there are for an optimization somebody waits for, half of them in the
    /// background, where searches need theirs.
    pub(crate) fn build_threads(&self, effort: Effort) -> u32 {
        match effort {
            Effort::Full => self.build_threads_max,
            Effort::Background => (self.build_threads_max / 2).max(1),
        }
    }

    /// Whether background work is left to do, going on, or due as soon as writes cease. Does not wait for a running
    /// step.
    pub(crate) fn has_work(&self, shard: &Shard, view: &ShardView) -> bool {
        let Some(jobs) = shard.jobs.try_lock() else {
            return true;
        };
        let stats = self.stats(shard, &jobs, view);
        let planned = plan(&stats, &self.config.load().optimizer, Effort::Background);
        jobs.seal.is_some() || jobs.merge.is_some() || stats.rest_left().is_some() || planned != Plan::Idle
    }

    /// How long until a shard's active segment has rested and is to be sealed, if no write comes; `None` if none is.
    pub(crate) fn rest_left(&self) -> Option<Duration> {
        let view = self.view.load();
        let left = |(shard, view): (&Shard, &Arc<ShardView>)| {
            let sequencer = shard.sequencer.lock();
            let admits = !sequencer.closed && !sequencer.poisoned;
            drop(sequencer);
            admits.then(|| self.active_stats(shard, view).rest_left())?
        };
        self.shards.iter().zip(&view.shards).filter_map(left).min()
    }

    fn stats(&self, shard: &Shard, jobs: &Jobs, view: &ShardView) -> Stats {
        let frozen = !shard.sequencer.lock().pending.is_empty();
        let graph_lags = view.segments.last().is_some_and(|last| match &last.source {
            Source::Active(_) => self.graphs_lag(last),
            Source::Sealed(_) => false,
        });
        let stats = |segment| self.segment_stats(jobs, segment);
        let sealed = view.segments.iter().filter_map(stats).collect();
        Stats {
            frozen,
            promotable: self.has_promotion(jobs, view),
            graph_lags,
            grew: jobs.grew,
            sealed,
            ..self.active_stats(shard, view)
        }
    }

    /// The figures of the active segment alone.
    fn active_stats(&self, shard: &Shard, view: &ShardView) -> Stats {
        let active_live = view.segments.last().map_or(0, |last| match last.source {
            Source::Active(_) => last.live_rows(),
            Source::Sealed(_) => 0,
        });
        let written = Duration::from_nanos(shard.counter(&shard.written_ns));
        Stats {
            active_live,
            quiet: self.io.monotonic().saturating_sub(written),
            ..Stats::default()
        }
    }

    fn segment_stats(&self, jobs: &Jobs, segment: &SegmentView) -> Option<SegmentStats> {
        let Source::Sealed(sealed) = &segment.source else {
            return None;
        };
        Some(SegmentStats {
            id: segment.id,
            rows: segment.rows.into(),
            live: segment.live_rows(),
            updated: segment.delta.len(),
            graph_lost: sealed.graph_damaged() || self.graphs_differ(sealed),
            damaged: sealed.rows_damaged(),
            leftovers: self.has_leftovers(sealed),
            reindex: self.index_to_change(sealed).is_some(),
            recode: self.field_to_code(jobs, segment.id, sealed).is_some(),
        })
    }

    /// The frozen states that are committed, at least the first: what is sealed can no longer be undone.
    fn committed_frozen(&self, shard: &Shard) -> Result<Vec<Arc<ShardView>>, Error> {
        let pending: Vec<Arc<ShardView>> = shard.sequencer.lock().pending.iter().cloned().collect();
        if let Some(first) = pending.first() {
            self.commit(&[(shard.index as usize, first.seq)])?;
        }
        let committed = shard.counter(&shard.committed_seq);
        Ok(pending
            .into_iter()
            .take_while(|view| view.seq <= committed)
            .collect())
    }

    fn grow(&self, shard: &Shard, view: &ShardView) {
        if let Some(SegmentView {
            source: Source::Active(active),
            rows,
            ..
        }) = view.segments.last()
        {
            let inserted = active.grow_graphs(*rows, GROW_NODES);
            shard
                .graph_insertions
                .fetch_add(inserted.into(), Ordering::Relaxed);
        }
    }

    /// Freezes the active segments, so that they can be sealed.
    pub(crate) fn freeze_all(&self) -> Result<(), Error> {
        for shard in &self.shards {
            let mut sequencer = shard.sequencer.lock();
            sequencer.admit(shard.index)?;
            freeze(shard, &mut sequencer);
        }
        Ok(())
    }

    /// Freezes the active segment if nothing was written since `seq`.
    fn freeze_quiet(&self, shard: &Shard, seq: u64) {
        let mut sequencer = shard.sequencer.lock();
        if sequencer.draft.seq == seq {
            freeze(shard, &mut sequencer);
        }
    }

    /// Back-pressure: while too much is unsealed, a write of `rows` rows first sees as many nodes inserted into
    /// graphs as those rows will take, by whomever, or does a number of steps itself. So the backlog cannot grow, and
    /// no single write pays for many: a merge that seals wait for has many steps that insert nothing.
    pub(crate) fn ease_backlog(&self, ctx: &Ctx, rows: u64) -> Result<(), Error> {
        for shard in &self.shards {
            let before = shard.counter(&shard.graph_insertions);
            let mut steps = 1 + rows / ROWS_OF_A_STEP;
            while shard.counter(&shard.backlog) >= BACKLOG_MAX
                && shard.counter(&shard.graph_insertions) - before < rows * INSERTIONS_OF_A_ROW
                && steps > 0
            {
                ctx.check(self.io.as_ref())?;
                if !self.step_shard(shard, Effort::Background)? {
                    break;
                }
                steps -= 1;
            }
        }
        Ok(())
    }
}

/// Freezes the segment that takes rows.
pub(crate) fn freeze(shard: &Shard, sequencer: &mut Sequencer) {
    sequencer.freeze();
    shard
        .backlog
        .store(sequencer.pending.len() as u64, Ordering::Release);
}

fn has_new_rows(segment: &SegmentView) -> bool {
    matches!(segment.source, Source::Active(_)) && segment.live_rows() > 0
}
