//! Kernels over vector codes: distances to 32 neighbours at once from their 1-bit or 2-bit codes, the inner product
//! of a query with one 8-bit code, and what prepares a query. Never reads past the lengths it checks.
//!
//! The lookup follows André, Kermarrec and Le Scouarnec, "Cache locality is not enough" (VLDB 2015): what sixteen
//! values of four code bits contribute fits one register, and a shuffle looks 32 or 64 of them up.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_queries;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
mod portable;
#[cfg(any(
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "wasm32", target_feature = "simd128"),
))]
mod quads;
pub mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;

/// Neighbours of a block.
pub const BLOCK_NEIGHBORS: usize = 32;
/// Bytes of the factors at the head of a block: 32 × f16 `mul`, then 32 × f16 `add`.
pub const BLOCK_FACTOR_BYTES: usize = 2 * 2 * BLOCK_NEIGHBORS;

/// Bits that a component has in the code of a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeBits {
    /// The sign: −1 or 1.
    One,
    /// One of [`TWO_BIT_LEVELS`].
    Two,
}

/// The four values that quantize a normal distribution of deviation 1 with the least squared error (Max 1960);
/// their borders are at 0 and ±[`TWO_BIT_BORDER`].
pub const TWO_BIT_LEVELS: [f32; 4] = [-1.510_4, -0.452_8, 0.452_8, 1.510_4];
/// See [`TWO_BIT_LEVELS`].
pub const TWO_BIT_BORDER: f32 = 0.981_6;

impl CodeBits {
    /// How many, as a number.
    pub const fn count(self) -> usize {
        match self {
            CodeBits::One => 1,
            CodeBits::Two => 2,
        }
    }

    /// Components that share four bits and one lookup.
    pub const fn group(self) -> usize {
        4 / self.count()
    }
}

/// Bytes of a block over vectors of `dim` components (a multiple of 8): factors, then for each [`CodeBits::group`]
/// of components 16 bytes of codes. In those, byte `j` holds neighbour `j` in its low half and neighbour `j + 16` in
/// its high half, the group's first component in the lowest bits.
pub const fn block_bytes(dim: usize, bits: CodeBits) -> usize {
    BLOCK_FACTOR_BYTES + dim / bits.group() * 16
}

/// A query as the block kernel needs it.
#[derive(Clone, Debug, Default)]
pub struct BlockQuery {
    /// For each group of components sixteen levels: what the components contribute to the inner product with a code
    /// whose four bits are the index, above the least such contribution, in units of `unit`.
    pub levels: Vec<u8>,
    /// The value of one level.
    pub unit: f32,
    /// The sum of the least contributions: what level 0 everywhere stands for.
    pub least: f32,
}

/// How estimates are put together: `base + add·fₐ + mul·fₘ·s` with the factors fₐ and fₘ of the block, where `s` is
/// the inner product of the query with the neighbour's code; and which of them matter.
#[derive(Clone, Copy, Debug)]
pub struct BlockScale {
    /// The distance of the block's centre.
    pub base: f32,
    /// The unit of the `mul` factors.
    pub mul: f32,
    /// The unit of the `add` factors.
    pub add: f32,
    /// Estimates below this are reported.
    pub below: f32,
}

/// The kernels for this CPU.
#[derive(Clone, Copy, Debug)]
pub struct CodeKernels {
    /// The instruction set, for reports.
    pub name: &'static str,
    /// Estimates for the 32 neighbours of a block of [`block_bytes`] bytes; returns a bit for each that is below
    /// [`BlockScale::below`]. A block or query of another length than they agree on gives 0 and leaves `out`.
    pub estimate: fn(&BlockQuery, &[u8], BlockScale, &mut [f32; BLOCK_NEIGHBORS]) -> u32,
    /// Σ query·code over the common prefix.
    pub dot: fn(&[f32], &[i8]) -> f32,
    /// Prepares the tables for a query whose length is a multiple of 8. The same bits on every CPU. A query of
    /// numbers that are not finite, or all below about 1e-36, gives tables without meaning, never an overflow.
    pub prepare: fn(&mut BlockQuery, &[f32], CodeBits),
    /// Rotates a vector in place: for each piece of `signs` as long as it is, multiplies by them, runs an unscaled
    /// Walsh–Hadamard transform over [`transform_len`] components, at the front and at the back in turn, and, if
    /// those are not all, turns each component of the front half with its partner by 45 degrees. The same bits on
    /// every CPU. Leaves a vector alone that is shorter than 64 or whose
    /// length is not a multiple of 16.
    pub rotate: fn(&mut [f32], &[f32]),
}

impl CodeKernels {
    /// The fastest kernels here. Ask once and keep the answer.
    pub fn detect() -> CodeKernels {
        let fastest = vector_sets().into_iter().flatten().next();
        fastest.unwrap_or_else(CodeKernels::scalar)
    }

    /// All kernels that this CPU can run, the fastest first; the portable ones end it.
    pub fn all() -> Vec<CodeKernels> {
        let fast = vector_sets().into_iter().flatten();
        fast.chain([CodeKernels::scalar()]).collect()
    }

    fn scalar() -> CodeKernels {
        CodeKernels {
            name: "scalar",
            estimate: scalar::estimate,
            dot: scalar::dot,
            prepare: scalar::prepare,
            rotate: scalar::rotate,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn vector_sets() -> [Option<CodeKernels>; 2] {
    [avx512::kernels(), avx2::kernels()]
}

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
fn vector_sets() -> [Option<CodeKernels>; 1] {
    [Some(neon::kernels())]
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn vector_sets() -> [Option<CodeKernels>; 1] {
    [Some(wasm::kernels())]
}

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "wasm32", target_feature = "simd128"),
)))]
fn vector_sets() -> [Option<CodeKernels>; 0] {
    []
}

/// Components that one transform of [`CodeKernels::rotate`] takes in: the largest power of two that fits.
pub const fn transform_len(padded: usize) -> usize {
    match padded {
        0 => 0,
        _ => 1 << padded.ilog2(),
    }
}

/// Whether the block and the query belong together.
#[inline]
pub(crate) fn fits(query: &BlockQuery, block: &[u8]) -> bool {
    block.len() == BLOCK_FACTOR_BYTES + query.levels.len() && query.levels.len().is_multiple_of(32)
}
