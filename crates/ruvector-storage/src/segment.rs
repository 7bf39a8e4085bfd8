//! Opens a sealed segment's components and checks that they fit together. Never rebuilds, never writes.

use ruvector_graph::{FastGraph, PlainGraph};
use ruvector_io::Io;
use ruvector_sparse::SparseIndex;
use ruvector_types::{Codes, VectorDatatype};

use crate::codes::CodeBlock;
use crate::component::{Component, Damage, OpenComponentError, ReadComponentError};
use crate::deletes::Bitmap;
use crate::delta::{PayloadVersion, RowMap};
use crate::frame::ComponentKind;
use crate::ids::IdTable;
use crate::indexes::SealedIndex;
use crate::manifest::{ComponentName, FieldEntry, RaggedEntry, SegmentEntry, file_name};
use crate::ragged::RaggedBlock;
use crate::rows::PayloadRows;
use crate::swap::join;
use crate::vectors::VectorBlock;
use std::sync::Arc;

/// Why a sealed segment cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenSegmentError {
    /// A component's file.
    #[error(transparent)]
    Component(OpenComponentError),
    /// A component's body.
    #[error(transparent)]
    Read(ReadComponentError),
    /// A component that does not belong to the segment it is named for.
    #[error("{path}: {rule}")]
    Mismatch {
        /// The file.
        path: Box<str>,
        /// What does not fit.
        rule: &'static str,
    },
}

/// One vector field of a sealed segment.
#[derive(Debug)]
pub struct SealedField {
    /// Its vectors.
    pub vectors: VectorBlock,
    /// Its graph over the vectors' ordinals. `None`: there is none, or it is damaged: scan.
    pub graph: Option<PlainGraph<Component>>,
    /// The same graph in the fast layout. `None`: there is none, or it is damaged: use the plain one.
    pub fast: Option<FastGraph<Component>>,
    /// The vectors' codes. `None`: there are none, or they are damaged: use the vectors.
    pub codes: Option<CodeBlock>,
}

/// One field of sparse vectors or multi-vectors of a sealed segment.
#[derive(Debug)]
pub struct SealedRagged {
    /// Its vectors.
    pub vectors: RaggedBlock,
    /// The inverted lists of sparse ones. `None`: there are none, or they are damaged: scan.
    pub index: Option<SparseIndex<Component>>,
}

/// What a collection's fields hold, by their numbers.
#[derive(Clone, Copy, Debug)]
pub struct FieldDims<'a> {
    /// Dimensions of the dense fields, and the types of their numbers; `None` where there is none any more.
    pub dense: &'a [Option<(u32, VectorDatatype)>],
    /// The same of the multi-vectors' vectors; 0 dimensions where vectors are sparse.
    pub ragged: &'a [Option<(u32, VectorDatatype)>],
}

/// Which vector field a component belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldOf {
    /// None.
    Rows,
    /// A dense one, by its number.
    Dense(usize),
    /// One of sparse vectors or multi-vectors, by its number.
    Ragged(usize),
}

/// A sealed segment, its files mapped.
#[derive(Debug)]
pub struct SealedSegment {
    /// What the manifest says of it.
    pub entry: SegmentEntry,
    /// Ids by row and rows by id.
    pub ids: IdTable,
    /// Payloads and versions by row, as they were when sealed.
    pub payload: PayloadRows,
    /// Vector fields by number; `None` where no row has the field, or it was removed when the segment was opened.
    pub fields: Vec<Option<Box<SealedField>>>,
    /// Fields of sparse vectors and multi-vectors, likewise.
    pub ragged: Vec<Option<Box<SealedRagged>>>,
    /// The sound indexes of its payload fields. One that cannot be opened is left out: it is built anew.
    pub indexes: Vec<SealedIndex>,
    /// Graphs that could not be opened.
    unopened: Vec<Damage>,
    disk_bytes: u64,
}

impl SealedField {
    /// What its codes are; `None` if it has none, or damaged ones.
    pub fn codes_sound(&self) -> Option<Codes> {
        let sound = self
            .codes
            .as_ref()
            .filter(|codes| codes.component().damage().is_none());
        sound.map(CodeBlock::codes)
    }

