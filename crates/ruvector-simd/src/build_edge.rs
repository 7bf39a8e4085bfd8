//! What the code of an edge is made of: four sums over the difference of two vectors, and two bits a component. Never
//! reads past the shortest slice; the AVX2 kernel is handed out only after the CPU was asked.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Components that the sums take at a time, each in a lane of its own: so every kernel adds in the same order.
const LANES: usize = 8;

/// The values that a component r of a difference may have in its code: `outer` if |r| is above `border`, else `inner`,
/// with a minus unless r is above zero.
#[derive(Clone, Copy, Debug)]
pub struct EdgeLevels {
    /// The border.
    pub border: f32,
    /// The smaller value.
    pub inner: f32,
    /// The larger one.
    pub outer: f32,
}

impl EdgeLevels {
    /// The sign alone: −1 or 1.
    pub const SIGNS: EdgeLevels = EdgeLevels {
        border: f32::INFINITY,
        inner: 1.0,
        outer: 1.0,
    };
}

/// Sums over the components of a vector `c`, of the difference `r` = o − c to another, and of the code `s` of r.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EdgeSums {
    /// Σ r².
    pub r_r: f32,
    /// Σ r·s.
    pub r_s: f32,
    /// Σ c·s.
    pub c_s: f32,
    /// Σ c·r.
    pub c_r: f32,
}

/// From `c`, `o` and the levels: the sums, and two bits a component, in a slice each: whether r > 0, and whether |r| is
/// above the border; bit i % 8 of byte i / 8. Whole groups of eight components count, as many as all four hold.
pub type EdgeFn = fn(&[f32], &[f32], EdgeLevels, [&mut [u8]; 2]) -> EdgeSums;

/// The fastest kernel here. Ask once and keep the answer. The same bits on every CPU.
pub fn edge_sums() -> EdgeFn {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2; CPU features do not go away.
        return |center, neighbor, levels, bits| unsafe { edge_avx2(center, neighbor, levels, bits) };
    }
    edge_portable
}

fn edge_portable(
    center: &[f32],
    neighbor: &[f32],
    levels: EdgeLevels,
    [above, beyond]: [&mut [u8]; 2],
) -> EdgeSums {
    let mut sums = [[0.0f32; LANES]; 4];
    let groups = center.as_chunks::<LANES>().0.iter().zip(neighbor.as_chunks().0);
    for ((c, o), (above, beyond)) in groups.zip(above.iter_mut().zip(beyond)) {
        let o: &[f32; LANES] = o;
        (*above, *beyond) = (0, 0);
        for lane in 0..LANES {
            let r = o[lane] - c[lane];
            let size = if r.abs() > levels.border {
                levels.outer
            } else {
                levels.inner
            };
            sums[0][lane] += r * r;
            sums[1][lane] += r.abs() * size;
            sums[2][lane] += if r > 0.0 { c[lane] } else { -c[lane] } * size;
            sums[3][lane] += c[lane] * r;
            *above |= u8::from(r > 0.0) << lane;
            *beyond |= u8::from(r.abs() > levels.border) << lane;
        }
    }
    of_lanes(sums)
}

fn of_lanes(sums: [[f32; LANES]; 4]) -> EdgeSums {
    let [r_r, r_s, c_s, c_r] = sums.map(|lanes| lanes.iter().sum());
    EdgeSums { r_r, r_s, c_s, c_r }
}

