//! Checks vectors against the fields they are for, and brings them into the form in which they are stored. Never looks
//! at data.

use ruvector_sparse::WeightType;
use ruvector_types::{
    Distance, Invalid, Limits, MultiVector, NamedVectors, Problem, SparseDatatype, SparseVector, Vector,
    VectorDatatype,
};

use crate::collection::{Core, at_most};
use crate::fields::{MultiSchema, RaggedKind, RaggedSchema};
use crate::schema::FieldRef;

/// A point's vectors by the numbers of their fields, ascending.
pub(super) fn prepare_vectors(named: NamedVectors, core: &Core) -> Result<Vec<(u16, Vector)>, Invalid> {
    let mut vectors = Vec::with_capacity(named.len());
    let fields = core.schema.load();
    for (name, vector) in named {
        let place = if name.is_empty() {
            "vector".to_owned()
        } else {
            format!("vector.{name}")
        };
        let field = fields.named(&name, &place)?;
        let vector = match field {
            FieldRef::Dense(schema) => {
                let mut vector = dense(vector, &place)?;
                check_vector(&vector, schema.dim, &place)?;
                let datatype = schema.kernels.datatype;
                // Bytes could not hold a vector of length 1: their lengths are looked at when they are compared.
                if schema.distance == Distance::Cosine && datatype != VectorDatatype::Uint8 {
                    ruvector_simd::normalize(&mut vector);
                }
                check_range(datatype, &vector, &place)?;
                Vector::Dense(vector)
            }
            FieldRef::Ragged(schema) => {
                let mut vector = check_ragged(vector, schema, &core.limits, &place)?;
                if let (Vector::Sparse(sparse), RaggedKind::Sparse(config)) = (&mut vector, &schema.kind) {
                    let weights = weight_type(config.datatype);
                    let values = sparse.values.iter_mut();
                    values.for_each(|value| *value = weights.round(*value));
                }
                if let (Vector::Multi(multi), RaggedKind::Multi(kind)) = (&vector, &schema.kind) {
                    check_range(kind.kernels.datatype, &multi.numbers, &place)?;
                }
                vector
            }
        };
        vectors.push((field.field().number(), vector));
    }
    vectors.sort_by_key(|(field, _)| *field);
    Ok(vectors)
}

/// Refuses numbers that `datatype` cannot hold. Those it can are rounded where the row is kept, after the log: live and
/// replayed alike.
fn check_range(datatype: VectorDatatype, vector: &[f32], place: &str) -> Result<(), Invalid> {
    if datatype == VectorDatatype::Float32 {
        return Ok(());
    }
    let (least, most) = datatype.range();
    let Some(index) = vector.iter().position(|number| !(least..=most).contains(number)) else {
        return Ok(());
    };
    let problem = Problem::OutOfRange {
        index,
        least,
        most,
        datatype: datatype.name(),
    };
    Err(Invalid::new(place, problem))
}

/// How lists keep the numbers of a field.
pub(crate) fn weight_type(datatype: SparseDatatype) -> WeightType {
    match datatype {
        SparseDatatype::Float32 => WeightType::Float32,
        SparseDatatype::Float16 => WeightType::Float16,
    }
}

/// The numbers of a vector given at `place` for a dense field.
fn dense(vector: Vector, place: &str) -> Result<Vec<f32>, Invalid> {
    match vector {
        Vector::Dense(numbers) => Ok(numbers),
        other => Err(wrong_kind(&other, "a dense vector", place)),
    }
}

/// The refusal of a vector given at `place` of another kind than `expected`.
pub(crate) fn wrong_kind(vector: &Vector, expected: &'static str, place: &str) -> Invalid {
    let given = vector.kind();
    Invalid::new(place, Problem::VectorKind { given, expected })
}

/// Dimension and finiteness of a vector given at `place`.
pub(crate) fn check_vector(vector: &[f32], dim: u32, place: &str) -> Result<(), Invalid> {
    if vector.len() != dim as usize {
        return Err(Invalid::new(
            place,
            Problem::Dimension {
                given: vector.len(),
                expected: dim,
            },
        ));
    }
    check_finite(vector, place)
}

fn check_finite(numbers: &[f32], place: &str) -> Result<(), Invalid> {
    if ruvector_simd::is_finite(numbers) {
        return Ok(());
    }
    let index = numbers.iter().position(|number| !number.is_finite()).unwrap_or(0);
    Err(Invalid::new(place, Problem::NotFinite { index }))
}

/// A vector for a field of sparse vectors or multi-vectors, stored or searched for: sparse ones with their dimensions
/// ascending, rows of multi-vectors normalised where the distance is cosine.
pub(crate) fn check_ragged(
    vector: Vector,
    schema: &RaggedSchema,
    limits: &Limits,
    place: &str,
) -> Result<Vector, Invalid> {
    match (&schema.kind, vector) {
        (RaggedKind::Sparse(_), Vector::Sparse(sparse)) => {
            check_sparse(sparse, limits, place).map(Vector::Sparse)
        }
        (RaggedKind::Sparse(_), other) => Err(wrong_kind(&other, "a sparse vector", place)),
        (RaggedKind::Multi(multi), Vector::Dense(numbers)) => {
            let given = MultiVector {
                dim: u32::try_from(numbers.len()).unwrap_or(u32::MAX),
                numbers,
            };
            check_multi(given, multi, limits, place).map(Vector::Multi)
        }
        (RaggedKind::Multi(multi), Vector::Multi(given)) => {
            check_multi(given, multi, limits, place).map(Vector::Multi)
        }
        (RaggedKind::Multi(_), other) => Err(wrong_kind(&other, "a multi-vector", place)),
    }
}

fn check_sparse(sparse: SparseVector, limits: &Limits, place: &str) -> Result<SparseVector, Invalid> {
    let SparseVector { indices, values } = sparse;
    let broken = |rule| Invalid::new(place, Problem::Contradiction { rule });
    if indices.len() != values.len() {
        return Err(broken("indices and values differ in number"));
    }
    let values_max = limits.sparse_values_max;
    at_most(place, values.len(), values_max, "sparse_values_max")?;
    check_finite(&values, place)?;
    if indices.is_sorted_by(|a, b| a < b) {
        return Ok(SparseVector { indices, values });
    }
    let mut pairs: Vec<(u32, f32)> = indices.into_iter().zip(values).collect();
    pairs.sort_by_key(|(index, _)| *index);
    if pairs.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(broken("an index is given twice"));
    }
    let (indices, values) = pairs.into_iter().unzip();
    Ok(SparseVector { indices, values })
}

fn check_multi(
    mut given: MultiVector,
    schema: &MultiSchema,
    limits: &Limits,
    place: &str,
) -> Result<MultiVector, Invalid> {
    let dim = schema.dim as usize;
    if given.dim != schema.dim || given.numbers.is_empty() || !given.numbers.len().is_multiple_of(dim) {
        let (given, expected) = (given.dim as usize, schema.dim);
        return Err(Invalid::new(place, Problem::Dimension { given, expected }));
    }
    let rows_max = limits.multivector_rows_max;
    at_most(place, given.rows().len(), rows_max, "multivector_rows_max")?;
    let numbers_max = limits.multivector_numbers_max;
    at_most(place, given.numbers.len(), numbers_max, "multivector_numbers_max")?;
    check_finite(&given.numbers, place)?;
    // Bytes keep their lengths, as in dense fields.
    if schema.distance == Distance::Cosine && schema.kernels.datatype != VectorDatatype::Uint8 {
        for row in given.numbers.chunks_exact_mut(dim) {
            ruvector_simd::normalize(row);
        }
    }
    Ok(given)
}
