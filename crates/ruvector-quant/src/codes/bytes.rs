//! Reads and writes the numbers of an encoder, little-endian. Never allocates more than the bytes at hand hold.

use super::DecodeError;

/// What is left to read.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DecodeError::Length)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A finite number.
    pub(crate) fn f32(&mut self, field: &'static str) -> Result<f32, DecodeError> {
        let number = f32::from_le_bytes(self.array()?);
        number
            .is_finite()
            .then_some(number)
            .ok_or(DecodeError::Field(field))
    }

    /// So many finite numbers.
    pub(crate) fn f32s(&mut self, count: usize, field: &'static str) -> Result<Vec<f32>, DecodeError> {
        let bytes = count.checked_mul(4).ok_or(DecodeError::Length)?;
        let (head, rest) = self.0.split_at_checked(bytes).ok_or(DecodeError::Length)?;
        self.0 = rest;
        let numbers: Vec<f32> = head
            .as_chunks()
            .0
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        let finite = numbers.iter().all(|number| number.is_finite());
        finite.then_some(numbers).ok_or(DecodeError::Field(field))
    }

    pub(crate) fn end(self) -> Result<(), DecodeError> {
        self.0.is_empty().then_some(()).ok_or(DecodeError::Length)
    }
}

/// Appends numbers as [`Reader::f32s`] takes them.
pub(crate) fn put_f32s(out: &mut Vec<u8>, numbers: &[f32]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// The number at a place of a row; 0 beyond its end.
pub(crate) fn f32_at(row: &[u8], at: usize) -> f32 {
    let bytes = row.get(at..).and_then(|rest| rest.first_chunk());
    bytes.map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
}
