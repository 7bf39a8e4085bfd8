//! How far rows are from vectors, and what several such distances make of a row. Never chooses which rows are looked at.

use std::sync::Arc;

use ruvector_types::{Distance, RecommendStrategy, Vector};

use super::Run;
use crate::Error;
use crate::collection::Core;
use crate::fields::{Field, RaggedKind, RaggedSchema};
use crate::kernels::finite;
use crate::read::ragged;
use crate::schema::{FieldRef, FieldSchema};
use crate::view::{SegmentView, Snapshot};
use crate::write::{check_ragged, check_vector, wrong_kind};

/// A vector that rows are compared with.
pub(super) enum Scorer {
    Dense {
        field: Arc<FieldSchema>,
        vector: Vec<f32>,
    },
    Ragged {
        field: Arc<RaggedSchema>,
        measure: ragged::Measure,
    },
}

impl Scorer {
    /// Checks the vector, given at `place`, against the field named `using`.
    pub(super) fn new(run: &Run<'_>, using: &str, vector: &Vector, place: &str) -> Result<Scorer, Error> {
        let snapshot = run.snapshot;
        match snapshot.schema().named(using, "using")? {
            FieldRef::Dense(field) => Scorer::dense(field, vector, place),
            FieldRef::Ragged(field) => {
                let vector = check_ragged(vector.clone(), field, &snapshot.core.limits, place)?;
                let measure = snapshot.ragged_measure(run.ctx, field, vector)?;
                let field = field.clone();
                Ok(Scorer::Ragged { field, measure })
            }
        }
    }

    /// As [`Scorer::new`], all dimensions of sparse vectors alike, rare or not.
    pub(super) fn unweighed(
        snapshot: &Snapshot,
        using: &str,
        vector: &Vector,
        place: &str,
    ) -> Result<Scorer, Error> {
        match snapshot.schema().named(using, "using")? {
            FieldRef::Dense(field) => Scorer::dense(field, vector, place),
            FieldRef::Ragged(field) => {
                let vector = check_ragged(vector.clone(), field, &snapshot.core.limits, place)?;
                let measure = ragged::measure(vector, &field.kind);
                let field = field.clone();
                Ok(Scorer::Ragged { field, measure })
            }
        }
    }

    fn dense(field: &Arc<FieldSchema>, vector: &Vector, place: &str) -> Result<Scorer, Error> {
        let given = vector
            .dense()
            .ok_or_else(|| wrong_kind(vector, "a dense vector", place))?;
        check_vector(given, field.dim, place)?;
        let mut vector = given.to_vec();
        if field.distance == Distance::Cosine {
            ruvector_simd::normalize(&mut vector);
        }
        let field = field.clone();
        Ok(Scorer::Dense { field, vector })
    }

    /// The dense vector, of length 1 where cosines are compared.
    pub(super) fn as_dense(&self) -> Option<&[f32]> {
        match self {
            Scorer::Dense { vector, .. } => Some(vector),
            Scorer::Ragged { .. } => None,
        }
    }

    /// What the field's scores are.
    pub(super) fn field_distance(&self) -> Distance {
        match self {
            Scorer::Dense { field, .. } => field.distance,
            Scorer::Ragged { field, .. } => field.distance(),
        }
    }

    /// Whether the distance of a to b may be another than that of b to a.
    pub(super) fn is_one_sided(&self) -> bool {
        match self {
            Scorer::Dense { .. } => false,
            Scorer::Ragged { field, .. } => !matches!(field.kind, RaggedKind::Sparse(_)),
        }
    }

    /// The vector of a row, as it is stored; `None` if it has none, or its bytes are damaged.
    pub(super) fn of_row(&self, segment: &SegmentView, row: u32) -> Option<Scorer> {
        match self {
            Scorer::Dense { field, .. } => {
                let stored = segment.vector(row, field.number)??;
                let vector = field.kernels.as_query(stored)?;
                let field = field.clone();
                Some(Scorer::Dense { field, vector })
            }
            Scorer::Ragged { field, .. } => {
                let vector = segment.ragged_vector(row, field.number)??;
                let measure = ragged::measure(vector, &field.kind);
                Some(Scorer::Ragged {
                    field: field.clone(),
                    measure,
                })
            }
        }
    }

