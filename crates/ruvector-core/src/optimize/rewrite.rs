//! Writes the live rows of some segments as one sealed segment, a bounded piece a step. The sources are a
//! snapshot: what changes meanwhile is laid over at the end. Never touches the manifest or a sequencer's draft.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ruvector_storage::{
    Component, ComponentKind, ComponentName, FieldEntry, PayloadRows, PayloadRowsWriter, RaggedEntry,
    RaggedWriter, SealedSegment, SegmentEntry, VectorBlock, VectorsWriter, encode_ids, file_name,
    write_component,
};

use super::Effort;
use super::fast::FastBuild;
use super::graphs::GraphBuild;
use super::indexing::{IndexBuild, open_payloads};
use super::lists::ListsBuild;
use super::warm::Warming;
use crate::Error;
use crate::active::NONE;
use crate::collection::Core;
use crate::fields::{Field, RaggedKind, RaggedSchema};
use crate::kernels::Compared;
use crate::schema::{FieldSchema, Schema};
use crate::shard::Shard;
use crate::view::{SegmentView, ShardView, Source};

/// A rewrite in progress.
#[derive(Debug)]
pub(crate) struct Rewrite {
    /// The segments read, the one with the most linked vectors first: its graphs are carried over.
    pub(crate) sources: Vec<SegmentView>,
    pub(crate) new_rows: Vec<Vec<u32>>,
    pub(crate) rows: u32,
    /// Frozen states that this seals; 0 for a merge.
    pub(crate) seals: usize,
    pub(crate) entry: SegmentEntry,
    /// What was written, once it is open; `None` as well if no row was left.
    pub(crate) sealed: Option<(u64, Arc<SealedSegment>)>,
    /// Loaded after the sources: it has every field that their rows have, but those removed.
    schema: Arc<Schema>,
    seq: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Ids,
    Payload,
    Index(Vec<IndexBuild>, PayloadRows),
    Vectors(Arc<FieldSchema>),
    Graph(Arc<FieldSchema>, GraphBuild, Arc<VectorBlock>),
    Fast(Arc<FieldSchema>, Box<FastBuild>, Arc<VectorBlock>),
    Ragged(Arc<RaggedSchema>),
    Lists(Arc<RaggedSchema>, Box<ListsBuild>),
    /// Everything is written and synced.
    Written,
    Warm(Warming),
    Done,
}

impl Rewrite {
    /// Seals the segments that these committed states froze, as of the last of them; `merge_all` takes the sound
    /// sealed segments along.
    pub(crate) fn seal(
        core: &Core,
        shard: &Shard,
        frozen: Vec<Arc<ShardView>>,
        merge_all: bool,
    ) -> Result<Rewrite, Error> {
        let Some(last) = frozen.last() else {
            return Err(Error::new(
                crate::ErrorKind::Internal,
                "nothing_frozen",
                "no committed state to seal",
            ));
        };
        let taken = |segment: &&SegmentView| match &segment.source {
            Source::Active(_) => true,
            Source::Sealed(sealed) => merge_all && !sealed.rows_damaged(),
        };
        let sources = last.segments.iter().filter(taken).cloned().collect();
        Ok(Rewrite::new(core, shard, sources, last.seq, frozen.len()))
    }

    /// Merges sealed segments of a published view.
    pub(crate) fn merge(core: &Core, shard: &Shard, view: &ShardView, ids: &[u64]) -> Result<Rewrite, Error> {
        let sources = view
            .segments
            .iter()
            .filter(|segment| ids.contains(&segment.id))
            .cloned()
            .collect();
        Ok(Rewrite::new(core, shard, sources, view.seq, 0))
    }