    fn graphs(&self) -> [Option<&Component>; 2] {
        [
            self.graph.as_ref().map(PlainGraph::bytes),
            self.fast.as_ref().map(FastGraph::bytes),
        ]
    }
}

impl SealedSegment {
    /// Opens the components of `entry` in the shard's directory. `dims` says what the
    /// collection's vector fields hold; components of others are left closed. A damaged graph or sparse index is left out and reported by
    /// [`SealedSegment::damages`]; any other damaged component is an error.
    /// Cost: reads the ids; of the rest, headers and checksum tables.
    pub fn open(
        io: &dyn Io,
        dir: &str,
        entry: &SegmentEntry,
        dims: FieldDims<'_>,
    ) -> Result<SealedSegment, OpenSegmentError> {
        Files::on_disk(io, dir, entry).open_segment(dims)
    }

    /// The same segment as a later `entry` describes it. Components that both name are shared: what is known of
    /// their regions, and their promoted copies, stay. Ids, payloads and vectors among them are not read again: damage found
    /// in them meanwhile is no error here.
    pub fn reopen(
        &self,
        io: &dyn Io,
        dir: &str,
        entry: &SegmentEntry,
        dims: FieldDims<'_>,
    ) -> Result<SealedSegment, OpenSegmentError> {
        let opened = Some(self);
        let files = Files::on_disk(io, dir, entry);
        Files { opened, ..files }.open_segment(dims)
    }

    /// The payload index of a number, if the segment has it and it could be opened.
    pub fn index(&self, number: u32) -> Option<&SealedIndex> {
        self.indexes.iter().find(|index| index.number == number)
    }

    /// The open components, for scrubbing and promoting.
    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.components_by_field().map(|(component, _)| component)
    }

    /// The open components, each with the vector field it belongs to.
    pub fn components_by_field(&self) -> impl Iterator<Item = (&Component, FieldOf)> {
        let fields = self.fields.iter().enumerate().flat_map(|(number, field)| {
            let all = field.iter().flat_map(|field| {
                [Some(field.vectors.component())]
                    .into_iter()
                    .chain(field.graphs())
                    .chain([field.codes.as_ref().map(CodeBlock::component)])
                    .flatten()
            });
            all.map(move |component| (component, FieldOf::Dense(number)))
        });
        let ragged = self.ragged.iter().enumerate().flat_map(|(number, field)| {
            let all = field.iter().flat_map(|field| {
                let index = field.index.as_ref().map(SparseIndex::bytes);
                [Some(field.vectors.component()), index].into_iter().flatten()
            });
            all.map(move |component| (component, FieldOf::Ragged(number)))
        });
        [self.ids.component(), self.payload.component()]
            .into_iter()
            .chain(self.indexes.iter().map(SealedIndex::component))
            .map(|component| (component, FieldOf::Rows))
            .chain(fields)
            .chain(ragged)
    }

    /// Damage found up to now, one of each component at most.
    pub fn damages(&self) -> Vec<Damage> {
        let found = self.components().filter_map(Component::damage);
        self.unopened.iter().cloned().chain(found).collect()
    }

    /// Whether a graph or a sparse index is damaged: it cannot all be read, and must be built again.
    pub fn graph_damaged(&self) -> bool {
        let found = self
            .fields
            .iter()
            .flatten()
            .flat_map(|field| field.graphs())
            .filter_map(|graph| graph?.damage());
        let lists = self
            .ragged
            .iter()
            .flatten()
            .filter_map(|field| field.index.as_ref());
        let found = found.chain(lists.filter_map(|index| index.bytes().damage()));
        !self.unopened.is_empty() || found.count() > 0
    }

    /// Whether ids, payloads or vectors are damaged: some rows cannot be read.
    pub fn rows_damaged(&self) -> bool {
        let vectors = self
            .fields
            .iter()
            .flatten()
            .map(|field| field.vectors.component());
        let ragged = self
            .ragged
            .iter()
            .flatten()
            .map(|field| field.vectors.component());
        let rows = [self.ids.component(), self.payload.component()];
        rows.into_iter()
            .chain(vectors)
            .chain(ragged)
            .any(|component| component.damage().is_some())
    }

    /// Bytes on the heap; mapped files and promoted copies not counted.
    pub fn heap_bytes(&self) -> u64 {
        let slots = self.fields.capacity() + self.ragged.capacity();
        let fields = self.fields.iter().flatten().count() * size_of::<SealedField>()
            + self.ragged.iter().flatten().count() * size_of::<SealedRagged>()
            + slots * size_of::<usize>()
            + size_of::<SealedSegment>();
        fields as u64 + self.components().map(Component::heap_bytes).sum::<u64>()
    }

    /// Bytes of promoted copies.
    pub fn promoted_bytes(&self) -> u64 {
        self.components().map(Component::promoted_bytes).sum()
    }

    /// Bytes of the open components' files; deletes and payload deltas are not opened here and not counted.
    pub fn disk_bytes(&self) -> u64 {
        self.disk_bytes
    }
}

