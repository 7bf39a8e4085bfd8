//! How the numbers of dense vectors are kept, and what that does to them. Never looks at a whole vector.

/// How the numbers of a field of dense vectors are kept, on disk and in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VectorDatatype {
    /// In 32 bits, as they are given.
    #[default]
    Float32,
    /// In 16 bits: rounded to the nearest number of half precision.
    Float16,
    /// In 8 bits: whole numbers without a sign, fractions cut off.
    Uint8,
}

impl VectorDatatype {
    /// Its name as users spell it.
    pub fn name(self) -> &'static str {
        match self {
            VectorDatatype::Float32 => "float32",
            VectorDatatype::Float16 => "float16",
            VectorDatatype::Uint8 => "uint8",
        }
    }

    /// Bytes of one number.
    pub fn bytes(self) -> u64 {
        match self {
            VectorDatatype::Float32 => 4,
            VectorDatatype::Float16 => 2,
            VectorDatatype::Uint8 => 1,
        }
    }

    /// The least and the greatest number it holds.
    pub fn range(self) -> (f32, f32) {
        match self {
            VectorDatatype::Float32 => (f32::MIN, f32::MAX),
            VectorDatatype::Float16 => (-65_504.0, 65_504.0),
            VectorDatatype::Uint8 => (0.0, 255.0),
        }
    }
}