    fn new(core: &Core, shard: &Shard, mut sources: Vec<SegmentView>, seq: u64, seals: usize) -> Rewrite {
        let schema = core.schema.load_full();
        let linked = |segment: &SegmentView| -> u64 {
            let fields = schema.dense_fields();
            fields
                .map(|field| u64::from(segment.vector_counts(field.number).1))
                .sum()
        };
        sources.sort_by_key(|segment| std::cmp::Reverse((linked(segment), segment.live_rows())));
        let mut rows = 0;
        let number = |segment: &SegmentView| {
            let renumber = |row| {
                let live = segment.is_live(row);
                rows += u32::from(live);
                if live { rows - 1 } else { NONE }
            };
            (0..segment.rows).map(renumber).collect()
        };
        let new_rows = sources.iter().map(number).collect();
        let id = {
            let mut sequencer = shard.sequencer.lock();
            sequencer.next_segment += 1;
            sequencer.next_segment - 1
        };
        let name = ComponentName { generation: seq };
        let entry = SegmentEntry {
            id,
            rows,
            ids: name,
            payload: name,
            fields: Vec::new(),
            ragged: Vec::new(),
            indexes: Vec::new(),
            deletes: None,
            delta: None,
        };
        let stage = if rows == 0 { Stage::Done } else { Stage::Ids };
        Rewrite {
            sources,
            new_rows,
            rows,
            seals,
            entry,
            sealed: None,
            schema,
            seq,
            stage,
        }
    }

