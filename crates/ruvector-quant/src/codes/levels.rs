//! Chooses the levels of a vector's components so that the code points as nearly as it can where the vector does: the
//! error of RaBitQ's estimator depends on that angle alone (Gao et al., SIGMOD 2025, section 3). Plain arithmetic in a
//! fixed order: the same levels on every CPU.
//!
//! Levels belong to a step, the size of one unit. From several steps around what suits a normal distribution, each is
//! improved in turn with the levels (the step that fits the levels best, then the levels nearest under it: Lloyd 1982),
//! and the code with the greatest cosine wins.

use ruvector_simd::scan::{CRUMB_LEVELS, CodeFormat, NIBBLE_LEVELS};

const LANES: usize = 16;
/// Rounds of improvement from each start.
const ROUNDS: usize = 3;

/// What a code says of its vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LevelFit {
    /// Times the code, an unbiased stand-in for the vector: ‖r‖²/⟨r, x⟩.
    pub(crate) gain: f32,
    /// The vector's length.
    pub(crate) length: f32,
    /// Standard deviation of the estimated inner product with a vector of length 1 in a random direction.
    pub(crate) error: f32,
}

/// Sums over a vector r and its code x.
#[derive(Clone, Copy)]
struct Sums {
    /// ⟨r, x⟩.
    inner: f32,
    /// ⟨x, x⟩.
    square: f32,
}

impl Sums {
    const NONE: Sums = Sums {
        inner: 0.0,
        square: 0.0,
    };

    /// The squared cosine of code and vector, but for the vector's length.
    fn fit(self) -> f32 {
        if self.square > 0.0 {
            self.inner * self.inner / self.square
        } else {
            0.0
        }
    }
}

/// Of increasing `levels`, the first in `rises[0]`.
const fn borders<const N: usize, const RUNGS: usize>(levels: [f32; RUNGS]) -> [f32; N] {
    let mut borders = [0.0; N];
    let mut at = 0;
    while at < N {
        borders[at] = (levels[at] + levels[at + 1]) / 2.0;
        at += 1;
    }
    borders
}

const fn upper<const N: usize, const ALL: usize>(levels: [i8; ALL]) -> [f32; N] {
    let mut upper = [0.0; N];
    let mut at = 0;
    while at < N {
        upper[at] = levels[ALL - N + at] as f32;
        at += 1;
    }
    upper
}

const fn rises<const N: usize>(levels: [f32; N]) -> [f32; N] {
    let mut rises = levels;
    let mut at = N - 1;
    while at > 0 {
        rises[at] = levels[at] - levels[at - 1];
        at -= 1;
    }
    rises
}

const TRIT_RISES: [f32; 2] = [0.0, 1.0];
const TRIT_BORDERS: [f32; 1] = [0.5];
const CRUMB_SIZES: [f32; 2] = upper(CRUMB_LEVELS);
const CRUMB_RISES: [f32; 2] = rises(CRUMB_SIZES);
const CRUMB_BORDERS: [f32; 1] = borders(CRUMB_SIZES);
const NIBBLE_SIZES: [f32; 8] = upper(NIBBLE_LEVELS);
const NIBBLE_RISES: [f32; 8] = rises(NIBBLE_SIZES);
const NIBBLE_BORDERS: [f32; 7] = borders(NIBBLE_SIZES);

/// The level of a size in steps: `rises[0]`, and at each border that it is beyond one rise more.
#[inline(always)]
fn climb<const RUNGS: usize, const BORDERS: usize>(
    size: f32,
    rises: [f32; RUNGS],
    borders: [f32; BORDERS],
) -> f32 {
    let mut level = rises[0];
    for rung in 0..BORDERS {
        level += if size > borders[rung] {
            rises[rung + 1]
        } else {
            0.0
        };
    }
    level
}

/// The level of a size in steps.
fn level_of(format: CodeFormat, size: f32) -> f32 {
    match format {
        CodeFormat::Bits => 1.0,
        CodeFormat::Trits => climb(size, TRIT_RISES, TRIT_BORDERS),
        CodeFormat::Crumbs => climb(size, CRUMB_RISES, CRUMB_BORDERS),
        CodeFormat::Nibbles => climb(size, NIBBLE_RISES, NIBBLE_BORDERS),
        CodeFormat::Bytes => byte_level(size),
    }
}

/// Of bytes: the nearest whole number up to 127. Adding 2²³ leaves the whole number in the low digits.
#[inline(always)]
fn byte_level(size: f32) -> f32 {
    const ROUNDING: f32 = 8_388_608.0;
    let level = (size + ROUNDING) - ROUNDING;
    if level < 127.0 { level } else { 127.0 }
}

/// Steps to start from, as shares of the deviation of the components; of bytes, of what makes the largest 127.
fn starts(format: CodeFormat) -> (f32, &'static [f32]) {
    match format {
        CodeFormat::Trits => (1.224, &[0.85, 0.95, 1.05, 1.15]),
        CodeFormat::Crumbs => (0.023_97, &[0.85, 0.95, 1.05, 1.15]),
        CodeFormat::Nibbles => (0.043_37, &[0.82, 0.88, 0.94, 1.0, 1.06, 1.12]),
        CodeFormat::Bits | CodeFormat::Bytes => (1.0 / 127.0, &[1.0, 0.96, 0.92]),
    }
}

