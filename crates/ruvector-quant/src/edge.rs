//! Codes of 1 or 2 bits of a node's neighbours relative to the node, in the layout of `ruvector_simd::codes`: one sweep
//! estimates the distances of all of them (RaBitQ: Gao and Long 2024; SymphonyQG: Gou et al. 2025).
//!
//! With c the node, o a neighbour, r = o − c and s the code of r (its signs, or four levels a component), ⟨q − c, r⟩
//! is estimated without bias by ‖r‖²/⟨r, s⟩ · ⟨q − c, s⟩. So the distance is the node's, plus `add + mul·⟨q, s⟩` with
//! two numbers an edge, kept in 16 bits and units of the block. Never lets a number that 16 bits cannot hold through:
//! such an edge is left out.

use half::f16;
use ruvector_simd::Metric;
use ruvector_simd::codes::{
    BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, CodeBits, TWO_BIT_BORDER, TWO_BIT_LEVELS, block_bytes,
};

/// The largest factor of a block in its units: six binary digits below f16's largest number, 24 above its least.
const FACTOR_MAX: f32 = 1_024.0;
const LANES: usize = 8;

/// The units of a block's factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeScale {
    /// That of `mul`: of the order of a length, over the root of the dimension.
    pub mul: f32,
    /// That of `add`: of the order of a distance.
    pub add: f32,
}

/// What a pass over an edge adds up: lengths of r = o − c, and inner products of r, c and the code s.
#[derive(Clone, Copy, Default)]
struct EdgeSums {
    r_r: f32,
    r_s: f32,
    c_s: f32,
    c_r: f32,
}

impl EdgeSums {
    /// Sums over all components; `value` gives the code's value of a component of r. In eight lanes: the order of
    /// additions is fixed, and wide registers can take them.
    #[inline]
    fn over(center: &[f32], neighbor: &[f32], value: impl Fn(f32) -> f32) -> EdgeSums {
        let [mut r_r, mut r_s, mut c_s, mut c_r] = [[0.0f32; LANES]; 4];
        for (c, o) in center.chunks_exact(LANES).zip(neighbor.chunks_exact(LANES)) {
            for lane in 0..LANES {
                let r = o[lane] - c[lane];
                let s = value(r);
                r_r[lane] += r * r;
                r_s[lane] += r * s;
                c_s[lane] += c[lane] * s;
                c_r[lane] += c[lane] * r;
            }
        }
        let [r_r, r_s, c_s, c_r] = [r_r, r_s, c_s, c_r].map(|lanes| lanes.iter().sum());
        EdgeSums { r_r, r_s, c_s, c_r }
    }

    /// `mul` and `add`; `None` for a metric that has no inner product, and when they are not finite.
    fn factors(self, metric: Metric) -> Option<(f32, f32)> {
        let gain = if self.r_s > 0.0 { self.r_r / self.r_s } else { 0.0 };
        let (mul, add) = match metric {
            Metric::Dot => (-gain, gain * self.c_s - self.c_r),
            Metric::Euclid => (-2.0 * gain, self.r_r + 2.0 * gain * self.c_s),
            Metric::Manhattan => return None,
        };
        (mul.is_finite() && add.is_finite()).then_some((mul, add))
    }
}

/// The border between the inner and the outer levels of a 2-bit code of r: components as of a normal distribution.
fn border(center: &[f32], neighbor: &[f32]) -> f32 {
    let mut squares = [0.0f32; LANES];
    for (c, o) in center.chunks_exact(LANES).zip(neighbor.chunks_exact(LANES)) {
        for lane in 0..LANES {
            let r = o[lane] - c[lane];
            squares[lane] += r * r;
        }
    }
    let squares: f32 = squares.iter().sum();
    TWO_BIT_BORDER * (squares / center.len() as f32).sqrt()
}

#[inline]
fn two_bits(r: f32, border: f32) -> u8 {
    u8::from(r > -border) + u8::from(r > 0.0) + u8::from(r > border)
}

