//! Exact nearest neighbours in f64, ties by id.

use std::collections::BTreeMap;

use ruvector_types::{
    Distance, Filter, Modifier, MultiVector, PointId, SearchRequest, SparseVector, Vector, VectorDatatype,
};

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
    /// How scores of a field compare; sparse vectors have inner products.
    pub fn distance(&self, using: &str) -> Option<Distance> {
        let sparse = self.config.sparse_vectors.get(using).map(|_| Distance::Dot);
        self.config
            .vectors
            .get(using)
            .map(|field| field.distance)
            .or(sparse)
    }

    /// Every point that has the vector, something in common with the query and matches, best first, equal ones by id.
    pub fn ranked(&self, using: &str, query: &Vector, filter: Option<&Filter>) -> Vec<Ranked> {
        let Some(distance) = self.distance(using) else {
            return Vec::new();
        };
        let rarity = self.rarity(using, query);
        let found = self
            .points
            .iter()
            .filter(|(id, point)| filter.is_none_or(|filter| matches(filter, id, point)));
        let scored = found.filter_map(|(id, point)| {
            let score = match (query, point.vectors.get(using)?) {
                (Vector::Sparse(query), Vector::Sparse(vector)) => sparse_score(query, &rarity, vector)?,
                (query, vector) if self.is_rounded_unit(using) => {
                    multi_score(Distance::Dot, &normalised(query)?, vector)?
                }
                (query, vector) => multi_score(distance, query, vector)?,
            };
            Some((score, id))
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

    /// Whether vectors of the field had length 1 before they were rounded: what is compared is what is kept.
    fn is_rounded_unit(&self, using: &str) -> bool {
        let field = self.config.vectors.get(using);
        field.is_some_and(|field| {
            field.distance == Distance::Cosine && field.datatype == VectorDatatype::Float16
        })
    }

    /// What each dimension of a sparse query counts: 1, or its rarity among the points that have the vector.
    fn rarity(&self, using: &str, query: &Vector) -> BTreeMap<u32, f64> {
        let Vector::Sparse(query) = query else {
            return BTreeMap::new();
        };
        let field = self.config.sparse_vectors.get(using);
        let idf = field.is_some_and(|field| field.modifier == Modifier::Idf);
        let vectors = || self.points.values().filter_map(|point| point.vectors.get(using));
        let all = vectors().count() as f64;
        let weight = |index: &u32| {
            let has =
                |vector: &&Vector| matches!(vector, Vector::Sparse(sparse) if sparse.indices.contains(index));
            let having = vectors().filter(has).count() as f64;
            ((all - having + 0.5) / (having + 0.5) + 1.0).ln()
        };
        let weigh = |index: &u32| (*index, if idf { weight(index) } else { 1.0 });
        query.indices.iter().map(weigh).collect()
    }

    /// What an exact search answers.
    pub fn nearest(&self, request: &SearchRequest) -> Vec<Ranked> {
        let higher = self
            .distance(&request.using)
            .is_some_and(Distance::higher_is_closer);
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

/// The inner product; `None` without a common dimension.
fn sparse_score(query: &SparseVector, rarity: &BTreeMap<u32, f64>, vector: &SparseVector) -> Option<f64> {
    let stored: BTreeMap<u32, f32> = vector
        .indices
        .iter()
        .copied()
        .zip(vector.values.iter().copied())
        .collect();
    let given = query.indices.iter().zip(&query.values);
    let parts = given.filter_map(|(index, value)| {
        let weight = f64::from(*value) * rarity.get(index).copied().unwrap_or(1.0);
        Some(weight * f64::from(*stored.get(index)?))
    });
    let parts: Vec<f64> = parts.collect();
    (!parts.is_empty()).then(|| 0.0 + parts.iter().sum::<f64>())
}

/// The vectors of a query made as long as 1.
fn normalised(query: &Vector) -> Option<Vector> {
    let rows = rows(query)?;
    let dim = rows.first()?.len() as u32;
    let scaled = rows.iter().flat_map(|row| {
        let length = score(Distance::Dot, row, row).sqrt();
        let scale = if length == 0.0 { 1.0 } else { length };
        row.iter().map(move |x| (f64::from(*x) / scale) as f32)
    });
    let numbers = scaled.collect();
    Some(Vector::Multi(MultiVector { dim, numbers }))
}

/// One dense vector, or several by the nearest of each of the query's.
fn multi_score(distance: Distance, query: &Vector, vector: &Vector) -> Option<f64> {
    let (Some(query), Some(vector)) = (rows(query), rows(vector)) else {
        return None;
    };
    let nearest = |query: &&[f32]| {
        let scores = vector.iter().map(|row| score(distance, query, row));
        match distance {
            // Squares of whole numbers are whole: ties stay ties.
            Distance::Euclid => vector
                .iter()
                .map(|row| squares(query, row))
                .fold(f64::INFINITY, f64::min),
            Distance::Manhattan => scores.fold(f64::INFINITY, f64::min),
            Distance::Cosine | Distance::Dot => scores.fold(f64::NEG_INFINITY, f64::max),
        }
    };
    if let ([query], [vector]) = (&query[..], &vector[..]) {
        return Some(score(distance, query, vector));
    }
    let sum: f64 = query.iter().map(nearest).sum();
    Some(if distance == Distance::Euclid {
        sum.sqrt()
    } else {
        sum
    })
}

fn squares(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(x, y)| f64::from(*x) - f64::from(*y));
    differences.map(|difference| difference * difference).sum()
}

fn rows(vector: &Vector) -> Option<Vec<&[f32]>> {
    match vector {
        Vector::Dense(numbers) => Some(vec![numbers]),
        Vector::Multi(multi) => Some(multi.rows().collect()),
        Vector::Sparse(_) => None,
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
