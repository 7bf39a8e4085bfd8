//! How far stored sparse vectors and multi-vectors are from a query. Never reads a segment.

use half::f16;
use ruvector_storage::RaggedRef;
use ruvector_types::{Vector, VectorDatatype};

use crate::fields::RaggedKind;
use crate::kernels::{FieldKernels, Stored, finite};

/// What vectors are compared with.
pub(in crate::read) enum Measure {
    /// Dimensions ascending, with their weights; `full_scan_threshold` of the field.
    Sparse(Vec<(u32, f32)>, Option<u32>),
    /// Several vectors.
    Multi(Several),
}

/// The vectors of a query of multi-vectors.
pub(in crate::read) struct Several {
    /// Of all of them, `dim` each.
    numbers: Vec<f32>,
    dim: usize,
    kernels: FieldKernels,
}

impl Measure {
    /// How far a vector is, lower is nearer; `None` if nothing is in common.
    pub(in crate::read) fn distance(&self, vector: RaggedRef<'_>) -> Option<f32> {
        match (self, vector) {
            (Measure::Sparse(query, _), RaggedRef::Sparse(indices, values)) => {
                ruvector_sparse::dot(query, indices, values).map(of_score)
            }
            (Measure::Multi(query), RaggedRef::Multi(stored)) => match query.kernels.datatype {
                VectorDatatype::Float32 => query.max_sim::<f32>(stored),
                VectorDatatype::Float16 => query.max_sim::<f16>(stored),
                VectorDatatype::Uint8 => query.max_sim::<u8>(stored),
            },
            _ => None,
        }
    }

    /// Numbers that a comparison with `vector` touches.
    pub(in crate::read) fn numbers(&self, vector: RaggedRef<'_>) -> usize {
        match (self, vector) {
            (Measure::Multi(query), RaggedRef::Multi(stored)) => {
                let count = stored.len() / query.kernels.datatype.bytes() as usize;
                (query.numbers.len() / query.dim.max(1)).saturating_mul(count)
            }
            (_, RaggedRef::Sparse(indices, _)) => indices.len() + 16,
            (_, RaggedRef::Multi(rows)) => rows.len(),
        }
    }
}

impl Several {
    /// Each vector of the query with the one nearest to it, summed; `None` if the bytes are no vectors.
    fn max_sim<T: Stored>(&self, stored: &[u8]) -> Option<f32> {
        let rows = T::of_bytes(stored)?;
        let of_one = |query: &[f32]| {
            let rows = rows.chunks_exact(self.dim);
            let distances = rows.map(|row| finite(T::from_query(&self.kernels, query, row)));
            distances.fold(f32::INFINITY, f32::min)
        };
        Some(finite(self.numbers.chunks_exact(self.dim).map(of_one).sum()))
    }
}

/// The distance of a similarity: 0 rather than -0, and infinitely far if it is no number.
pub(in crate::read) fn of_score(score: f32) -> f32 {
    finite(0.0 - score)
}

pub(in crate::read) fn measure(vector: Vector, kind: &RaggedKind) -> Measure {
    match (kind, vector) {
        (RaggedKind::Multi(multi), Vector::Multi(mut given)) => {
            let dim = multi.dim as usize;
            multi.kernels.make_query(&mut given.numbers, dim);
            Measure::Multi(Several {
                numbers: given.numbers,
                dim,
                kernels: multi.kernels,
            })
        }
        (RaggedKind::Sparse(config), Vector::Sparse(sparse)) => {
            let pairs = sparse.indices.into_iter().zip(sparse.values);
            Measure::Sparse(pairs.collect(), config.full_scan_threshold)
        }
        // Checked before: a vector is of its field's kind.
        _ => Measure::Sparse(Vec::new(), None),
    }
}