    /// One piece: a component, or some nodes of a graph. True once everything is written, synced and in memory.
    pub(crate) fn step(&mut self, core: &Core, shard: &Shard, effort: Effort) -> Result<bool, Error> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Ids => self.write_ids(core, shard)?,
            Stage::Payload => self.write_payload(core, shard)?,
            Stage::Index(builds, rows) => self.build_index(core, builds, rows)?,
            Stage::Vectors(field) => self.write_vectors(core, shard, field)?,
            Stage::Graph(field, build, block) => {
                let threads = match core.hnsw(&field).threads_max {
                    0 => core.build_threads(effort),
                    most => core.build_threads(effort).min(most),
                };
                self.build_graph(core, shard, (field, threads), build, block)?
            }
            Stage::Fast(field, build, block) => self.build_fast(field, build, block)?,
            Stage::Ragged(field) => self.write_ragged(core, shard, field)?,
            Stage::Lists(field, build) => self.build_lists(field, build)?,
            Stage::Written => Stage::Written,
            Stage::Warm(warming) => warming.step(core).map_or(Stage::Done, Stage::Warm),
            Stage::Done => return Ok(true),
        };
        if matches!(self.stage, Stage::Written) {
            self.stage = self.open(core, shard)?;
        }
        Ok(matches!(self.stage, Stage::Done))
    }

    /// The kept rows in their new order, with the segment each comes from.
    fn kept(&self) -> impl Iterator<Item = (&SegmentView, u32)> {
        let sources = self.sources.iter().zip(&self.new_rows);
        sources.flat_map(|(segment, rows)| {
            (0..segment.rows)
                .filter(|row| rows[*row as usize] != NONE)
                .map(move |row| (segment, row))
        })
    }

    fn path(&self, shard: &Shard, kind: ComponentKind, field: Option<u32>) -> String {
        format!(
            "{}/{}",
            shard.dir,
            file_name(self.entry.id, kind, field, ComponentName { generation: self.seq })
        )
    }

    fn write_ids(&self, core: &Core, shard: &Shard) -> Result<Stage, Error> {
        let ids: Vec<_> = self.kept().filter_map(|(segment, row)| segment.id(row)).collect();
        let path = self.path(shard, ComponentKind::Ids, None);
        write_component(
            core.io.as_ref(),
            &path,
            ComponentKind::Ids,
            self.seq,
            &encode_ids(&ids),
        )
        .map_err(|error| Error::storage("writing a segment's ids", error))?;
        Ok(Stage::Payload)
    }

    fn write_payload(&mut self, core: &Core, shard: &Shard) -> Result<Stage, Error> {
        let failed = |error| Error::storage("writing a segment's payloads", error);
        let path = self.path(shard, ComponentKind::Payload, None);
        let mut writer = PayloadRowsWriter::create(core.io.as_ref(), &path, self.seq).map_err(failed)?;
        for (segment, row) in self.kept() {
            let (payload, version) = segment
                .payload(row)
                .ok_or_else(|| unreadable(core, shard, segment))?;
            writer.push(version, payload).map_err(failed)?;
        }
        writer.finish().map_err(failed)?;
        let declared = core.indexes.load();
        if declared.is_empty() {
            return Ok(self.next_field(0));
        }
        let name = ComponentName { generation: self.seq };
        let build = |index| IndexBuild::new(shard, self.entry.id, index, name, self.seq);
        let builds = declared.iter().rev().map(build).collect();
        Ok(Stage::Index(builds, open_payloads(core, &path)?))
    }

    /// Some rows of the last of `builds`.
    fn build_index(
        &mut self,
        core: &Core,
        mut builds: Vec<IndexBuild>,
        rows: PayloadRows,
    ) -> Result<Stage, Error> {
        let Some(mut build) = builds.pop() else {
            return Ok(self.next_field(0));
        };
        match build.step(&rows)? {
            true => self.entry.indexes.push(build.finish(core)?),
            false => builds.push(build),
        }
        Ok(Stage::Index(builds, rows))
    }

    /// The next field, numbered `from` or higher, that some kept row has.
    fn next_field(&self, from: usize) -> Stage {
        let mut fields = self.schema.dense_fields().filter(|field| field.number >= from);
        let found = fields.find(|field| self.has(Field::Dense(field.number)));
        found.map_or_else(|| self.next_ragged(0), |field| Stage::Vectors(field.clone()))
    }

    /// The next field of sparse vectors or multi-vectors, likewise.
    fn next_ragged(&self, from: usize) -> Stage {
        let mut fields = self.schema.ragged_fields().filter(|field| field.number >= from);
        let found = fields.find(|field| self.has(Field::Ragged(field.number)));
        found.map_or(Stage::Written, |field| Stage::Ragged(field.clone()))
    }

    fn has(&self, field: Field) -> bool {
        self.kept()
            .any(|(segment, row)| segment.ordinal_in(row, field).is_some())
    }

    fn write_ragged(
        &mut self,
        core: &Core,
        shard: &Shard,
        schema: Arc<RaggedSchema>,
    ) -> Result<Stage, Error> {
        let failed = |error| Error::storage("writing a segment's vectors", error);
        let field = schema.number;
        let path = self.path(shard, ComponentKind::Ragged, Some(field as u32));
        let io = core.io.as_ref();
        let mut writer = RaggedWriter::create(io, &path, self.seq, schema.dim()).map_err(failed)?;
        for (new_row, (segment, row)) in self.kept().enumerate() {
            if let Some(vector) = segment.ragged_vector(row, field) {
                let vector = vector.ok_or_else(|| unreadable(core, shard, segment))?;
                writer.push(new_row as u32, &vector).map_err(failed)?;
            }
        }
        writer.finish().map_err(failed)?;
        self.entry.ragged.push(RaggedEntry {
            field: field as u16,
            vectors: ComponentName { generation: self.seq },
            index: None,
        });
        let RaggedKind::Sparse(config) = &schema.kind else {
            return Ok(self.next_ragged(field + 1));
        };
        let lists = self.path(shard, ComponentKind::SparseIndex, Some(field as u32));
        let build = ListsBuild::start(core, &path, (&lists, self.seq), config)?;
        Ok(Stage::Lists(schema, Box::new(build)))
    }

    /// Some dimensions of an inverted index.
    fn build_lists(&mut self, field: Arc<RaggedSchema>, mut build: Box<ListsBuild>) -> Result<Stage, Error> {
        if !build.step()? {
            return Ok(Stage::Lists(field, build));
        }
        build.finish()?;
        if let Some(entry) = self.entry.ragged.last_mut() {
            entry.index = Some(ComponentName { generation: self.seq });
        }
        Ok(self.next_ragged(field.number + 1))
    }

    fn write_vectors(
        &mut self,
        core: &Core,
        shard: &Shard,
        schema: Arc<FieldSchema>,
    ) -> Result<Stage, Error> {
        let failed = |error| Error::storage("writing a segment's vectors", error);
        let field = schema.number;
        let path = self.path(shard, ComponentKind::Vectors, Some(field as u32));
        let (io, kind) = (core.io.as_ref(), (schema.dim, schema.kernels.datatype));
        let mut writer = VectorsWriter::create(io, &path, self.seq, kind).map_err(failed)?;
        for (new_row, (segment, row)) in self.kept().enumerate() {
            if let Some(vector) = segment.vector(row, field) {
                let vector = vector.ok_or_else(|| unreadable(core, shard, segment))?;
                writer.push(new_row as u32, vector).map_err(failed)?;
            }
        }
        writer.finish().map_err(failed)?;
        let name = ComponentName { generation: self.seq };
        self.entry.fields.push(FieldEntry {
            field: field as u16,
            vectors: name,
            graph: None,
            fast: None,
            codes: None,
        });
        let block = open_vectors(core, &path)?;
        if !core.wants_graph(&schema, block.len()) {
            return Ok(self.next_field(field + 1));
        }
        let build = GraphBuild::new(core, &schema, &self.sources, &self.new_rows, block.len())?;
        Ok(Stage::Graph(schema, build, Arc::new(block)))
    }

    fn build_graph(
        &mut self,
        core: &Core,
        shard: &Shard,
        (schema, threads): (Arc<FieldSchema>, u32),
        build: GraphBuild,
        block: Arc<VectorBlock>,
    ) -> Result<Stage, Error> {
        let field = schema.number;
        let (build, inserted) = build.step(&schema.kernels, &block, (core.io.as_ref(), threads))?;
        shard.graph_insertions.fetch_add(inserted, Ordering::Relaxed);
        let Some(bytes) = build.encoded(block.len())? else {
            return Ok(Stage::Graph(schema, build, block));
        };
        let path = self.path(shard, ComponentKind::Graph, Some(field as u32));
        write_component(core.io.as_ref(), &path, ComponentKind::Graph, self.seq, &bytes)
            .map_err(|error| Error::storage("writing a segment's graph", error))?;
        if let Some(entry) = self.entry.fields.last_mut() {
            entry.graph = Some(ComponentName { generation: self.seq });
        }
        let path = self.path(shard, ComponentKind::FastGraph, Some(field as u32));
        match FastBuild::start(core, &schema, &block, bytes, (&path, self.seq))? {
            Some(fast) => Ok(Stage::Fast(schema, Box::new(fast), block)),
            None => Ok(self.next_field(field + 1)),
        }
    }

    fn build_fast(
        &mut self,
        field: Arc<FieldSchema>,
        mut build: Box<FastBuild>,
        block: Arc<VectorBlock>,
    ) -> Result<Stage, Error> {
        let vectors = Compared::new(&block, &field.kernels);
        if !build.step(&vectors)? {
            return Ok(Stage::Fast(field, build, block));
        }
        build.finish()?;
        if let Some(entry) = self.entry.fields.last_mut() {
            entry.fast = Some(ComponentName { generation: self.seq });
        }
        Ok(self.next_field(field.number + 1))
    }

    fn open(&mut self, core: &Core, shard: &Shard) -> Result<Stage, Error> {
        let opened = SealedSegment::open(core.io.as_ref(), &shard.dir, &self.entry, self.schema.dims());
        let sealed = opened.map_err(|error| Error::storage("opening a segment just written", error))?;
        let sealed = Arc::new(sealed);
        self.sealed = Some((self.entry.id, sealed.clone()));
        Ok(Warming::new(sealed, core)
            .begin(core)
            .map_or(Stage::Done, Stage::Warm))
    }
}

fn open_vectors(core: &Core, path: &str) -> Result<VectorBlock, Error> {
    let component = Component::open(core.io.as_ref(), path, ComponentKind::Vectors)
        .map_err(|error| Error::storage("opening vectors just written", error))?;
    VectorBlock::open(component).map_err(|error| Error::storage("reading vectors just written", error))
}

/// A row that cannot be read cannot be rewritten: its segment stays as it is, marked damaged.
fn unreadable(core: &Core, shard: &Shard, segment: &SegmentView) -> Error {
    core.note_damage();
    Error::corrupt(format!(
        "segment {} of shard {} holds damaged rows and is not merged",
        segment.id, shard.index
    ))
}
