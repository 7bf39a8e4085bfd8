//! A collection: shards behind one published view. The handle is cheap to clone and outlives a deletion, after
//! which every call is refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use parking_lot::RwLock;
use ruvector_io::{Io, ResidentBudget};
use ruvector_storage::DeclaredIndex;
use ruvector_types::{
    CollectionConfig, CountRequest, FacetHit, FacetRequest, Invalid, Limits, PayloadSelector, PointId,
    PointRecord, Problem, QuantizationConfig, ScoredPoint, ScrollPage, ScrollRequest, SearchRequest,
    TextSearchRequest, VectorSelector, WriteOp,
};

use crate::commit::Committer;
use crate::maintenance::Signal;
use crate::optimize::Effort;
use crate::read::KeptFilters;
use crate::schema::Schema;
use crate::shard::Shard;
use crate::view::{CollectionView, Snapshot};
use crate::{CollectionInfo, Ctx, Error, ErrorKind, Wait, WriteOutcome};

/// What all parts of a collection share.
#[derive(Debug)]
pub(crate) struct Core {
    /// Itself, for queues that must not keep it alive.
    pub(crate) me: Weak<Core>,
    pub(crate) name: String,
    /// As it is now. Dimensions, distances and the thresholds of the active segment never change. How vector fields are kept,
    /// `schema` says.
    pub(crate) config: ArcSwap<CollectionConfig>,
    /// By the number of the vector field.
    pub(crate) quantization: ArcSwap<Vec<Option<QuantizationConfig>>>,
    /// The payload indexes declared, by path.
    pub(crate) indexes: ArcSwap<Vec<DeclaredIndex>>,
    /// Filters that came again.
    pub(crate) filters: KeptFilters,
    /// As writes and rewrites take it; reads take that of their view, which follows at once.
    pub(crate) schema: ArcSwap<Schema>,
    /// Held for reading by a write from its validation to its place in the order, so that the schema is one; for writing
    /// while the schema changes, when the catalog is held too. So never through work for the optimizer.
    pub(crate) writes_under_way: RwLock<()>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) io: Arc<dyn Io>,
    pub(crate) dir: String,
    pub(crate) shards: Vec<Shard>,
    pub(crate) view: ArcSwap<CollectionView>,
    pub(crate) committer: Committer,
    pub(crate) signal: Arc<Signal>,
    /// Resident memory for promoted components, shared with the other collections.
    pub(crate) promoted_budget: ResidentBudget,
    pub(crate) build_threads_max: u32,
    pub(crate) closed: AtomicBool,
    /// Why it could not be opened: everything but its description and deletion is then refused.
    pub(crate) broken: Option<String>,
}

/// A handle to a collection.
#[derive(Clone, Debug)]
pub struct Collection {
    pub(crate) core: Arc<Core>,
}

impl Collection {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// Its configuration, as it is now.
    pub fn config(&self) -> CollectionConfig {
        self.core.config.load().as_ref().clone()
    }

