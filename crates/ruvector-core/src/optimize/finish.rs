//! Ends a rewrite: the manifest first, then the states in memory, then the old files. A failure here leaves the
//! disk in doubt and poisons the shard; whichever manifest the next open finds is whole.

use std::collections::HashSet;
use std::sync::Arc;

use ruvector_storage::{
    ComponentKind, ComponentName, Manifest, PayloadRowsWriter, SealedSegment, SegmentEntry, file_name,
    write_component,
};

use super::Jobs;
use super::carry::Replacement;
use super::rewrite::Rewrite;
use crate::Error;
use crate::collection::Core;
use crate::shard::Shard;
use crate::view::{SegmentView, ShardView, Source};

impl Core {
    pub(crate) fn finish(&self, shard: &Shard, jobs: &mut Jobs, rewrite: Rewrite) -> Result<(), Error> {
        let Rewrite {
            sources,
            new_rows,
            rows,
            seals,
            sealed,
            ..
        } = rewrite;
        let replacement = Replacement {
            sources,
            new_rows,
            sealed,
            rows,
        };
        self.replace(shard, jobs, &replacement, seals)?;
        let sources = replacement.sources.into_iter();
        jobs.retired.extend(sources.map(|segment| segment.source));
        Ok(())
    }

    /// Writes the payload component of a segment again, with the updates laid over it. Vectors and graphs stay.
    pub(crate) fn rewrite_payload(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        view: &ShardView,
        id: u64,
    ) -> Result<(), Error> {
        let Some(source) = view.segments.iter().find(|segment| segment.id == id) else {
            return Ok(());
        };
        let Source::Sealed(sealed) = &source.source else {
            return Ok(());
        };
        let mut entry = sealed.entry.clone();
        let before = entry.indexes.iter().map(|index| index.name).max();
        let name = jobs.next_name(before.max(Some(entry.payload)));
        entry.payload = name;
        let failed = |error| Error::storage("writing a segment's payloads again", error);
        let path = format!(
            "{}/{}",
            shard.dir,
            file_name(id, ComponentKind::Payload, None, name)
        );
        let mut writer = PayloadRowsWriter::create(self.io.as_ref(), &path, view.seq).map_err(failed)?;
        for row in 0..source.rows {
            let (payload, version) = source.payload(row).ok_or_else(|| {
                self.note_damage();
                Error::corrupt(format!(
                    "segment {id} holds damaged payloads and is not written again"
                ))
            })?;
            writer.push(version, payload).map_err(failed)?;
        }
        writer.finish().map_err(failed)?;
        entry.indexes = self.index_payloads(shard, &path, (id, name), view.seq)?;
        let opened = sealed
            .reopen(self.io.as_ref(), &shard.dir, &entry, self.schema.load().dims())
            .map_err(|error| Error::storage("opening payloads just written", error))?;
        let replacement = Replacement {
            sources: vec![source.clone()],
            new_rows: vec![(0..source.rows).collect()],
            sealed: Some((id, Arc::new(opened))),
            rows: source.rows,
        };
        self.replace(shard, jobs, &replacement, 0)
    }

    pub(super) fn replace(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        replacement: &Replacement,
        seals: usize,
    ) -> Result<(), Error> {
        let base = match seals {
            0 => Arc::new(jobs.persisted.clone()),
            count => {
                let frozen = shard.sequencer.lock().pending.get(count - 1).cloned();
                frozen.unwrap_or_else(|| Arc::new(jobs.persisted.clone()))
            }
        };
        let persisted = replacement.carry(&base);
        let manifest = self.write_state(shard, jobs, &persisted)?;
        if let Err(error) = manifest.store(self.io.as_ref(), &shard.dir) {
            shard.poison();
            return Err(Error::storage(
                "storing a manifest; the shard refuses writes until reopened",
                error,
            ));
        }
        let before = std::mem::replace(&mut jobs.manifest, manifest);
        jobs.persisted = persisted;
        self.swap(shard, replacement, seals)?;
        self.commit_all()?;
        self.remove_unnamed(shard, &before, &jobs.manifest)
    }

