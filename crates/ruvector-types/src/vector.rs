//! The kinds of vectors a field can hold. Never checks them against a field: the engine does.

/// A vector of one of the three kinds.
#[derive(Clone, Debug, PartialEq)]
pub enum Vector {
    /// One number for each dimension.
    Dense(Vec<f32>),
    /// Numbers for some of very many dimensions.
    Sparse(SparseVector),
    /// Several dense vectors, compared as a whole.
    Multi(MultiVector),
}

/// Numbers for some of very many dimensions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseVector {
    /// The dimensions, each once. The engine keeps them ascending.
    pub indices: Vec<u32>,
    /// Their numbers, as many.
    pub values: Vec<f32>,
}

/// Several dense vectors of one dimension, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiVector {
    /// Dimensions of each, at least 1.
    pub dim: u32,
    /// The numbers of the first, then of the second, …: a multiple of `dim`.
    pub numbers: Vec<f32>,
}

impl Vector {
    /// The numbers, if it is dense.
    pub fn dense(&self) -> Option<&[f32]> {
        match self {
            Vector::Dense(numbers) => Some(numbers),
            Vector::Sparse(_) | Vector::Multi(_) => None,
        }
    }

    /// Its kind in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Vector::Dense(_) => "a dense vector",
            Vector::Sparse(_) => "a sparse vector",
            Vector::Multi(_) => "a multi-vector",
        }
    }

    /// Bytes of its numbers and indices.
    pub fn bytes(&self) -> usize {
        match self {
            Vector::Dense(numbers) => 4 * numbers.len(),
            Vector::Sparse(sparse) => 4 * (sparse.indices.len() + sparse.values.len()),
            Vector::Multi(multi) => 4 * multi.numbers.len(),
        }
    }
}

impl MultiVector {
    /// The vectors, one after the other.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.numbers.chunks_exact(self.dim.max(1) as usize)
    }
}

impl From<Vec<f32>> for Vector {
    fn from(numbers: Vec<f32>) -> Vector {
        Vector::Dense(numbers)
    }
}

impl From<SparseVector> for Vector {
    fn from(sparse: SparseVector) -> Vector {
        Vector::Sparse(sparse)
    }
}

impl From<MultiVector> for Vector {
    fn from(multi: MultiVector) -> Vector {
        Vector::Multi(multi)
    }
}
