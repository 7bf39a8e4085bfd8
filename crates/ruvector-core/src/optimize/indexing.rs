//! Builds the payload indexes of sealed segments, a bounded number of rows a step, and takes away those that are no longer
//! declared. Never touches ids, payloads, vectors or graphs, and searches go on meanwhile.

use std::sync::Arc;

use ruvector_payload::PayloadRef;
use ruvector_payload::index::IndexBuilder;
use ruvector_storage::{
    Component, ComponentKind, ComponentName, DeclaredIndex, IndexEntry, PayloadRows, SealedSegment,
    SegmentEntry, file_name, write_component,
};

use super::Jobs;
use super::carry::Replacement;
use crate::Error;
use crate::collection::Core;
use crate::shard::Shard;
use crate::view::{SegmentView, ShardView, Source};

/// Rows read in one step.
const INDEX_ROWS: u32 = 16_384;

/// An index being built.
#[derive(Debug)]
pub(crate) struct IndexBuild {
    entry: IndexEntry,
    path: String,
    seq: u64,
    builder: IndexBuilder,
    next: u32,
}

impl IndexBuild {
    /// An index of `segment` in the file that `name` gives.
    pub(super) fn new(
        shard: &Shard,
        segment: u64,
        declared: &DeclaredIndex,
        name: ComponentName,
        seq: u64,
    ) -> IndexBuild {
        let number = declared.number;
        let file = file_name(segment, ComponentKind::FieldIndex, Some(number), name);
        IndexBuild {
            entry: IndexEntry { number, name },
            path: format!("{}/{file}", shard.dir),
            seq,
            builder: IndexBuilder::new(&declared.index.kind, declared.path.steps()),
            next: 0,
        }
    }

    /// Reads some rows; true when there are no more.
    pub(super) fn step(&mut self, rows: &PayloadRows) -> Result<bool, Error> {
        let end = self.next.saturating_add(INDEX_ROWS).min(rows.len());
        for row in self.next..end {
            let damaged =
                || Error::corrupt(format!("the payload of row {row} is damaged and is not indexed"));
            let payload = PayloadRef::new(rows.payload(row).ok_or_else(damaged)?);
            let pushed = payload.and_then(|payload| self.builder.push(row, payload));
            pushed.map_err(|error| damaged().because(error))?;
        }
        self.next = end;
        Ok(end == rows.len())
    }

    /// Writes the component, durable on return.
    pub(super) fn finish(self, core: &Core) -> Result<IndexEntry, Error> {
        let bytes = self.builder.finish(self.next);
        let kind = ComponentKind::FieldIndex;
        write_component(core.io.as_ref(), &self.path, kind, self.seq, &bytes)
            .map_err(|error| Error::storage("writing a payload index", error))?;
        Ok(self.entry)
    }
}

/// The change of one index of one segment.
#[derive(Debug)]
pub(crate) struct Reindex {
    segment: u64,
    source: Arc<SealedSegment>,
    number: u32,
    /// What is to be there; `None` takes away what is.
    build: Option<IndexBuild>,
}

/// Payloads just written.
pub(super) fn open_payloads(core: &Core, path: &str) -> Result<PayloadRows, Error> {
    let component = Component::open(core.io.as_ref(), path, ComponentKind::Payload)
        .map_err(|error| Error::storage("opening payloads just written", error))?;
    PayloadRows::open(component).map_err(|error| Error::storage("reading payloads just written", error))
}

impl Core {
    /// The declared indexes of payloads just written at `path`, all of them at once.
    pub(super) fn index_payloads(
        &self,
        shard: &Shard,
        path: &str,
        (segment, name): (u64, ComponentName),
        seq: u64,
    ) -> Result<Vec<IndexEntry>, Error> {
        let declared = self.indexes.load();
        if declared.is_empty() {
            return Ok(Vec::new());
        }
        let rows = open_payloads(self, path)?;
        let build = |declared| {
            let mut build = IndexBuild::new(shard, segment, declared, name, seq);
            while !build.step(&rows)? {}
            build.finish(self)
        };
        declared.iter().map(build).collect()
    }

