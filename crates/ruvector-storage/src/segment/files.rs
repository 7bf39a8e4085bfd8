//! Opens a sealed segment's components and checks that they fit together. Never rebuilds, never writes.

use ruvector_graph::{FastGraph, PlainGraph};
use ruvector_io::Io;
use ruvector_sparse::SparseIndex;
use ruvector_types::VectorDatatype;

use super::{FieldDims, OpenSegmentError, SealedField, SealedRagged, SealedSegment, put_at, slot};
use crate::codes::CodeBlock;
use crate::component::{Component, Damage, OpenComponentError};
use crate::frame::ComponentKind;
use crate::ids::IdTable;
use crate::indexes::SealedIndex;
use crate::manifest::{ComponentName, FieldEntry, RaggedEntry, SegmentEntry, file_name};
use crate::ragged::RaggedBlock;
use crate::rows::PayloadRows;
use crate::swap::join;
use crate::vectors::VectorBlock;

/// Where the components of `entry` come from.
#[derive(Clone, Copy)]
pub(super) struct Files<'a> {
    io: &'a dyn Io,
    dir: &'a str,
    entry: &'a SegmentEntry,
    /// An earlier state of the segment, whose components are taken where they are still the same.
    opened: Option<&'a SealedSegment>,
}

impl<'a> Files<'a> {
    pub(super) fn on_disk(io: &'a dyn Io, dir: &'a str, entry: &'a SegmentEntry) -> Files<'a> {
        Files {
            io,
            dir,
            entry,
            opened: None,
        }
    }

    /// Components that `opened` has too are taken from there.
    pub(super) fn beside(self, opened: &'a SealedSegment) -> Files<'a> {
        let opened = Some(opened);
        Files { opened, ..self }
    }

    pub(super) fn open_segment(self, dims: FieldDims<'_>) -> Result<SealedSegment, OpenSegmentError> {
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

    pub(super) fn open(
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
        let has = (vectors.dim(), vectors.datatype());
        self.check_vectors(vectors.component(), (kind, has), vectors.last_row())?;
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
        let has = (vectors.dim(), vectors.datatype());
        self.check_vectors(vectors.component(), (kind, has), vectors.last_row())?;
        Ok(vectors)
    }

    /// Whether vectors of a kind are those that the collection and the segment speak of.
    fn check_vectors(
        &self,
        component: &Component,
        (wanted, has): ((u32, VectorDatatype), (u32, VectorDatatype)),
        last_row: Option<u32>,
    ) -> Result<(), OpenSegmentError> {
        let rule = "dimensions or their type differ from the collection's";
        check(wanted == has, component, rule)?;
        let within = last_row.is_none_or(|row| row < self.entry.rows);
        check(within, component, "a row beyond the segment's")
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

fn check(holds: bool, component: &Component, rule: &'static str) -> Result<(), OpenSegmentError> {
    match holds {
        true => Ok(()),
        false => Err(OpenSegmentError::Mismatch {
            path: component.path().into(),
            rule,
        }),
    }
}
