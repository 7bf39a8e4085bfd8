//! Codes of 1 or 2 bits of a node's neighbours relative to the node, in the layout of `ruvector_simd::codes`: one sweep
//! estimates the distances of all of them (RaBitQ: Gao and Long 2024; SymphonyQG: Gou et al. 2025).
//!
//! With c the node, o a neighbour, r = o − c and s the code of r (its signs, or four levels a component), ⟨q − c, r⟩
//! is estimated without bias by ‖r‖²/⟨r, s⟩ · ⟨q − c, s⟩. So the distance is the node's, plus `add + mul·⟨q, s⟩` with
//! two numbers an edge, kept in 16 bits and units of the block. Never lets a number that 16 bits cannot hold through:
//! such an edge is left out.

use half::f16;
use ruvector_simd::codes::{
    BLOCK_FACTOR_BYTES, BLOCK_NEIGHBORS, CodeBits, TWO_BIT_BORDER, TWO_BIT_LEVELS, block_bytes,
};
use ruvector_simd::{EdgeFn, EdgeLevels, EdgeSums, Metric, edge_sums};

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

/// Makes the codes of edges, with buffers for the bits of one.
struct EdgeCoder {
    kernel: EdgeFn,
    metric: Metric,
    bits: CodeBits,
    above: Vec<u8>,
    beyond: Vec<u8>,
}

impl EdgeCoder {
    /// Factors of the edge, its code put at its place among the block's; `None` if the factors are no numbers.
    fn encode(
        &mut self,
        center: &[f32],
        neighbor: &[f32],
        place: usize,
        codes: &mut [u8],
    ) -> Option<(f32, f32)> {
        let mut sums = self.sums(center, neighbor, EdgeLevels::SIGNS);
        if self.bits == CodeBits::Two {
            // The components of r are taken for a normal distribution's.
            let [_, _, inner, outer] = TWO_BIT_LEVELS;
            let border = TWO_BIT_BORDER * (sums.r_r / center.len() as f32).sqrt();
            let levels = EdgeLevels { border, inner, outer };
            sums = self.sums(center, neighbor, levels);
        }
        let factors = factors(self.metric, sums)?;
        match self.bits {
            CodeBits::One => put_signs(&self.above, place, codes),
            CodeBits::Two => put_pairs(&self.above, &self.beyond, place, codes),
        }
        Some(factors)
    }

    fn sums(&mut self, center: &[f32], neighbor: &[f32], levels: EdgeLevels) -> EdgeSums {
        (self.kernel)(center, neighbor, levels, [&mut self.above, &mut self.beyond])
    }
}

/// `mul` and `add` of a neighbour as seen from a centre; `None` for a metric that has no inner product, and when
/// they are not finite.
fn factors(metric: Metric, sums: EdgeSums) -> Option<(f32, f32)> {
    let EdgeSums { r_r, r_s, c_s, c_r } = sums;
    let gain = if r_s > 0.0 { r_r / r_s } else { 0.0 };
    let (mul, add) = match metric {
        Metric::Dot => (-gain, gain * c_s - c_r),
        Metric::Euclid => (-2.0 * gain, r_r + 2.0 * gain * c_s),
        Metric::Manhattan => return None,
    };
    (mul.is_finite() && add.is_finite()).then_some((mul, add))
}

/// Four signs go into one byte, in its low or high half by `place`.
fn put_signs(above: &[u8], place: usize, codes: &mut [u8]) {
    let (byte, shift) = (place % 16, place / 16 * 4);
    for (signs, groups) in above.iter().zip(codes.as_chunks_mut::<32>().0) {
        groups[byte] |= (signs & 15) << shift;
        groups[16 + byte] |= (signs >> 4) << shift;
    }
}

/// The codes of two components go into one byte likewise: the high bit of a code is the sign, the low one says
/// whether the level is the greater of the two with that sign.
fn put_pairs(above: &[u8], beyond: &[u8], place: usize, codes: &mut [u8]) {
    let (byte, shift) = (place % 16, place / 16 * 4);
    let groups = codes.as_chunks_mut::<64>().0;
    for ((above, beyond), groups) in above.iter().zip(beyond).zip(groups) {
        let mut pairs = spread(!(above ^ beyond)) | spread(*above) << 1;
        for group in groups.as_chunks_mut::<16>().0 {
            group[byte] |= ((pairs & 15) as u8) << shift;
            pairs >>= 4;
        }
    }
}

/// Each bit at twice its place.
fn spread(byte: u8) -> u16 {
    let mut bits = u16::from(byte);
    bits = (bits | bits << 4) & 0x0f0f;
    bits = (bits | bits << 2) & 0x3333;
    (bits | bits << 1) & 0x5555
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
    let bytes = center.len() / 8;
    let mut coder = EdgeCoder {
        kernel: edge_sums(),
        metric,
        bits,
        above: vec![0; bytes],
        beyond: vec![0; bytes],
    };
    for (place, (edge, neighbor)) in edges.iter_mut().zip(neighbors).enumerate() {
        if let Some(found) = coder.encode(center, neighbor, place, codes) {
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
