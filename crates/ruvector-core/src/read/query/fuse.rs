//! The results of several stages as one. Never reads a point.

use std::collections::BTreeMap;

use ruvector_types::{Fusion, PointId};

use super::Found;

/// All points of `sources`, each once, the best first, equal ones by id.
pub(super) fn fuse(fusion: &Fusion, sources: Vec<Vec<Found>>) -> Vec<Found> {
    let mut scores: BTreeMap<PointId, f64> = BTreeMap::new();
    for (number, source) in sources.into_iter().enumerate() {
        let shares = match fusion {
            Fusion::Rrf { k, weights } => {
                let weight = weights
                    .as_ref()
                    .map_or(1.0, |weights| weights.get(number).copied().unwrap_or(1.0));
                ranks(source.len(), f64::from(*k), f64::from(weight))
            }
            Fusion::Dbsf => scaled(&source),
        };
        for (found, share) in source.into_iter().zip(shares) {
            *scores.entry(found.id).or_default() += share;
        }
    }
    let mut fused: Vec<(PointId, f64)> = scores.into_iter().collect();
    // Stable: points come in the order of their ids.
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    let found = |(id, score): (PointId, f64)| Found::new(id, score as f32);
    fused.into_iter().map(found).collect()
}

fn ranks(count: usize, k: f64, weight: f64) -> Vec<f64> {
    let share = |rank: usize| match weight > 0.0 {
        true => 1.0 / ((rank as f64 + 1.0) / weight + k - 1.0),
        false => 0.0,
    };
    (0..count).map(share).collect()
}

/// Scores by their distance from three deviations below the mean, in units of six.
fn scaled(source: &[Found]) -> Vec<f64> {
    let count = source.len() as f64;
    let scores = || source.iter().map(|found| f64::from(found.score));
    let mean = scores().sum::<f64>() / count;
    let variance = scores().map(|score| (score - mean) * (score - mean)).sum::<f64>() / (count - 1.0);
    let deviation = variance.sqrt();
    // One score has no deviation, and equal ones none to divide by.
    if !deviation.is_finite() || deviation == 0.0 {
        return vec![0.5; source.len()];
    }
    scores()
        .map(|score| (score - (mean - 3.0 * deviation)) / (6.0 * deviation))
        .collect()
}
