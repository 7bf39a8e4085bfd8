//! Queries of several stages over dense vectors, each stage the plainest way, in f64; a sample is not foretold.

use std::collections::BTreeMap;

use ruvector_types::{
    Distance, Filter, Fusion, OrderBy, PointId, Query, QueryRequest, QueryStage, RecommendStrategy, Value,
    Vector, VectorInput,
};

use super::nearest::score;
use super::{Model, Ranked, matches};

/// Which points a stage may find.
#[derive(Clone, Default)]
struct Allowed {
    filters: Vec<Filter>,
    gone: Vec<PointId>,
    among: Option<Vec<PointId>>,
}

struct Asked<'a> {
    model: &'a Model,
    lender: &'a Model,
}

impl Model {
    /// What an exact query answers; `lender` is the collection that `lookup_from` names, wherever it is there.
    pub fn query(&self, request: &QueryRequest, lender: &Model) -> Vec<Ranked> {
        let asked = Asked { model: self, lender };
        let wanted = request.stage.limit + request.offset;
        let found = asked.stage(&request.stage, Allowed::default(), wanted);
        found.into_iter().skip(request.offset).collect()
    }
}

impl Asked<'_> {
    fn stage(&self, stage: &QueryStage, mut allowed: Allowed, wanted: usize) -> Vec<Ranked> {
        allowed.filters.extend(stage.filter.clone());
        if stage.lookup_from.is_none() {
            allowed.gone.extend(ids_of(&stage.query));
        }
        let before = stage.prefetch.iter();
        let sources: Vec<Vec<Ranked>> = before
            .map(|inner| self.stage(inner, allowed.clone(), inner.limit))
            .collect();
        if !sources.is_empty() {
            let ids = sources.iter().flatten().map(|ranked| ranked.id.clone());
            allowed.among = Some(ids.collect());
        }
        let distance = self.model.config.vectors[&stage.using].distance;
        let mut found = match &stage.query {
            None => self.ids(&allowed).into_iter().map(|id| one(&id)).collect(),
            Some(Query::Fusion(fusion)) => fused(fusion, &sources),
            Some(Query::OrderBy(order)) => self.ordered_by(order, &allowed),
            Some(Query::Sample) => Vec::new(),
            Some(Query::Nearest(input)) => {
                let vector = self.vector(stage, input);
                self.near(stage, &vector, &allowed)
            }
            Some(Query::Diverse {
                nearest,
                diversity,
                candidates,
            }) => {
                let vector = self.vector(stage, nearest);
                let mut near = self.near(stage, &vector, &allowed);
                near.truncate(candidates.unwrap_or(stage.limit));
                self.diverse(stage, near, &vector, f64::from(*diversity), wanted)
            }
            Some(Query::Recommend {
                positive,
                negative,
                strategy,
            }) => {
                let vectors = |inputs: &[VectorInput]| -> Vec<Vec<f32>> {
                    inputs.iter().map(|input| self.vector(stage, input)).collect()
                };
                let (positive, negative) = (vectors(positive), vectors(negative));
                if *strategy == RecommendStrategy::AverageVector {
                    self.near(stage, &average(&positive, &negative), &allowed)
                } else {
                    let rate = |vector: &[f32]| {
                        let similarities = |examples: &[Vec<f32>]| -> Vec<f64> {
                            examples
                                .iter()
                                .map(|example| similarity(distance, example, vector))
                                .collect()
                        };
                        rated(*strategy, &similarities(&positive), &similarities(&negative))
                    };
                    self.rated(stage, &allowed, rate)
                }
            }
        };
        if !matches!(stage.query, Some(Query::Diverse { .. })) && !is_near(&stage.query) {
            let bound = stage.score_threshold.map_or(f64::NEG_INFINITY, f64::from);
            found.retain(|ranked| ranked.score >= bound);
        }
        found.truncate(wanted);
        found
    }

    /// The points allowed, by id.
    fn ids(&self, allowed: &Allowed) -> Vec<PointId> {
        let points = self.model.points().iter();
        let passing = points.filter(|(id, point)| {
            allowed.filters.iter().all(|filter| matches(filter, id, point))
                && !allowed.gone.contains(id)
                && allowed.among.as_ref().is_none_or(|ids| ids.contains(id))
        });
        passing.map(|(id, _)| id.clone()).collect()
    }

    fn vector(&self, stage: &QueryStage, input: &VectorInput) -> Vec<f32> {
        let id = match input {
            VectorInput::Vector(vector) => return vector.dense().unwrap_or_default().to_vec(),
            VectorInput::Id(id) => id,
        };
        let (model, field) = match &stage.lookup_from {
            None => (self.model, &stage.using),
            Some(from) => (self.lender, from.vector.as_ref().unwrap_or(&stage.using)),
        };
        let vector = stored(model, field, id).unwrap_or_default();
        if model.config.vectors[field].distance != Distance::Cosine {
            return vector;
        }
        let norm = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        vector.iter().map(|x| (f64::from(*x) / norm) as f32).collect()
    }

    fn near(&self, stage: &QueryStage, vector: &[f32], allowed: &Allowed) -> Vec<Ranked> {
        let distance = self.model.config.vectors[&stage.using].distance;
        let higher = distance.higher_is_closer();
        let sign = if higher { 1.0 } else { -1.0 };
        let mut near = self.rated(stage, allowed, |other| sign * score(distance, vector, other));
        near.iter_mut().for_each(|ranked| ranked.score *= sign);
        if let Some(bound) = stage.score_threshold.map(f64::from) {
            near.retain(|ranked| {
                if higher {
                    ranked.score >= bound
                } else {
                    ranked.score <= bound
                }
            });
        }
        near
    }

    /// The greatest first.
    fn rated(&self, stage: &QueryStage, allowed: &Allowed, rate: impl Fn(&[f32]) -> f64) -> Vec<Ranked> {
        let ids = self.ids(allowed).into_iter();
        let mut ranked: Vec<Ranked> = ids
            .filter_map(|id| {
                let score = rate(&stored(self.model, &stage.using, &id)?);
                Some(Ranked { id, score })
            })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
        ranked
    }

    fn ordered_by(&self, order: &OrderBy, allowed: &Allowed) -> Vec<Ranked> {
        let key = order.path.to_string();
        let ids = self.ids(allowed).into_iter();
        let mut pairs: Vec<(i64, PointId)> = ids
            .filter_map(|id| match self.model.points()[&id].payload.get(&key) {
                Some(Value::Int(number)) => Some((*number, id)),
                _ => None,
            })
            .collect();
        pairs.sort_by(|a, b| {
            if order.descending {
                b.0.cmp(&a.0)
            } else {
                a.0.cmp(&b.0)
            }
        });
        pairs.iter().map(|(_, id)| one(id)).collect()
    }

    fn diverse(
        &self,
        stage: &QueryStage,
        mut left: Vec<Ranked>,
        vector: &[f32],
        diversity: f64,
        wanted: usize,
    ) -> Vec<Ranked> {
        let distance = self.model.config.vectors[&stage.using].distance;
        let of = |ranked: &Ranked| stored(self.model, &stage.using, &ranked.id).unwrap_or_default();
        let mut chosen: Vec<Ranked> = Vec::new();
        while chosen.len() < wanted && !left.is_empty() {
            let worth = |one: &Ranked| {
                let relevance = similarity(distance, vector, &of(one));
                let likeness = chosen
                    .iter()
                    .map(|other| similarity(distance, &of(other), &of(one)));
                match likeness.reduce(f64::max) {
                    None => relevance,
                    Some(likeness) => (1.0 - diversity) * relevance - diversity * likeness,
                }
            };
            let worths: Vec<f64> = left.iter().map(worth).collect();
            let best = (0..left.len()).max_by(|a, b| worths[*a].total_cmp(&worths[*b]));
            chosen.push(left.swap_remove(best.unwrap_or(0)));
        }
        chosen
    }
}