/// The deleted rows of a segment; none if `entry` names no such component.
pub fn load_deletes(io: &dyn Io, dir: &str, entry: &SegmentEntry) -> Result<Bitmap, OpenSegmentError> {
    let Some(name) = entry.deletes else {
        return Ok(Bitmap::new());
    };
    let component = Files::on_disk(io, dir, entry).open(ComponentKind::Deletes, None, name)?;
    let body = component.body().map_err(OpenSegmentError::Read)?;
    Bitmap::decode(body, entry.rows).map_err(|source| OpenSegmentError::Read(component.malformed(source)))
}

/// The payloads of a segment changed since sealing; none if `entry` names no such component.
pub fn load_delta(
    io: &dyn Io,
    dir: &str,
    entry: &SegmentEntry,
) -> Result<RowMap<Arc<PayloadVersion>>, OpenSegmentError> {
    let Some(name) = entry.delta else {
        return Ok(RowMap::new());
    };
    let component = Files::on_disk(io, dir, entry).open(ComponentKind::PayloadDelta, None, name)?;
    let body = component.body().map_err(OpenSegmentError::Read)?;
    RowMap::decode(body, entry.rows).map_err(|source| OpenSegmentError::Read(component.malformed(source)))
}

/// Where the components of `entry` come from.
#[derive(Clone, Copy)]
struct Files<'a> {
    io: &'a dyn Io,
    dir: &'a str,
    entry: &'a SegmentEntry,
    /// An earlier state of the segment, whose components are taken where they are still the same.
    opened: Option<&'a SealedSegment>,
}

