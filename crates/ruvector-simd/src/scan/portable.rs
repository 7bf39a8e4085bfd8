//! The scan in plain Rust: the twin that the fast kernels are tested against, and the fallback. Never takes a shortcut
//! that the layout does not allow.

use super::rows::{Adjacent, Chosen, Rows};
use super::{CRUMB_LEVELS, CodeFormat, NIBBLE_LEVELS, ScanKernel, ScanQuery};

/// The portable kernel.
pub(super) const KERNEL: ScanKernel = ScanKernel {
    name: "scalar",
    scan: |query, codes, stride, sums| scan(query, codes, Adjacent(stride), sums),
    scan_chosen: |query, codes, (stride, rows), sums| scan(query, codes, Chosen(stride, rows), sums),
};

fn scan(query: &ScanQuery, codes: &[u8], rows: impl Rows, sums: &mut [f32]) -> bool {
    if !rows.fit(query, codes, sums.len()) {
        return false;
    }
    for (row, sum) in sums.iter_mut().enumerate() {
        rows.look_ahead(codes, row);
        let code = &codes[rows.start(row)..][..query.code_bytes()];
        let low = query.low().map_or(0, |plane| plane_sum(query, plane, code));
        *sum = query.total(plane_sum(query, query.high(), code), low);
    }
    true
}

/// Σ plane·digit, digits counted from 0.
fn plane_sum(query: &ScanQuery, plane: &[i8], code: &[u8]) -> i32 {
    if query.format() == CodeFormat::Bits {
        let eights = plane.as_chunks::<8>().0.iter();
        return eights.zip(code).map(|(plane, byte)| bit_sum(plane, *byte)).sum();
    }
    let sections = plane.chunks_exact(query.section().max(1));
    let of_section = |(digit, section): (usize, &[i8])| section_sum(query.format(), digit, section, code);
    sections.enumerate().map(of_section).sum()
}

fn bit_sum(plane: &[i8; 8], byte: u8) -> i32 {
    let bits = plane.iter().enumerate();
    bits.map(|(bit, x)| i32::from(byte >> bit & 1) * i32::from(*x))
        .sum()
}

fn section_sum(format: CodeFormat, digit: usize, section: &[i8], code: &[u8]) -> i32 {
    let table = format.table();
    match format {
        CodeFormat::Bits => 0,
        CodeFormat::Trits => {
            let power = [1u8, 3, 9, 27, 81][digit.min(4)];
            sum_of(section, code, |byte| {
                (u16::from(byte.wrapping_mul(power)) * 3 / 256) as u8
            })
        }
        CodeFormat::Crumbs => sum_of(section, code, |byte| {
            table[usize::from((byte >> (2 * digit)) & 3)]
        }),
        CodeFormat::Nibbles => sum_of(section, code, |byte| {
            table[usize::from((byte >> (4 * digit)) & 15)]
        }),
        CodeFormat::Bytes => sum_of(section, code, |byte| byte ^ 128),
    }
}

/// One loop a format, which the compiler can unroll.
#[inline(always)]
fn sum_of(section: &[i8], code: &[u8], digit: impl Fn(u8) -> u8) -> i32 {
    let products = section.iter().zip(code);
    products
        .map(|(x, byte)| i32::from(*x) * i32::from(digit(*byte)))
        .sum()
}

impl CodeFormat {
    /// The levels of crumbs (four times over) or nibbles, 64 added: all fit seven bits.
    pub(super) const fn table(self) -> [u8; 16] {
        let mut table = [0; 16];
        let mut at = 0;
        while at < 16 {
            let level = match self {
                CodeFormat::Crumbs => CRUMB_LEVELS[at % 4],
                _ => NIBBLE_LEVELS[at],
            };
            table[at] = (level + 64) as u8;
            at += 1;
        }
        table
    }
}
