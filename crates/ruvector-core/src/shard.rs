//! A shard: the sequencer that orders its operations, its log, and the state of its optimizer.
//! Everything that can be refused is refused before the log; after it nothing fails but the machine.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use ruvector_storage::{Log, SegmentEntry};
use ruvector_types::OptimizerConfig;

use crate::active::ActiveSegment;
use crate::optimize::Jobs;
use crate::schema::Schema;
use crate::view::{SegmentView, ShardView, Source};
use crate::{Error, ErrorKind};

/// The sequencer's state: the log and the draft, which runs ahead of the published view.
#[derive(Debug)]
pub(crate) struct Sequencer {
    pub(crate) log: Log,
    pub(crate) draft: ShardView,
    /// Whether the draft's last segment takes rows.
    pub(crate) open: bool,
    /// States at which the active segment was frozen, oldest first, to be sealed in this order.
    pub(crate) pending: VecDeque<Arc<ShardView>>,
    pub(crate) next_segment: u64,
    /// Last operation of the newest frozen or sealed state.
    pub(crate) frozen_seq: u64,
    /// Bytes of log when the active segment was last frozen.
    pub(crate) frozen_log_bytes: u64,
    /// Whether a record since the last commit belongs to a batch over several shards.
    pub(crate) siblings_in_flight: bool,
    /// Whether the draft differs from the last cut of a commit.
    pub(crate) dirty: bool,
    pub(crate) poisoned: bool,
    pub(crate) closed: bool,
}

/// A shard of a collection.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) index: u32,
    pub(crate) dir: String,
    pub(crate) sequencer: Mutex<Sequencer>,
    pub(crate) jobs: Mutex<Jobs>,
    /// `appended_seq ≥ durable_seq ≥ committed_seq ≥ visible_seq`, for reports; the sequencer and the committer
    /// write them.
    pub(crate) appended_seq: AtomicU64,
    pub(crate) durable_seq: AtomicU64,
    pub(crate) committed_seq: AtomicU64,
    pub(crate) visible_seq: AtomicU64,
    pub(crate) graph_insertions: AtomicU64,
    /// When the last operation was appended, in nanoseconds of the monotonic clock.
    pub(crate) written_ns: AtomicU64,
    /// Frozen segments waiting to be sealed, for back-pressure without taking the sequencer.
    pub(crate) backlog: AtomicU64,
    /// Segments that could not be opened: kept on disk, never served.
    pub(crate) quarantined: Vec<(SegmentEntry, String)>,
    /// Why the optimizer's last step failed.
    pub(crate) failure: Mutex<Option<String>>,
}

impl Shard {
    /// A shard whose draft is durable and visible.
    pub(crate) fn new(
        index: u32,
        dir: String,
        sequencer: Sequencer,
        jobs: Jobs,
        quarantined: Vec<(SegmentEntry, String)>,
    ) -> Shard {
        let seq = || AtomicU64::new(sequencer.draft.seq);
        Shard {
            index,
            dir,
            appended_seq: seq(),
            durable_seq: seq(),
            committed_seq: seq(),
            visible_seq: seq(),
            graph_insertions: AtomicU64::new(0),
            written_ns: AtomicU64::new(0),
            backlog: AtomicU64::new(sequencer.pending.len() as u64),
            quarantined,
            failure: Mutex::new(None),
            jobs: Mutex::new(jobs),
            sequencer: Mutex::new(sequencer),
        }
    }

    pub(crate) fn counter(&self, counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Acquire)
    }
}

impl Sequencer {
    /// Refuses writes to a poisoned or closed shard.
    pub(crate) fn admit(&self, index: u32) -> Result<(), Error> {
        if self.closed {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "closed",
                "the collection is closed",
            ));
        }
        if self.poisoned {
            let text =
                format!("shard {index} refuses writes after an I/O error until the database is reopened");
            return Err(Error::new(ErrorKind::Unavailable, "shard_poisoned", text));
        }
        Ok(())
    }

    /// Makes sure that the open segment has room for `rows` rows.
    pub(crate) fn make_room(&mut self, rows: usize, schema: &Schema) {
        let fits = self.open
            && self.draft.segments.last().is_some_and(|last| match &last.source {
                Source::Active(active) => active.free_rows() as usize >= rows,
                Source::Sealed(_) => false,
            });
        if fits {
            return;
        }
        self.freeze();
        let capacity = schema.optimizer.active_rows_max as usize + schema.batch_points_max.max(rows);
        let active = ActiveSegment::new(schema, u32::try_from(capacity).unwrap_or(u32::MAX));
        self.draft.segments.push(SegmentView {
            id: self.next_segment,
            source: Source::Active(Arc::new(active)),
            rows: 0,
            deletes: Default::default(),
            delta: Default::default(),
        });
        self.next_segment += 1;
        self.open = true;
    }

    /// Freezes the open segment if it is full or if the log to replay has grown too long.
    pub(crate) fn freeze_if_full(&mut self, optimizer: &OptimizerConfig) {
        let full = self.open
            && self.draft.segments.last().is_some_and(|last| match &last.source {
                Source::Active(active) => {
                    active.bytes() >= optimizer.active_bytes_max || last.rows >= optimizer.active_rows_max
                }
                Source::Sealed(_) => false,
            });
        if full || self.log.bytes().saturating_sub(self.frozen_log_bytes) >= optimizer.log_bytes_max {
            self.freeze();
        }
    }

    /// Freezes the open segment and notes the state, so that it can be sealed as of this operation. Does nothing
    /// if nothing was applied since the last time.
    pub(crate) fn freeze(&mut self) {
        self.open = false;
        self.frozen_log_bytes = self.log.bytes();
        if self.draft.seq > self.frozen_seq {
            self.frozen_seq = self.draft.seq;
            self.log.rotate();
            self.pending.push_back(Arc::new(self.draft.clone()));
        }
    }
}
