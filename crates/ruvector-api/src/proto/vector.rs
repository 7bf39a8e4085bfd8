//! Vectors as messages, both ways; the older way to write one (`data`, `indices`, `vectors_count`) is understood, and
//! is how vectors go out, as every client reads it. Never embeds anything but a text by BM25.

use ruvector_types::{Limits, MultiVector, NamedVectors, SparseVector, Vector};

use super::given::{required, unserved};
use super::messages::{self as m, vector::Vector as Kind, vector_input, vectors::VectorsOptions};
use super::value::payload;
use crate::document::{Bm25Options, Purpose, encode_text};
use crate::{ApiError, WirePayload};

const NO_INFERENCE: &str = "texts are encoded (model qdrant/bm25), nothing else; give the vector";

/// A point's vectors; `field` is their place.
pub(super) fn vectors(given: Option<m::Vectors>, field: &str) -> Result<NamedVectors, ApiError> {
    let Some(m::Vectors { vectors_options }) = given else {
        return Ok(NamedVectors::new());
    };
    match required(vectors_options, field, "vector or vectors")? {
        VectorsOptions::Vector(one) => {
            let vector = vector(one, Purpose::Document).map_err(|error| error.within(field))?;
            Ok(NamedVectors::from([(String::new(), vector)]))
        }
        VectorsOptions::Vectors(m::NamedVectors { vectors }) => {
            let one = |(name, given)| match vector(given, Purpose::Document) {
                Ok(vector) => Ok((name, vector)),
                Err(error) => Err(error.within(format_args!("{field}.{name}"))),
            };
            vectors.into_iter().map(one).collect()
        }
    }
}

/// One vector of any kind; a text is encoded for `purpose`.
pub(super) fn vector(given: m::Vector, purpose: Purpose) -> Result<Vector, ApiError> {
    #[allow(deprecated, reason = "older clients write it so")]
    let m::Vector {
        data,
        indices,
        vectors_count,
        vector,
    } = given;
    let Some(kind) = vector else {
        return older(data, indices, vectors_count);
    };
    if !data.is_empty() || indices.is_some() || vectors_count.is_some() {
        let rule = "is an older spelling of dense, sparse and multi_dense; give one of them alone";
        return Err(ApiError::rule("data", rule));
    }
    match kind {
        Kind::Dense(m::DenseVector { data }) => Ok(Vector::Dense(data)),
        Kind::Sparse(given) => Ok(sparse(given)),
        Kind::MultiDense(given) => multi(given),
        Kind::Document(given) => document(given, purpose),
        Kind::Image(_) => Err(unserved("image", NO_INFERENCE)),
        Kind::Object(_) => Err(unserved("object", NO_INFERENCE)),
    }
}

fn older(
    data: Vec<f32>,
    indices: Option<m::SparseIndices>,
    vectors_count: Option<u32>,
) -> Result<Vector, ApiError> {
    match (indices, vectors_count) {
        (None, None) => Ok(Vector::Dense(data)),
        (Some(m::SparseIndices { data: indices }), None) => Ok(Vector::Sparse(SparseVector {
            indices,
            values: data,
        })),
        (None, Some(count)) => {
            let count = count as usize;
            if count == 0 || data.is_empty() || !data.len().is_multiple_of(count) {
                let rule = "the numbers in data are no multiple of it";
                return Err(ApiError::rule("vectors_count", rule));
            }
            let dim = u32::try_from(data.len() / count);
            let dim = dim.map_err(|_| ApiError::rule("data", "has more dimensions than 32 bits count"))?;
            Ok(Vector::Multi(MultiVector { dim, numbers: data }))
        }
        (Some(_), Some(_)) => {
            let rule = "is of a multi-vector, and indices are of a sparse one";
            Err(ApiError::rule("vectors_count", rule))
        }
    }
}

fn sparse(given: m::SparseVector) -> Vector {
    let m::SparseVector { values, indices } = given;
    Vector::Sparse(SparseVector { indices, values })
}

