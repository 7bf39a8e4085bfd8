//! Writes the fast layout of a graph just built, a bounded number of nodes a step, straight into its file.
//! Never reads anything but the new segment's own vectors and links.

use ruvector_graph::{FastEncoder, PlainGraph};
use ruvector_storage::{ComponentKind, ComponentWriter, VectorBlock};
use ruvector_types::GraphProfile;

use crate::collection::Core;
use crate::kernels::Compared;
use crate::schema::FieldSchema;
use crate::{Error, ErrorKind};

/// Vectors below which a segment is scanned or walked as fast as this layout could be.
const FAST_VECTORS_MIN: u32 = 1_024;
/// Nodes encoded in one step.
const ENCODE_NODES: u32 = 2_048;
/// One rotation for each field of every collection, so that merges can reuse codes.
pub(super) const ROTATION_SEED: u64 = 0x7275_5665_6374_6f72;

/// A fast layout being written.
#[derive(Debug)]
pub(crate) struct FastBuild {
    encoder: FastEncoder,
    links: PlainGraph<Vec<u8>>,
    writer: ComponentWriter<'static>,
    bytes: Vec<u8>,
}

impl FastBuild {
    /// Starts the file at `(path, seq)` from the bytes of a plain graph; `None` if the field is too small or its
    /// metric has no fast layout.
    pub(crate) fn start(
        core: &Core,
        schema: &FieldSchema,
        block: &VectorBlock,
        plain: Vec<u8>,
        (path, seq): (&str, u64),
    ) -> Result<Option<FastBuild>, Error> {
        if block.len() < FAST_VECTORS_MIN || schema.hnsw.profile == GraphProfile::Compact {
            return Ok(None);
        }
        let Some(encoder) = FastEncoder::new(schema.metric, schema.dim as usize, block.len(), ROTATION_SEED)
        else {
            return Ok(None);
        };
        let links = PlainGraph::open(plain).map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                "graph_build",
                "a graph just built could not be read",
            )
            .because(error)
        })?;
        let writer = ComponentWriter::create_owned(core.io.clone(), path, ComponentKind::FastGraph, seq)
            .map_err(|error| Error::storage("writing a fast graph", error))?;
        Ok(Some(FastBuild {
            encoder,
            links,
            writer,
            bytes: Vec::new(),
        }))
    }

    /// Encodes some nodes; true when the last is written.
    pub(crate) fn step(&mut self, vectors: &Compared<'_>) -> Result<bool, Error> {
        self.bytes.clear();
        let done = self
            .encoder
            .step(vectors, &self.links, ENCODE_NODES, &mut self.bytes);
        self.writer
            .write(&self.bytes)
            .map_err(|error| Error::storage("writing a fast graph", error))?;
        Ok(done)
    }

    /// Ends and syncs the file.
    pub(crate) fn finish(self: Box<Self>) -> Result<(), Error> {
        self.writer
            .finish()
            .map(drop)
            .map_err(|error| Error::storage("writing a fast graph", error))
    }
}
