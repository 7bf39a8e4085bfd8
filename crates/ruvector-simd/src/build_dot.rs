//! Inner products of 8-bit codes, and distances of the code rows that graphs are built over. Never reads past the
//! shorter slice; a kernel that needs a CPU feature is handed out only after the CPU was asked.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::Metric;

/// Bytes at the end of a code row: the value of one step, then the squared length of the decoded vector, both
/// little-endian f32.
pub const CODE_ROW_TAIL_BYTES: usize = 8;

/// Σ aᵢ·bᵢ over the common prefix. Exact up to 65,536 components; beyond, the sum wraps around.
pub type CodeDotFn = fn(&[i8], &[i8]) -> i32;

/// The distance of two code rows: codes, then [`CODE_ROW_TAIL_BYTES`].
pub type CodeRowFn = fn(&[i8], &[i8]) -> f32;

/// The fastest kernel for Σ aᵢ·bᵢ on this CPU. Ask once and keep the answer. All kernels agree exactly.
pub fn code_dot() -> CodeDotFn {
    match Set::detect() {
        #[cfg(target_arch = "x86_64")]
        Set::Vnni => Vnni::dot,
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => Avx2::dot,
        Set::Portable => Portable::dot,
    }
}

/// The distance of the vectors that two code rows decode to; smaller is closer. `None` for a metric that has no
/// inner product. All kernels agree bit for bit. A row too short for its tail is infinitely far from all.
pub fn code_row_distance(metric: Metric) -> Option<CodeRowFn> {
    match Set::detect() {
        #[cfg(target_arch = "x86_64")]
        Set::Vnni => of_rows::<Vnni>(metric),
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => of_rows::<Avx2>(metric),
        Set::Portable => of_rows::<Portable>(metric),
    }
}

/// What this CPU has.
enum Set {
    #[cfg(target_arch = "x86_64")]
    Vnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Set {
    fn detect() -> Set {
        #[cfg(target_arch = "x86_64")]
        {
            if has_vnni() {
                return Set::Vnni;
            }
            if std::is_x86_feature_detected!("avx2") {
                return Set::Avx2;
            }
        }
        Set::Portable
    }
}

#[cfg(target_arch = "x86_64")]
fn has_vnni() -> bool {
    std::is_x86_feature_detected!("avx512vnni") && std::is_x86_feature_detected!("avx512bw")
}

/// One way to compute the sum. Named only where [`Set::detect`] has found what it needs.
trait Kernel {
    fn dot(a: &[i8], b: &[i8]) -> i32;
    fn dot_of_rows(a: &[i8], b: &[i8]) -> f32;
    fn euclid_of_rows(a: &[i8], b: &[i8]) -> f32;
}

fn of_rows<K: Kernel>(metric: Metric) -> Option<CodeRowFn> {
    match metric {
        Metric::Dot => Some(K::dot_of_rows),
        Metric::Euclid => Some(K::euclid_of_rows),
        Metric::Manhattan => None,
    }
}

/// Expanded in the function that has the CPU features of `dot`, so that a distance is one call.
#[inline(always)]
fn dot_of_rows(a: &[i8], b: &[i8], dot: impl Fn(&[i8], &[i8]) -> i32) -> f32 {
    match (split(a), split(b)) {
        (Some((a, [a_step, _])), Some((b, [b_step, _]))) => -(a_step * b_step) * dot(a, b) as f32,
        _ => f32::INFINITY,
    }
}

#[inline(always)]
fn euclid_of_rows(a: &[i8], b: &[i8], dot: impl Fn(&[i8], &[i8]) -> i32) -> f32 {
    match (split(a), split(b)) {
        (Some((a, [a_step, a_squared])), Some((b, [b_step, b_squared]))) => {
            (a_squared + b_squared) - 2.0 * (a_step * b_step) * dot(a, b) as f32
        }
        _ => f32::INFINITY,
    }
}

/// The codes and the two numbers of a row.
#[inline(always)]
fn split(row: &[i8]) -> Option<(&[i8], [f32; 2])> {
    let (codes, tail) = row.split_last_chunk::<CODE_ROW_TAIL_BYTES>()?;
    let [a, b, c, d, e, f, g, h] = tail.map(|byte| byte as u8);
    Some((
        codes,
        [f32::from_le_bytes([a, b, c, d]), f32::from_le_bytes([e, f, g, h])],
    ))
}

struct Portable;

impl Kernel for Portable {
    fn dot(a: &[i8], b: &[i8]) -> i32 {
        let terms = a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y));
        terms.fold(0, i32::wrapping_add)
    }

    fn dot_of_rows(a: &[i8], b: &[i8]) -> f32 {
        dot_of_rows(a, b, Self::dot)
    }

    fn euclid_of_rows(a: &[i8], b: &[i8]) -> f32 {
        euclid_of_rows(a, b, Self::dot)
    }
}