/// Factors of the edge and its code at its place among the block's codes.
fn encode_edge(
    (metric, bits): (Metric, CodeBits),
    (center, neighbor): (&[f32], &[f32]),
    place: usize,
    codes: &mut [u8],
) -> Option<(f32, f32)> {
    match bits {
        CodeBits::One => {
            let value = |r: f32| if r > 0.0 { 1.0 } else { -1.0 };
            let factors = EdgeSums::over(center, neighbor, value).factors(metric)?;
            put_code::<4>((center, neighbor), place, codes, |r| u8::from(r > 0.0));
            Some(factors)
        }
        CodeBits::Two => {
            let border = border(center, neighbor);
            let [_, _, inner, outer] = TWO_BIT_LEVELS;
            let size = |r: f32| if r.abs() > border { outer } else { inner };
            let value = |r: f32| if r > 0.0 { size(r) } else { -size(r) };
            let factors = EdgeSums::over(center, neighbor, value).factors(metric)?;
            put_code::<2>((center, neighbor), place, codes, |r| two_bits(r, border));
            Some(factors)
        }
    }
}

/// Puts the code of each component of r, `4 / GROUP` bits, into the place's half of the group's bytes.
fn put_code<const GROUP: usize>(
    (center, neighbor): (&[f32], &[f32]),
    place: usize,
    codes: &mut [u8],
    code: impl Fn(f32) -> u8,
) {
    let shift = place / 16 * 4;
    let groups = center.chunks_exact(GROUP).zip(neighbor.chunks_exact(GROUP));
    for ((c, o), bytes) in groups.zip(codes.chunks_exact_mut(16)) {
        let mut half = 0;
        for at in 0..GROUP {
            half |= code(o[at] - c[at]) << (at * 4 / GROUP);
        }
        bytes[place % 16] |= half << shift;
    }
}

/// Writes the block of up to 32 neighbours as seen from `center`, factors and codes, and returns the factors' units.
/// Places without a neighbour get an infinite `add`: no query comes near them. `block` has
/// `block_bytes(center.len(), bits)` bytes; `None` if not, or if the metric has no such code. Cost: two or three
/// passes over each neighbour.
pub fn encode_edges(
    (metric, bits): (Metric, CodeBits),
    center: &[f32],
    neighbors: &[&[f32]],
    block: &mut [u8],
) -> Option<EdgeScale> {
    if block.len() != block_bytes(center.len(), bits)
        || neighbors.len() > BLOCK_NEIGHBORS
        || metric == Metric::Manhattan
    {
        return None;
    }
    block.fill(0);
    let (factors, codes) = block.split_at_mut(BLOCK_FACTOR_BYTES);
    let mut edges = [(0.0, f32::INFINITY); BLOCK_NEIGHBORS];
    for (place, (edge, neighbor)) in edges.iter_mut().zip(neighbors).enumerate() {
        if let Some(found) = encode_edge((metric, bits), (center, neighbor), place, codes) {
            *edge = found;
        }
    }
    let scale = EdgeScale {
        mul: unit(edges.iter().map(|edge| edge.0)),
        add: unit(edges.iter().map(|edge| edge.1)),
    };
    let mut put = |at: usize, value: f32| {
        factors[2 * at..2 * at + 2].copy_from_slice(&f16::from_f32(value).to_le_bytes());
    };
    for (place, (mul, add)) in edges.into_iter().enumerate() {
        put(place, mul / scale.mul);
        put(BLOCK_NEIGHBORS + place, add / scale.add);
    }
    Some(scale)
}

/// The unit in which the largest finite number is [`FACTOR_MAX`].
fn unit(values: impl Iterator<Item = f32>) -> f32 {
    let sizes = values.map(f32::abs).filter(|size| size.is_finite());
    let unit = sizes.fold(0.0, f32::max) / FACTOR_MAX;
    if unit.is_normal() { unit } else { 1.0 }
}
