//! AVX-512 scan: 64 components a step, by the byte products of VNNI. Never hands a kernel out unless the CPU has
//! AVX-512 F, BW and VNNI.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::rows::{Adjacent, Chosen, Rows};
use super::{CodeFormat, ScanKernel, ScanQuery};

/// The kernel, if this CPU has what it needs.
pub(super) fn kernel() -> Option<ScanKernel> {
    let present = std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512vnni");
    present.then_some(ScanKernel {
        name: "avx512vnni",
        // SAFETY: the CPU has the features.
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

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn scan(query: &ScanQuery, codes: &[u8], rows: impl Rows, sums: &mut [f32]) -> bool {
    if !rows.fit(query, codes, sums.len()) {
        return false;
    }
    // SAFETY: `fit` has compared the lengths.
    unsafe {
        match query.format() {
            CodeFormat::Bits => scan_in::<BITS>(query, codes, rows, sums),
            CodeFormat::Trits => scan_in::<TRITS>(query, codes, rows, sums),
            CodeFormat::Crumbs => scan_in::<CRUMBS>(query, codes, rows, sums),
            CodeFormat::Nibbles => scan_in::<NIBBLES>(query, codes, rows, sums),
            CodeFormat::Bytes => scan_in::<BYTES>(query, codes, rows, sums),
        }
    }
    true
}

/// # Safety
/// `rows.fit(query, codes, sums.len())`.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn scan_in<const FORMAT: u8>(query: &ScanQuery, codes: &[u8], rows: impl Rows, sums: &mut [f32]) {
    let high = query.high().as_ptr();
    let together = match (FORMAT, query.low()) {
        (BITS, None) => sums.len() / BITS_TOGETHER * BITS_TOGETHER,
        _ => 0,
    };
    let (grouped, rest) = sums.split_at_mut(together);
    for (group, sums) in grouped.as_chunks_mut().0.iter_mut().enumerate() {
        let first = group * BITS_TOGETHER;
        (first..first + BITS_TOGETHER).for_each(|row| rows.look_ahead(codes, row));
        // SAFETY: by the caller's contract these rows are there, and the plane has eight components for each of their bytes.
        unsafe {
            let codes = [0, 1, 2, 3].map(|at| codes.as_ptr().add(rows.start(first + at)));
            *sums = bit_totals(query, codes, high);
        }
    }
    for (row, sum) in (together..).zip(rest) {
        rows.look_ahead(codes, row);
        // SAFETY: by the caller's contract row `row` is there, and planes have a section of 64-byte steps for every
        // digit that `row_sums` asks for.
        unsafe {
            let code = codes.as_ptr().add(rows.start(row));
            *sum = match query.low() {
                None => query.total(row_sums::<FORMAT, false>(query, code, high, high).0, 0),
                Some(low) => {
                    let (high, low) = row_sums::<FORMAT, true>(query, code, high, low.as_ptr());
                    query.total(high, low)
                }
            };
        }
    }
}

/// Rows of bits that are summed up at once: they share the loads of the plane, and their sums are folded together.
const BITS_TOGETHER: usize = 4;

/// What four rows of bits amount to, by the only plane.
///
/// # Safety
/// The CPU must have AVX-512 F, BW and VNNI; each of `codes` must be readable for the query's `code_bytes`, and the plane must
/// be the query's.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn bit_totals(
    query: &ScanQuery,
    codes: [*const u8; BITS_TOGETHER],
    high: *const i8,
) -> [f32; BITS_TOGETHER] {
    let mut sums = [_mm512_setzero_si512(); BITS_TOGETHER];
    let bytes = query.code_bytes();
    let whole = bytes / 8 * 8;
    for at in (0..whole).step_by(8) {
        // SAFETY: eight bytes of each code are readable, and the plane has 8·bytes components.
        unsafe {
            let plane = _mm512_loadu_si512(high.add(8 * at).cast());
            for (sum, code) in sums.iter_mut().zip(codes) {
                let mask = code.add(at).cast::<u64>().read_unaligned();
                *sum = _mm512_dpbusd_epi32(*sum, _mm512_maskz_set1_epi8(mask, 1), plane);
            }
        }
    }
    if whole < bytes {
        // SAFETY: the rest of each code is readable. The plane is padded to 64 components.
        unsafe {
            let plane = _mm512_loadu_si512(high.add(8 * whole).cast());
            for (sum, code) in sums.iter_mut().zip(codes) {
                let mask = bit_mask(code.add(whole), bytes - whole);
                *sum = _mm512_dpbusd_epi32(*sum, _mm512_maskz_set1_epi8(mask, 1), plane);
            }
        }
    }
    let [a, b, c, d] =
        sums.map(|sum| _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum)));
    let folded = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let folded = _mm_add_epi32(
        _mm256_castsi256_si128(folded),
        _mm256_extracti128_si256::<1>(folded),
    );
    // As `ScanQuery::total`: at most 65,536 components of 127, no sum is too large.
    let totals = _mm_sub_epi32(_mm_add_epi32(folded, folded), _mm_set1_epi32(query.high_sum()));
    let mut out = [0.0; BITS_TOGETHER];
    // SAFETY: sixteen bytes are writable.
    unsafe { _mm_storeu_ps(out.as_mut_ptr(), _mm_cvtepi32_ps(totals)) };
    out
}

