//! Seeded numbers, and the points made of them. Never asks the machine for randomness.

use ruvector_core::types::*;

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Whole numbers between −8 and 8: distances between such vectors are exact in any order of summation.
    pub(crate) fn vector(&mut self, dim: usize) -> Vec<f32> {
        (0..dim).map(|_| self.below(17) as f32 - 8.0).collect()
    }

    /// One of `limit` ids, numbers and strings among them.
    pub(crate) fn id(&mut self, limit: u64) -> PointId {
        id(self.below(limit))
    }

    pub(crate) fn payload(&mut self) -> Map {
        let text = "x".repeat(self.below(40) as usize);
        Map::from([
            ("n".to_owned(), Value::Int(self.below(100) as i64)),
            ("text".to_owned(), Value::String(text)),
        ])
    }

    /// A point that has the first of `dims` always and each other one mostly.
    pub(crate) fn point(&mut self, id: PointId, dims: &[(&str, usize)]) -> Point {
        let mut vectors = NamedVectors::new();
        for (at, (name, dim)) in dims.iter().enumerate() {
            if at == 0 || self.chance(70) {
                vectors.insert((*name).to_owned(), self.vector(*dim).into());
            }
        }
        if self.chance(70) {
            vectors.insert(WORDS.to_owned(), self.sparse().into());
        }
        if self.chance(50) {
            let rows = 1 + self.below(3) as usize;
            let (dim, numbers) = (LATE_DIM, self.vector(rows * LATE_DIM as usize));
            vectors.insert(LATE.to_owned(), MultiVector { dim, numbers }.into());
        }
        Point {
            id,
            vectors,
            payload: self.payload(),
        }
    }

    /// A few of 30 dimensions, ascending, with whole numbers.
    pub(crate) fn sparse(&mut self) -> SparseVector {
        let indices: Vec<u32> = (0..30).filter(|_| self.chance(20)).collect();
        let values = self.vector(indices.len());
        SparseVector { indices, values }
    }
}

/// A field of sparse vectors, and one of multi-vectors, that every point of these tests may have.
pub(crate) const WORDS: &str = "words";
pub(crate) const LATE: &str = "late";
pub(crate) const LATE_DIM: u32 = 2;

/// Adds both.
pub(crate) fn with_more_fields(mut config: CollectionConfig) -> CollectionConfig {
    let late = VectorConfig {
        multivector: Some(MultiVectorComparator::MaxSim),
        ..VectorConfig::new(LATE_DIM, Distance::Dot)
    };
    config.vectors.insert(LATE.to_owned(), late);
    config
        .sparse_vectors
        .insert(WORDS.to_owned(), SparseVectorConfig::default());
    config
}

/// The id of a number: every fifth is a string.
pub(crate) fn id(number: u64) -> PointId {
    match number % 5 {
        4 => PointId::parse(&format!("point {number}")).unwrap(),
        _ => PointId::Num(number),
    }
}
