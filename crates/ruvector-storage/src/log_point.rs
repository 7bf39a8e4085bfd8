//! A point in the log, its vectors dense only or of any kind. Never knows what kind a field is of.
//!
//! ```text
//! point:        id │ vectors u16 │ vectors │ payload bytes u32 │ payload
//! vector:       field u16 │ dim u32 │ dim × f32
//! of any kind:  field u16 │ kind u8 (0 dense, 1 sparse, 2 multi) │ one of
//!   dense:      dim u32 │ dim × f32
//!   sparse:     values u32 │ values × u32, the dimensions │ values × f32
//!   multi:      dim u32, not 0 │ rows u32, not 0 │ rows × dim × f32
//! ```

use ruvector_types::{MultiVector, PointId, SparseVector, Vector};

use crate::wire::{Malformed, Reader, put, put_id};

/// A point in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogPoint {
    /// Its id.
    pub id: PointId,
    /// Its vectors by field number.
    pub vectors: Vec<(u16, Vector)>,
    /// Its payload, encoded.
    pub payload: Box<[u8]>,
}

/// Whether every vector is dense.
pub(crate) fn dense_only(points: &[LogPoint]) -> bool {
    points
        .iter()
        .flat_map(|point| &point.vectors)
        .all(|(_, vector)| matches!(vector, Vector::Dense(_)))
}

impl LogPoint {
    pub(crate) fn encode(&self, any_kind: bool, out: &mut Vec<u8>) {
        put_id(&self.id, out);
        put!(out, self.vectors.len() as u16);
        for (field, vector) in &self.vectors {
            put!(out, *field);
            if any_kind {
                out.push(kind(vector));
            }
            put_vector(vector, out);
        }
        put!(out, self.payload.len() as u32);
        out.extend_from_slice(&self.payload);
    }

    pub(crate) fn decode(any_kind: bool, reader: &mut Reader<'_>) -> Result<LogPoint, Malformed> {
        let id = reader.id()?;
        let fields = reader.u16()?;
        let mut vectors = Vec::with_capacity(usize::from(fields).min(reader.remaining() / 6));
        for _ in 0..fields {
            let field = reader.u16()?;
            let kind = if any_kind { reader.u8()? } else { 0 };
            vectors.push((field, vector(kind, reader)?));
        }
        let bytes = reader.u32()?;
        let payload = reader.take(bytes as usize)?.into();
        Ok(LogPoint { id, vectors, payload })
    }
}

fn kind(vector: &Vector) -> u8 {
    match vector {
        Vector::Dense(_) => 0,
        Vector::Sparse(_) => 1,
        Vector::Multi(_) => 2,
    }
}

fn put_vector(vector: &Vector, out: &mut Vec<u8>) {
    let numbers = match vector {
        Vector::Dense(numbers) => {
            put!(out, numbers.len() as u32);
            numbers
        }
        Vector::Sparse(sparse) => {
            put!(out, sparse.indices.len() as u32);
            for index in &sparse.indices {
                put!(out, *index);
            }
            &sparse.values
        }
        Vector::Multi(multi) => {
            put!(out, multi.dim, multi.rows().len() as u32);
            &multi.numbers
        }
    };
    for number in numbers {
        put!(out, *number);
    }
}

fn vector(kind: u8, reader: &mut Reader<'_>) -> Result<Vector, Malformed> {
    match kind {
        0 => {
            let dim = reader.u32()?;
            reader.f32s(dim).map(Vector::Dense)
        }
        1 => {
            let (count, capacity) = reader.count(8)?;
            let mut indices = Vec::with_capacity(capacity);
            for _ in 0..count {
                indices.push(reader.u32()?);
            }
            let values = reader.f32s(count)?;
            Ok(Vector::Sparse(SparseVector { indices, values }))
        }
        2 => {
            let (dim, rows) = (reader.u32()?, reader.u32()?);
            let count = dim.checked_mul(rows).filter(|count| *count > 0);
            let numbers =
                reader.f32s(count.ok_or_else(|| reader.malformed("bad shape of a multi-vector"))?)?;
            Ok(Vector::Multi(MultiVector { dim, numbers }))
        }
        _ => Err(reader.malformed("unknown kind of vector")),
    }
}
