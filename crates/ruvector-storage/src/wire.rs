//! Reads fixed-width little-endian values out of bytes of any origin. Never panics, never trusts a length.

use ruvector_types::PointId;

/// Bytes that break their format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed at byte {at}: {rule}")]
pub struct Malformed {
    /// Where, counted from the start of the decoded bytes.
    pub at: u64,
    /// The rule that is broken.
    pub rule: &'static str,
}

/// A cursor over untrusted bytes.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The error "`rule` is broken here".
    pub(crate) fn malformed(&self, rule: &'static str) -> Malformed {
        Malformed {
            at: self.at as u64,
            rule,
        }
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(count);
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(taken) => {
                self.at += count;
                Ok(taken)
            }
            None => Err(self.malformed("ends too early")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// One byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.malformed("neither 0 nor 1")),
        }
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn u128(&mut self) -> Result<u128, Malformed> {
        self.array().map(u128::from_le_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Malformed> {
        self.array().map(f64::from_le_bytes)
    }

    /// A vector of `count` numbers.
    pub(crate) fn f32s(&mut self, count: u32) -> Result<Vec<f32>, Malformed> {
        let bytes = (count as usize).checked_mul(4);
        let taken = self.take(bytes.ok_or_else(|| self.malformed("ends too early"))?)?;
        let (numbers, _) = taken.as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn text(&mut self, bytes: usize) -> Result<&'a str, Malformed> {
        let malformed = self.malformed("text is not UTF-8");
        std::str::from_utf8(self.take(bytes)?).map_err(|_| malformed)
    }

    /// A list's length, and a capacity that the bytes left can justify if each item takes `item_bytes_min`.
    pub(crate) fn count(&mut self, item_bytes_min: usize) -> Result<(u32, usize), Malformed> {
        let count = self.u32()?;
        if count as usize > self.remaining() / item_bytes_min.max(1) {
            return Err(self.malformed("more items than bytes"));
        }
        Ok((count, count as usize))
    }

    pub(crate) fn id(&mut self) -> Result<PointId, Malformed> {
        match self.u8()? {
            0 => self.u64().map(PointId::Num),
            1 => self.u128().map(PointId::Uuid),
            2 => {
                let bytes = self.u16()?;
                let text = self.text(bytes.into())?;
                canonical_text_id(text).ok_or_else(|| self.malformed("text is not a canonical string id"))
            }
            _ => Err(self.malformed("unknown kind of id")),
        }
    }

    /// Refuses bytes left over.
    pub(crate) fn finish(self) -> Result<(), Malformed> {
        match self.remaining() {
            0 => Ok(()),
            _ => Err(self.malformed("bytes left over")),
        }
    }
}

/// The string id that `text` spells, unless it spells a number, a UUID or none.
pub(crate) fn canonical_text_id(text: &str) -> Option<PointId> {
    PointId::parse(text)
        .ok()
        .filter(|id| matches!(id, PointId::Str(_)))
}

/// Writes an id: `kind u8 (0 number, 1 UUID, 2 string) | u64, u128, or length u16 and UTF-8`.
pub(crate) fn put_id(id: &PointId, out: &mut Vec<u8>) {
    match id {
        PointId::Num(number) => {
            out.push(0);
            out.extend_from_slice(&number.to_le_bytes());
        }
        PointId::Uuid(bits) => {
            out.push(1);
            out.extend_from_slice(&bits.to_le_bytes());
        }
        PointId::Str(text) => {
            out.push(2);
            out.extend_from_slice(&(text.len() as u16).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Writes values one after another, little-endian.
macro_rules! put {
    ($out:expr, $($value:expr),+ $(,)?) => {{ $($out.extend_from_slice(&($value).to_le_bytes());)+ }};
}
pub(crate) use put;

/// A `u32` at a byte offset, if it lies within `bytes`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    Some(u32::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

/// A `u64` at a byte offset, if it lies within `bytes`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let end = at.checked_add(8)?;
    Some(u64::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}
