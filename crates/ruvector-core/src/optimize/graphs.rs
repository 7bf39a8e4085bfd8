//! Builds the graph of one field of a rewritten segment: the first source's links are carried over and repaired
//! where rows were dropped, everything else is inserted. Never starts from nothing when there is a graph.

use std::sync::Arc;

use ruvector_graph::{CarryOver, Entry, GraphParams, Links, LiveGraph, Scratch, Space, Unreadable};
use ruvector_simd::DistanceFn;
use ruvector_storage::{SealedSegment, VectorBlock};

use crate::active::{ActiveSegment, NONE};
use crate::collection::Core;
use crate::view::{SegmentView, Source};
use crate::{Error, ErrorKind};

/// Nodes carried over in one step, and nodes inserted in one.
const CARRY_NODES: u32 = 4_096;
const INSERT_NODES: u64 = 128;

/// The links of one field of a source, kept alive.
#[derive(Debug)]
pub(crate) enum SourceLinks {
    Active(Arc<ActiveSegment>, usize),
    Sealed(Arc<SealedSegment>, usize),
}

impl Links for SourceLinks {
    fn entry(&self) -> Option<Entry> {
        match self {
            SourceLinks::Active(active, field) => active.field(*field)?.graph().entry(),
            SourceLinks::Sealed(sealed, field) => {
                sealed.fields.get(*field)?.as_ref()?.graph.as_ref()?.entry()
            }
        }
    }

    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        let missing = Unreadable { node, level };
        match self {
            SourceLinks::Active(active, field) => active
                .field(*field)
                .ok_or(missing)?
                .graph()
                .links(node, level, out),
            SourceLinks::Sealed(sealed, field) => {
                let field = sealed
                    .fields
                    .get(*field)
                    .and_then(Option::as_ref)
                    .ok_or(missing)?;
                field.graph.as_ref().ok_or(missing)?.links(node, level, out)
            }
        }
    }
}

/// A graph under construction.
#[derive(Debug)]
pub(crate) enum GraphBuild {
    Carry(Box<CarryOver<SourceLinks>>),
    Insert(LiveGraph, Box<Scratch>),
    Done(LiveGraph),
}

impl GraphBuild {
    /// Starts the graph over `len` vectors: source after source, rows in order.
    pub(crate) fn new(
        core: &Core,
        field: usize,
        sources: &[SegmentView],
        new_rows: &[Vec<u32>],
        len: u32,
    ) -> Result<GraphBuild, Error> {
        let hnsw = core.schema.fields[field].hnsw;
        let params = GraphParams {
            m: hnsw.m,
            ef_construct: hnsw.ef_construct,
            seed: 0,
        };
        let carried = match (sources.first(), new_rows.first()) {
            (Some(source), Some(rows)) => carried_links(source, rows, field),
            _ => None,
        };
        match carried {
            None => Ok(GraphBuild::Insert(LiveGraph::new(params, len), Box::default())),
            Some((links, map)) => {
                let carry = CarryOver::new(links, map, params, len).map_err(|error| {
                    Error::new(
                        ErrorKind::Internal,
                        "carry_over",
                        "a graph could not be carried over",
                    )
                    .because(error)
                })?;
                Ok(GraphBuild::Carry(Box::new(carry)))
            }
        }
    }

    /// One piece; returns the build and how many nodes it inserted.
    pub(crate) fn step(self, kernel: DistanceFn, block: &VectorBlock) -> Result<(GraphBuild, u64), Error> {
        let space = Space::new(block, kernel);
        let failed = |what: &str| Error::new(ErrorKind::Internal, "graph_build", what);
        match self {
            GraphBuild::Carry(mut carry) => {
                if !carry.step(space, CARRY_NODES) {
                    return Ok((GraphBuild::Carry(carry), 0));
                }
                let graph = carry
                    .finish()
                    .map_err(|error| failed("a carry-over did not end").because(error))?;
                Ok((GraphBuild::Insert(graph, Box::default()), 0))
            }
            GraphBuild::Insert(graph, mut scratch) => {
                let mut inserted = 0;
                while inserted < INSERT_NODES && graph.len() < block.len() {
                    graph
                        .insert(space, &mut scratch)
                        .map_err(|error| failed("a node could not be inserted").because(error))?;
                    inserted += 1;
                }
                let done = graph.len() >= block.len();
                Ok((
                    if done {
                        GraphBuild::Done(graph)
                    } else {
                        GraphBuild::Insert(graph, scratch)
                    },
                    inserted,
                ))
            }
            done @ GraphBuild::Done(_) => Ok((done, 0)),
        }
    }

    /// The bytes of the plain layout, once the graph is complete.
    pub(crate) fn encoded(&self, len: u32) -> Result<Option<Vec<u8>>, Error> {
        let GraphBuild::Done(graph) = self else {
            return Ok(None);
        };
        let encoded = ruvector_graph::plain::encode(graph, len, graph.params());
        let failed = || Error::new(ErrorKind::Internal, "graph_build", "a graph could not be encoded");
        encoded.map(Some).map_err(|error| failed().because(error))
    }
}

/// A source's links and, for each linked ordinal, its new ordinal. `None` if there is no sound graph.
fn carried_links(source: &SegmentView, new_rows: &[u32], field: usize) -> Option<(SourceLinks, Vec<u32>)> {
    let (_, linked) = source.vector_counts(field);
    let mut kept = 0;
    let mut renumber = |row: Option<u32>| {
        let live = row.is_some_and(|row| new_rows.get(row as usize).is_some_and(|new| *new != NONE));
        kept += u32::from(live);
        if live { kept - 1 } else { NONE }
    };
    match &source.source {
        Source::Active(active) => {
            let slot = active.field(field)?;
            let map = (0..linked).map(|ordinal| renumber(slot.row(ordinal))).collect();
            Some((SourceLinks::Active(active.clone(), field), map))
        }
        Source::Sealed(sealed) => {
            let slot = sealed.fields.get(field)?.as_ref()?;
            if slot.graph.is_none() || sealed.graph_damaged() {
                return None;
            }
            let map = (0..slot.vectors.len())
                .map(|ordinal| renumber(Some(slot.vectors.row(ordinal))))
                .collect();
            Some((SourceLinks::Sealed(sealed.clone(), field), map))
        }
    }
}
