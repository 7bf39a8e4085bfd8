//! The one vector that positive and negative examples make: the mean of the positive ones, as far again from the mean of the
//! negative ones. Never compares it with anything.

use std::collections::BTreeMap;

use ruvector_types::{Invalid, MultiVector, Problem, SparseVector, Vector};

/// Twice the mean of `positive` less that of `negative`; just the mean where that is empty. Of multi-vectors, all vectors
/// beside each other, those of `negative` turned round. The vectors must be of one kind and size; `place` is of the examples.
pub(super) fn mean(positive: &[Vector], negative: &[Vector], place: &str) -> Result<Vector, Invalid> {
    let Some(first) = positive.first() else {
        return Err(Invalid::new(format!("{place}.positive"), Problem::Empty));
    };
    let named = [("positive", positive), ("negative", negative)];
    for (name, vectors) in named {
        for (at, vector) in vectors.iter().enumerate() {
            same_shape(first, vector)
                .map_err(|problem| Invalid::new(format!("{place}.{name}[{at}]"), problem))?;
        }
    }
    Ok(match first {
        Vector::Dense(numbers) => Vector::Dense(dense(numbers.len(), positive, negative)),
        Vector::Sparse(_) => Vector::Sparse(sparse(positive, negative)),
        Vector::Multi(multi) => Vector::Multi(many(multi.dim, positive, negative)),
    })
}

fn same_shape(first: &Vector, other: &Vector) -> Result<(), Problem> {
    let size = |vector: &Vector| match vector {
        Vector::Dense(numbers) => numbers.len(),
        Vector::Multi(multi) => multi.dim as usize,
        Vector::Sparse(_) => 0,
    };
    if first.kind() != other.kind() {
        let (given, expected) = (other.kind(), first.kind());
        return Err(Problem::VectorKind { given, expected });
    }
    let (given, expected) = (size(other), size(first));
    match given == expected {
        true => Ok(()),
        false => Err(Problem::Dimension {
            given,
            expected: expected as u32,
        }),
    }
}

/// The weight of each vector of either list in the sum.
fn weights(positive: &[Vector], negative: &[Vector]) -> (f64, f64) {
    match negative.is_empty() {
        true => (1.0 / positive.len() as f64, 0.0),
        false => (2.0 / positive.len() as f64, -1.0 / negative.len() as f64),
    }
}

fn weighted<'a>(positive: &'a [Vector], negative: &'a [Vector]) -> impl Iterator<Item = (&'a Vector, f64)> {
    let (more, less) = weights(positive, negative);
    let positive = positive.iter().map(move |vector| (vector, more));
    positive.chain(negative.iter().map(move |vector| (vector, less)))
}

fn dense(dim: usize, positive: &[Vector], negative: &[Vector]) -> Vec<f32> {
    let mut sums = vec![0.0; dim];
    for (vector, weight) in weighted(positive, negative) {
        let numbers = vector.dense().unwrap_or_default();
        for (sum, number) in sums.iter_mut().zip(numbers) {
            *sum += f64::from(*number) * weight;
        }
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}

fn sparse(positive: &[Vector], negative: &[Vector]) -> SparseVector {
    let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
    for (vector, weight) in weighted(positive, negative) {
        let Vector::Sparse(sparse) = vector else { continue };
        for (index, value) in sparse.indices.iter().zip(&sparse.values) {
            *sums.entry(*index).or_default() += f64::from(*value) * weight;
        }
    }
    let (indices, values) = sums.into_iter().map(|(index, sum)| (index, sum as f32)).unzip();
    SparseVector { indices, values }
}

fn many(dim: u32, positive: &[Vector], negative: &[Vector]) -> MultiVector {
    let mut numbers = Vec::new();
    for (vectors, sign) in [(positive, 1.0), (negative, -1.0)] {
        for vector in vectors {
            if let Vector::Multi(multi) = vector {
                numbers.extend(multi.numbers.iter().map(|number| number * sign));
            }
        }
    }
    MultiVector { dim, numbers }
}