fn stored(model: &Model, field: &str, id: &PointId) -> Option<Vec<f32>> {
    let point = model.points().get(id)?;
    point
        .vectors
        .get(field)
        .and_then(Vector::dense)
        .map(<[f32]>::to_vec)
}

fn one(id: &PointId) -> Ranked {
    Ranked {
        id: id.clone(),
        score: 1.0,
    }
}

fn is_near(query: &Option<Query>) -> bool {
    match query {
        Some(Query::Nearest(_)) => true,
        Some(Query::Recommend { strategy, .. }) => *strategy == RecommendStrategy::AverageVector,
        _ => false,
    }
}

fn ids_of(query: &Option<Query>) -> Vec<PointId> {
    let inputs: Vec<&VectorInput> = match query {
        Some(Query::Nearest(nearest) | Query::Diverse { nearest, .. }) => vec![nearest],
        Some(Query::Recommend {
            positive, negative, ..
        }) => positive.iter().chain(negative).collect(),
        _ => Vec::new(),
    };
    let ids = inputs.into_iter().filter_map(|input| match input {
        VectorInput::Id(id) => Some(id.clone()),
        VectorInput::Vector(_) => None,
    });
    ids.collect()
}

/// The score turned so that greater is nearer, of euclid squared.
fn similarity(distance: Distance, a: &[f32], b: &[f32]) -> f64 {
    let score = score(distance, a, b);
    match distance {
        Distance::Cosine | Distance::Dot => score,
        Distance::Euclid => -score * score,
        Distance::Manhattan => -score,
    }
}

