//! Weights: how lists store them, and how rare dimensions count more.

use half::f16;

/// How a list stores its weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightType {
    /// In four bytes, as they are.
    #[default]
    Float32,
    /// In two bytes. Weights must have been rounded before: see [`WeightType::round`].
    Float16,
}

impl WeightType {
    /// Bytes of one weight.
    pub fn bytes(self) -> usize {
        match self {
            WeightType::Float32 => 4,
            WeightType::Float16 => 2,
        }
    }

    /// The nearest number that can be stored; beyond the range of 16 bits the largest one.
    pub fn round(self, value: f32) -> f32 {
        match self {
            WeightType::Float32 => value,
            WeightType::Float16 => {
                let largest = f16::MAX.to_f32();
                f16::from_f32(value.clamp(-largest, largest)).to_f32()
            }
        }
    }

    pub(crate) fn put(self, value: f32, out: &mut Vec<u8>) {
        match self {
            WeightType::Float32 => out.extend_from_slice(&value.to_le_bytes()),
            WeightType::Float16 => out.extend_from_slice(&f16::from_f32(value).to_le_bytes()),
        }
    }

    /// Reads as many weights as `out` holds from as many bytes.
    pub(crate) fn read(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            WeightType::Float32 => {
                for (bytes, weight) in bytes.as_chunks::<4>().0.iter().zip(out) {
                    *weight = f32::from_le_bytes(*bytes);
                }
            }
            WeightType::Float16 => {
                for (bytes, weight) in bytes.as_chunks::<2>().0.iter().zip(out) {
                    *weight = f16::from_le_bytes(*bytes).to_f32();
                }
            }
        }
    }
}

/// How much a dimension counts that `having` of `all` vectors have (the inverse document frequency of BM25, Robertson
/// and Zaragoza 2009, kept above zero).
pub fn idf(all: u64, having: u64) -> f32 {
    let (all, having) = (all.max(having) as f64, having as f64);
    ((all - having + 0.5) / (having + 0.5)).ln_1p() as f32
}
