//! What a shard consists of: its sealed segments and how far the log is sealed. Never lists files to find out.
//!
//! ```text
//! body: shard u32 │ epoch u64 │ applied seq u64 │ next segment u64 │ segments u32 │ segments
//! segment: id u64 │ rows u32 │ ids │ payload │ deletes? │ delta? │ fields u32 │ fields
//!          │ indexes u32 │ indexes (from version 3 on) │ ragged fields u32 │ ragged fields (from version 4 on)
//! field:   field u16 │ vectors │ graph? │ fast graph? │ codes? (from version 2 on)
//! index:   number u32 │ component
//! ragged field: number u16 │ vectors │ index?
//! a component: generation u64; with "?": present u8 (0, 1) before it, absent if 0
//! ```
//! In the file `manifest.{generation}` of the shard's directory; see swap.rs for its frame.

use std::collections::HashSet;

use ruvector_io::{Io, IoError};

use crate::frame::ComponentKind;
use crate::swap::{self, Kind, LoadError, StoreError, join};
use crate::wire::{Malformed, Reader, put};

const KIND: Kind = Kind {
    stem: "manifest",
    magic: *b"RVMF",
    version: VERSION,
};
const VERSION: u16 = 4;
const SEGMENT_PREFIX: &str = "seg-";

/// A component of a segment; with segment, kind and field it names a file, see [`file_name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentName {
    /// Grows whenever the component is replaced.
    pub generation: u64,
}

/// The components of one vector field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldEntry {
    /// The field's index in the collection.
    pub field: u16,
    /// Its vectors.
    pub vectors: ComponentName,
    /// Its graph; without one the field is scanned.
    pub graph: Option<ComponentName>,
    /// The same graph in the fast layout.
    pub fast: Option<ComponentName>,
    /// The vectors' codes.
    pub codes: Option<ComponentName>,
}

/// The components of one field of sparse vectors or multi-vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaggedEntry {
    /// The field's number among those of its kind in the collection.
    pub field: u16,
    /// Its vectors.
    pub vectors: ComponentName,
    /// Their inverted lists, if they are sparse.
    pub index: Option<ComponentName>,
}

/// The index of one payload field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The index's number in the collection, never used again.
    pub number: u32,
    /// Its component.
    pub name: ComponentName,
}

/// A sealed segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentEntry {
    /// Its number, never used again.
    pub id: u64,
    /// Rows, deleted ones included.
    pub rows: u32,
    /// The rows' ids.
    pub ids: ComponentName,
    /// The rows' payloads and versions.
    pub payload: ComponentName,
    /// The vector fields that some row has.
    pub fields: Vec<FieldEntry>,
    /// The fields of sparse vectors and multi-vectors that some row has.
    pub ragged: Vec<RaggedEntry>,
    /// The indexes of payload fields, as of its payload component.
    pub indexes: Vec<IndexEntry>,
    /// Deleted rows, if any.
    pub deletes: Option<ComponentName>,
    /// Payloads changed since sealing, if any.
    pub delta: Option<ComponentName>,
}

/// The state of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Grows with every swap.
    pub generation: u64,
    /// The shard.
    pub shard: u32,
    /// Term of the shard's primary.
    pub epoch: u64,
    /// The log's records up to this one are contained in the segments.
    pub applied_seq: u64,
    /// Number of the next segment.
    pub next_segment: u64,
    /// The segments, oldest first.
    pub segments: Vec<SegmentEntry>,
}

/// The file of a component, within the shard's directory: `seg-{id}.{kind}[.f{field}].{generation}`, the
/// field a vector field's or an index's number.
pub fn file_name(segment: u64, kind: ComponentKind, field: Option<u32>, name: ComponentName) -> String {
    let (kind, generation) = (kind.name(), name.generation);
    match field {
        Some(field) => format!("{SEGMENT_PREFIX}{segment}.{kind}.f{field}.{generation}"),
        None => format!("{SEGMENT_PREFIX}{segment}.{kind}.{generation}"),
    }
}

/// Removes every file of a segment in `dir` that `manifest` does not name, and what crashed swaps left; the
/// number of files removed. Only while nothing writes components there.
pub fn remove_orphans(io: &dyn Io, dir: &str, manifest: &Manifest) -> Result<u64, IoError> {
    let named: HashSet<String> = manifest
        .segments
        .iter()
        .flat_map(SegmentEntry::file_names)
        .collect();
    let mut removed = swap::remove_leftovers(io, dir, KIND)?;
    for entry in io.list(dir)? {
        let of_segment = !entry.is_dir && entry.name.starts_with(SEGMENT_PREFIX);
        if of_segment && !named.contains(&entry.name) {
            io.remove(&join(dir, &entry.name))?;
            removed += 1;
        }
    }
    Ok(removed)
}

