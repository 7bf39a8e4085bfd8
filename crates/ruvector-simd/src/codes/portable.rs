//! What prepares a query, in plain arithmetic of a fixed order, so that every instruction set can give the same bits.
//! Never uses a fused operation: codes on disk depend on the rotation.

use super::{BlockQuery, CodeBits, TWO_BIT_LEVELS};

/// Adding it leaves the nearest integer of a small number in the low bits (IEEE 754, round to even).
const ROUNDING: f32 = 8_388_608.0;

/// See [`super::CodeKernels::rotate`].
#[inline(always)]
pub(super) fn rotate(data: &mut [f32], signs: &[f32]) {
    let padded = data.len();
    if padded < 64 || !padded.is_multiple_of(16) {
        return;
    }
    let len = super::transform_len(padded);
    for (round, signs) in signs.chunks_exact(padded).enumerate() {
        data.iter_mut().zip(signs).for_each(|(x, sign)| *x *= sign);
        let start = if round.is_multiple_of(2) { 0 } else { padded - len };
        hadamard(&mut data[start..start + len]);
        if len != padded {
            mix_halves(data);
        }
    }
}

/// The unscaled Walsh–Hadamard transform of a power of two of components, at least 64.
#[inline(always)]
fn hadamard(data: &mut [f32]) {
    for piece in data.chunks_exact_mut(64) {
        hadamard_64(piece);
    }
    let mut half = 64;
    while half < data.len() {
        for pair in data.chunks_exact_mut(2 * half) {
            let (front, back) = pair.split_at_mut(half);
            for (a, b) in front.iter_mut().zip(back) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

/// 64 components as eight rows of eight: within each row, then across the rows.
#[inline(always)]
fn hadamard_64(data: &mut [f32]) {
    let mut rows = [[0.0f32; 8]; 8];
    for (row, from) in rows.iter_mut().zip(data.chunks_exact(8)) {
        row.copy_from_slice(from);
        *row = step::<1>(*row);
        *row = step::<2>(*row);
        *row = step::<4>(*row);
    }
    columns(&mut rows);
    for (row, to) in rows.iter().zip(data.chunks_exact_mut(8)) {
        to.copy_from_slice(row);
    }
}

/// Sum and difference of the components that lie `HALF` apart, written as one expression for all eight: a shuffle, a
/// change of signs (exact) and a sum.
#[inline(always)]
fn step<const HALF: usize>(row: [f32; 8]) -> [f32; 8] {
    std::array::from_fn(|at| {
        let sign = if at & HALF == 0 { 1.0 } else { -1.0 };
        row[at ^ HALF] + sign * row[at]
    })
}

#[inline(always)]
fn columns(rows: &mut [[f32; 8]; 8]) {
    for half in [1, 2, 4] {
        for start in (0..8).step_by(2 * half) {
            for at in start..start + half {
                let (a, b) = (rows[at], rows[at + half]);
                rows[at] = std::array::from_fn(|lane| a[lane] + b[lane]);
                rows[at + half] = std::array::from_fn(|lane| a[lane] - b[lane]);
            }
        }
    }
}

/// Rotates each component of the front half with its partner in the back half by 45 degrees.
#[inline(always)]
fn mix_halves(data: &mut [f32]) {
    let (front, back) = data.split_at_mut(data.len() / 2);
    for (a, b) in front.iter_mut().zip(back) {
        (*a, *b) = (
            (*a + *b) * std::f32::consts::FRAC_1_SQRT_2,
            (*a - *b) * std::f32::consts::FRAC_1_SQRT_2,
        );
    }
}

/// Sets unit and offset of the tables and their size; the highest level, and levels in one.
#[inline(always)]
pub(super) fn measure(prepared: &mut BlockQuery, query: &[f32], bits: CodeBits) -> (f32, f32) {
    let (group, top) = match bits {
        CodeBits::One => (4, 1.0),
        CodeBits::Two => (2, TWO_BIT_LEVELS[3]),
    };
    let groups = query.len() / group;
    let (mut widest, mut total) = (0.0f32, 0.0f32);
    for group in query.chunks_exact(group) {
        let half_range = top * group.iter().map(|x| x.abs()).sum::<f32>();
        widest = widest.max(half_range);
        total += half_range;
    }
    // The kernel adds levels in 16 bits.
    let level_max = (65_535 / groups.max(1)).min(255) as f32;
    let usable = (f32::MIN_POSITIVE * 256.0..=f32::MAX / 2.0).contains(&widest);
    prepared.unit = if usable { 2.0 * widest / level_max } else { 1.0 };
    prepared.least = -total;
    prepared.levels.resize(groups * 16, 0);
    (level_max, 1.0 / prepared.unit)
}

/// See [`super::CodeKernels::prepare`].
#[inline(always)]
pub(super) fn prepare(prepared: &mut BlockQuery, query: &[f32], bits: CodeBits) {
    match bits {
        CodeBits::One => prepare_signs(prepared, query),
        CodeBits::Two => prepare_pairs(prepared, query),
    }
}

#[inline(always)]
fn prepare_signs(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = measure(prepared, query, CodeBits::One);
    for (group, levels) in query.chunks_exact(4).zip(prepared.levels.chunks_exact_mut(16)) {
        // A clear bit subtracts a component: work above the least sum, so that all sums are at least zero.
        let clear: [f32; 4] = std::array::from_fn(|at| (-2.0 * per_unit * group[at]).max(0.0));
        let set: [f32; 4] = std::array::from_fn(|at| (2.0 * per_unit * group[at]).max(0.0));
        let sums = |a: usize, b: usize| {
            [
                clear[a] + clear[b],
                set[a] + clear[b],
                clear[a] + set[b],
                set[a] + set[b],
            ]
        };
        let (low, high) = (sums(0, 1), sums(2, 3));
        for (levels, high) in levels.chunks_exact_mut(4).zip(high) {
            for (level, low) in levels.iter_mut().zip(low) {
                *level = rounded(low + high, level_max);
            }
        }
    }
}

#[inline(always)]
fn prepare_pairs(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = measure(prepared, query, CodeBits::Two);
    for (pair, levels) in query.chunks_exact(2).zip(prepared.levels.chunks_exact_mut(16)) {
        // Each component above its least contribution.
        let [first, second] = [pair[0], pair[1]].map(|x| {
            let (x, least) = (per_unit * x, TWO_BIT_LEVELS[3] * (per_unit * x).abs());
            TWO_BIT_LEVELS.map(|level| (level * x + least).max(0.0))
        });
        for (levels, second) in levels.chunks_exact_mut(4).zip(second) {
            for (level, first) in levels.iter_mut().zip(first) {
                *level = rounded(first + second, level_max);
            }
        }
    }
}

#[inline(always)]
fn rounded(sum: f32, level_max: f32) -> u8 {
    (sum.min(level_max) + ROUNDING).to_bits() as u8
}
