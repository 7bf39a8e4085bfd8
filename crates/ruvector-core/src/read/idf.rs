//! The rarity of dimensions among all live points of a view that have a sparse vector. Never an estimate: deleted rows
//! are not counted.

use ruvector_sparse::{SparseIndex, idf};
use ruvector_storage::{Component, RaggedBlock, RaggedRef};
use ruvector_types::Modifier;

use super::ragged::{Measure, RaggedQuery};
use crate::Error;
use crate::fields::RaggedKind;
use crate::view::{SegmentView, Snapshot, Source};

/// Vectors read between two looks at the deadline.
const VECTORS_PER_CHECK: u32 = 4096;

/// Multiplies the weights of a query with the rarity of their dimensions, if its field says so. Cost: in segments with
/// deleted rows the lists of the query's dimensions.
pub(super) fn weigh(snapshot: &Snapshot, query: &mut RaggedQuery<'_>) -> Result<(), Error> {
    if !matches!(&query.field.kind, RaggedKind::Sparse(config) if config.modifier == Modifier::Idf) {
        return Ok(());
    }
    let Measure::Sparse(weights, _) = &query.measure else {
        return Ok(());
    };
    let mut having = vec![0; weights.len()];
    let mut all = 0;
    for (_, segment) in snapshot.segments() {
        query.ctx.check(query.core.io.as_ref())?;
        all += segment.live_ragged(query.field.number);
        count(query, segment, weights, &mut having)?;
    }
    if let Measure::Sparse(weights, _) = &mut query.measure {
        for ((_, weight), having) in weights.iter_mut().zip(having) {
            *weight *= idf(all, having);
        }
    }
    Ok(())
}

/// Adds how many live vectors of a segment have each dimension.
fn count(
    query: &RaggedQuery<'_>,
    segment: &SegmentView,
    weights: &[(u32, f32)],
    having: &mut [u64],
) -> Result<(), Error> {
    match &segment.source {
        Source::Active(active) => {
            let Some(field) = active.ragged(query.field.number) else {
                return Ok(());
            };
            let visible = segment.ragged_count(query.field.number);
            let live = |ordinal| field.row(ordinal).is_some_and(|row| segment.is_live(row));
            for ((dimension, _), having) in weights.iter().zip(having) {
                field.postings(*dimension, visible, &mut |ordinal, _| {
                    *having += u64::from(live(ordinal));
                });
            }
            Ok(())
        }
        Source::Sealed(sealed) => {
            let Some(Some(field)) = sealed.ragged.get(query.field.number) else {
                return Ok(());
            };
            let counted = field
                .index
                .as_ref()
                .and_then(|index| count_lists(index, &field.vectors, segment, weights));
            match counted {
                Some(counts) => having
                    .iter_mut()
                    .zip(counts)
                    .for_each(|(sum, count)| *sum += count),
                None => count_vectors(query, &field.vectors, segment, having)?,
            }
            Ok(())
        }
    }
}

/// By lists; `None` if some are damaged.
fn count_lists(
    index: &SparseIndex<Component>,
    vectors: &RaggedBlock,
    segment: &SegmentView,
    weights: &[(u32, f32)],
) -> Option<Vec<u64>> {
    let none_deleted = segment.deletes.is_empty();
    let count = |(dimension, _): &(u32, f32)| match none_deleted {
        true => index.postings(*dimension).map(u64::from),
        false => index.postings_of(*dimension, &mut |ordinal| segment.is_live(vectors.row(ordinal))),
    };
    weights.iter().map(count).collect::<Result<_, _>>().ok()
}

/// By the vectors themselves, where lists are damaged or missing.
fn count_vectors(
    query: &RaggedQuery<'_>,
    vectors: &RaggedBlock,
    segment: &SegmentView,
    having: &mut [u64],
) -> Result<(), Error> {
    let Measure::Sparse(weights, _) = &query.measure else {
        return Ok(());
    };
    for ordinal in 0..vectors.len() {
        if ordinal % VECTORS_PER_CHECK == 0 {
            query.ctx.check(query.core.io.as_ref())?;
        }
        if !segment.is_live(vectors.row(ordinal)) {
            continue;
        }
        let Some(RaggedRef::Sparse(indices, _)) = vectors.vector(ordinal) else {
            query.core.note_damage();
            continue;
        };
        for ((dimension, _), having) in weights.iter().zip(&mut *having) {
            *having += u64::from(indices.binary_search(dimension).is_ok());
        }
    }
    Ok(())
}
