//! 1-bit codes of a node's neighbours relative to the node, in the layout of `ruvector_simd::codes`: one sweep
//! estimates the distances of all of them (RaBitQ: Gao and Long 2024; SymphonyQG: Gou et al. 2025).
//!
//! With c the node, o a neighbour, r = o − c and s its signs, ⟨q − c, r⟩ is estimated without bias by
//! ‖r‖²/‖r‖₁ · ⟨q − c, s⟩. So the distance is the node's, plus `add + mul·⟨q, s⟩` with two numbers an edge, kept in
//! 16 bits and units of the block. Never lets a number that 16 bits cannot hold through: such an edge is left out.

use half::f16;
use ruvector_simd::codes::{BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, block_bytes};
use ruvector_simd::{EdgeSums, Metric, edge_sums};

/// The largest factor of a block in its units: six binary digits below f16's largest number, 24 above its least.
const FACTOR_MAX: f32 = 1_024.0;

/// The units of a block's factors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EdgeScale {
    /// That of `mul`: of the order of a length, over the root of the dimension.
    pub mul: f32,
    /// That of `add`: of the order of a distance.
    pub add: f32,
}

/// `mul` and `add` of a neighbour as seen from a centre; `None` for a metric that has no inner product, and when
/// they are not finite.
fn edge_factors(metric: Metric, sums: EdgeSums) -> Option<(f32, f32)> {
    let EdgeSums { l1, l2, signed, dot } = sums;
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
    let (kernel, mut signs) = (edge_sums(), vec![0; center.len() / 8]);
    for (place, (edge, neighbor)) in edges.iter_mut().zip(neighbors).enumerate() {
        if let Some(found) = edge_factors(metric, kernel(center, neighbor, &mut signs)) {
            *edge = found;
            put_signs(&signs, place, codes);
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

/// Four signs go into one byte, in its low or high half by `place`.
fn put_signs(signs: &[u8], place: usize, codes: &mut [u8]) {
    let (byte, shift) = (place % 16, place / 16 * 4);
    for (signs, groups) in signs.iter().zip(codes.as_chunks_mut::<32>().0) {
        groups[byte] |= (signs & 15) << shift;
        groups[16 + byte] |= (signs >> 4) << shift;
    }
}
