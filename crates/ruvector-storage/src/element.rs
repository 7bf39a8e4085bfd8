//! The numbers that dense vectors are made of, as they lie in files and in memory, and the conversions from and to those
//! that callers know. Never decides what a number that a type cannot hold becomes: the write path has refused it.

use std::fmt::Debug;

use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use ruvector_types::VectorDatatype;

/// A number of a stored vector, little-endian.
pub trait Element: Copy + Debug + Default + Send + Sync + 'static {
    /// Its type as configurations name it.
    const DATATYPE: VectorDatatype;

    /// Bytes as numbers, where they lie; `None` if they are no whole ones or not aligned.
    fn of_bytes(bytes: &[u8]) -> Option<&[Self]>;

    /// Numbers as the bytes they lie in.
    fn bytes_of(numbers: &[Self]) -> &[u8];

    /// The nearest number of this type; of bytes the one that is left when the fraction is cut off.
    fn of(number: f32) -> Self;

    /// Exactly its value.
    fn value(self) -> f32;
}

impl Element for f32 {
    const DATATYPE: VectorDatatype = VectorDatatype::Float32;

    #[inline]
    fn of_bytes(bytes: &[u8]) -> Option<&[f32]> {
        bytemuck::try_cast_slice(bytes).ok()
    }

    fn bytes_of(numbers: &[f32]) -> &[u8] {
        bytemuck::cast_slice(numbers)
    }

    #[inline]
    fn of(number: f32) -> f32 {
        number
    }

    #[inline]
    fn value(self) -> f32 {
        self
    }
}

impl Element for f16 {
    const DATATYPE: VectorDatatype = VectorDatatype::Float16;

    #[inline]
    fn of_bytes(bytes: &[u8]) -> Option<&[f16]> {
        let bits: &[u16] = bytemuck::try_cast_slice(bytes).ok()?;
        Some(bits.reinterpret_cast())
    }

    fn bytes_of(numbers: &[f16]) -> &[u8] {
        bytemuck::cast_slice(numbers.reinterpret_cast())
    }

    #[inline]
    fn of(number: f32) -> f16 {
        f16::from_f32(number)
    }

    #[inline]
    fn value(self) -> f32 {
        self.to_f32()
    }
}

impl Element for u8 {
    const DATATYPE: VectorDatatype = VectorDatatype::Uint8;

    #[inline]
    fn of_bytes(bytes: &[u8]) -> Option<&[u8]> {
        Some(bytes)
    }

    fn bytes_of(numbers: &[u8]) -> &[u8] {
        numbers
    }

    #[inline]
    fn of(number: f32) -> u8 {
        number as u8
    }

    #[inline]
    fn value(self) -> f32 {
        self.into()
    }
}

/// The nearest numbers of a type, as [`Element::of`].
pub fn encoded<T: Element, B: FromIterator<T>>(numbers: &[f32]) -> B {
    numbers.iter().map(|number| T::of(*number)).collect()
}

/// The numbers in `bytes` of type `datatype`; `None` if they are no whole ones or not aligned.
pub fn decoded(datatype: VectorDatatype, bytes: &[u8]) -> Option<Vec<f32>> {
    let mut numbers = Vec::new();
    decode(datatype, bytes, &mut numbers).then_some(numbers)
}

/// As [`decoded`], put into `out`; false if there are none.
pub(crate) fn decode(datatype: VectorDatatype, bytes: &[u8], out: &mut Vec<f32>) -> bool {
    fn of<T: Element>(bytes: &[u8], out: &mut Vec<f32>) -> bool {
        let Some(numbers) = T::of_bytes(bytes) else {
            return false;
        };
        out.clear();
        out.extend(numbers.iter().map(|number| number.value()));
        true
    }
    match datatype {
        VectorDatatype::Float32 => of::<f32>(bytes, out),
        VectorDatatype::Float16 => of::<f16>(bytes, out),
        VectorDatatype::Uint8 => of::<u8>(bytes, out),
    }
}
