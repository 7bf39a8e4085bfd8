//! Loops that do one thing only: multiply-adds on registers, or loads. Never measures by itself.
#![allow(unsafe_code)]

/// The loops of one instruction set.
#[derive(Clone, Copy)]
pub(super) struct Probe {
    /// Runs multiply-adds of f32 and returns how many.
    pub(super) fma: fn() -> f64,
    /// Loads every byte once.
    pub(super) load: fn(&[u8]),
}

/// The probe for the kernels of this name, if there is one and this CPU has what it needs.
pub(super) fn probe(name: &str) -> Option<Probe> {
    #[cfg(target_arch = "x86_64")]
    if name.starts_with("avx512") && std::is_x86_feature_detected!("avx512f") {
        return Some(Probe {
            // SAFETY: the CPU has AVX-512 F.
            fma: || unsafe { x86::fma_512() },
            // SAFETY: the CPU has AVX-512 F.
            load: |bytes| unsafe { x86::load_512(bytes) },
        });
    }
    #[cfg(target_arch = "x86_64")]
    if name.starts_with("avx2")
        && std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("fma")
    {
        return Some(Probe {
            // SAFETY: the CPU has AVX2 and FMA.
            fma: || unsafe { x86::fma_256() },
            // SAFETY: the CPU has AVX2.
            load: |bytes| unsafe { x86::load_256(bytes) },
        });
    }
    let _ = name;
    None
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    const ROUNDS: u32 = 2000;
    /// Independent chains: more than latency × units of any core.
    const CHAINS: usize = 12;

    /// Runs multiply-adds on registers and returns how many.
    #[target_feature(enable = "avx512f")]
    pub(super) fn fma_512() -> f64 {
        let factor = black_box(_mm512_set1_ps(0.999));
        let mut sums = black_box([_mm512_set1_ps(1.0); CHAINS]);
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
        f64::from(ROUNDS) * (16 * CHAINS) as f64
    }

    /// Runs multiply-adds on registers and returns how many.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn fma_256() -> f64 {
        let factor = black_box(_mm256_set1_ps(0.999));
        let mut sums = black_box([_mm256_set1_ps(1.0); CHAINS]);
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
        f64::from(ROUNDS) * (8 * CHAINS) as f64
    }

    /// Loads every byte once, 512 a step.
    #[target_feature(enable = "avx512f")]
    pub(super) fn load_512(bytes: &[u8]) {
        let mut sums = [_mm512_setzero_si512(); 8];
        for step in bytes.as_chunks::<512>().0 {
            for (sum, part) in sums.iter_mut().zip(step.as_chunks::<64>().0) {
                // SAFETY: 64 bytes are there; the load is unaligned.
                *sum = _mm512_or_si512(*sum, unsafe { _mm512_loadu_si512(part.as_ptr().cast()) });
            }
        }
        black_box(sums);
    }

    /// Loads every byte once, 256 a step.
    #[target_feature(enable = "avx2")]
    pub(super) fn load_256(bytes: &[u8]) {
        let mut sums = [_mm256_setzero_si256(); 8];
        for step in bytes.as_chunks::<256>().0 {
            for (sum, part) in sums.iter_mut().zip(step.as_chunks::<32>().0) {
                // SAFETY: 32 bytes are there; the load is unaligned.
                *sum = _mm256_or_si256(*sum, unsafe { _mm256_loadu_si256(part.as_ptr().cast()) });
            }
        }
        black_box(sums);
    }
}
