//! Builds the graph of one field of a rewritten segment: the first source's links are carried over and repaired
//! where rows were dropped, everything else is inserted, both over 8-bit codes of the new vectors. Never starts from
//! nothing when there is a graph.

use std::sync::Arc;

use ruvector_graph::{
    CarryOver, CodedVectors, Entry, GraphParams, Links, LiveGraph, Space, Unreadable, Vectors,
};
use ruvector_io::Io;
use ruvector_storage::{SealedSegment, VectorBlock};

use super::fast::ROTATION_SEED;
use super::insertion::Insertion;
use crate::active::{ActiveSegment, NONE};
use crate::collection::Core;
use crate::kernels::{Compared, FieldKernels, in_space, with_typed};
use crate::schema::FieldSchema;
use crate::view::{SegmentView, Source};
use crate::{Error, ErrorKind};

/// Vectors below which coding them first does not pay.
const CODED_VECTORS_MIN: u32 = 1_024;
/// Vectors coded in one step.
const CODE_VECTORS: u32 = 8_192;
/// Nodes carried over in one step.
const CARRY_NODES: u32 = 4_096;

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
pub(crate) struct GraphBuild {
    /// What distances are taken from. `None`: from the vectors themselves.
    codes: Option<Box<CodedVectors>>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Vectors are coded; the stage that follows waits.
    Code(Box<Stage>),
    Carry(Box<CarryOver<SourceLinks>>),
    Insert(Box<Insertion>),
    Done(LiveGraph),
}

impl GraphBuild {
    /// Starts the graph over `len` vectors: source after source, rows in order.
    pub(crate) fn new(
        core: &Core,
        schema: &FieldSchema,
        sources: &[SegmentView],
        new_rows: &[Vec<u32>],
        len: u32,
    ) -> Result<GraphBuild, Error> {
        let hnsw = core.hnsw(schema);
        let params = GraphParams {
            m: hnsw.m,
            ef_construct: hnsw.ef_construct,
            seed: 0,
        };
        let carried = match (sources.first(), new_rows.first()) {
            (Some(source), Some(rows)) => carried_links(source, rows, (schema.number, params)),
            _ => None,
        };
        let stage = match carried {
            None => Stage::insert(LiveGraph::new(params, len)),
            Some((links, map)) => {
                let carry = CarryOver::new(links, map, params, len)
                    .map_err(|error| failed("a graph could not be carried over").because(error))?;
                Stage::Carry(Box::new(carry))
            }
        };
        let codes = match len {
            CODED_VECTORS_MIN.. => {
                CodedVectors::new(schema.metric, schema.dim as usize, len, ROTATION_SEED).map(Box::new)
            }
            _ => None,
        };
        let stage = match &codes {
            Some(_) => Stage::Code(Box::new(stage)),
            None => stage,
        };
        Ok(GraphBuild { codes, stage })
    }

    /// One piece, by so many `threads` at most; returns the build and how many nodes it inserted.
    pub(crate) fn step(
        mut self,
        kernels: &FieldKernels,
        block: &VectorBlock,
        (io, threads): (&dyn Io, u32),
    ) -> Result<(GraphBuild, u64), Error> {
        let (stage, inserted) = match (self.stage, &mut self.codes) {
            (Stage::Code(next), Some(codes)) => {
                match codes.step(&Compared::new(block, kernels), CODE_VECTORS) {
                    true => (*next, 0),
                    false => (Stage::Code(next), 0),
                }
            }
            (stage, Some(codes)) => stage.step(codes.space(), io, threads)?,
            (stage, None) => with_typed!(block, typed => {
                in_space(typed, kernels, |space| stage.step(space, io, threads))
            })?,
        };
        self.stage = stage;
        Ok((self, inserted))
    }

    /// The bytes of the plain layout, once the graph is complete.
    pub(crate) fn encoded(&self, len: u32) -> Result<Option<Vec<u8>>, Error> {
        let Stage::Done(graph) = &self.stage else {
            return Ok(None);
        };
        let encoded = ruvector_graph::plain::encode(graph, len, graph.params());
        encoded
            .map(Some)
            .map_err(|error| failed("a graph could not be encoded").because(error))
    }
}

impl Stage {
    fn insert(graph: LiveGraph) -> Stage {
        Stage::Insert(Box::new(Insertion::new(graph)))
    }

    /// One piece over the vectors or their codes; returns what follows and how many nodes it inserted.
    fn step<V: Vectors + Sync>(
        self,
        space: Space<'_, V>,
        io: &dyn Io,
        threads: u32,
    ) -> Result<(Stage, u64), Error> {
        match self {
            Stage::Carry(mut carry) => {
                if !carry.step(space, CARRY_NODES) {
                    return Ok((Stage::Carry(carry), 0));
                }
                let graph = carry
                    .finish()
                    .map_err(|error| failed("a carry-over did not end").because(error))?;
                Ok((Stage::insert(graph), 0))
            }
            Stage::Insert(mut insertion) => match insertion.step(space, io, threads)? {
                0 => Ok((Stage::Done(insertion.into_graph()), 0)),
                inserted => Ok((Stage::Insert(insertion), inserted.into())),
            },
            Stage::Code(next) => Ok((*next, 0)),
            Stage::Done(graph) => Ok((Stage::Done(graph), 0)),
        }
    }
}

pub(super) fn failed(what: &str) -> Error {
    Error::new(ErrorKind::Internal, "graph_build", what)
}

/// A source's links and, for each linked ordinal, its new ordinal. `None` if there is no sound graph
/// of these parameters.
fn carried_links(
    source: &SegmentView,
    new_rows: &[u32],
    (field, params): (usize, GraphParams),
) -> Option<(SourceLinks, Vec<u32>)> {
    let same = |built: GraphParams| (built.m, built.ef_construct) == (params.m, params.ef_construct);
    let (_, linked) = source.vector_counts(field);
    let mut kept = 0;
    let mut renumber = |row: Option<u32>| {
        let live = row.is_some_and(|row| new_rows.get(row as usize).is_some_and(|new| *new != NONE));
        kept += u32::from(live);
        if live { kept - 1 } else { NONE }
    };
    match &source.source {
        Source::Active(active) => {
            let slot = active.field(field).filter(|slot| same(slot.graph().params()))?;
            let map = (0..linked).map(|ordinal| renumber(slot.row(ordinal))).collect();
            Some((SourceLinks::Active(active.clone(), field), map))
        }
        Source::Sealed(sealed) => {
            let slot = sealed.fields.get(field)?.as_ref()?;
            if slot.graph.as_ref().is_none_or(|graph| !same(graph.params())) || sealed.graph_damaged() {
                return None;
            }
            let map = (0..slot.vectors.len())
                .map(|ordinal| renumber(Some(slot.vectors.row(ordinal))))
                .collect();
            Some((SourceLinks::Sealed(sealed.clone(), field), map))
        }
    }
}