    /// The kernel's distance, lower is nearer; `None` if the row has no vector, or its bytes are damaged; `Some(None)` if it
    /// has nothing in common with this one.
    fn compared(&self, core: &Core, segment: &SegmentView, row: u32) -> Option<Option<f32>> {
        let distance = match self {
            Scorer::Dense { field, vector } => {
                let stored = segment.vector(row, field.number)?;
                stored.and_then(|stored| Some(Some(field.kernels.distance(vector, stored)?)))
            }
            Scorer::Ragged { field, measure } => {
                let ordinal = segment.ordinal_in(row, Field::Ragged(field.number))?;
                ragged::stored(segment, field.number, ordinal).map(|stored| measure.distance(stored))
            }
        };
        if distance.is_none() {
            core.note_damage();
        }
        distance
    }

    /// The kernel's distance, 0 to what has nothing in common; `None` if the row has no vector, or its bytes are damaged.
    pub(super) fn distance(&self, core: &Core, segment: &SegmentView, row: u32) -> Option<f32> {
        Some(self.compared(core, segment, row)?.unwrap_or(0.0))
    }
}

/// What a stage orders rows by.
pub(super) enum Measure {
    /// Nearness to one vector.
    Nearest(Scorer),
    /// What several examples say.
    Examples {
        positive: Vec<Scorer>,
        negative: Vec<Scorer>,
        is_best: bool,
    },
}

impl Measure {
    /// Of the examples of a recommendation that is no search by their mean.
    pub(super) fn of_examples(
        positive: Vec<Scorer>,
        negative: Vec<Scorer>,
        strategy: RecommendStrategy,
    ) -> Measure {
        let is_best = strategy == RecommendStrategy::BestScore;
        Measure::Examples {
            positive,
            negative,
            is_best,
        }
    }

    /// Vectors that each row is compared with.
    pub(super) fn comparisons(&self) -> usize {
        match self {
            Measure::Nearest(_) => 1,
            Measure::Examples {
                positive, negative, ..
            } => positive.len() + negative.len(),
        }
    }

    /// Lower is better: a kernel's distance, or a score with its sign changed. `None` if the row has no vector.
    pub(super) fn distance(&self, core: &Core, segment: &SegmentView, row: u32) -> Option<f32> {
        match self {
            Measure::Nearest(scorer) => scorer.compared(core, segment, row)?,
            Measure::Examples {
                positive,
                negative,
                is_best,
            } => {
                let examples = |scorers: &[Scorer]| {
                    let similarities = scorers
                        .iter()
                        .map(|scorer| Some(0.0 - scorer.distance(core, segment, row)?));
                    similarities.collect::<Option<Vec<f32>>>()
                };
                let (likes, dislikes) = (examples(positive)?, examples(negative)?);
                let score = match is_best {
                    true => best(&likes, &dislikes),
                    false => likes.iter().sum::<f32>() - dislikes.iter().sum::<f32>(),
                };
                Some(finite(0.0 - score))
            }
        }
    }
}

/// The greatest similarity, squeezed; negated if it is to a negative example.
fn best(likes: &[f32], dislikes: &[f32]) -> f32 {
    let greatest = |of: &[f32]| of.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (like, dislike) = (greatest(likes), greatest(dislikes));
    match like > dislike || dislikes.is_empty() {
        true => squeezed(like),
        false => 0.0 - squeezed(dislike),
    }
}

/// Into 0 to 1, in the same order.
pub(super) fn squeezed(similarity: f32) -> f32 {
    if similarity.is_infinite() {
        return if similarity > 0.0 { 1.0 } else { 0.0 };
    }
    0.5 * (similarity / (1.0 + similarity.abs()) + 1.0)
}
