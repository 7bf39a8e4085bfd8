//! Rotation and tables over registers of four numbers, for the instruction sets that have no wider ones. Never fuses
//! or reorders the arithmetic of the portable code: the bits are the same.

use super::{BlockQuery, CodeBits, TWO_BIT_LEVELS, portable};

/// Registers of the 64 components that are transformed at once.
const ROWS: usize = 16;

/// A register of four numbers.
pub(super) trait Quad: Copy {
    fn load(from: &[f32; 4]) -> Self;
    fn store(self, to: &mut [f32; 4]);
    fn splat(number: f32) -> Self;
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn magnitude(self) -> Self;
    /// The larger number of each place, zero for NaN.
    fn or_zero(self) -> Self;
    /// The smaller number of each place, `most` for NaN.
    fn at_most(self, most: Self) -> Self;
    /// The even places of both, then the odd ones.
    fn unzip(self, other: Self) -> [Self; 2];
    /// Each place four times.
    fn splats(self) -> [Self; 4];
    /// Sixteen numbers from 0 to 255 to the nearest integers, halves to even ones.
    fn round(numbers: [Self; 4], to: &mut [u8; 16]);
}

/// See [`super::CodeKernels::rotate`].
pub(super) fn rotate<Q: Quad>(data: &mut [f32], signs: &[f32]) {
    let padded = data.len();
    if padded < 64 || !padded.is_multiple_of(16) {
        return;
    }
    let len = super::transform_len(padded);
    for (round, signs) in signs.chunks_exact(padded).enumerate() {
        for (x, sign) in quads(data).iter_mut().zip(signs.as_chunks().0) {
            Q::load(x).times(Q::load(sign)).store(x);
        }
        let start = if round.is_multiple_of(2) { 0 } else { padded - len };
        hadamard::<Q>(quads(&mut data[start..start + len]));
        if len != padded {
            let scale = Q::splat(std::f32::consts::FRAC_1_SQRT_2);
            butterfly(quads(data), |x: Q| x.times(scale));
        }
    }
}

fn quads(data: &mut [f32]) -> &mut [[f32; 4]] {
    data.as_chunks_mut().0
}

/// As in the portable code.
fn hadamard<Q: Quad>(data: &mut [[f32; 4]]) {
    for piece in data.as_chunks_mut::<ROWS>().0 {
        hadamard_64::<Q>(piece);
    }
    let mut half = ROWS;
    while half < data.len() {
        for pair in data.chunks_exact_mut(2 * half) {
            butterfly(pair, |x: Q| x);
        }
        half *= 2;
    }
}

/// Sums of the two halves to the front, differences to the back.
#[inline(always)]
fn butterfly<Q: Quad>(data: &mut [[f32; 4]], then: impl Fn(Q) -> Q) {
    let (front, back) = data.split_at_mut(data.len() / 2);
    for (front, back) in front.iter_mut().zip(back) {
        let (a, b) = (Q::load(front), Q::load(back));
        then(a.plus(b)).store(front);
        then(a.minus(b)).store(back);
    }
}

#[inline(always)]
fn hadamard_64<Q: Quad>(data: &mut [[f32; 4]; ROWS]) {
    let mut rows = data.map(|row| Q::load(&row));
    for [a, b] in rows.as_chunks_mut().0 {
        // Three times sums of neighbours to the front and differences to the back: a transform of eight, in order
        // (Pease 1968).
        for _ in 0..3 {
            let [even, odd] = a.unzip(*b);
            (*a, *b) = (even.plus(odd), even.minus(odd));
        }
    }
    for half in [2, 4, 8] {
        for start in (0..ROWS).step_by(2 * half) {
            for at in start..start + half {
                let (a, b) = (rows[at], rows[at + half]);
                (rows[at], rows[at + half]) = (a.plus(b), a.minus(b));
            }
        }
    }
    for (row, to) in rows.into_iter().zip(data) {
        row.store(to);
    }
}

/// See [`super::CodeKernels::prepare`].
pub(super) fn prepare<Q: Quad>(prepared: &mut BlockQuery, query: &[f32], bits: CodeBits) {
    match bits {
        CodeBits::One => prepare_signs::<Q>(prepared, query),
        CodeBits::Two => prepare_pairs::<Q>(prepared, query),
    }
}

fn prepare_signs<Q: Quad>(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = portable::measure(prepared, query, CodeBits::One);
    let (level_max, clear, set) = (Q::splat(level_max), -2.0 * per_unit, 2.0 * per_unit);
    // What the even and the odd components of a group are multiplied by for the four values of their two bits.
    let (even, odd) = (
        Q::load(&[clear, set, clear, set]),
        Q::load(&[clear, clear, set, set]),
    );
    let groups = query.as_chunks().0.iter();
    for (group, levels) in groups.zip(prepared.levels.as_chunks_mut::<16>().0) {
        let [a, b, c, d] = Q::load(group).splats();
        let low = even.times(a).or_zero().plus(odd.times(b).or_zero());
        let high = even.times(c).or_zero().plus(odd.times(d).or_zero());
        write_levels(low, high, level_max, levels);
    }
}

fn prepare_pairs<Q: Quad>(prepared: &mut BlockQuery, query: &[f32]) {
    let (level_max, per_unit) = portable::measure(prepared, query, CodeBits::Two);
    let (level_max, per_unit) = (Q::splat(level_max), Q::splat(per_unit));
    let (values, top) = (Q::load(&TWO_BIT_LEVELS), Q::splat(TWO_BIT_LEVELS[3]));
    let pairs = query.as_chunks().0.iter();
    for (two_pairs, levels) in pairs.zip(prepared.levels.as_chunks_mut::<32>().0) {
        let x = Q::load(two_pairs).times(per_unit);
        let (x, least) = (x.splats(), top.times(x.magnitude()).splats());
        let above_least = |at: usize| values.times(x[at]).plus(least[at]).or_zero();
        let (first, second) = levels.split_at_mut(16);
        write_levels(above_least(0), above_least(1), level_max, first);
        write_levels(above_least(2), above_least(3), level_max, second);
    }
}

/// The sums of each number of `low` and, slower, each of `high`, as levels.
#[inline(always)]
fn write_levels<Q: Quad>(low: Q, high: Q, level_max: Q, levels: &mut [u8]) {
    if let Some(levels) = levels.first_chunk_mut() {
        Q::round(
            high.splats().map(|high| low.plus(high).at_most(level_max)),
            levels,
        );
    }
}
