//! Sealed components: any bytes are read or refused, whole files and bodies behind fitting checksums alike.
//! Never touches a file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ruvector_graph::{FastGraph, Links, PlainGraph};
use ruvector_io::{Io, MemIo, Region};
use ruvector_payload::index::Index;
use ruvector_quant::QueryPrecision;
use ruvector_sparse::{Sink, SparseIndex};
use ruvector_storage::{
    Bitmap, CodeBlock, Component, ComponentKind, IdTable, PayloadRows, RaggedBlock, RaggedRef, RowMap, VectorBlock,
    write_component,
};

/// Rows looked at, so that an input costs about the same whatever count it claims.
const ROWS_MAX: u32 = 300;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else {
        return;
    };
    let kind = match choice % 11 {
        0 => ComponentKind::Ids,
        1 => ComponentKind::Vectors,
        2 => ComponentKind::Graph,
        3 => ComponentKind::Payload,
        4 => ComponentKind::Deletes,
        5 => ComponentKind::PayloadDelta,
        6 => ComponentKind::FastGraph,
        7 => ComponentKind::Codes,
        8 => ComponentKind::FieldIndex,
        9 => ComponentKind::Ragged,
        _ => ComponentKind::SparseIndex,
    };
    if choice & 0x80 != 0 {
        if let Ok(component) = Component::from_region("whole", Region::from_vec(body.to_vec()), kind) {
            let _ = component.verify_all();
            read(kind, component);
        }
        return;
    }
    let io = MemIo::new();
    write_component(&io, "framed", kind, 1, body).expect("memory takes it");
    read(
        kind,
        Component::open(&io as &dyn Io, "framed", kind).expect("just written"),
    );
});

fn read(kind: ComponentKind, component: Component) {
    match kind {
        ComponentKind::Ids => drop(IdTable::open(component).map(|ids| read_ids(&ids))),
        ComponentKind::Vectors => drop(VectorBlock::open(component).map(|vectors| read_vectors(&vectors))),
        ComponentKind::Graph => drop(PlainGraph::open(component).map(|graph| read_links(&graph))),
        ComponentKind::Payload => drop(PayloadRows::open(component).map(|rows| read_payloads(&rows))),
        ComponentKind::Deletes => read_deletes(&component),
        ComponentKind::PayloadDelta => read_updates(&component),
        // Searched by the target `fast`.
        ComponentKind::FastGraph => drop(FastGraph::open(component).map(|graph| graph.len())),
        ComponentKind::Codes => drop(CodeBlock::open(component).map(|codes| read_codes(&codes))),
        // Queried by the target `field_index`.
        ComponentKind::FieldIndex => drop(Index::open(component, ROWS_MAX)),
        ComponentKind::Ragged => drop(RaggedBlock::open(component).map(|vectors| read_ragged(&vectors))),
        ComponentKind::SparseIndex => drop(SparseIndex::open(component).map(|index| read_lists(&index))),
    }
}

fn read_codes(codes: &CodeBlock) {
    let dim = codes.encoder().space().dim;
    if dim > 4_096 {
        return;
    }
    let Ok(query) = codes.encoder().prepare(&vec![0.5; dim], QueryPrecision::Full) else {
        return;
    };
    for ordinal in 0..codes.len().min(ROWS_MAX) {
        if let Some(code) = codes.rows(ordinal..ordinal + 1) {
            assert!(!query.distance(code).is_nan());
        }
    }
}

fn read_ids(ids: &IdTable) {
    for row in 0..ids.len().min(ROWS_MAX) {
        let id = ids.id(row);
        let _ = (ids.row(&id), ids.cmp_id(row, &id));
        let _ = ids.sorted_rows_from(Some(&id)).take(3).count();
    }
    let _ = ids.sorted_rows_from(None).take(ROWS_MAX as usize).count();
}

fn read_vectors(vectors: &VectorBlock) {
    for at in 0..vectors.len().min(ROWS_MAX) {
        let row = vectors.row(at);
        if let Some(ordinal) = vectors.ordinal(row) {
            assert_eq!(ordinal, at);
        }
        let mut decoded = Vec::new();
        let dim = vectors.numbers(at, &mut decoded).map(<[f32]>::len);
        assert!(dim.is_none_or(|dim| dim == vectors.dim() as usize));
        let _ = vectors.ordinal(at);
    }
    assert!(vectors.bytes(vectors.len()).is_none());
}

fn read_ragged(vectors: &RaggedBlock) {
    for at in 0..vectors.len().min(ROWS_MAX) {
        let row = vectors.row(at);
        if let Some(ordinal) = vectors.ordinal(row) {
            assert_eq!(ordinal, at);
        }
        match vectors.vector(at) {
            Some(RaggedRef::Sparse(indices, values)) => assert_eq!(indices.len(), values.len()),
            Some(RaggedRef::Multi(bytes)) => assert_eq!(bytes.len() % vectors.dim() as usize, 0),
            None => {}
        }
    }
    assert!(vectors.vector(vectors.len()).is_none());
}

/// Takes what is offered, up to a number of windows.
struct Taken {
    vectors: u32,
    windows: u32,
}

impl Sink for Taken {
    fn bound(&self) -> f32 {
        if self.windows % 2 == 0 { f32::NEG_INFINITY } else { 1.0 }
    }

    fn accepts(&mut self, ordinal: u32) -> bool {
        assert!(ordinal < self.vectors);
        ordinal % 3 > 0
    }

    fn exact(&mut self, _: u32) -> Option<f32> {
        None
    }

    fn offer(&mut self, ordinal: u32, _: f32) {
        assert!(ordinal < self.vectors);
    }

    fn stop(&mut self) -> bool {
        self.windows += 1;
        self.windows > ROWS_MAX
    }
}

fn read_lists(index: &SparseIndex<Component>) {
    let vectors = index.vectors();
    let query: Vec<(u32, f32)> = (0..16).map(|dimension| (dimension, 1.0)).collect();
    let _ = index.search(&query, &mut Taken { vectors, windows: 0 });
    for (dimension, _) in &query {
        if index.postings(*dimension).is_ok_and(|count| count < 100_000) {
            let _ = index.postings_of(*dimension, &mut |ordinal| ordinal < vectors);
        }
    }
}

fn read_links(graph: &PlainGraph<Component>) {
    let mut out = Vec::new();
    let _ = graph.entry();
    for node in 0..graph.len().min(ROWS_MAX) {
        for level in 0..4 {
            if graph.links(node, level, &mut out).is_ok() {
                assert!(out.iter().all(|link| *link < graph.len()));
            }
        }
    }
}

fn read_payloads(rows: &PayloadRows) {
    for row in 0..rows.len().min(ROWS_MAX) {
        let _ = (rows.payload(row), rows.version(row));
    }
    assert!(rows.payload(rows.len()).is_none());
}

fn read_deletes(component: &Component) {
    let Ok(body) = component.body() else { return };
    for rows in [10, 200_000] {
        if let Ok(deletes) = Bitmap::decode(body, rows) {
            assert!(
                deletes
                    .iter()
                    .take(1_000)
                    .all(|row| row < rows && deletes.contains(row))
            );
            let again = Bitmap::decode(&deletes.encode(), rows).expect("written by us");
            assert!(again == deletes);
        }
    }
}

fn read_updates(component: &Component) {
    let Ok(body) = component.body() else { return };
    for rows in [10, 200_000] {
        if let Ok(updates) = RowMap::decode(body, rows) {
            assert!(updates.iter().all(|(row, _)| row < rows));
            let again = RowMap::decode(&updates.encode(), rows).expect("written by us");
            assert!(again == updates);
        }
    }
}