impl SegmentEntry {
    /// The files of the segment's components, within the shard's directory.
    pub fn file_names(&self) -> Vec<String> {
        let mut components = vec![
            (ComponentKind::Ids, None, Some(self.ids)),
            (ComponentKind::Payload, None, Some(self.payload)),
            (ComponentKind::Deletes, None, self.deletes),
            (ComponentKind::PayloadDelta, None, self.delta),
        ];
        for field in &self.fields {
            components.push((
                ComponentKind::Vectors,
                Some(field.field.into()),
                Some(field.vectors),
            ));
            components.push((ComponentKind::Graph, Some(field.field.into()), field.graph));
            components.push((ComponentKind::FastGraph, Some(field.field.into()), field.fast));
            components.push((ComponentKind::Codes, Some(field.field.into()), field.codes));
        }
        for ragged in &self.ragged {
            let field = Some(ragged.field.into());
            components.push((ComponentKind::Ragged, field, Some(ragged.vectors)));
            components.push((ComponentKind::SparseIndex, field, ragged.index));
        }
        for index in &self.indexes {
            components.push((ComponentKind::FieldIndex, Some(index.number), Some(index.name)));
        }
        let present = components
            .into_iter()
            .filter_map(|(kind, field, name)| name.map(|name| file_name(self.id, kind, field, name)));
        present.collect()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put!(
            out,
            self.id,
            self.rows,
            self.ids.generation,
            self.payload.generation
        );
        put_optional(self.deletes, out);
        put_optional(self.delta, out);
        put!(out, self.fields.len() as u32);
        for field in &self.fields {
            put!(out, field.field, field.vectors.generation);
            put_optional(field.graph, out);
            put_optional(field.fast, out);
            put_optional(field.codes, out);
        }
        put!(out, self.indexes.len() as u32);
        for index in &self.indexes {
            put!(out, index.number, index.name.generation);
        }
        put!(out, self.ragged.len() as u32);
        for ragged in &self.ragged {
            put!(out, ragged.field, ragged.vectors.generation);
            put_optional(ragged.index, out);
        }
    }

    fn decode(version: u16, reader: &mut Reader<'_>) -> Result<SegmentEntry, Malformed> {
        let (id, rows) = (reader.u64()?, reader.u32()?);
        let (ids, payload) = (name(reader)?, name(reader)?);
        let (deletes, delta) = (optional(reader)?, optional(reader)?);
        let (count, capacity) = reader.count(12)?;
        let mut fields = Vec::with_capacity(capacity);
        for _ in 0..count {
            fields.push(FieldEntry {
                field: reader.u16()?,
                vectors: name(reader)?,
                graph: optional(reader)?,
                fast: optional(reader)?,
                codes: if version < 2 { None } else { optional(reader)? },
            });
        }
        let indexes = if version < 3 { Vec::new() } else { indexes(reader)? };
        let ragged = if version < 4 { Vec::new() } else { ragged(reader)? };
        Ok(SegmentEntry {
            id,
            rows,
            ids,
            payload,
            fields,
            ragged,
            indexes,
            deletes,
            delta,
        })
    }
}

fn indexes(reader: &mut Reader<'_>) -> Result<Vec<IndexEntry>, Malformed> {
    let (count, capacity) = reader.count(12)?;
    let mut indexes = Vec::with_capacity(capacity);
    for _ in 0..count {
        indexes.push(IndexEntry {
            number: reader.u32()?,
            name: name(reader)?,
        });
    }
    Ok(indexes)
}

fn ragged(reader: &mut Reader<'_>) -> Result<Vec<RaggedEntry>, Malformed> {
    let (count, capacity) = reader.count(11)?;
    let mut ragged = Vec::with_capacity(capacity);
    for _ in 0..count {
        ragged.push(RaggedEntry {
            field: reader.u16()?,
            vectors: name(reader)?,
            index: optional(reader)?,
        });
    }
    Ok(ragged)
}

impl Manifest {
    /// The format version written.
    pub const VERSION: u16 = VERSION;

    /// The state of a shard that has nothing yet. Its generation is 0; the first one stored is 1.
    pub fn empty(shard: u32) -> Manifest {
        Manifest {
            generation: 0,
            shard,
            epoch: 0,
            applied_seq: 0,
            next_segment: 0,
            segments: Vec::new(),
        }
    }

    /// The newest state in `dir`, durable; `None` if there is none. A damaged newest one is an error.
    pub fn load(io: &dyn Io, dir: &str) -> Result<Option<Manifest>, LoadError> {
        swap::load(io, dir, KIND, Manifest::decode)
    }

    /// Makes this the newest state in `dir`, atomically and durably, with every file made in `dir` before.
    pub fn store(&self, io: &dyn Io, dir: &str) -> Result<(), StoreError> {
        swap::store(io, dir, KIND, self.generation, &self.encode())
    }

    /// The file's body.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put!(body, self.shard, self.epoch, self.applied_seq, self.next_segment);
        put!(body, self.segments.len() as u32);
        self.segments.iter().for_each(|segment| segment.encode(&mut body));
        body
    }

    /// Reads the body of a file of format `version`, 1 to [`Manifest::VERSION`].
    pub fn decode(version: u16, generation: u64, body: &[u8]) -> Result<Manifest, Malformed> {
        let mut reader = Reader::new(body);
        let shard = reader.u32()?;
        let (epoch, applied_seq, next_segment) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let (count, capacity) = reader.count(34)?;
        let mut segments = Vec::with_capacity(capacity);
        for _ in 0..count {
            segments.push(SegmentEntry::decode(version, &mut reader)?);
        }
        reader.finish()?;
        Ok(Manifest {
            generation,
            shard,
            epoch,
            applied_seq,
            next_segment,
            segments,
        })
    }
}

fn put_optional(name: Option<ComponentName>, out: &mut Vec<u8>) {
    out.push(name.is_some().into());
    if let Some(name) = name {
        put!(out, name.generation);
    }
}

fn name(reader: &mut Reader<'_>) -> Result<ComponentName, Malformed> {
    reader.u64().map(|generation| ComponentName { generation })
}

fn optional(reader: &mut Reader<'_>) -> Result<Option<ComponentName>, Malformed> {
    match reader.u8()? {
        0 => Ok(None),
        1 => name(reader).map(Some),
        _ => Err(reader.malformed("neither present nor absent")),
    }
}
