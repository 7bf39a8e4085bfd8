//! Reading the primitives of the encoding from a slice. Never reads past the end, never allocates.

use crate::encode::{ARRAY, FALSE, FLOAT, INT, NULL, OBJECT, STRING, TRUE, UINT};
use crate::{ArrayRef, DecodeError, PayloadRef, ValueRef};

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes }
    }

    /// The bytes not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Fails if bytes are left.
    pub(crate) fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(DecodeError::TrailingBytes {
            bytes: self.rest.len() as u64,
        })
    }

    #[inline(always)]
    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self
            .rest
            .split_first()
            .ok_or(DecodeError::Truncated { missing: 1 })?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(first.into());
        }
        self.long_varint(first)
    }

    #[inline(never)]
    fn long_varint(&mut self, first: u8) -> Result<u64, DecodeError> {
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            if byte == 0 || (shift == 63 && byte > 1) {
                return Err(DecodeError::Varint);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(DecodeError::Varint)
    }

    #[inline(always)]
    pub(crate) fn take(&mut self, bytes: u64) -> Result<&'a [u8], DecodeError> {
        let left = self.rest.len() as u64;
        if bytes > left {
            return Err(DecodeError::Truncated {
                missing: bytes - left,
            });
        }
        let (taken, rest) = self.rest.split_at(bytes as usize);
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes that follow their own length.
    #[inline(always)]
    pub(crate) fn sized(&mut self) -> Result<&'a [u8], DecodeError> {
        let bytes = self.varint()?;
        self.take(bytes)
    }

    /// Text that follows its own length.
    #[inline(always)]
    pub(crate) fn text(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.sized()?).map_err(|_| DecodeError::Utf8)
    }

    /// A number of items of at least `item_bytes_min` bytes each, checked against the bytes left.
    #[inline(always)]
    pub(crate) fn count(&mut self, item_bytes_min: u64) -> Result<usize, DecodeError> {
        let items = self.varint()?;
        let bytes = self.rest.len() as u64;
        if items > bytes / item_bytes_min {
            return Err(DecodeError::Count { items, bytes });
        }
        Ok(items as usize)
    }

    /// The next value; of a container, only its frame is checked.
    pub(crate) fn value(&mut self) -> Result<ValueRef<'a>, DecodeError> {
        Ok(match self.byte()? {
            NULL => ValueRef::Null,
            FALSE => ValueRef::Bool(false),
            TRUE => ValueRef::Bool(true),
            INT => {
                let zigzag = self.varint()?;
                ValueRef::Int((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
            }
            UINT => {
                let number = self.varint()?;
                if i64::try_from(number).is_ok() {
                    return Err(DecodeError::NotCanonical { number });
                }
                ValueRef::UInt(number)
            }
            FLOAT => {
                let mut bits = [0; 8];
                bits.copy_from_slice(self.take(8)?);
                ValueRef::Float(f64::from_le_bytes(bits))
            }
            STRING => ValueRef::Str(self.text()?),
            ARRAY => ValueRef::Array(ArrayRef::of_body(self.sized()?)?),
            OBJECT => ValueRef::Object(PayloadRef::of_body(self.sized()?)?),
            tag => return Err(DecodeError::UnknownTag { tag }),
        })
    }

    /// Passes over the next value without looking inside. Cost: constant.
    #[inline(always)]
    pub(crate) fn skip_value(&mut self) -> Result<(), DecodeError> {
        let tag = self.byte()?;
        let bytes = match tag {
            STRING | ARRAY | OBJECT => self.varint()?,
            INT | UINT => self.varint().map(|_| 0)?,
            NULL | FALSE | TRUE => 0,
            FLOAT => 8,
            _ => return Err(DecodeError::UnknownTag { tag }),
        };
        self.take(bytes).map(|_| ())
    }
}