#[cfg(target_arch = "x86_64")]
struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Kernel for Avx2 {
    #[inline(always)]
    fn dot(a: &[i8], b: &[i8]) -> i32 {
        // SAFETY: this type is named only where `Set::detect` found AVX2; CPU features do not go away.
        unsafe { dot_avx2(a, b) }
    }

    fn dot_of_rows(a: &[i8], b: &[i8]) -> f32 {
        // SAFETY: as for `dot`.
        unsafe { dot_of_rows_avx2(a, b) }
    }

    fn euclid_of_rows(a: &[i8], b: &[i8]) -> f32 {
        // SAFETY: as for `dot`.
        unsafe { euclid_of_rows_avx2(a, b) }
    }
}

#[cfg(target_arch = "x86_64")]
struct Vnni;

#[cfg(target_arch = "x86_64")]
impl Kernel for Vnni {
    #[inline(always)]
    fn dot(a: &[i8], b: &[i8]) -> i32 {
        // SAFETY: this type is named only where `Set::detect` found AVX-512 VNNI and BW.
        unsafe { dot_vnni(a, b) }
    }

    fn dot_of_rows(a: &[i8], b: &[i8]) -> f32 {
        // SAFETY: as for `dot`.
        unsafe { dot_of_rows_vnni(a, b) }
    }

    fn euclid_of_rows(a: &[i8], b: &[i8]) -> f32 {
        // SAFETY: as for `dot`.
        unsafe { euclid_of_rows_vnni(a, b) }
    }
}

/// Widened to i16, so that no code is too large for a product.
///
/// # Safety
/// The CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn dot_avx2(a: &[i8], b: &[i8]) -> i32 {
    const LANES: usize = 16;
    let len = a.len().min(b.len());
    let mut sums = [_mm256_setzero_si256(); 2];
    let mut at = 0;
    while at + 2 * LANES <= len {
        for (half, sum) in sums.iter_mut().enumerate() {
            // SAFETY: at + 16·half + 16 ≤ at + 32 ≤ len, the length of the shorter slice; loads are unaligned.
            let (x, y) = unsafe {
                (
                    _mm_loadu_si128(a.as_ptr().add(at + half * LANES).cast()),
                    _mm_loadu_si128(b.as_ptr().add(at + half * LANES).cast()),
                )
            };
            let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(x), _mm256_cvtepi8_epi16(y));
            *sum = _mm256_add_epi32(*sum, products);
        }
        at += 2 * LANES;
    }
    let eight = _mm256_add_epi32(sums[0], sums[1]);
    let four = _mm_add_epi32(
        _mm256_castsi256_si128(eight),
        _mm256_extracti128_si256::<1>(eight),
    );
    let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
    let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two));
    _mm_cvtsi128_si32(one).wrapping_add(Portable::dot(&a[at..len], &b[at..len]))
}

/// The instruction multiplies unsigned by signed bytes: Σ a·b = Σ (a + 128)·b − 128·Σ b.
///
/// # Safety
/// The CPU must have AVX-512 F, BW and VNNI.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn dot_vnni(a: &[i8], b: &[i8]) -> i32 {
    const LANES: usize = 64;
    let len = a.len().min(b.len());
    let offset = _mm512_set1_epi8(i8::MIN);
    let ones = _mm512_set1_epi8(1);
    let (mut products, mut sum) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    let mut at = 0;
    while at < len {
        let lanes = u64::MAX >> LANES.saturating_sub(len - at);
        // SAFETY: only lanes below `len` − `at` are read, so all of it lies within the shorter slice.
        let (x, y) = unsafe {
            (
                _mm512_maskz_loadu_epi8(lanes, a.as_ptr().add(at)),
                _mm512_maskz_loadu_epi8(lanes, b.as_ptr().add(at)),
            )
        };
        products = _mm512_dpbusd_epi32(products, _mm512_xor_si512(x, offset), y);
        sum = _mm512_dpbusd_epi32(sum, ones, y);
        at += LANES;
    }
    let products = _mm512_sub_epi32(products, _mm512_slli_epi32::<7>(sum));
    _mm512_reduce_add_epi32(products)
}

