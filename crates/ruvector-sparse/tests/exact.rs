//! Goal: an index finds what a comparison with every vector finds, to the bit and to the last tie, whatever is accepted
//! and however it was built; damaged bytes are noticed or change nothing that was promised (no panic, no ordinal that is
//! not there). Method: random vectors with frequent ties, weights below zero and dimensions of very different frequency,
//! against `dot` over all of them; then changed bytes.

use ruvector_sparse::{BuildPlan, SparseIndex, WeightType, dot};
use ruvector_sparse::{Sink, Unreadable, idf};
use ruvector_testkit::Random;

type Vector = (Vec<u32>, Vec<f32>);

/// Small dimensions are in nearly every vector, large ones in few.
fn vector(random: &mut Random, whole: bool) -> Vector {
    let mut indices: Vec<u32> = (0..random.below(24))
        .map(|_| {
            let reach = 1 << random.below(12);
            (random.below(reach) * 977) as u32
        })
        .collect();
    indices.sort_unstable();
    indices.dedup();
    let values = indices
        .iter()
        .map(|_| match whole {
            true => random.below(5) as f32 - 1.0,
            false => random.unit() as f32 * 4.0 - 0.5,
        })
        .collect();
    (indices, values)
}

fn build(vectors: &[Vector], weights: WeightType, range_postings: u64) -> Vec<u8> {
    let mut plan = BuildPlan::default();
    vectors.iter().for_each(|(indices, _)| plan.push(indices));
    let mut build = plan.build_in(weights, range_postings);
    let mut bytes = Vec::new();
    while !build.is_complete() {
        for (ordinal, (indices, values)) in (0..).zip(vectors) {
            build.push(ordinal, indices, values);
        }
        build.end_range(&mut bytes);
    }
    bytes.extend(build.finish());
    bytes
}

/// Keeps the best, the lower ordinal first among equals.
struct Best<'a> {
    vectors: &'a [Vector],
    query: &'a [(u32, f32)],
    wanted: usize,
    every: u32,
    found: Vec<(f32, u32)>,
}

impl Sink for Best<'_> {
    fn bound(&self) -> f32 {
        match self.found.get(self.wanted - 1) {
            Some((score, _)) => *score,
            None => f32::NEG_INFINITY,
        }
    }

    fn accepts(&mut self, ordinal: u32) -> bool {
        ordinal.is_multiple_of(self.every)
    }

    fn exact(&mut self, ordinal: u32) -> Option<f32> {
        let (indices, values) = &self.vectors[ordinal as usize];
        dot(self.query, indices, values)
    }

    fn offer(&mut self, ordinal: u32, score: f32) {
        self.found.push((score, ordinal));
        self.found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found.truncate(self.wanted);
    }

    fn stop(&mut self) -> bool {
        false
    }
}

fn search(
    index: &SparseIndex<Vec<u8>>,
    vectors: &[Vector],
    query: &[(u32, f32)],
    (wanted, every): (usize, u32),
) -> Result<Vec<(f32, u32)>, Unreadable> {
    let found = Vec::new();
    let mut best = Best {
        vectors,
        query,
        wanted,
        every,
        found,
    };
    index.search(query, &mut best)?;
    Ok(best.found)
}

#[test]
fn as_a_comparison_with_every_vector() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (whole, count) = (seed % 2 == 0, [0, 1, 300, 9_000][seed as usize % 4]);
        let weights = [WeightType::Float32, WeightType::Float16][seed as usize / 2 % 2];
        let round = |(indices, values): Vector| -> Vector {
            (
                indices,
                values.into_iter().map(|value| weights.round(value)).collect(),
            )
        };
        let vectors: Vec<Vector> = (0..count).map(|_| round(vector(&mut random, whole))).collect();
        let bytes = build(&vectors, weights, 4 << 20);
        assert_eq!(
            bytes,
            build(&vectors, weights, 1 + random.below(700) as u64),
            "in ranges"
        );
        let index = SparseIndex::open(bytes).unwrap();
        assert_eq!(index.vectors() as usize, vectors.len());
        for _ in 0..20 {
            let (indices, values) = vector(&mut random, whole);
            let query: Vec<(u32, f32)> = indices.into_iter().zip(values).collect();
            let (wanted, every) = (random.within(1..=40), random.within(1..=9) as u32);
            let mut best = Best {
                vectors: &vectors,
                query: &query,
                wanted,
                every,
                found: Vec::new(),
            };
            for ordinal in (0..vectors.len() as u32).step_by(every as usize) {
                if let Some(score) = best.exact(ordinal) {
                    best.offer(ordinal, score);
                }
            }
            let found = search(&index, &vectors, &query, (wanted, every)).unwrap();
            assert_eq!(found, best.found, "seed {seed}: {query:?}");
            for (dimension, _) in &query {
                let having = (0..)
                    .zip(&vectors)
                    .filter(|(_, (indices, _))| indices.contains(dimension));
                let having: Vec<u32> = having.map(|(ordinal, _)| ordinal).collect();
                assert_eq!(index.postings(*dimension).unwrap() as usize, having.len());
                let even = having.iter().filter(|ordinal| *ordinal % 2 == 0).count() as u64;
                assert_eq!(
                    index
                        .postings_of(*dimension, &mut |ordinal| ordinal % 2 == 0)
                        .unwrap(),
                    even
                );
            }
        }
    }
}

#[test]
fn lists_of_few_bounds_are_passed_over() {
    let vectors: Vec<Vector> = (0..60_000u32)
        .map(|at| match at % 3_000 {
            7 => (vec![1, 9], vec![1.0, 50.0]),
            _ => (vec![1], vec![1.0]),
        })
        .collect();
    let index = SparseIndex::open(build(&vectors, WeightType::Float32, 4 << 20)).unwrap();
    let query = [(1, 1.0), (9, 1.0)];
    let mut best = Best {
        vectors: &vectors,
        query: &query,
        wanted: 3,
        every: 1,
        found: Vec::new(),
    };
    let searched = index.search(&query, &mut best).unwrap();
    assert_eq!(best.found, [(51.0, 7), (51.0, 3_007), (51.0, 6_007)]);
    assert!(searched.postings < 15_000, "{searched:?}");
}

#[test]
fn changed_bytes_never_panic() {
    let mut random = Random::new(3);
    let vectors: Vec<Vector> = (0..700).map(|_| vector(&mut random, false)).collect();
    let bytes = build(&vectors, WeightType::Float32, 4 << 20);
    for round in 0..4_000 {
        let mut changed = bytes.clone();
        for _ in 0..random.within(1..=3) {
            let at = match round % 2 {
                0 => random.below(changed.len()),
                _ => changed.len() - 1 - random.below(48),
            };
            changed[at] = random.below(256) as u8;
        }
        if round % 5 == 0 {
            changed.truncate(random.below(changed.len()));
        }
        let Ok(index) = SparseIndex::open(changed) else {
            continue;
        };
        let query: Vec<(u32, f32)> = (0..8).map(|at| (at * 977, 1.0)).collect();
        if let Ok(found) = search(&index, &vectors, &query, (20, 1)) {
            assert!(found.iter().all(|(_, ordinal)| *ordinal < index.vectors()));
        }
    }
}

#[test]
fn rare_dimensions_weigh_more() {
    assert!((idf(100, 0) - (100.5f32 / 0.5 + 1.0).ln()).abs() < 1e-6);
    assert!(idf(100, 100) > 0.0 && idf(100, 3) > idf(100, 4));
    assert!(idf(3, 9).is_finite());
}
