//! Vector fields by their numbers in the log, and what the engine knows of those whose vectors differ in length. Never
//! holds what dense fields have in `schema`.

use std::sync::Arc;

use ruvector_simd::Metric;
use ruvector_storage::FIRST_RAGGED;
use ruvector_types::{Distance, SparseVectorConfig, VectorConfig, VectorDatatype};

use crate::kernels::FieldKernels;

/// A vector field: its number among those of its kind, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// One vector of so many numbers for each point.
    Dense(usize),
    /// Sparse vectors or multi-vectors.
    Ragged(usize),
}

/// A field of sparse vectors or multi-vectors. What a number stands for never changes; `on_disk` may from one schema to the
/// next.
#[derive(Debug)]
pub(crate) struct RaggedSchema {
    /// In logs and files without the highest bit, and its place in the schema.
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) kind: RaggedKind,
    /// Sealed components are not promoted.
    pub(crate) on_disk: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum RaggedKind {
    Sparse(SparseVectorConfig),
    Multi(MultiSchema),
}

/// How multi-vectors of a field are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MultiSchema {
    pub(crate) dim: u32,
    pub(crate) distance: Distance,
    pub(crate) kernels: FieldKernels,
}

impl Field {
    /// Its number in the log.
    pub(crate) fn number(self) -> u16 {
        match self {
            Field::Dense(at) => at as u16,
            Field::Ragged(at) => FIRST_RAGGED | at as u16,
        }
    }

    pub(crate) fn of(number: u16) -> Field {
        match number & FIRST_RAGGED {
            0 => Field::Dense(number.into()),
            _ => Field::Ragged((number & !FIRST_RAGGED).into()),
        }
    }
}

impl RaggedSchema {
    pub(crate) fn new(number: usize, name: &str, kind: RaggedKind, on_disk: bool) -> RaggedSchema {
        RaggedSchema {
            number,
            name: name.to_owned(),
            kind,
            on_disk,
        }
    }

    /// The field as `before` has it, unless it is to be kept otherwise from now on.
    pub(crate) fn since(self, before: Option<&Arc<RaggedSchema>>) -> Arc<RaggedSchema> {
        let same = before.filter(|before| before.on_disk == self.on_disk);
        same.cloned().unwrap_or_else(|| Arc::new(self))
    }

    /// Dimensions of each vector of a multi-vector and the type of their numbers; 0 dimensions: the vectors are sparse.
    pub(crate) fn dim(&self) -> (u32, VectorDatatype) {
        match &self.kind {
            RaggedKind::Sparse(_) => (0, VectorDatatype::Float32),
            RaggedKind::Multi(multi) => (multi.dim, multi.kernels.datatype),
        }
    }

    /// What its scores are.
    pub(crate) fn distance(&self) -> Distance {
        match &self.kind {
            RaggedKind::Sparse(_) => Distance::Dot,
            RaggedKind::Multi(multi) => multi.distance,
        }
    }
}

impl RaggedKind {
    /// Of a field that is no sparse one.
    pub(crate) fn of_vector(field: &VectorConfig) -> RaggedKind {
        RaggedKind::Multi(MultiSchema::of(field))
    }
}

impl MultiSchema {
    fn of(field: &VectorConfig) -> MultiSchema {
        MultiSchema {
            dim: field.dim,
            distance: field.distance,
            kernels: FieldKernels::of(field),
        }
    }
}

/// How the kernels measure a distance; cosine vectors are normalised when they are written.
pub(crate) fn metric(distance: Distance) -> Metric {
    match distance {
        Distance::Cosine | Distance::Dot => Metric::Dot,
        Distance::Euclid => Metric::Euclid,
        Distance::Manhattan => Metric::Manhattan,
    }
}
