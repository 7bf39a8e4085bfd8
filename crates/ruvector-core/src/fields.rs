//! Vector fields by their numbers in the log, and what the engine knows of those whose vectors differ in length. Never
//! holds what dense fields have in `shard`.

use ruvector_simd::Metric;
use ruvector_types::{CollectionConfig, Distance, SparseVectorConfig, VectorConfig, VectorDatatype};

use crate::kernels::FieldKernels;

/// The number in the log of the first field that is not dense.
const FIRST_RAGGED: u16 = 1 << 15;

/// A vector field: its place among those of its kind in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// One vector of so many numbers for each point.
    Dense(usize),
    /// Sparse vectors or multi-vectors.
    Ragged(usize),
}

/// A field of sparse vectors or multi-vectors.
#[derive(Clone, Debug)]
pub(crate) struct RaggedSchema {
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
    /// Of the sparse fields, then of the multi-vectors, each by name.
    pub(crate) fn all_of(config: &CollectionConfig) -> Vec<RaggedSchema> {
        let sparse = config.sparse_vectors.iter().map(|(name, field)| RaggedSchema {
            name: name.clone(),
            kind: RaggedKind::Sparse(*field),
            on_disk: field.on_disk,
        });
        let multi = config
            .vectors
            .iter()
            .filter(|(_, field)| field.multivector.is_some());
        let multi = multi.map(|(name, field)| RaggedSchema {
            name: name.clone(),
            kind: RaggedKind::Multi(MultiSchema::of(field)),
            on_disk: field.on_disk,
        });
        sparse.chain(multi).collect()
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