    /// The collection as it is now, to read from as often as wanted. Cost: one atomic load.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        self.core.admit()?;
        Ok(Snapshot {
            core: self.core.clone(),
            view: self.core.view.load_full(),
        })
    }

    /// Carries out one write, whole or not at all. With [`Wait::Durable`] it returns fsynced and visible; a
    /// failure after the log accepted it is reported, and the write may still be found after a reopen.
    pub fn write(&self, ctx: &Ctx, operation: WriteOp, wait: Wait) -> Result<WriteOutcome, Error> {
        self.core.admit()?;
        self.core.write(ctx, operation, wait)
    }

    /// Carries out writes one after the other, each whole or not at all; nothing is written if one of them is not
    /// well formed. One that the data refuses is the answer to all: those before it stand, those after it are not
    /// carried out.
    pub fn write_batch(
        &self,
        ctx: &Ctx,
        operations: Vec<WriteOp>,
        wait: Wait,
    ) -> Result<Vec<WriteOutcome>, Error> {
        self.core.admit()?;
        self.core.write_batch(ctx, operations, wait)
    }

    /// [`Snapshot::search`] on the collection as it is now.
    pub fn search(&self, ctx: &Ctx, request: &SearchRequest) -> Result<Vec<ScoredPoint>, Error> {
        self.snapshot()?.search(ctx, request)
    }

    /// [`Snapshot::search_batch`] on the collection as it is now.
    pub fn search_batch(
        &self,
        ctx: &Ctx,
        requests: &[SearchRequest],
    ) -> Result<Vec<Vec<ScoredPoint>>, Error> {
        self.snapshot()?.search_batch(ctx, requests)
    }

    /// [`Snapshot::search_text`] on the collection as it is now.
    pub fn search_text(&self, ctx: &Ctx, request: &TextSearchRequest) -> Result<Vec<ScoredPoint>, Error> {
        self.snapshot()?.search_text(ctx, request)
    }

    /// [`Snapshot::get`] on the collection as it is now.
    pub fn get(
        &self,
        ctx: &Ctx,
        ids: &[PointId],
        payload: &PayloadSelector,
        vectors: &VectorSelector,
    ) -> Result<Vec<PointRecord>, Error> {
        self.snapshot()?.get(ctx, ids, payload, vectors)
    }

    /// [`Snapshot::scroll`] on the collection as it is now.
    pub fn scroll(&self, ctx: &Ctx, request: &ScrollRequest) -> Result<ScrollPage, Error> {
        self.snapshot()?.scroll(ctx, request)
    }

    /// [`Snapshot::count`] on the collection as it is now.
    pub fn count(&self, ctx: &Ctx, request: &CountRequest) -> Result<u64, Error> {
        self.snapshot()?.count(ctx, request)
    }

    /// [`Snapshot::facet`] on the collection as it is now.
    pub fn facet(&self, ctx: &Ctx, request: &FacetRequest) -> Result<Vec<FacetHit>, Error> {
        self.snapshot()?.facet(ctx, request)
    }

    /// Figures and state. Cost: visits every segment, and lists the collection's files for their size.
    pub fn info(&self) -> CollectionInfo {
        self.core.info()
    }

    /// Returns once everything written so far is durable and visible; an error if some of it never will be.
    pub fn flush(&self) -> Result<(), Error> {
        self.core.admit()?;
        self.core.commit_all()?;
        self.core.check_committed()
    }

    /// One bounded piece of the optimizer's background work; false if there was none.
    pub fn step(&self) -> Result<bool, Error> {
        self.core.step(Effort::Background)
    }

    /// Seals and merges until one segment a shard is left, without deleted rows, its graphs complete, and promotes
    /// its components as far as the budget goes.
    /// Cost: proportional to what is not merged yet; writes and searches go on meanwhile.
    pub fn optimize(&self) -> Result<(), Error> {
        self.core.admit()?;
        self.core.freeze_all()?;
        while self.core.step(Effort::Full)? {}
        Ok(())
    }
}

impl Core {
    /// The shard of a point.
    pub(crate) fn shard_of(&self, id: &PointId) -> usize {
        // The high bits of the product spread evenly over any number of shards (Lemire 2016).
        ((u128::from(id.stable_hash()) * self.shards.len() as u128) >> 64) as usize
    }

    pub(crate) fn check_limit(&self, field: &str, given: usize) -> Result<(), Invalid> {
        at_most(field, given, self.limits.limit_max, "limit_max")
    }

    pub(crate) fn check_batch(&self, field: &str, given: usize) -> Result<(), Invalid> {
        at_most(field, given, self.limits.batch_points_max, "batch_points_max")
    }

    /// Checks the figures that say which part of the best results is wanted.
    pub(crate) fn check_results(
        &self,
        limit: usize,
        offset: usize,
        score_threshold: Option<f32>,
    ) -> Result<(), Invalid> {
        if limit == 0 {
            return Err(Invalid::new("limit", Problem::BelowLimit { given: 0, limit: 1 }));
        }
        self.check_limit("limit", limit)?;
        at_most("offset", offset, self.limits.offset_max, "offset_max")?;
        if score_threshold.is_some_and(|threshold| !threshold.is_finite()) {
            return Err(Invalid::new("score_threshold", Problem::NotFinite { index: 0 }));
        }
        Ok(())
    }

    pub(crate) fn admit(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "closed",
                "the collection is closed",
            ));
        }
        self.broken
            .as_ref()
            .map_or(Ok(()), |text| Err(Error::corrupt(text.clone())))
    }

    /// A read met damaged bytes: the optimizer looks at once whether it can mend them. What is damaged, the
    /// components remember themselves.
    pub(crate) fn note_damage(&self) {
        self.signal.upkeep_soon(self);
    }

    /// Refuses all further writes and lets running steps end; what was appended is committed first. Files begun go now: a
    /// reader may hold the collection until long after the folder is open again, under another handle.
    pub(crate) fn close(&self) -> Result<(), Error> {
        let outcome = self.commit_all().and_then(|()| self.check_committed());
        self.closed.store(true, Ordering::Release);
        for shard in &self.shards {
            let mut jobs = shard.jobs.lock();
            jobs.abandon();
            shard.sequencer.lock().closed = true;
        }
        outcome
    }
}

/// Refuses what is above a limit, naming field and limit.
pub(crate) fn at_most(
    field: &str,
    given: usize,
    limit: usize,
    limit_name: &'static str,
) -> Result<(), Invalid> {
    Problem::at_most(given, limit, limit_name).map_err(|problem| Invalid::new(field, problem))
}
