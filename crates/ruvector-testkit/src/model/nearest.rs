//! Exact nearest neighbours in f64, ties by id.

use ruvector_types::{Distance, Filter, PointId, SearchRequest, Vector};

use super::{Model, matches};

/// A point and its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The point.
    pub id: PointId,
    /// Similarity (cosine, dot) or distance (euclid, manhattan).
    pub score: f64,
}

impl Model {
    /// Every point that has the vector and matches, best first, equal ones by id.
    pub fn ranked(&self, using: &str, query: &Vector, filter: Option<&Filter>) -> Vec<Ranked> {
        let Some(distance) = self.config.vectors.get(using).map(|field| field.distance) else {
            return Vec::new();
        };
        let found = self
            .points
            .iter()
            .filter(|(id, point)| filter.is_none_or(|filter| matches(filter, id, point)));
        let scored = found.filter_map(|(id, point)| {
            let vector = point.vectors.get(using)?.dense()?;
            Some((score(distance, query.dense()?, vector), id))
        });
        let mut ranked: Vec<Ranked> = scored
            .map(|(score, id)| Ranked {
                id: id.clone(),
                score,
            })
            .collect();
        // Stable: points come in the order of their ids.
        ranked.sort_by(|a, b| match distance.higher_is_closer() {
            true => b.score.total_cmp(&a.score),
            false => a.score.total_cmp(&b.score),
        });
        ranked
    }

    /// What an exact search answers.
    pub fn nearest(&self, request: &SearchRequest) -> Vec<Ranked> {
        let higher = self
            .config
            .vectors
            .get(&request.using)
            .is_some_and(|field| field.distance.higher_is_closer());
        let passes = |ranked: &Ranked| {
            request
                .score_threshold
                .map(f64::from)
                .is_none_or(|bound| match higher {
                    true => ranked.score >= bound,
                    false => ranked.score <= bound,
                })
        };
        let ranked = self.ranked(&request.using, &request.vector, request.filter.as_ref());
        ranked
            .into_iter()
            .filter(passes)
            .skip(request.offset)
            .take(request.limit)
            .collect()
    }
}

pub(super) fn score(distance: Distance, a: &[f32], b: &[f32]) -> f64 {
    let sum = |term: fn(f64, f64) -> f64| -> f64 {
        a.iter()
            .zip(b)
            .map(|(x, y)| term(f64::from(*x), f64::from(*y)))
            .sum()
    };
    // Adding zero makes −0 equal to 0 in the total order.
    0.0 + match distance {
        Distance::Dot => sum(|x, y| x * y),
        Distance::Euclid => sum(|x, y| (x - y) * (x - y)).sqrt(),
        Distance::Manhattan => sum(|x, y| (x - y).abs()),
        Distance::Cosine => {
            // A zero vector has no direction and is as far from everything as an orthogonal one.
            let norms = sum(|x, _| x * x) * sum(|_, y| y * y);
            if norms == 0.0 {
                0.0
            } else {
                sum(|x, y| x * y) / norms.sqrt()
            }
        }
    }
}
