//! What a 1-bit code of an edge is made of: four sums over the difference of two vectors, and its signs. Never reads
//! past the shorter slice; the AVX2 kernel is handed out only after the CPU was asked.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Components that the sums take at a time, each in a lane of its own: so every kernel adds in the same order.
const LANES: usize = 8;

/// Sums over the components of a vector `c` and of the difference `r` = o − c to another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EdgeSums {
    /// Σ |r|.
    pub l1: f32,
    /// Σ r².
    pub l2: f32,
    /// Σ c where r > 0, and −c elsewhere.
    pub signed: f32,
    /// Σ c·r.
    pub dot: f32,
}

/// From `c`, `o` and a place for a bit a component, whether r > 0: bit i % 8 of byte i / 8. Whole groups of eight
/// components count, as many as all three hold.
pub type EdgeFn = fn(&[f32], &[f32], &mut [u8]) -> EdgeSums;

/// The fastest kernel here. Ask once and keep the answer. The same bits on every CPU.
pub fn edge_sums() -> EdgeFn {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2; CPU features do not go away.
        return |center, neighbor, signs| unsafe { edge_avx2(center, neighbor, signs) };
    }
    edge_portable
}

fn edge_portable(center: &[f32], neighbor: &[f32], signs: &mut [u8]) -> EdgeSums {
    let [mut l1, mut l2, mut signed, mut dot] = [[0.0f32; LANES]; 4];
    let groups = center.as_chunks::<LANES>().0.iter().zip(neighbor.as_chunks().0);
    for ((c, o), byte) in groups.zip(signs) {
        let o: &[f32; LANES] = o;
        *byte = 0;
        for lane in 0..LANES {
            let r = o[lane] - c[lane];
            l1[lane] += r.abs();
            l2[lane] += r * r;
            signed[lane] += if r > 0.0 { c[lane] } else { -c[lane] };
            dot[lane] += c[lane] * r;
            *byte |= u8::from(r > 0.0) << lane;
        }
    }
    of_lanes(l1, l2, signed, dot)
}

fn of_lanes(l1: [f32; LANES], l2: [f32; LANES], signed: [f32; LANES], dot: [f32; LANES]) -> EdgeSums {
    let [l1, l2, signed, dot] = [l1, l2, signed, dot].map(|lanes| lanes.iter().sum());
    EdgeSums { l1, l2, signed, dot }
}

/// # Safety
/// The CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn edge_avx2(center: &[f32], neighbor: &[f32], signs: &mut [u8]) -> EdgeSums {
    let sign = _mm256_set1_ps(-0.0);
    let [mut l1, mut l2, mut signed, mut dot] = [_mm256_setzero_ps(); 4];
    let groups = center.as_chunks::<LANES>().0.iter().zip(neighbor.as_chunks().0);
    for ((c, o), byte) in groups.zip(signs) {
        let o: &[f32; LANES] = o;
        // SAFETY: both arrays hold eight numbers; loads are unaligned.
        let (c, o) = unsafe { (_mm256_loadu_ps(c.as_ptr()), _mm256_loadu_ps(o.as_ptr())) };
        let r = _mm256_sub_ps(o, c);
        let above = _mm256_cmp_ps::<_CMP_GT_OQ>(r, _mm256_setzero_ps());
        *byte = _mm256_movemask_ps(above) as u8;
        // No fused additions: they would round unlike the portable twin.
        l1 = _mm256_add_ps(l1, _mm256_andnot_ps(sign, r));
        l2 = _mm256_add_ps(l2, _mm256_mul_ps(r, r));
        signed = _mm256_add_ps(signed, _mm256_xor_ps(c, _mm256_andnot_ps(above, sign)));
        dot = _mm256_add_ps(dot, _mm256_mul_ps(c, r));
    }
    let [mut a, mut b, mut c, mut d] = [[0.0f32; LANES]; 4];
    // SAFETY: each array takes eight numbers; stores are unaligned.
    unsafe {
        _mm256_storeu_ps(a.as_mut_ptr(), l1);
        _mm256_storeu_ps(b.as_mut_ptr(), l2);
        _mm256_storeu_ps(c.as_mut_ptr(), signed);
        _mm256_storeu_ps(d.as_mut_ptr(), dot);
    }
    of_lanes(a, b, c, d)
}

#[cfg(test)]
mod tests {
    //! Goal: the kernels agree bit for bit and compute their formulas. Method: random vectors of any length and
    //! scale, equal components among them; sums against f64.
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn twins_agree(pairs in prop::collection::vec((-1.0f32..1.0, -1.0f32..1.0, 0u8..4), 0..600), power in -10i32..10) {
            let scale = 10f32.powi(power);
            let center: Vec<f32> = pairs.iter().map(|pair| pair.0 * scale).collect();
            let other = pairs.iter().map(|(c, o, kind)| if *kind == 0 { *c } else { *o } * scale);
            let other: Vec<f32> = other.collect();
            let bytes = center.len().div_ceil(8);
            let (mut left, mut right) = (vec![0xaa; bytes], vec![0xaa; bytes]);
            let sums = edge_portable(&center, &other, &mut left);
            prop_assert_eq!(edge_sums()(&center, &other, &mut right), sums);
            prop_assert_eq!(&left, &right);

            let whole = center.len() / 8 * 8;
            let (mut model, mut magnitude) = ([0.0f64; 4], [0.0f64; 4]);
            for at in 0..whole {
                let (c, r) = (f64::from(center[at]), f64::from(other[at] - center[at]));
                let terms = [r.abs(), r * r, if r > 0.0 { c } else { -c }, c * r];
                for (kind, term) in terms.into_iter().enumerate() {
                    model[kind] += term;
                    magnitude[kind] += term.abs();
                }
                prop_assert_eq!(left[at / 8] >> (at % 8) & 1 == 1, r > 0.0);
            }
            let sums = [sums.l1, sums.l2, sums.signed, sums.dot];
            for kind in 0..4 {
                prop_assert!((f64::from(sums[kind]) - model[kind]).abs() <= 1e-5 * magnitude[kind] + 1e-30);
            }
        }
    }
}
