//! Learns projections for a hash: iterative quantization (Gong and Lazebnik, CVPR 2011). The vectors' principal
//! components are turned so that they lie near the corners of a cube. Never takes more rounds than its limits say.
//!
//! A hash of more bits than the vectors have components is learned in blocks of that many, each from its own start.

use ruvector_simd::OrderedKernels;

use super::random::Random;

/// Rounds of the search for principal components.
const SUBSPACE_ROUNDS: usize = 16;
/// Rounds of turning.
const TURN_ROUNDS: usize = 15;
/// Steps towards the nearest orthogonal matrix, by polynomials: first steep ones, of degree five (Jordan et al., "Muon",
/// 2024), which raise small singular values more than threefold each, then those of Newton and Schulz.
const POLAR_STEPS: usize = 11;
const STEEP_STEPS: usize = 7;
/// Numbers of the rows that stay in the cache.
const TILE_NUMBERS: usize = 6_144;

/// Rows of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f32>,
}

impl Matrix {
    pub(crate) fn new(columns: usize, values: Vec<f32>) -> Matrix {
        Matrix { columns, values }
    }

    /// Nearly normal numbers.
    pub(crate) fn random(rows: usize, columns: usize, random: &mut Random) -> Matrix {
        Matrix::new(columns, (0..rows * columns).map(|_| random.normal()).collect())
    }

    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns.max(1))
    }

    fn transposed(&self) -> Matrix {
        let rows = self.rows().len();
        let mut values = Vec::with_capacity(self.values.len());
        for column in 0..self.columns {
            values.extend((0..rows).map(|row| self.values[row * self.columns + column]));
        }
        Matrix::new(rows, values)
    }

    /// The inner products of every row with every row of `other`, of which some stay in the cache at a time.
    pub(crate) fn products(&self, other: &Matrix) -> Matrix {
        let dot = OrderedKernels::detect().dot;
        let columns = other.rows().len();
        let mut values = vec![0.0; self.rows().len() * columns];
        let tile = (TILE_NUMBERS / other.columns.max(1)).max(1);
        for start in (0..columns).step_by(tile) {
            for (row, values) in self.rows().zip(values.chunks_exact_mut(columns)) {
                let some = other.rows().skip(start).take(tile);
                for (value, column) in values[start..].iter_mut().zip(some) {
                    *value = dot(row, column);
                }
            }
        }
        Matrix::new(columns, values)
    }

    fn signs(&self) -> Matrix {
        let sign = |x: &f32| if *x < 0.0 { -1.0 } else { 1.0 };
        Matrix::new(self.columns, self.values.iter().map(sign).collect())
    }

    /// Makes the rows orthogonal and of length 1 (Gram and Schmidt, each twice). Rows that depend on earlier ones
    /// become random ones.
    fn orthonormalize(&mut self, random: &mut Random) {
        let kernels = OrderedKernels::detect();
        let columns = self.columns;
        let rows = self.rows().len();
        for at in 0..rows {
            let (done, rest) = self.values.split_at_mut(at * columns);
            let row = &mut rest[..columns];
            for _ in 0..4 {
                let before = (kernels.dot)(row, row);
                for _ in 0..2 {
                    for earlier in done.chunks_exact(columns) {
                        let share = (kernels.dot)(earlier, row);
                        (kernels.add_scaled)(row, -share, earlier);
                    }
                }
                let square = (kernels.dot)(row, row);
                if square > 1e-6 * before && square.is_normal() {
                    let scale = 1.0 / square.sqrt();
                    row.iter_mut().for_each(|x| *x *= scale);
                    break;
                }
                row.fill_with(|| random.normal());
            }
        }
    }

    /// The orthogonal matrix nearest to this square one (Newton and Schulz; Higham 2008, chapter 8).
    fn polar(mut self, random: &mut Random) -> Matrix {
        let size = self.values.iter().map(|x| x * x).sum::<f32>().sqrt();
        let scale = if size > 0.0 { 1.0 / size } else { 0.0 };
        self.values.iter_mut().for_each(|x| *x *= scale);
        for step in 0..POLAR_STEPS {
            let square = self.products(&self);
            let columns = self.transposed();
            let (own, others) = match step < STEEP_STEPS {
                true => {
                    let fourth = square.products(&square);
                    let pairs = square.values.iter().zip(&fourth.values);
                    let mixed = pairs.map(|(square, fourth)| -4.775 * square + 2.0315 * fourth);
                    (3.4445, Matrix::new(square.columns, mixed.collect()))
                }
                false => {
                    let halved = square.values.iter().map(|x| -0.5 * x);
                    (1.5, Matrix::new(square.columns, halved.collect()))
                }
            };
            let others = others.products(&columns);
            for (x, other) in self.values.iter_mut().zip(others.values) {
                *x = own * *x + other;
            }
        }
        self.orthonormalize(random);
        self
    }
}

/// As many projections as `bits`, rows of as many numbers as `vectors` has columns. `vectors` have the mean 0.
pub(crate) fn learn(vectors: &Matrix, bits: usize, random: &mut Random) -> Matrix {
    let mut learned = Matrix::new(vectors.columns, Vec::new());
    let mut left = bits;
    while left > 0 {
        let block = left.min(vectors.columns);
        learned.values.extend(learn_block(vectors, block, random).values);
        left -= block;
    }
    learned
}

fn learn_block(vectors: &Matrix, bits: usize, random: &mut Random) -> Matrix {
    let principal = (bits < vectors.columns).then(|| principal(vectors, bits, random));
    let reduced = principal.as_ref().map(|basis| vectors.products(basis));
    let reduced = reduced.as_ref().unwrap_or(vectors);
    let columns = reduced.transposed();
    let mut turn = Matrix::random(bits, bits, random);
    turn.orthonormalize(random);
    for _ in 0..TURN_ROUNDS {
        // Σ corner·vectorᵀ: the rotation nearest to it brings the vectors nearest to their corners.
        let corners = turn.products(reduced).signs();
        turn = corners.products(&columns).polar(random);
    }
    match principal {
        Some(basis) => turn.products(&basis.transposed()),
        None => turn,
    }
}

/// An orthonormal basis of the space of greatest variance (subspace iteration: Golub and Van Loan, section 8.2).
fn principal(vectors: &Matrix, count: usize, random: &mut Random) -> Matrix {
    let columns = vectors.transposed();
    let covariance = columns.products(&columns);
    let mut basis = Matrix::random(count, vectors.columns, random);
    basis.orthonormalize(random);
    for _ in 0..SUBSPACE_ROUNDS {
        basis = basis.products(&covariance);
        basis.orthonormalize(random);
    }
    basis
}