/// # Safety
/// The CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn edge_avx2(
    center: &[f32],
    neighbor: &[f32],
    levels: EdgeLevels,
    [above, beyond]: [&mut [u8]; 2],
) -> EdgeSums {
    let sign = _mm256_set1_ps(-0.0);
    let border = _mm256_set1_ps(levels.border);
    let (inner, outer) = (_mm256_set1_ps(levels.inner), _mm256_set1_ps(levels.outer));
    let mut sums = [_mm256_setzero_ps(); 4];
    let groups = center.as_chunks::<LANES>().0.iter().zip(neighbor.as_chunks().0);
    for ((c, o), (above, beyond)) in groups.zip(above.iter_mut().zip(beyond)) {
        let o: &[f32; LANES] = o;
        // SAFETY: both arrays hold eight numbers; loads are unaligned.
        let (c, o) = unsafe { (_mm256_loadu_ps(c.as_ptr()), _mm256_loadu_ps(o.as_ptr())) };
        let r = _mm256_sub_ps(o, c);
        let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(r, _mm256_setzero_ps());
        let length = _mm256_andnot_ps(sign, r);
        let far = _mm256_cmp_ps::<_CMP_GT_OQ>(length, border);
        *above = _mm256_movemask_ps(positive) as u8;
        *beyond = _mm256_movemask_ps(far) as u8;
        let size = _mm256_blendv_ps(inner, outer, far);
        // No fused additions: they would round unlike the portable twin.
        let signed = _mm256_xor_ps(c, _mm256_andnot_ps(positive, sign));
        sums[0] = _mm256_add_ps(sums[0], _mm256_mul_ps(r, r));
        sums[1] = _mm256_add_ps(sums[1], _mm256_mul_ps(length, size));
        sums[2] = _mm256_add_ps(sums[2], _mm256_mul_ps(signed, size));
        sums[3] = _mm256_add_ps(sums[3], _mm256_mul_ps(c, r));
    }
    of_lanes(sums.map(|sum| {
        let mut lanes = [0.0f32; LANES];
        // SAFETY: the array takes eight numbers; the store is unaligned.
        unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), sum) };
        lanes
    }))
}

#[cfg(test)]
mod tests {
    //! Goal: the kernels agree bit for bit and compute their formulas. Method: random vectors of any length and
    //! scale, equal components among them, with and without a border; sums against f64.
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn twins_agree(
            pairs in prop::collection::vec((-1.0f32..1.0, -1.0f32..1.0, 0u8..4), 0..600),
            power in -10i32..10,
            two_bits in any::<bool>(),
        ) {
            let scale = 10f32.powi(power);
            let levels = if two_bits { EdgeLevels { border: 0.6 * scale, inner: 0.45, outer: 1.51 } } else { EdgeLevels::SIGNS };
            let center: Vec<f32> = pairs.iter().map(|pair| pair.0 * scale).collect();
            let other = pairs.iter().map(|(c, o, kind)| if *kind == 0 { *c } else { *o } * scale);
            let other: Vec<f32> = other.collect();
            let bytes = center.len().div_ceil(8);
            let (mut above, mut beyond) = (vec![0xaa; bytes], vec![0xaa; bytes]);
            let sums = edge_portable(&center, &other, levels, [&mut above, &mut beyond]);
            let (mut fast_above, mut fast_beyond) = (vec![0xaa; bytes], vec![0xaa; bytes]);
            prop_assert_eq!(edge_sums()(&center, &other, levels, [&mut fast_above, &mut fast_beyond]), sums);
            prop_assert_eq!((&above, &beyond), (&fast_above, &fast_beyond));

            let whole = center.len() / 8 * 8;
            let (mut model, mut magnitude) = ([0.0f64; 4], [0.0f64; 4]);
            for at in 0..whole {
                let (c, r) = (f64::from(center[at]), f64::from(other[at] - center[at]));
                let far = r.abs() > f64::from(levels.border);
                let s = f64::from(if far { levels.outer } else { levels.inner }) * if r > 0.0 { 1.0 } else { -1.0 };
                for (kind, term) in [r * r, r * s, c * s, c * r].into_iter().enumerate() {
                    model[kind] += term;
                    magnitude[kind] += term.abs();
                }
                prop_assert_eq!(above[at / 8] >> (at % 8) & 1 == 1, r > 0.0);
                prop_assert_eq!(beyond[at / 8] >> (at % 8) & 1 == 1, far);
            }
            let sums = [sums.r_r, sums.r_s, sums.c_s, sums.c_r];
            for kind in 0..4 {
                prop_assert!((f64::from(sums[kind]) - model[kind]).abs() <= 1e-5 * magnitude[kind] + 1e-30);
            }
        }
    }
}
