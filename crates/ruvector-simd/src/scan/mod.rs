//! Kernels that scan packed codes: the inner product of one query, in whole numbers, with every row of a column of
//! codes. Sums are exact, so all kernels agree to the last bit. Never reads past the lengths it checks.
//!
//! A row is `code_bytes` long, and the next row starts `stride` bytes after it. In [`CodeFormat::Bits`] bit `i % 8` of
//! byte `i / 8` belongs to component `i`. In the other formats a byte holds `n` digits, and digit `d` of byte `j`
//! belongs to component `d·code_bytes + j`: so a register of bytes gives `n` registers of neighbouring components.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod query;
mod rows;

pub use query::ScanQuery;
pub use rows::ROWS_AHEAD;

/// What [`CodeFormat::Crumbs`] stands for: the four levels of Max (1960) for a normal distribution, in whole numbers.
pub const CRUMB_LEVELS: [i8; 4] = [-63, -19, 19, 63];

/// What [`CodeFormat::Nibbles`] stands for: the sixteen levels of Max (1960), in whole numbers.
pub const NIBBLE_LEVELS: [i8; 16] = [-63, -48, -37, -29, -22, -15, -9, -3, 3, 9, 15, 22, 29, 37, 48, 63];

/// How a code's components are packed into bytes, and the level that each digit stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CodeFormat {
    /// One bit a component: clear is −1, set is 1.
    #[default]
    Bits,
    /// Five components a byte: −1, 0 or 1. The base-3 number n of five digits, first digit highest, is kept as the
    /// byte ⌈n·256/243⌉: times three, what overflows the byte is the next digit.
    Trits,
    /// Two bits a component, the first component lowest: [`CRUMB_LEVELS`].
    Crumbs,
    /// Four bits a component, the first component lowest: [`NIBBLE_LEVELS`].
    Nibbles,
    /// A signed byte a component, −127 to 127.
    Bytes,
}

impl CodeFormat {
    /// Components that share a byte.
    pub const fn digits(self) -> usize {
        match self {
            CodeFormat::Bits => 8,
            CodeFormat::Trits => 5,
            CodeFormat::Crumbs => 4,
            CodeFormat::Nibbles => 2,
            CodeFormat::Bytes => 1,
        }
    }

    /// Bytes of a code of so many components.
    pub const fn code_bytes(self, components: usize) -> usize {
        components.div_ceil(self.digits())
    }

    /// The level of a component of a code; 0 beyond its end. The definition that all kernels agree with.
    pub fn level(self, code: &[u8], component: usize) -> i8 {
        let (byte, digit) = match self {
            CodeFormat::Bits => (component / 8, component % 8),
            _ => (component % code.len().max(1), component / code.len().max(1)),
        };
        match code.get(byte) {
            Some(&byte) if digit < self.digits() => self.digit_level(byte, digit),
            _ => 0,
        }
    }

    fn digit_level(self, byte: u8, digit: usize) -> i8 {
        match self {
            CodeFormat::Bits => [-1, 1][usize::from(byte >> digit & 1)],
            CodeFormat::Trits => {
                let rest = (u32::from(byte) * 3u32.pow(digit as u32)) % 256;
                (rest * 3 / 256) as i8 - 1
            }
            CodeFormat::Crumbs => CRUMB_LEVELS[usize::from(byte >> (2 * digit) & 3)],
            CodeFormat::Nibbles => NIBBLE_LEVELS[usize::from(byte >> (4 * digit) & 15)],
            CodeFormat::Bytes => byte as i8,
        }
    }
}

/// Scans rows: the query, the codes, the stride and, for each row, where its sum goes.
pub type ScanFn = fn(&ScanQuery, &[u8], usize, &mut [f32]) -> bool;

/// As [`ScanFn`], of rows by their numbers, which stand behind the stride.
pub type ScanChosenFn = fn(&ScanQuery, &[u8], (usize, &[u32]), &mut [f32]) -> bool;

/// The scan kernel of one instruction set.
#[derive(Clone, Copy, Debug)]
pub struct ScanKernel {
    /// The instruction set, for reports.
    pub name: &'static str,
    /// Writes for each row Σ query·level, rounded once from the exact integer. Row `i` starts at byte `i·stride`, and
    /// there are as many as `sums` is long. `false`, and nothing is written, if the codes hold fewer rows or the stride
    /// is less than a row. Cost: reads each code once.
    pub scan: ScanFn,
    /// As `scan`, of chosen rows, in any order; as many numbers are needed as `sums` is long. What follows those is taken
    /// for what is asked next: a row is asked for from memory [`ROWS_AHEAD`] rows before its turn, also beyond the last
    /// sum, and the first ones not at all.
    pub scan_chosen: ScanChosenFn,
}

impl ScanKernel {
    /// The fastest kernel here. Ask once and keep the answer.
    pub fn detect() -> ScanKernel {
        vector_sets()
            .into_iter()
            .flatten()
            .next()
            .unwrap_or(portable::KERNEL)
    }

    /// All kernels that this CPU can run, the fastest first; the portable one ends it.
    pub fn all() -> Vec<ScanKernel> {
        let fast = vector_sets().into_iter().flatten();
        fast.chain([portable::KERNEL]).collect()
    }
}

#[cfg(target_arch = "x86_64")]
fn vector_sets() -> [Option<ScanKernel>; 2] {
    [avx512::kernel(), avx2::kernel()]
}

#[cfg(not(target_arch = "x86_64"))]
fn vector_sets() -> [Option<ScanKernel>; 0] {
    []
}