    /// Removes the files that the last manifest named and the new one does not. Files of a rewrite in progress,
    /// which no manifest names yet, stay.
    fn remove_unnamed(&self, shard: &Shard, before: &Manifest, after: &Manifest) -> Result<(), Error> {
        let named: HashSet<String> = after.segments.iter().flat_map(SegmentEntry::file_names).collect();
        for name in before.segments.iter().flat_map(SegmentEntry::file_names) {
            if !named.contains(&name) {
                let path = format!("{}/{name}", shard.dir);
                self.io
                    .remove(&path)
                    .map_err(|error| Error::io("removing files no longer used", error))?;
            }
        }
        Ok(())
    }

    /// Puts the new segment into the draft and the frozen states, and lets go of the log that was sealed.
    fn swap(&self, shard: &Shard, replacement: &Replacement, seals: usize) -> Result<(), Error> {
        let mut sequencer = shard.sequencer.lock();
        let sealed_seq = sequencer.pending.drain(..seals).next_back().map(|view| view.seq);
        sequencer.draft = replacement.carry(&sequencer.draft);
        for frozen in &mut sequencer.pending {
            *frozen = Arc::new(replacement.carry(frozen));
        }
        sequencer.dirty = true;
        shard.backlog.store(
            sequencer.pending.len() as u64,
            std::sync::atomic::Ordering::Release,
        );
        if let Some(seq) = sealed_seq {
            let before = sequencer.log.bytes();
            sequencer
                .log
                .drop_through(seq)
                .map_err(|error| Error::io("removing sealed log files", error))?;
            sequencer.frozen_log_bytes = sequencer
                .frozen_log_bytes
                .saturating_sub(before - sequencer.log.bytes());
        }
        Ok(())
    }

    /// Writes what `state` has and the last manifest has not: deletes and payload updates. Returns the manifest
    /// that describes it; storing it makes the names of all these files durable first.
    fn write_state(&self, shard: &Shard, jobs: &Jobs, state: &ShardView) -> Result<Manifest, Error> {
        let generation = jobs.manifest.generation + 1;
        let mut entries = Vec::with_capacity(state.segments.len());
        for segment in &state.segments {
            if let Source::Sealed(sealed) = &segment.source {
                let written = Written::of(jobs, segment, sealed);
                entries.push(self.write_overlay(shard, segment, written, generation, state.seq)?);
            }
        }
        entries.extend(shard.quarantined.iter().map(|(entry, _)| entry.clone()));
        Ok(Manifest {
            generation,
            shard: shard.index,
            epoch: jobs.manifest.epoch,
            applied_seq: state.seq,
            next_segment: shard.sequencer.lock().next_segment,
            segments: entries,
        })
    }

    fn write_overlay(
        &self,
        shard: &Shard,
        segment: &SegmentView,
        written: Written<'_>,
        generation: u64,
        seq: u64,
    ) -> Result<SegmentEntry, Error> {
        let mut entry = written.entry;
        let name = ComponentName { generation };
        let write = |kind, body: Vec<u8>| {
            let path = format!("{}/{}", shard.dir, file_name(segment.id, kind, None, name));
            write_component(self.io.as_ref(), &path, kind, seq, &body)
                .map_err(|error| Error::storage("writing deletes or payload updates", error))
        };
        if written
            .before
            .is_none_or(|before| before.deletes != segment.deletes)
        {
            entry.deletes = (!segment.deletes.is_empty()).then_some(name);
            if entry.deletes.is_some() {
                write(ComponentKind::Deletes, segment.deletes.encode())?;
            }
        }
        if written.before.is_none_or(|before| before.delta != segment.delta) {
            entry.delta = (!segment.delta.is_empty()).then_some(name);
            if entry.delta.is_some() {
                write(ComponentKind::PayloadDelta, segment.delta.encode())?;
            }
        }
        Ok(entry)
    }
}

/// What the last manifest says of a segment.
struct Written<'a> {
    entry: SegmentEntry,
    before: Option<&'a SegmentView>,
}

impl Written<'_> {
    fn of<'a>(jobs: &'a Jobs, segment: &SegmentView, sealed: &SealedSegment) -> Written<'a> {
        let entry = jobs.manifest.segments.iter().find(|entry| entry.id == segment.id);
        let before = jobs
            .persisted
            .segments
            .iter()
            .find(|before| before.id == segment.id);
        let mut fresh = sealed.entry.clone();
        fresh.deletes = entry.and_then(|entry| entry.deletes);
        fresh.delta = entry.and_then(|entry| entry.delta);
        Written {
            entry: fresh,
            before: entry.and(before),
        }
    }
}
