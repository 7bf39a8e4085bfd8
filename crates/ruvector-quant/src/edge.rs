//! 1-bit codes of a node's neighbours relative to the node, in the layout of `ruvector_simd::codes`: one sweep
//! estimates the distances of all of them (RaBitQ: Gao and Long 2024; SymphonyQG: Gou et al. 2025).
//!
//! With c the node, o a neighbour, r = o − c and s its signs, ⟨q − c, r⟩ is estimated without bias by
//! ‖r‖²/‖r‖₁ · ⟨q − c, s⟩. So the distance is the node's, plus `add + mul·⟨q, s⟩` with two numbers an edge.

use half::f16;
use ruvector_simd::Metric;
use ruvector_simd::codes::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS};

/// The `add` of an empty place: no query comes near it.
pub const EDGE_SCALE_NONE: f32 = f32::INFINITY;

/// The two numbers of an edge and its signs: `mul`, `add` of a neighbour as seen from `center`.
/// `None` for a metric that has no inner product.
pub fn edge_factors(metric: Metric, center: &[f32], neighbor: &[f32]) -> Option<(f32, f32)> {
    let (mut l1, mut l2, mut center_signed, mut center_dot) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
    for (c, o) in center.iter().zip(neighbor) {
        let r = o - c;
        l1 += r.abs();
        l2 += r * r;
        center_signed += if r > 0.0 { *c } else { -*c };
        center_dot += c * r;
    }
    let gain = if l1 > 0.0 { l2 / l1 } else { 0.0 };
    match metric {
        Metric::Dot => Some((-gain, gain * center_signed - center_dot)),
        Metric::Euclid => Some((-2.0 * gain, l2 + 2.0 * gain * center_signed)),
        Metric::Manhattan => None,
    }
}

/// Writes the block of up to 32 neighbours as seen from `center`: factors in units of `scale`, then codes. Places
/// without a neighbour get an infinite `add`. `block` has `block_bytes(center.len())` bytes; false if not, or if
/// the metric has no such code. Cost: two passes over each neighbour.
pub fn encode_edges(
    metric: Metric,
    center: &[f32],
    neighbors: &[&[f32]],
    scale: f32,
    block: &mut [u8],
) -> bool {
    if block.len() != ruvector_simd::codes::block_bytes(center.len()) || neighbors.len() > BLOCK_NEIGHBORS {
        return false;
    }
    block.fill(0);
    let (factors, codes) = block.split_at_mut(BLOCK_FACTOR_BYTES);
    let mut put = |at: usize, value: f32| {
        factors[2 * at..2 * at + 2].copy_from_slice(&f16::from_f32(value).to_le_bytes());
    };
    for place in 0..BLOCK_NEIGHBORS {
        let Some(neighbor) = neighbors.get(place) else {
            put(BLOCK_NEIGHBORS + place, EDGE_SCALE_NONE);
            continue;
        };
        let Some((mul, add)) = edge_factors(metric, center, neighbor) else {
            return false;
        };
        put(place, mul / scale);
        put(BLOCK_NEIGHBORS + place, add / scale);
        put_signs(center, neighbor, place, codes);
    }
    true
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
