//! What a collection says about itself. Figures are read, never kept twice.

use crate::collection::Core;
use crate::fields::{RaggedKind, RaggedSchema};
use crate::shard::Shard;
use crate::view::{SegmentView, ShardView, Source};

/// The state of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing to do.
    Green,
    /// The optimizer has work: to seal, to merge, to insert into graphs, or to promote into memory; or will have when
    /// writes cease, because what is in memory is then sealed.
    Yellow,
    /// Damaged data was found, or a shard refuses writes.
    Red,
}

/// A collection's figures.
#[derive(Clone, Debug)]
pub struct CollectionInfo {
    /// Its state.
    pub status: Status,
    /// Visible points.
    pub points: u64,
    /// Visible vectors, all fields together.
    pub vectors: u64,
    /// Visible vectors that a graph or an inverted index finds; the others are scanned.
    pub indexed_vectors: u64,
    /// Segments, active ones included.
    pub segments: u64,
    /// Bytes on the heap and in promoted copies; mapped files are not counted.
    pub ram_bytes: u64,
    /// Of these, copies of components in resident memory.
    pub promoted_bytes: u64,
    /// Of these, filters that came again, with their answers.
    pub filter_cache_bytes: u64,
    /// Bytes allocated on disk.
    pub disk_bytes: u64,
    /// Each shard.
    pub shards: Vec<ShardInfo>,
    /// Damage found so far, one sentence each.
    pub damages: Vec<String>,
    /// Nodes inserted into graphs since the database was opened.
    pub graph_insertions: u64,
}

/// A shard's figures. `appended_seq ≥ durable_seq ≥ committed_seq ≥ visible_seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardInfo {
    /// Its number.
    pub shard: u32,
    /// Last operation in the log.
    pub appended_seq: u64,
    /// Last operation fsynced.
    pub durable_seq: u64,
    /// Last operation that no failure can undo.
    pub committed_seq: u64,
    /// Last operation that queries see.
    pub visible_seq: u64,
    /// Rows of segments in memory.
    pub active_rows: u64,
    /// Sealed segments.
    pub sealed_segments: u64,
    /// Bytes of log to replay on open.
    pub log_bytes: u64,
    /// Rows that are deleted but still take space.
    pub deleted_rows: u64,
    /// Whether it refuses writes until reopened.
    pub poisoned: bool,
}

impl Core {
    pub(crate) fn info(&self) -> CollectionInfo {
        let view = self.view.load_full();
        let segments = || view.shards.iter().flat_map(|shard| &shard.segments);
        let mut damages: Vec<String> = self.broken.iter().cloned().collect();
        let mut busy = false;
        let mut shards = Vec::with_capacity(self.shards.len());
        for (shard, state) in self.shards.iter().zip(&view.shards) {
            shards.push(shard_info(shard, state));
            busy |= self.has_work(shard, state);
            damages.extend(shard.quarantined.iter().map(|(_, text)| text.clone()));
            let failure = shard.failure.lock();
            damages.extend(failure.iter().map(|text| format!("the optimizer failed: {text}")));
        }
        for segment in segments() {
            if let Source::Sealed(sealed) = &segment.source {
                damages.extend(sealed.damages().iter().map(ToString::to_string));
            }
        }
        busy |= segments().any(|segment| self.graphs_lag(segment));
        let mut counts = (0, 0);
        for segment in segments() {
            let dense = view.schema.dense_fields();
            counts = dense
                .map(|field| live_vectors(segment, field.number))
                .fold(counts, sum);
            let ragged = view.schema.ragged_fields();
            counts = ragged.map(|field| live_ragged(segment, field)).fold(counts, sum);
        }
        let (vectors, indexed_vectors) = counts;
        if busy {
            // Work can appear without a write: a reader lets go of a view, and its memory is free for others.
            self.signal.upkeep_soon(self);
        }
        let promoted_bytes = segments().map(SegmentView::promoted_bytes).sum();
        let filter_cache_bytes = self.filters.bytes();
        let poisoned = shards.iter().any(|shard| shard.poisoned);
        CollectionInfo {
            status: match (damages.is_empty() && !poisoned, busy) {
                (false, _) => Status::Red,
                (true, true) => Status::Yellow,
                (true, false) => Status::Green,
            },
            points: view.shards.iter().map(|shard| shard.live_rows()).sum(),
            vectors,
            indexed_vectors,
            segments: segments().count() as u64,
            ram_bytes: segments().map(SegmentView::heap_bytes).sum::<u64>()
                + promoted_bytes
                + filter_cache_bytes,
            promoted_bytes,
            filter_cache_bytes,
            disk_bytes: self.io.disk_bytes(&self.dir).unwrap_or(0),
            damages,
            graph_insertions: self
                .shards
                .iter()
                .map(|shard| shard.counter(&shard.graph_insertions))
                .sum(),
            shards,
        }
    }
}

/// Live vectors of a field in a segment: all, and those that a graph finds.
fn live_vectors(segment: &SegmentView, field: usize) -> (u64, u64) {
    let (all, indexed) = segment.vector_counts(field);
    let gone = segment
        .deletes
        .iter()
        .filter_map(|row| segment.ordinal(row, field));
    let (gone, gone_indexed) = gone.fold((0, 0), |counts, ordinal| {
        sum(counts, (1, u64::from(ordinal < indexed)))
    });
    (u64::from(all) - gone, u64::from(indexed) - gone_indexed)
}

/// Live sparse vectors or multi-vectors of a field in a segment: all, and those that an index finds.
fn live_ragged(segment: &SegmentView, field: &RaggedSchema) -> (u64, u64) {
    let all = segment.live_ragged(field.number);
    let indexed = match &segment.source {
        Source::Active(_) => matches!(field.kind, RaggedKind::Sparse(_)),
        Source::Sealed(sealed) => {
            let slot = sealed.ragged.get(field.number).and_then(Option::as_ref);
            slot.is_some_and(|slot| slot.index.is_some())
        }
    };
    (all, if indexed { all } else { 0 })
}

fn sum(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0 + b.0, a.1 + b.1)
}

fn shard_info(shard: &Shard, state: &ShardView) -> ShardInfo {
    let sequencer = shard.sequencer.lock();
    let sealed = |segment: &&SegmentView| matches!(segment.source, Source::Sealed(_));
    // Read in the order in which they grow last, so that a commit meanwhile cannot make them look out of order.
    let visible_seq = shard.counter(&shard.visible_seq);
    let committed_seq = shard.counter(&shard.committed_seq);
    let durable_seq = shard.counter(&shard.durable_seq);
    ShardInfo {
        shard: shard.index,
        appended_seq: shard.counter(&shard.appended_seq),
        durable_seq,
        committed_seq,
        visible_seq,
        active_rows: state
            .segments
            .iter()
            .filter(|s| !sealed(s))
            .map(|s| u64::from(s.rows))
            .sum(),
        sealed_segments: state.segments.iter().filter(sealed).count() as u64,
        log_bytes: sequencer.log.bytes(),
        deleted_rows: state.segments.iter().map(|segment| segment.deletes.count()).sum(),
        poisoned: sequencer.poisoned,
    }
}
