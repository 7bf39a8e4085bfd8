//! 1-bit codes of a node's neighbours relative to the node, in the layout of `ruvector_simd::codes`: one sweep
//! estimates the distances of all of them (RaBitQ: Gao and Long 2024; SymphonyQG: Gou et al. 2025).
//!
//! With c the node, o a neighbour, r = o − c and s its signs, ⟨q − c, r⟩ is estimated without bias by
//! ‖r‖²/‖r‖₁ · ⟨q − c, s⟩. So the distance is the node's, plus `add + mul·⟨q, s⟩` with two numbers an edge, kept in
//! 16 bits and units of the block. Never lets a number that 16 bits cannot hold through: such an edge is left out.

use half::f16;
use ruvector_simd::Metric;
use ruvector_simd::codes::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, block_bytes};

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

/// `mul` and `add` of a neighbour as seen from `center`; `None` for a metric that has no inner product, and when
/// they are not finite.
fn edge_factors(metric: Metric, center: &[f32], neighbor: &[f32]) -> Option<(f32, f32)> {
    // Four sums in eight lanes: the order of additions is fixed, and wide registers can take them.
    let [mut l1, mut l2, mut signed, mut dot] = [[0.0f32; LANES]; 4];
    for (c, o) in center.chunks_exact(LANES).zip(neighbor.chunks_exact(LANES)) {
        for lane in 0..LANES {
            let r = o[lane] - c[lane];
            l1[lane] += r.abs();
            l2[lane] += r * r;
            signed[lane] += if r > 0.0 { c[lane] } else { -c[lane] };
            dot[lane] += c[lane] * r;
        }
    }
    let [l1, l2, signed, dot] = [l1, l2, signed, dot].map(|lanes| lanes.iter().sum::<f32>());
    let gain = if l1 > 0.0 { l2 / l1 } else { 0.0 };
    let (mul, add) = match metric {
        Metric::Dot => (-gain, gain * signed - dot),
        Metric::Euclid => (-2.0 * gain, l2 + 2.0 * gain * signed),
        Metric::Manhattan => return None,
    };
    (mul.is_finite() && add.is_finite()).then_some((mul, add))
}

/// Writes the block of up to 32 neighbours as seen from `center`, factors and codes, and returns the factors' units.
/// Places without a neighbour get an infinite `add`: no query comes near them. `block` has
/// `block_bytes(center.len())` bytes; `None` if not, or if the metric has no such code. Cost: two passes over each
/// neighbour.
pub fn encode_edges(
    metric: Metric,
    center: &[f32],
    neighbors: &[&[f32]],
    block: &mut [u8],
) -> Option<EdgeScale> {
    if block.len() != block_bytes(center.len())
        || neighbors.len() > BLOCK_NEIGHBORS
        || metric == Metric::Manhattan
    {
        return None;
    }
    block.fill(0);
    let (factors, codes) = block.split_at_mut(BLOCK_FACTOR_BYTES);
    let mut edges = [(0.0, f32::INFINITY); BLOCK_NEIGHBORS];
    for (place, (edge, neighbor)) in edges.iter_mut().zip(neighbors).enumerate() {
        if let Some(found) = edge_factors(metric, center, neighbor) {
            *edge = found;
            put_signs(center, neighbor, place, codes);
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

fn put_signs(center: &[f32], neighbor: &[f32], place: usize, codes: &mut [u8]) {
    let shift = place / 16 * 4;
    let groups = center.chunks_exact(4).zip(neighbor.chunks_exact(4));
    for ((c, o), bytes) in groups.zip(codes.chunks_exact_mut(16)) {
        let mut signs = 0;
        for bit in 0..4 {
            signs |= u8::from(o[bit] > c[bit]) << bit;
        }
        bytes[place % 16] |= signs << shift;
    }
}
