//! The query of a scan: whole numbers of 8 or 16 bits, laid out as the digits of the codes are. Never holds a plane of
//! another length than its layout says: the kernels rely on it.

use super::CodeFormat;

/// Bytes to which the part of a plane that one digit takes is padded: the widest register.
const SECTION_BYTES: usize = 64;

/// A query ready for [`super::ScanKernel::scan`].
#[derive(Clone, Debug, Default)]
pub struct ScanQuery {
    format: CodeFormat,
    code_bytes: usize,
    section: usize,
    high: Vec<i8>,
    /// As long as `high` when the query has 16 bits, else empty.
    low: Vec<i8>,
    high_sum: i32,
    low_sum: i32,
}

impl ScanQuery {
    /// The largest size of a component of a 16-bit query: its upper byte stays within ±127.
    pub const WIDE_MAX: i16 = 127 * 256;

    /// Takes a query of 8 bits a component, −127 to 127, for codes of as many components; at most
    /// [`crate::BYTE_DIM_MAX`] of them, the rest is dropped. Buffers are reused.
    pub fn fill(&mut self, format: CodeFormat, query: &[i8]) {
        self.lay_out(format, query.len());
        self.low.clear();
        let places = self.places(query.len());
        for (place, value) in places.zip(query) {
            self.high[place] = *value;
        }
        self.add_up();
    }

    /// As [`Self::fill`], of 16 bits a component, −[`Self::WIDE_MAX`] to [`Self::WIDE_MAX`].
    pub fn fill_wide(&mut self, format: CodeFormat, query: &[i16]) {
        self.lay_out(format, query.len());
        self.low.clear();
        self.low.resize(self.high.len(), 0);
        let places = self.places(query.len());
        for (place, value) in places.zip(query) {
            let value = i32::from((*value).clamp(-Self::WIDE_MAX, Self::WIDE_MAX));
            let high = (value + 128) >> 8;
            self.high[place] = high as i8;
            self.low[place] = (value - (high << 8)) as i8;
        }
        self.add_up();
    }

    /// Bytes of a row's code.
    pub fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    /// How the codes are packed.
    pub fn format(&self) -> CodeFormat {
        self.format
    }

    /// Bytes of a plane that one digit takes, a multiple of 64 and at least `code_bytes`. In the format of bits there
    /// is one section, of eight bytes for each byte of the code.
    pub(super) fn section(&self) -> usize {
        self.section
    }

    /// The upper or only bytes of the components: `digits` sections, zero where there is no component.
    pub(super) fn high(&self) -> &[i8] {
        &self.high
    }

    /// The lower bytes, if the query has 16 bits.
    pub(super) fn low(&self) -> Option<&[i8]> {
        (!self.low.is_empty()).then_some(self.low.as_slice())
    }

    /// Σ of the components of `high`.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn high_sum(&self) -> i32 {
        self.high_sum
    }

    /// What a row's sums stand for: `high` and `low` are Σ plane·digit over digits from 0 (bits 0–1, trits 0–2,
    /// others their level above −`zero`).
    pub(super) fn total(&self, high: i32, low: i32) -> f32 {
        let (per_digit, zero) = match self.format {
            CodeFormat::Bits => (2, 1),
            CodeFormat::Trits => (1, 1),
            CodeFormat::Crumbs | CodeFormat::Nibbles => (1, 64),
            CodeFormat::Bytes => (1, 128),
        };
        let signed = |sum: i32, plane: i32| per_digit * i64::from(sum) - zero * i64::from(plane);
        let high = signed(high, self.high_sum);
        match self.low.is_empty() {
            true => high as f32,
            false => (256 * high + signed(low, self.low_sum)) as f32,
        }
    }

    /// As [`Self::total`], of Σ plane·level.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn total_of_levels(&self, high: i32, low: i32) -> f32 {
        match self.low.is_empty() {
            true => high as f32,
            false => (256 * i64::from(high) + i64::from(low)) as f32,
        }
    }

    fn lay_out(&mut self, format: CodeFormat, components: usize) {
        let components = components.min(crate::BYTE_DIM_MAX);
        self.format = format;
        self.code_bytes = format.code_bytes(components);
        let (sections, bytes) = match format {
            CodeFormat::Bits => (1, 8 * self.code_bytes),
            _ => (format.digits(), self.code_bytes),
        };
        self.section = bytes.next_multiple_of(SECTION_BYTES);
        self.high.clear();
        self.high.resize(sections * self.section, 0);
    }

    /// Where each component goes in a plane.
    fn places(&self, components: usize) -> impl Iterator<Item = usize> + use<> {
        let (format, bytes, section) = (self.format, self.code_bytes, self.section);
        (0..components.min(crate::BYTE_DIM_MAX)).map(move |at| match format {
            CodeFormat::Bits => at,
            _ => at / bytes * section + at % bytes,
        })
    }

    fn add_up(&mut self) {
        let sum = |plane: &[i8]| plane.iter().map(|x| i32::from(*x)).sum();
        (self.high_sum, self.low_sum) = (sum(&self.high), sum(&self.low));
    }
}