fn multi(given: m::MultiDenseVector) -> Result<Vector, ApiError> {
    let m::MultiDenseVector { vectors } = given;
    let dim = vectors.first().map_or(0, |row| row.data.len());
    if dim == 0 {
        let rule = "must hold at least one vector, and none may be empty";
        return Err(ApiError::rule("multi_dense.vectors", rule));
    }
    if let Some(at) = vectors.iter().position(|row| row.data.len() != dim) {
        let rule = "the vectors of a multi-vector differ in length";
        return Err(ApiError::rule(format!("multi_dense.vectors[{at}]"), rule));
    }
    let mut rows = vectors.into_iter().map(|m::DenseVector { data }| data);
    let mut numbers = rows.next().unwrap_or_default();
    for row in rows {
        numbers.extend(row);
    }
    let dim = u32::try_from(dim);
    let dim =
        dim.map_err(|_| ApiError::rule("multi_dense.vectors", "has more dimensions than 32 bits count"))?;
    Ok(Vector::Multi(MultiVector { dim, numbers }))
}

/// The vector of a text.
fn document(given: m::Document, purpose: Purpose) -> Result<Vector, ApiError> {
    let m::Document { text, model, options } = given;
    let options = match options.is_empty() {
        true => None,
        false => {
            // Options are few and small; the JSON side knows their names.
            let options = payload(options, "document.options", &Limits::default())?;
            let json = serde_json::to_value(WirePayload(options)).map_err(ApiError::Response)?;
            let read = serde_json::from_value::<Bm25Options>(json);
            Some(read.map_err(|source| ApiError::Json {
                field: "document.options".to_owned(),
                source,
            })?)
        }
    };
    let vector = encode_text(&text, &model, options, purpose);
    vector
        .map(Vector::Sparse)
        .map_err(|error| error.within("document"))
}

/// A vector, or the id of a point that has it.
pub(super) fn vector_input(given: m::VectorInput) -> Result<ruvector_types::VectorInput, ApiError> {
    use ruvector_types::VectorInput as Input;
    use vector_input::Variant;
    let m::VectorInput { variant } = given;
    let what = "id, dense, sparse or multi_dense";
    match required(variant, "variant", what)? {
        Variant::Id(id) => super::id::point_id(id, "id").map(Input::Id),
        Variant::Dense(m::DenseVector { data }) => Ok(Input::Vector(Vector::Dense(data))),
        Variant::Sparse(given) => Ok(Input::Vector(sparse(given))),
        Variant::MultiDense(given) => multi(given).map(Input::Vector),
        Variant::Document(given) => document(given, Purpose::Query).map(Input::Vector),
        Variant::Image(_) => Err(unserved("image", NO_INFERENCE)),
        Variant::Object(_) => Err(unserved("object", NO_INFERENCE)),
    }
}

/// Vectors on their way out; `None` where none were asked for.
pub(super) fn vectors_message(vectors: Option<NamedVectors>) -> Option<m::VectorsOutput> {
    use m::vectors_output::VectorsOptions;
    let mut vectors = vectors?;
    let options = match (vectors.len(), vectors.remove("")) {
        (1, Some(only)) => VectorsOptions::Vector(vector_message(only)),
        (_, unnamed) => {
            vectors.extend(unnamed.map(|vector| (String::new(), vector)));
            let named = vectors
                .into_iter()
                .map(|(name, vector)| (name, vector_message(vector)));
            VectorsOptions::Vectors(m::NamedVectorsOutput {
                vectors: named.collect(),
            })
        }
    };
    Some(m::VectorsOutput {
        vectors_options: Some(options),
    })
}

#[allow(deprecated, reason = "the fields that every client reads")]
fn vector_message(vector: Vector) -> m::VectorOutput {
    let (data, indices, vectors_count) = match vector {
        Vector::Dense(numbers) => (numbers, None, None),
        Vector::Sparse(SparseVector { indices, values }) => {
            (values, Some(m::SparseIndices { data: indices }), None)
        }
        Vector::Multi(multi) => {
            let rows = u32::try_from(multi.rows().len()).unwrap_or(u32::MAX);
            (multi.numbers, None, Some(rows))
        }
    };
    m::VectorOutput {
        data,
        indices,
        vectors_count,
        vector: None,
    }
}
