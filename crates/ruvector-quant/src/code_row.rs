//! A vector as one row of 8-bit codes that compares with other such rows: what graphs are built over. The layout is
//! that of `ruvector_simd::code_row_distance`. Never written to disk.

use ruvector_simd::CODE_ROW_TAIL_BYTES;

const LEVEL_MAX: f32 = 127.0;

/// Bytes of a row of `dim` components.
pub const fn code_row_bytes(dim: usize) -> usize {
    dim + CODE_ROW_TAIL_BYTES
}

/// Writes `vector` in units of `unit` as a row: signed steps of its largest component over 127, the step, and the
/// squared length of what the steps stand for. So two rows compare exactly as the vectors they decode to, and a
/// vector is at distance zero from itself. Components that are not finite give a row without meaning. `row` has
/// [`code_row_bytes`] bytes; of another length, as much as fits is written.
pub fn encode_code_row(vector: &[f32], unit: f32, row: &mut [i8]) {
    let Some((codes, tail)) = row.split_last_chunk_mut::<CODE_ROW_TAIL_BYTES>() else {
        return;
    };
    let peak = vector.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    let per_step = if peak > 0.0 { LEVEL_MAX / peak } else { 0.0 };
    let mut squares = 0;
    for (x, code) in vector.iter().zip(codes) {
        let level = x * per_step;
        // Rounded half away from zero; what is not finite saturates.
        let level = ((level + 0.5f32.copysign(level)) as i32).clamp(-127, 127);
        *code = level as i8;
        squares += level * level;
    }
    let step = peak / unit / LEVEL_MAX;
    let numbers = [step, step * step * squares as f32].map(f32::to_le_bytes);
    let bytes = numbers.as_flattened().iter().map(|byte| *byte as i8);
    tail.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
}
