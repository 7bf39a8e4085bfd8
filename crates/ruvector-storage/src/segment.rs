//! A sealed segment: its fields, its indexes, what of it is damaged and what it takes. Never rebuilds, never writes.

mod files;

use std::sync::Arc;

use ruvector_graph::{FastGraph, PlainGraph};
use ruvector_io::Io;
use ruvector_sparse::SparseIndex;
use ruvector_types::{Codes, VectorDatatype};

use self::files::Files;
use crate::codes::CodeBlock;
use crate::component::{Component, Damage, OpenComponentError, ReadComponentError};
use crate::deletes::Bitmap;
use crate::delta::{PayloadVersion, RowMap};
use crate::frame::ComponentKind;
use crate::ids::IdTable;
use crate::indexes::SealedIndex;
use crate::manifest::SegmentEntry;
use crate::ragged::RaggedBlock;
use crate::rows::PayloadRows;
use crate::vectors::VectorBlock;

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
        Files::on_disk(io, dir, entry).beside(self).open_segment(dims)
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