/// Sums of a row with both planes; with the upper one only if the query is not `WIDE`.
///
/// # Safety
/// The CPU must have AVX-512 F, BW and VNNI; `code` must be readable for the query's `code_bytes`, and the planes must
/// be the query's.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn row_sums<const FORMAT: u8, const WIDE: bool>(
    query: &ScanQuery,
    code: *const u8,
    high: *const i8,
    low: *const i8,
) -> (i32, i32) {
    let (mut high_sum, mut low_sum) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    let (bytes, section) = (query.code_bytes(), query.section());
    let step = if FORMAT == BITS { 8 } else { 64 };
    let mut add = |digits: __m512i, place: usize| {
        // SAFETY: `place + 64` is at most the planes' length: see the calls.
        unsafe {
            let plane = _mm512_loadu_si512(high.add(place).cast());
            high_sum = _mm512_dpbusd_epi32(high_sum, digits, plane);
            if WIDE {
                let plane = _mm512_loadu_si512(low.add(place).cast());
                low_sum = _mm512_dpbusd_epi32(low_sum, digits, plane);
            }
        }
    };
    let whole = bytes / step * step;
    for at in (0..whole).step_by(step) {
        if FORMAT == BITS {
            // SAFETY: eight bytes are readable. The plane has 8·bytes components.
            let mask = unsafe { code.add(at).cast::<u64>().read_unaligned() };
            add(_mm512_maskz_set1_epi8(mask, 1), 8 * at);
        } else {
            // SAFETY: 64 bytes are readable.
            let byte = unsafe { _mm512_loadu_si512(code.add(at).cast()) };
            add_digits::<FORMAT>(byte, at, section, &mut add);
        }
    }
    if whole < bytes {
        let left = bytes - whole;
        // SAFETY: the rest of the code is readable, and the mask leaves no more. Planes are padded to 64 components.
        unsafe {
            if FORMAT == BITS {
                let mask = bit_mask(code.add(whole), left);
                add(_mm512_maskz_set1_epi8(mask, 1), 8 * whole);
            } else {
                let byte = _mm512_maskz_loadu_epi8((1 << left) - 1, code.add(whole).cast());
                add_digits::<FORMAT>(byte, whole, section, &mut add);
            }
        }
    }
    let low = if WIDE { _mm512_reduce_add_epi32(low_sum) } else { 0 };
    (_mm512_reduce_add_epi32(high_sum), low)
}

/// Adds the digits of 64 bytes, each where its section has the components.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_digits<const FORMAT: u8>(
    mut byte: __m512i,
    at: usize,
    section: usize,
    add: &mut impl FnMut(__m512i, usize),
) {
    let digits = const { [1, 5, 4, 2, 1][FORMAT as usize] };
    for digit in 0..digits {
        let (value, rest) = next_digit::<FORMAT>(byte);
        byte = rest;
        add(value, digit * section + at);
    }
}

/// The last bits of a code, fewer than 64.
///
/// # Safety
/// `left` bytes must be readable.
#[inline]
unsafe fn bit_mask(code: *const u8, left: usize) -> u64 {
    // SAFETY: by the caller's contract.
    let rest = unsafe { std::slice::from_raw_parts(code, left) };
    rest.iter()
        .rev()
        .fold(0, |mask, byte| (mask << 8) | u64::from(*byte))
}

/// The lowest digit of each byte (of trits the highest), counted from 0, and the bytes with the next one in its place.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn next_digit<const FORMAT: u8>(byte: __m512i) -> (__m512i, __m512i) {
    match FORMAT {
        TRITS => {
            let one = _mm512_set1_epi8(1);
            let some = _mm512_cmpge_epu8_mask(byte, _mm512_set1_epi8(86));
            let two = _mm512_cmpge_epu8_mask(byte, _mm512_set1_epi8(171u8 as i8));
            let value = _mm512_maskz_mov_epi8(some, one);
            let rest = _mm512_add_epi8(byte, _mm512_add_epi8(byte, byte));
            (_mm512_mask_add_epi8(value, two, value, one), rest)
        }
        CRUMBS => {
            let value = _mm512_and_si512(byte, _mm512_set1_epi8(3));
            let table = table(const { CodeFormat::Crumbs.table() });
            (_mm512_shuffle_epi8(table, value), _mm512_srli_epi16::<2>(byte))
        }
        NIBBLES => {
            let value = _mm512_and_si512(byte, _mm512_set1_epi8(15));
            let table = table(const { CodeFormat::Nibbles.table() });
            (_mm512_shuffle_epi8(table, value), _mm512_srli_epi16::<4>(byte))
        }
        _ => (_mm512_xor_si512(byte, _mm512_set1_epi8(-128)), byte),
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn table(levels: [u8; 16]) -> __m512i {
    // SAFETY: sixteen bytes are there.
    _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(levels.as_ptr().cast()) })
}