/// Writes the levels of `vector`, as many as it has components. Cost: about twenty passes over it; one for bits.
pub(crate) fn fit_levels(format: CodeFormat, vector: &[f32], levels: &mut Vec<i8>) -> LevelFit {
    let length_squared = lane_sum(vector, |x| x * x);
    let best = match format {
        CodeFormat::Bits => (1.0, sums_of_signs(vector)),
        _ => best_step(format, vector, length_squared),
    };
    fit_at(format, (vector, length_squared), best, levels)
}

/// As [`fit_levels`] of [`CodeFormat::Bytes`], by the step that makes the largest component 127, which for a query is near
/// enough to the best. Cost: four passes over it.
pub(crate) fn fit_bytes(query: &[f32], levels: &mut Vec<i8>) -> LevelFit {
    let length_squared = lane_sum(query, |x| x * x);
    let step = peak(query) / 127.0;
    let usable = step > 0.0 && (1.0 / step).is_finite();
    let fit = match usable {
        true => (step, sums_at(CodeFormat::Bytes, query, 1.0 / step)),
        false => (0.0, Sums::NONE),
    };
    fit_at(CodeFormat::Bytes, (query, length_squared), fit, levels)
}

/// Writes the levels of a vector whose squared length is known, by a step and the sums at it.
fn fit_at(
    format: CodeFormat,
    (vector, length_squared): (&[f32], f32),
    (step, sums): (f32, Sums),
    levels: &mut Vec<i8>,
) -> LevelFit {
    levels.clear();
    write_levels(format, vector, step, levels);
    let length = length_squared.sqrt();
    let freedom = vector.len().saturating_sub(1).max(1) as f32;
    match sums.inner > 0.0 {
        true => LevelFit {
            gain: length_squared / sums.inner,
            length,
            // ‖r‖·tan of the angle between code and vector, spread over the directions across r.
            error: (length_squared * (length_squared / sums.fit() - 1.0).max(0.0) / freedom).sqrt(),
        },
        false => LevelFit {
            gain: 0.0,
            length,
            error: length / freedom.sqrt(),
        },
    }
}

/// The largest size of a component, in sixteen lanes.
fn peak(vector: &[f32]) -> f32 {
    let mut peaks = [0.0f32; LANES];
    let (whole, rest) = vector.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            let size = chunk[lane].abs();
            peaks[lane] = if size > peaks[lane] { size } else { peaks[lane] };
        }
    }
    let all = peaks.iter().copied().chain(rest.iter().map(|x| x.abs()));
    all.fold(0.0, f32::max)
}

fn sums_of_signs(vector: &[f32]) -> Sums {
    Sums {
        inner: lane_sum(vector, f32::abs),
        square: vector.len() as f32,
    }
}

fn best_step(format: CodeFormat, vector: &[f32], length_squared: f32) -> (f32, Sums) {
    let size = match format {
        CodeFormat::Bytes => peak(vector),
        _ => (length_squared / vector.len().max(1) as f32).sqrt(),
    };
    let (share, starts) = starts(format);
    let mut best = (0.0, Sums::NONE);
    for start in starts {
        let mut step = size * share * start;
        for _ in 0..ROUNDS {
            let usable = step > 0.0 && (1.0 / step).is_finite();
            if !usable {
                break;
            }
            let sums = sums_at(format, vector, 1.0 / step);
            if sums.fit() > best.1.fit() {
                best = (step, sums);
            }
            step = sums.inner / sums.square.max(1.0);
        }
    }
    best
}

fn sums_at(format: CodeFormat, vector: &[f32], per_step: f32) -> Sums {
    // One loop a format, so that the compiler sees its levels.
    match format {
        CodeFormat::Bits => sums_of_signs(vector),
        CodeFormat::Trits => sums_with(vector, per_step, |size| climb(size, TRIT_RISES, TRIT_BORDERS)),
        CodeFormat::Crumbs => sums_with(vector, per_step, |size| climb(size, CRUMB_RISES, CRUMB_BORDERS)),
        CodeFormat::Nibbles => sums_with(vector, per_step, |size| climb(size, NIBBLE_RISES, NIBBLE_BORDERS)),
        CodeFormat::Bytes => sums_with(vector, per_step, byte_level),
    }
}

#[inline(always)]
fn sums_with(vector: &[f32], per_step: f32, level: impl Fn(f32) -> f32) -> Sums {
    let (mut inner, mut square) = ([0.0; LANES], [0.0; LANES]);
    let (whole, rest) = vector.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            let size = chunk[lane].abs();
            let level = level(size * per_step);
            inner[lane] += size * level;
            square[lane] += level * level;
        }
    }
    for (lane, x) in rest.iter().enumerate() {
        let level = level(x.abs() * per_step);
        inner[lane] += x.abs() * level;
        square[lane] += level * level;
    }
    Sums {
        inner: halve(inner),
        square: halve(square),
    }
}

fn write_levels(format: CodeFormat, vector: &[f32], step: f32, levels: &mut Vec<i8>) {
    let per_step = if step > 0.0 { 1.0 / step } else { 0.0 };
    levels.extend(vector.iter().map(|x| {
        let level = level_of(format, x.abs() * per_step) as i8;
        if *x < 0.0 { -level } else { level }
    }));
}

/// Σ of a function of the components, in sixteen lanes.
fn lane_sum(vector: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (whole, rest) = vector.as_chunks::<LANES>();
    for chunk in whole {
        for lane in 0..LANES {
            sums[lane] += of(chunk[lane]);
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += of(*x);
    }
    halve(sums)
}

fn halve(mut sums: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for at in 0..half {
            sums[at] += sums[at + half];
        }
        half /= 2;
    }
    sums[0]
}