    /// An index that a segment should have and has not, or has and should not have: its number.
    pub(super) fn index_to_change(&self, sealed: &SealedSegment) -> Option<u32> {
        let declared = self.indexes.load();
        let sound = |number: u32| {
            let found = sealed.index(number);
            found.is_some_and(|index| index.component().damage().is_none())
        };
        let missing = declared
            .iter()
            .map(|index| index.number)
            .find(|number| !sound(*number));
        missing.or_else(|| {
            let named = |number: &u32| declared.iter().all(|index| index.number != *number);
            sealed.entry.indexes.iter().map(|index| index.number).find(named)
        })
    }

    /// One piece of the indexes of segment `id`.
    pub(super) fn advance_reindex(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        view: &ShardView,
        id: u64,
    ) -> Result<(), Error> {
        let Some(sealed) = view.sealed(id) else {
            return Ok(());
        };
        let same = |job: &Reindex| {
            let wanted = self.index_to_change(sealed) == Some(job.number);
            wanted && job.segment == id && Arc::ptr_eq(&job.source, sealed)
        };
        let running = jobs.reindex.take().filter(same);
        let Some(mut job) = running.or_else(|| self.start_reindex(shard, jobs, id, sealed)) else {
            return Ok(());
        };
        let read = match &mut job.build {
            None => true,
            Some(build) => build.step(&sealed.payload).inspect_err(|_| self.note_damage())?,
        };
        match read {
            true => self.finish_reindex(shard, jobs, job),
            false => {
                jobs.reindex = Some(job);
                Ok(())
            }
        }
    }

    fn start_reindex(
        &self,
        shard: &Shard,
        jobs: &Jobs,
        id: u64,
        sealed: &Arc<SealedSegment>,
    ) -> Option<Reindex> {
        let number = self.index_to_change(sealed)?;
        let declared = self.indexes.load();
        let build = declared
            .iter()
            .find(|index| index.number == number)
            .map(|declared| {
                let before = sealed.entry.indexes.iter().find(|index| index.number == number);
                let name = jobs.next_name(before.map(|index| index.name));
                let seq = shard.counter(&shard.committed_seq);
                IndexBuild::new(shard, id, declared, name, seq)
            });
        Some(Reindex {
            segment: id,
            source: sealed.clone(),
            number,
            build,
        })
    }

    /// Puts the index in place: the manifest first, then the states in memory.
    fn finish_reindex(&self, shard: &Shard, jobs: &mut Jobs, job: Reindex) -> Result<(), Error> {
        let Reindex {
            segment,
            source,
            number,
            build,
        } = job;
        let written = build.map(|build| build.finish(self)).transpose()?;
        let mut entry = source.entry.clone();
        entry.indexes.retain(|index| index.number != number);
        entry.indexes.extend(written);
        self.replace_components(shard, jobs, (segment, source), &entry)
    }

    /// Puts a segment with other components in the place of what it was; ids, rows and vectors are the same, and deletes
    /// and payload updates stay laid over it as they were.
    pub(super) fn replace_components(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        (segment, source): (u64, Arc<SealedSegment>),
        entry: &SegmentEntry,
    ) -> Result<(), Error> {
        let opened = source
            .reopen(self.io.as_ref(), &shard.dir, entry, self.schema.load().dims())
            .map_err(|error| Error::storage("opening components just written", error))?;
        let rows = entry.rows;
        let replacement = Replacement {
            sources: vec![SegmentView {
                id: segment,
                source: Source::Sealed(source),
                rows,
                deletes: Default::default(),
                delta: Default::default(),
            }],
            new_rows: vec![(0..rows).collect()],
            sealed: Some((segment, Arc::new(opened))),
            rows,
        };
        self.replace(shard, jobs, &replacement, 0)
    }
}
