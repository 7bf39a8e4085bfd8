//! Builds the inverted lists of a sparse field of a segment, a range of dimensions a step. Never holds all lists at once.

use std::sync::Arc;

use ruvector_io::Io;
use ruvector_sparse::{BuildPlan, IndexBuild};
use ruvector_storage::{Component, ComponentKind, ComponentWriter, RaggedBlock, RaggedRef};
use ruvector_types::SparseVectorConfig;

use crate::Error;
use crate::collection::Core;
use crate::write::weight_type;

/// Lists under construction.
#[derive(Debug)]
pub(crate) struct ListsBuild {
    vectors: RaggedBlock,
    build: IndexBuild,
    writer: ComponentWriter<'static>,
    bytes: Vec<u8>,
}

impl ListsBuild {
    /// Counts the dimensions of the vectors at `vectors`, just written, and begins the file at `path`.
    pub(crate) fn start(
        core: &Core,
        vectors: &str,
        (path, seq): (&str, u64),
        config: &SparseVectorConfig,
    ) -> Result<ListsBuild, Error> {
        let component = Component::open(core.io.as_ref(), vectors, ComponentKind::Ragged)
            .map_err(|error| Error::storage("opening vectors just written", error))?;
        let vectors = RaggedBlock::open(component)
            .map_err(|error| Error::storage("reading vectors just written", error))?;
        let mut plan = BuildPlan::default();
        for ordinal in 0..vectors.len() {
            plan.push(sparse(&vectors, ordinal)?.0);
        }
        let io: Arc<dyn Io> = core.io.clone();
        let writer =
            ComponentWriter::create_owned(io, path, ComponentKind::SparseIndex, seq).map_err(failed)?;
        Ok(ListsBuild {
            vectors,
            build: plan.build(weight_type(config.datatype)),
            writer,
            bytes: Vec::new(),
        })
    }

    /// Writes the lists of a range of dimensions; true once all are written.
    pub(crate) fn step(&mut self) -> Result<bool, Error> {
        if self.build.is_complete() {
            return Ok(true);
        }
        for ordinal in 0..self.vectors.len() {
            let (indices, values) = sparse(&self.vectors, ordinal)?;
            self.build.push(ordinal, indices, values);
        }
        self.bytes.clear();
        self.build.end_range(&mut self.bytes);
        self.writer.write(&self.bytes).map_err(failed)?;
        Ok(self.build.is_complete())
    }

    /// Writes the tables and syncs the file.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.writer.write(&self.build.finish()).map_err(failed)?;
        self.writer.finish().map_err(failed)?;
        Ok(())
    }
}

fn sparse(vectors: &RaggedBlock, ordinal: u32) -> Result<(&[u32], &[f32]), Error> {
    match vectors.vector(ordinal) {
        Some(RaggedRef::Sparse(indices, values)) => Ok((indices, values)),
        _ => Err(Error::corrupt("sparse vectors just written cannot be read")),
    }
}

fn failed(error: ruvector_storage::WriteComponentError) -> Error {
    Error::storage("writing the lists of a sparse field", error)
}