/// # Safety
/// That of `dot_avx2`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn dot_of_rows_avx2(a: &[i8], b: &[i8]) -> f32 {
    // SAFETY: this function asks for the same features.
    dot_of_rows(a, b, |a, b| unsafe { dot_avx2(a, b) })
}

/// # Safety
/// That of `dot_avx2`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn euclid_of_rows_avx2(a: &[i8], b: &[i8]) -> f32 {
    // SAFETY: this function asks for the same features.
    euclid_of_rows(a, b, |a, b| unsafe { dot_avx2(a, b) })
}

/// # Safety
/// That of `dot_vnni`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn dot_of_rows_vnni(a: &[i8], b: &[i8]) -> f32 {
    // SAFETY: this function asks for the same features.
    dot_of_rows(a, b, |a, b| unsafe { dot_vnni(a, b) })
}

/// # Safety
/// That of `dot_vnni`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn euclid_of_rows_vnni(a: &[i8], b: &[i8]) -> f32 {
    // SAFETY: this function asks for the same features.
    euclid_of_rows(a, b, |a, b| unsafe { dot_vnni(a, b) })
}

#[cfg(test)]
mod tests {
    //! Goal: every kernel gives the exact sum, and rows the distance of what they decode to. Method: random codes
    //! of any length at random offsets, against i64; rows against the formula in f64.
    use super::*;
    use proptest::prelude::*;

    fn codes() -> impl Strategy<Value = Vec<i8>> {
        let extreme = prop_oneof![Just(i8::MIN), Just(i8::MAX)];
        prop::collection::vec(prop_oneof![3 => any::<i8>(), 1 => extreme], 0..1_100)
    }

    fn row(codes: &[i8], step: f32) -> Vec<i8> {
        let squared: i64 = codes.iter().map(|&x| i64::from(x).pow(2)).sum();
        let squared = (f64::from(step).powi(2) * squared as f64) as f32;
        let tail = [step.to_le_bytes(), squared.to_le_bytes()].concat();
        codes
            .iter()
            .copied()
            .chain(tail.into_iter().map(|byte| byte as i8))
            .collect()
    }

    fn kernels() -> Vec<(CodeDotFn, [Option<CodeRowFn>; 2])> {
        fn both<K: Kernel>() -> (CodeDotFn, [Option<CodeRowFn>; 2]) {
            (K::dot, [of_rows::<K>(Metric::Dot), of_rows::<K>(Metric::Euclid)])
        }
        let mut kernels = vec![both::<Portable>()];
        let chosen = [Metric::Dot, Metric::Euclid].map(code_row_distance);
        kernels.push((code_dot(), chosen));
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            kernels.push(both::<Avx2>());
        }
        kernels
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn exact_everywhere(a in codes(), b in codes(), skip in 0usize..70, steps in (1e-6f32..1e6, 1e-6f32..1e6)) {
            let (a, b) = (&a[skip.min(a.len())..], &b[..]);
            let len = a.len().min(b.len());
            let sum: i64 = a.iter().zip(b).map(|(&x, &y)| i64::from(x) * i64::from(y)).sum();
            let (left, right) = (row(&a[..len], steps.0), row(&b[..len], steps.1));
            let inner = f64::from(steps.0) * f64::from(steps.1) * sum as f64;
            let squared = |codes: &[i8], step: f32| -> f64 {
                codes.iter().map(|&x| (f64::from(x) * f64::from(step)).powi(2)).sum()
            };
            let squares = squared(&a[..len], steps.0) + squared(&b[..len], steps.1);
            for (dot, [of_dot, of_euclid]) in kernels() {
                prop_assert_eq!(i64::from(dot(a, b)), sum);
                let (of_dot, of_euclid) = (of_dot.unwrap(), of_euclid.unwrap());
                prop_assert!((f64::from(of_dot(&left, &right)) + inner).abs() <= 1e-6 * inner.abs());
                let euclid = f64::from(of_euclid(&left, &right));
                prop_assert!((euclid - (squares - 2.0 * inner)).abs() <= 1e-6 * (squares + 2.0 * inner.abs()));
                prop_assert_eq!(of_euclid(&left, &right), of_euclid(&right, &left));
                prop_assert_eq!(of_dot(&left, &right[..CODE_ROW_TAIL_BYTES - 1]), f32::INFINITY);
            }
        }
    }

    #[test]
    fn the_longest_exact_sum() {
        let low = vec![i8::MIN; 65_536];
        for (dot, _) in kernels() {
            assert_eq!(dot(&low, &low), 128 * 128 * 65_536);
        }
        assert!(code_row_distance(Metric::Manhattan).is_none());
    }
}
