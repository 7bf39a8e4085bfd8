//! The score of a sparse vector. Sums run in the order of the dimensions everywhere, so that a score does not depend on
//! where it was computed.

use crate::Query;

/// The inner product with a vector whose `indices` ascend; `None` if no dimension is common.
pub fn dot(query: &Query, indices: &[u32], values: &[f32]) -> Option<f32> {
    let mut sum = None;
    let mut at = 0;
    for (dimension, weight) in query {
        at += gallop(&indices[at..], *dimension);
        match (indices.get(at), values.get(at)) {
            (Some(index), Some(value)) if index == dimension => {
                sum = Some(sum.unwrap_or(0.0) + weight * value);
                at += 1;
            }
            (Some(_), _) => {}
            (None, _) => break,
        }
    }
    sum
}

/// How many of the first `indices` are below `dimension`. Cost: logarithmic in the answer.
fn gallop(indices: &[u32], dimension: u32) -> usize {
    let mut reach = 1;
    while reach < indices.len() && indices[reach] < dimension {
        reach *= 2;
    }
    let from = reach / 2;
    let to = (reach + 1).min(indices.len());
    from + indices[from.min(to)..to].partition_point(|index| *index < dimension)
}
