//! A fast random rotation: it spreads every vector over all components, so that 1-bit codes of any data have the
//! same small error. Never changes for a given dimension and seed: codes on disk depend on it.
//!
//! Four rounds of random signs, a Walsh–Hadamard transform over a power of two of the components (at the front and
//! at the back in turn), and a Kac step that mixes the halves (Kac 1956; Ailon and Chazelle 2009). Padded to a
//! multiple of 64, not to a power of two: 384 components stay 384. The arithmetic is `CodeKernels::rotate`.

use ruvector_simd::codes::{CodeKernels, transform_len};

const ROUNDS: usize = 4;

/// A rotation of `dim` components into `padded_dim`.
#[derive(Clone, Debug)]
pub struct Rotation {
    dim: usize,
    padded: usize,
    /// ±1, one for each component and round, with the transform's scale taken in.
    signs: Vec<f32>,
    kernels: CodeKernels,
}

impl Rotation {
    /// The rotation of `dim` components that `seed` names. Cost: `4·padded_dim` numbers.
    pub fn new(dim: usize, seed: u64) -> Rotation {
        Rotation::padded(dim, dim.max(1).next_multiple_of(64), seed)
    }

    /// As [`Rotation::new`], padded to a multiple of 16 only, 64 at least: for codes that are in memory alone.
    pub fn tight(dim: usize, seed: u64) -> Rotation {
        Rotation::padded(dim, dim.max(64).next_multiple_of(16), seed)
    }

    fn padded(dim: usize, padded: usize, seed: u64) -> Rotation {
        let len = transform_len(padded);
        let scale = 1.0 / (len as f32).sqrt();
        let sign = |at: usize| {
            let (round, place) = (at / padded, at % padded);
            // Components outside a round's transform keep their length.
            let inside = if round.is_multiple_of(2) {
                place < len
            } else {
                place >= padded - len
            };
            let size = if inside { scale } else { 1.0 };
            if mix(seed ^ mix(at as u64 + 1)) & 1 == 1 {
                size
            } else {
                -size
            }
        };
        Rotation {
            dim,
            padded,
            signs: (0..ROUNDS * padded).map(sign).collect(),
            kernels: CodeKernels::detect(),
        }
    }

    /// Components of an input.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Components of an output, a multiple of 64, or of 16 if tight.
    pub fn padded_dim(&self) -> usize {
        self.padded
    }

    /// Rotates `vector` into `out`, which is resized. Lengths and inner products are kept, up to rounding; the
    /// rounding is the same on every CPU. Cost: about `4·padded_dim·log2(padded_dim)` additions.
    pub fn rotate(&self, vector: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend_from_slice(&vector[..vector.len().min(self.dim)]);
        out.resize(self.padded, 0.0);
        (self.kernels.rotate)(out, &self.signs);
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