impl<'a> Files<'a> {
    fn on_disk(io: &'a dyn Io, dir: &'a str, entry: &'a SegmentEntry) -> Files<'a> {
        Files {
            io,
            dir,
            entry,
            opened: None,
        }
    }

    fn open_segment(self, dims: FieldDims<'_>) -> Result<SealedSegment, OpenSegmentError> {
        let entry = self.entry;
        let (ids, payload) = (self.open_ids()?, self.open_payload()?);
        let (mut fields, mut ragged) = (Vec::new(), Vec::new());
        let mut unopened = Vec::new();
        for field in &entry.fields {
            let named = (ComponentKind::Vectors, field.field, field.vectors);
            if let Some(kind) = self.kind(dims.dense, named)? {
                let opened = self.open_field(field, kind, &mut unopened)?;
                put_at(&mut fields, field.field.into(), opened);
            }
        }
        for field in &entry.ragged {
            let named = (ComponentKind::Ragged, field.field, field.vectors);
            if let Some(kind) = self.kind(dims.ragged, named)? {
                let opened = self.open_ragged(field, kind, &mut unopened)?;
                put_at(&mut ragged, field.field.into(), opened);
            }
        }
        let indexes = entry.indexes.iter().filter_map(|index| {
            let component = self.component(ComponentKind::FieldIndex, Some(index.number), index.name);
            SealedIndex::open(index.number, component.ok()?, entry.rows)
        });
        let mut segment = SealedSegment {
            entry: entry.clone(),
            ids,
            payload,
            fields,
            ragged,
            indexes: indexes.collect(),
            unopened,
            disk_bytes: 0,
        };
        segment.disk_bytes = segment.components().map(Component::file_bytes).sum();
        Ok(segment)
    }

    fn open_ids(&self) -> Result<IdTable, OpenSegmentError> {
        let name = self.entry.ids;
        if let Some(opened) = self.opened.filter(|opened| opened.entry.ids == name) {
            return Ok(opened.ids.clone());
        }
        let ids = self.open(ComponentKind::Ids, None, name)?;
        let ids = IdTable::open(ids).map_err(OpenSegmentError::Read)?;
        let same = ids.len() == self.entry.rows;
        check(same, ids.component(), "rows differ from the manifest's")?;
        Ok(ids)
    }

    fn open_payload(&self) -> Result<PayloadRows, OpenSegmentError> {
        let name = self.entry.payload;
        if let Some(opened) = self.opened.filter(|opened| opened.entry.payload == name) {
            return Ok(opened.payload.clone());
        }
        let payload = self.open(ComponentKind::Payload, None, name)?;
        let payload = PayloadRows::open(payload).map_err(OpenSegmentError::Read)?;
        let same = payload.len() == self.entry.rows;
        check(same, payload.component(), "rows differ from the manifest's")?;
        Ok(payload)
    }

    /// What a field of that number holds; `None` if it was removed.
    fn kind(
        &self,
        kinds: &[Option<(u32, VectorDatatype)>],
        (component, number, name): (ComponentKind, u16, ComponentName),
    ) -> Result<Option<(u32, VectorDatatype)>, OpenSegmentError> {
        let kind = kinds.get(usize::from(number)).copied();
        kind.ok_or_else(|| OpenSegmentError::Mismatch {
            path: self.path(component, Some(number.into()), name).into(),
            rule: "the collection never had a field of that number",
        })
    }

    fn open(
        &self,
        kind: ComponentKind,
        field: Option<u32>,
        name: ComponentName,
    ) -> Result<Component, OpenSegmentError> {
        self.component(kind, field, name)
            .map_err(OpenSegmentError::Component)
    }

    fn component(
        &self,
        kind: ComponentKind,
        field: Option<u32>,
        name: ComponentName,
    ) -> Result<Component, OpenComponentError> {
        let path = self.path(kind, field, name);
        let same = |component: &&Component| component.path() == path && component.kind() == kind;
        let opened = self.opened.and_then(|opened| opened.components().find(same));
        opened.map_or_else(
            || Component::open(self.io, &path, kind),
            |component| Ok(component.clone()),
        )
    }

    fn path(&self, kind: ComponentKind, field: Option<u32>, name: ComponentName) -> String {
        join(self.dir, &file_name(self.entry.id, kind, field, name))
    }

    /// Opens vectors and graphs of a field; damaged graphs go to `unopened`.
    fn open_field(
        &self,
        field: &FieldEntry,
        kind: (u32, VectorDatatype),
        unopened: &mut Vec<Damage>,
    ) -> Result<SealedField, OpenSegmentError> {
        let vectors = self.open_vectors(field, kind)?;
        let mut found = |damage| unopened.push(damage);
        let plain = |bytes| {
            PlainGraph::open(bytes)
                .ok()
                .filter(|graph| graph.len() == vectors.len())
        };
        let graph = self
            .open_links(ComponentKind::Graph, field.field, field.graph, plain)
            .map_err(&mut found)
            .unwrap_or(None);
        let fits = |graph: &FastGraph<_>| graph.len() == vectors.len() && graph.dim() == vectors.dim();
        let fast = |bytes| FastGraph::open(bytes).ok().filter(fits);
        let fast = self
            .open_links(ComponentKind::FastGraph, field.field, field.fast, fast)
            .map_err(&mut found)
            .unwrap_or(None);
        let codes = |bytes| {
            CodeBlock::open(bytes).ok().filter(|codes| {
                codes.len() == vectors.len() && codes.encoder().space().dim == vectors.dim() as usize
            })
        };
        // Codes that cannot be opened are made anew, as those of another kind are.
        let codes = self
            .open_links(ComponentKind::Codes, field.field, field.codes, codes)
            .unwrap_or(None);
        Ok(SealedField {
            vectors,
            graph,
            fast,
            codes,
        })
    }

    fn open_vectors(
        &self,
        field: &FieldEntry,
        kind: (u32, VectorDatatype),
    ) -> Result<VectorBlock, OpenSegmentError> {
        let opened = self.opened.and_then(|opened| slot(&opened.fields, field.field));
        let path = self.path(ComponentKind::Vectors, Some(field.field.into()), field.vectors);
        if let Some(same) = opened.filter(|slot| slot.vectors.component().path() == path) {
            return Ok(same.vectors.clone());
        }
        let component = self.open(ComponentKind::Vectors, Some(field.field.into()), field.vectors)?;
        let vectors = VectorBlock::open(component).map_err(OpenSegmentError::Read)?;
        check(
            kind == (vectors.dim(), vectors.datatype()),
            vectors.component(),
            "dimensions or their type differ from the collection's",
        )?;
        let within = vectors.last_row().is_none_or(|row| row < self.entry.rows);
        check(within, vectors.component(), "a row beyond the segment's")?;
        Ok(vectors)
    }

    /// Opens vectors and lists of a field; damaged lists go to `unopened`.
    fn open_ragged(
        &self,
        field: &RaggedEntry,
        kind: (u32, VectorDatatype),
        unopened: &mut Vec<Damage>,
    ) -> Result<SealedRagged, OpenSegmentError> {
        let vectors = self.open_ragged_vectors(field, kind)?;
        let lists = |bytes| {
            SparseIndex::open(bytes)
                .ok()
                .filter(|index| index.vectors() == vectors.len())
        };
        let index = self
            .open_links(ComponentKind::SparseIndex, field.field, field.index, lists)
            .map_err(|damage| unopened.push(damage))
            .unwrap_or(None);
        Ok(SealedRagged { vectors, index })
    }

    fn open_ragged_vectors(
        &self,
        field: &RaggedEntry,
        kind: (u32, VectorDatatype),
    ) -> Result<RaggedBlock, OpenSegmentError> {
        let opened = self.opened.and_then(|opened| slot(&opened.ragged, field.field));
        let path = self.path(ComponentKind::Ragged, Some(field.field.into()), field.vectors);
        if let Some(same) = opened.filter(|slot| slot.vectors.component().path() == path) {
            return Ok(same.vectors.clone());
        }
        let component = self.open(ComponentKind::Ragged, Some(field.field.into()), field.vectors)?;
        let vectors = RaggedBlock::open(component).map_err(OpenSegmentError::Read)?;
        check(
            kind == (vectors.dim(), vectors.datatype()),
            vectors.component(),
            "dimensions or their type differ from the collection's",
        )?;
        let within = vectors.last_row().is_none_or(|row| row < self.entry.rows);
        check(within, vectors.component(), "a row beyond the segment's")?;
        Ok(vectors)
    }

    /// Opens a component with `read`, which says whether it belongs to the vectors. One that cannot be opened is
    /// damage, whatever the cause: the engine does without and rebuilds it.
    fn open_links<G>(
        &self,
        kind: ComponentKind,
        field: u16,
        name: Option<ComponentName>,
        read: impl FnOnce(Component) -> Option<G>,
    ) -> Result<Option<G>, Damage> {
        let Some(name) = name else {
            return Ok(None);
        };
        let unusable = || Damage {
            path: self.path(kind, Some(field.into()), name).into(),
            region: None,
        };
        let component = self
            .component(kind, Some(field.into()), name)
            .map_err(|_| unusable())?;
        let found = component.clone();
        read(component)
            .map(Some)
            .ok_or_else(|| found.damage().unwrap_or_else(unusable))
    }
}

/// The field of a number.
fn slot<T>(fields: &[Option<Box<T>>], number: u16) -> Option<&T> {
    fields.get(usize::from(number))?.as_deref()
}

/// Puts a field at its number, with holes before it.
pub fn put_at<T>(fields: &mut Vec<Option<Box<T>>>, number: usize, field: T) {
    if fields.len() <= number {
        fields.resize_with(number + 1, || None);
    }
    fields[number] = Some(Box::new(field));
}

fn check(holds: bool, component: &Component, rule: &'static str) -> Result<(), OpenSegmentError> {
    match holds {
        true => Ok(()),
        false => Err(OpenSegmentError::Mismatch {
            path: component.path().into(),
            rule,
        }),
    }
}