fn rated(strategy: RecommendStrategy, likes: &[f64], dislikes: &[f64]) -> f64 {
    if strategy == RecommendStrategy::SumScores {
        return likes.iter().sum::<f64>() - dislikes.iter().sum::<f64>();
    }
    let greatest = |of: &[f64]| of.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let squeeze = |x: f64| 0.5 * (1.0 + x / (1.0 + x.abs()));
    match greatest(likes) > greatest(dislikes) {
        true => squeeze(greatest(likes)),
        false => -squeeze(greatest(dislikes)),
    }
}

fn average(positive: &[Vec<f32>], negative: &[Vec<f32>]) -> Vec<f32> {
    let mean = |of: &[Vec<f32>], at: usize| {
        of.iter().map(|vector| f64::from(vector[at])).sum::<f64>() / of.len() as f64
    };
    let number = |at| match negative.is_empty() {
        true => mean(positive, at),
        false => 2.0 * mean(positive, at) - mean(negative, at),
    };
    (0..positive[0].len()).map(|at| number(at) as f32).collect()
}

fn fused(fusion: &Fusion, sources: &[Vec<Ranked>]) -> Vec<Ranked> {
    let mut sums: BTreeMap<PointId, f64> = BTreeMap::new();
    for (number, source) in sources.iter().enumerate() {
        let count = source.len() as f64;
        let mean = source.iter().map(|ranked| ranked.score).sum::<f64>() / count;
        let squares = source
            .iter()
            .map(|ranked| (ranked.score - mean).powi(2))
            .sum::<f64>();
        let deviation = (squares / (count - 1.0)).sqrt();
        for (rank, ranked) in source.iter().enumerate() {
            let share = match fusion {
                Fusion::Dbsf if deviation > 0.0 => 0.5 + (ranked.score - mean) / (6.0 * deviation),
                Fusion::Dbsf => 0.5,
                Fusion::Rrf { k, weights } => {
                    let weight = weights.as_ref().map_or(1.0, |weights| f64::from(weights[number]));
                    match weight == 0.0 {
                        true => 0.0,
                        false => 1.0 / ((rank + 1) as f64 / weight + f64::from(*k) - 1.0),
                    }
                }
            };
            *sums.entry(ranked.id.clone()).or_default() += share;
        }
    }
    let mut fused: Vec<Ranked> = sums.into_iter().map(|(id, score)| Ranked { id, score }).collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score));
    fused
}
