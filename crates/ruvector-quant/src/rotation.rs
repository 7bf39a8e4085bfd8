//! A fast random rotation: it spreads every vector over all components, so that 1-bit codes of any data have the
//! same small error. Never changes for a given dimension and seed: codes on disk depend on it.
//!
//! Four rounds of random signs, a Walsh–Hadamard transform over a power of two of the components (at the front and
//! at the back in turn), and a Kac step that mixes the halves (Kac 1956; Ailon and Chazelle 2009). Padded to a
//! multiple of 64, not to a power of two: 384 components stay 384.

const ROUNDS: usize = 4;

/// A rotation of `dim` components into `padded_dim`.
#[derive(Clone, Debug)]
pub struct Rotation {
    dim: usize,
    padded: usize,
    /// ±1, one for each component and round, with the transform's scale taken in.
    signs: Vec<f32>,
}

impl Rotation {
    /// The rotation of `dim` components that `seed` names. Cost: `4·padded_dim` numbers.
    pub fn new(dim: usize, seed: u64) -> Rotation {
        let padded = dim.max(1).div_ceil(64) * 64;
        let scale = 1.0 / (transform_len(padded) as f32).sqrt();
        let sign = |at: u64| {
            if mix(seed ^ mix(at + 1)) & 1 == 1 {
                scale
            } else {
                -scale
            }
        };
        let mut signs: Vec<f32> = (0..(ROUNDS * padded) as u64).map(sign).collect();
        // Components outside a round's transform keep their length.
        for round in 0..ROUNDS {
            let range = transform_range(padded, round);
            for at in (0..padded).filter(|at| !range.contains(at)) {
                signs[round * padded + at] /= scale;
            }
        }
        Rotation { dim, padded, signs }
    }

    /// Components of an input.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Components of an output, a multiple of 64.
    pub fn padded_dim(&self) -> usize {
        self.padded
    }

    /// Rotates `vector` into `out`, which is resized. Lengths and inner products are kept, up to rounding.
    /// Cost: about `4·padded_dim·log2(padded_dim)` additions.
    pub fn rotate(&self, vector: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend_from_slice(&vector[..vector.len().min(self.padded)]);
        out.resize(self.padded, 0.0);
        for (round, signs) in self.signs.chunks_exact(self.padded).enumerate() {
            out.iter_mut().zip(signs).for_each(|(x, sign)| *x *= sign);
            hadamard(&mut out[transform_range(self.padded, round)]);
            if !self.padded.is_power_of_two() {
                mix_halves(out);
            }
        }
    }
}

/// The largest power of two that fits.
fn transform_len(padded: usize) -> usize {
    1 << padded.ilog2()
}

fn transform_range(padded: usize, round: usize) -> std::ops::Range<usize> {
    let len = transform_len(padded);
    if round.is_multiple_of(2) {
        0..len
    } else {
        padded - len..padded
    }
}

/// The unscaled Walsh–Hadamard transform of a power of two of components, at least 64.
fn hadamard(data: &mut [f32]) {
    for eight in data.chunks_exact_mut(8) {
        hadamard_8(eight);
    }
    let mut half = 8;
    while half < data.len() {
        for pair in data.chunks_exact_mut(2 * half) {
            let (front, back) = pair.split_at_mut(half);
            for (a, b) in front.iter_mut().zip(back) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

#[inline(always)]
fn hadamard_8(x: &mut [f32]) {
    for half in [1, 2, 4] {
        for start in (0..8).step_by(2 * half) {
            for at in start..start + half {
                (x[at], x[at + half]) = (x[at] + x[at + half], x[at] - x[at + half]);
            }
        }
    }
}

/// Rotates each component of the front half with its partner in the back half by 45 degrees.
fn mix_halves(data: &mut [f32]) {
    let (front, back) = data.split_at_mut(data.len() / 2);
    for (a, b) in front.iter_mut().zip(back) {
        (*a, *b) = (
            (*a + *b) * std::f32::consts::FRAC_1_SQRT_2,
            (*a - *b) * std::f32::consts::FRAC_1_SQRT_2,
        );
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
