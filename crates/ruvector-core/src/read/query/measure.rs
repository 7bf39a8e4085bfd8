//! How far rows are from vectors, and what several such distances make of a row. Never chooses which rows are looked at.

use ruvector_simd::DistanceFn;
use ruvector_types::{Distance, RecommendStrategy, Vector};

use crate::Error;
use crate::collection::Core;
use crate::read::nearest::finite;
use crate::view::SegmentView;
use crate::write::{check_vector, wrong_kind};

/// A vector that rows are compared with.
#[derive(Debug)]
pub(super) struct Scorer {
    field: usize,
    vector: Vec<f32>,
    kernel: DistanceFn,
}

impl Scorer {
    /// Checks the vector, given at `place`, against the field named `using`.
    pub(super) fn new(core: &Core, using: &str, vector: &Vector, place: &str) -> Result<Scorer, Error> {
        let field = core.field(using, "using")?;
        let schema = &core.schema.fields[field];
        let given = vector.dense().ok_or_else(|| wrong_kind(vector, place))?;
        check_vector(given, schema.dim, place)?;
        let mut vector = given.to_vec();
        if schema.distance == Distance::Cosine {
            ruvector_simd::normalize(&mut vector);
        }
        let kernel = schema.kernel;
        Ok(Scorer {
            field,
            vector,
            kernel,
        })
    }

    /// What the field's scores are.
    pub(super) fn field_distance(&self, core: &Core) -> Distance {
        core.schema.fields[self.field].distance
    }

    /// The vector of a row, as it is stored; `None` if it has none, or its bytes are damaged.
    pub(super) fn of_row(&self, segment: &SegmentView, row: u32) -> Option<Scorer> {
        let vector = segment.vector(row, self.field)??.to_vec();
        Some(Scorer { vector, ..*self })
    }

    /// The kernel's distance, lower is nearer; `None` if the row has no vector, or its bytes are damaged.
    pub(super) fn distance(&self, core: &Core, segment: &SegmentView, row: u32) -> Option<f32> {
        match segment.vector(row, self.field)? {
            Some(vector) => Some(finite((self.kernel)(&self.vector, vector))),
            None => {
                core.note_damage();
                None
            }
        }
    }
}

/// What a stage orders rows by.
#[derive(Debug)]
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
            Measure::Nearest(scorer) => scorer.distance(core, segment, row),
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
fn squeezed(similarity: f32) -> f32 {
    if similarity.is_infinite() {
        return if similarity > 0.0 { 1.0 } else { 0.0 };
    }
    0.5 * (similarity / (1.0 + similarity.abs()) + 1.0)
}
