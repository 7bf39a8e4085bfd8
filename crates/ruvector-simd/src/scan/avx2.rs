//! AVX2 scan: 32 bytes of codes a step. Never hands a kernel out unless the CPU has AVX2.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::rows::{Adjacent, Chosen, Rows};
use super::{CodeFormat, ScanKernel, ScanQuery};

/// The kernel, if this CPU has what it needs.
pub(super) fn kernel() -> Option<ScanKernel> {
    std::is_x86_feature_detected!("avx2").then_some(ScanKernel {
        name: "avx2",
        // SAFETY: the CPU has AVX2.
        scan: |query, codes, stride, sums| unsafe { scan(query, codes, Adjacent(stride), sums) },
        scan_chosen: |query, codes, (stride, rows), sums| {
            // SAFETY: as above.
            unsafe { scan(query, codes, Chosen(stride, rows), sums) }
        },
    })
}

const BITS: u8 = 0;
const TRITS: u8 = 1;
const CRUMBS: u8 = 2;
const NIBBLES: u8 = 3;
const BYTES: u8 = 4;

#[target_feature(enable = "avx2")]
fn scan(query: &ScanQuery, codes: &[u8], rows: impl Rows, sums: &mut [f32]) -> bool {
    if !rows.fit(query, codes, sums.len()) {
        return false;
    }
    match query.format() {
        CodeFormat::Bits => scan_in::<BITS>(query, codes, rows, sums),
        CodeFormat::Trits => scan_in::<TRITS>(query, codes, rows, sums),
        CodeFormat::Crumbs => scan_in::<CRUMBS>(query, codes, rows, sums),
        CodeFormat::Nibbles => scan_in::<NIBBLES>(query, codes, rows, sums),
        CodeFormat::Bytes => scan_in::<BYTES>(query, codes, rows, sums),
    }
    true
}

#[target_feature(enable = "avx2")]
fn scan_in<const FORMAT: u8>(query: &ScanQuery, codes: &[u8], rows: impl Rows, sums: &mut [f32]) {
    for (row, sum) in sums.iter_mut().enumerate() {
        rows.look_ahead(codes, row);
        let code = &codes[rows.start(row)..][..query.code_bytes()];
        let of_plane = |plane: &[i8]| match FORMAT {
            BITS => bit_sum(plane, code),
            _ => digit_sum::<FORMAT>(plane, query.section(), code),
        };
        let (high, low) = (of_plane(query.high()), query.low().map_or(0, of_plane));
        *sum = match FORMAT {
            BYTES => query.total_of_levels(high, low),
            _ => query.total(high, low),
        };
    }
}

/// Σ of the plane's components whose bits are set.
#[target_feature(enable = "avx2")]
fn bit_sum(plane: &[i8], code: &[u8]) -> i32 {
    // Byte i of a register gets the byte that holds bit i, and of it that bit.
    let [spread, bits] = const {
        let (mut spread, mut bits) = ([0u8; 32], [0u8; 32]);
        let mut at = 0;
        while at < 32 {
            (spread[at], bits[at]) = ((at / 8) as u8, 1 << (at % 8));
            at += 1;
        }
        [spread, bits]
    };
    let (spread, bits) = (load(&spread), load(&bits));
    let mut sum = _mm256_setzero_si256();
    let (fours, rest) = code.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    for (plane, code) in plane.as_chunks().0.iter().zip(fours.iter().chain([&last])) {
        let code = _mm256_shuffle_epi8(_mm256_set1_epi32(i32::from_le_bytes(*code)), spread);
        let set = _mm256_cmpeq_epi8(_mm256_and_si256(code, bits), bits);
        let ones = _mm256_and_si256(set, _mm256_set1_epi8(1));
        sum = add_products(sum, ones, load_signed(plane));
    }
    total(sum)
}

/// Σ plane·digit over all sections; of bytes Σ plane·level.
#[target_feature(enable = "avx2")]
fn digit_sum<const FORMAT: u8>(plane: &[i8], section: usize, code: &[u8]) -> i32 {
    let mut sum = _mm256_setzero_si256();
    let (whole, rest) = code.as_chunks::<32>();
    let mut last = [0; 32];
    last[..rest.len()].copy_from_slice(rest);
    // With no rest the step beyond the end finds no plane, or one that is zero where no component is.
    let steps = if rest.is_empty() {
        whole.len()
    } else {
        whole.len() + 1
    };
    for (step, code) in whole.iter().chain([&last]).take(steps).enumerate() {
        let mut byte = load(code);
        for digit in 0..[1, 5, 4, 2, 1][usize::from(FORMAT)] {
            let at = digit * section + 32 * step;
            let Some(plane) = plane.get(at..).and_then(|plane| plane.first_chunk()) else {
                continue;
            };
            if FORMAT == BYTES {
                sum = _mm256_add_epi32(sum, signed_products(byte, load_signed(plane)));
                continue;
            }
            let (value, rest) = next_digit::<FORMAT>(byte);
            byte = rest;
            sum = add_products(sum, value, load_signed(plane));
        }
    }
    total(sum)
}

/// The lowest digit of each byte (of trits the highest), counted from 0, and the bytes with the next one in its place.
#[inline]
#[target_feature(enable = "avx2")]
fn next_digit<const FORMAT: u8>(byte: __m256i) -> (__m256i, __m256i) {
    match FORMAT {
        TRITS => {
            let from = |least: u8| {
                let least = _mm256_set1_epi8(least as i8);
                _mm256_cmpeq_epi8(_mm256_max_epu8(byte, least), byte)
            };
            let rest = _mm256_add_epi8(byte, _mm256_add_epi8(byte, byte));
            (_mm256_abs_epi8(_mm256_add_epi8(from(86), from(171))), rest)
        }
        CRUMBS => {
            let value = _mm256_and_si256(byte, _mm256_set1_epi8(3));
            let table = table(const { CodeFormat::Crumbs.table() });
            (_mm256_shuffle_epi8(table, value), _mm256_srli_epi16::<2>(byte))
        }
        _ => {
            let value = _mm256_and_si256(byte, _mm256_set1_epi8(15));
            let table = table(const { CodeFormat::Nibbles.table() });
            (_mm256_shuffle_epi8(table, value), _mm256_srli_epi16::<4>(byte))
        }
    }
}

/// Adds products of unsigned `digits`, at most 127, and signed `plane`: sums of two fit 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn add_products(sum: __m256i, digits: __m256i, plane: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(digits, plane);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// Products of signed bytes, added up by fours.
#[inline]
#[target_feature(enable = "avx2")]
fn signed_products(a: __m256i, b: __m256i) -> __m256i {
    let low = |x| _mm256_cvtepi8_epi16(_mm256_castsi256_si128(x));
    let high = |x| _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(x));
    _mm256_add_epi32(
        _mm256_madd_epi16(low(a), low(b)),
        _mm256_madd_epi16(high(a), high(b)),
    )
}

#[inline]
#[target_feature(enable = "avx2")]
fn total(sum: __m256i) -> i32 {
    let sum = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b01_00_11_10>(sum));
    _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32::<0b10_11_00_01>(sum)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(from: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are there; the load is unaligned.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_signed(from: &[i8; 32]) -> __m256i {
    // SAFETY: 32 bytes are there; the load is unaligned.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn table(levels: [u8; 16]) -> __m256i {
    // SAFETY: sixteen bytes are there.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(levels.as_ptr().cast()) })
}
