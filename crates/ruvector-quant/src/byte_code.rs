//! The 8-bit code of a rotated vector: signed steps and one scale that makes its inner products unbiased.
//! Never claims more than it holds: the error that remains is part of the code.

/// A code's numbers; its bytes go where the caller says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByteCode {
    /// Multiplies Σ query·code to give the inner product of query and vector.
    pub scale: f32,
    /// Squared length of the vector.
    pub norm_squared: f32,
    /// Standard deviation of the inner product with a query of length 1.
    pub deviation: f32,
}

/// Encodes `vector` into `code`, one byte a component (as many as both have). Cost: two passes.
pub fn encode_bytes(vector: &[f32], code: &mut [u8]) -> ByteCode {
    let norm_squared: f32 = vector.iter().map(|x| x * x).sum();
    let peak = vector.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let step = peak / 127.0;
    let per_step = if step > 0.0 { 1.0 / step } else { 0.0 };
    let mut inner = 0.0;
    for (x, byte) in vector.iter().zip(code) {
        let level = (x * per_step).round().clamp(-127.0, 127.0);
        *byte = level as i8 as u8;
        inner += x * level;
    }
    // ⟨v, c⟩·scale = ⟨v, v⟩, as in RaBitQ (Gao and Long 2024): unbiased for queries in random directions.
    let scale = if inner > 0.0 { norm_squared / inner } else { 0.0 };
    ByteCode {
        scale,
        norm_squared,
        deviation: step / 12f32.sqrt(),
    }
}
