//! The one loop of every distance kernel: whole registers into independent accumulators, then a part of one.
//! Never reads memory itself: what a register is, and how it is loaded, is the caller's.

/// Independent accumulators: enough to hide the latency of a fused multiply-add behind two loads each.
const SUMS: usize = 4;

/// `add` over the common prefix of `a` and `b`, `LANES` components at a time, into accumulators that begin at
/// `zero` and are put together by `join`.
///
/// `load` is given at most `LANES` components and must fill what is missing with zero, so `add` must leave an
/// accumulator alone where both of its sides are zero. Always inlined, because the closures of a kernel carry
/// its CPU features and this function has none.
#[inline(always)]
pub(crate) fn fold<const LANES: usize, E, V, S: Copy>(
    sides: (&[E], &[E]),
    zero: S,
    load: impl Fn(&[E]) -> V,
    add: impl Fn(S, V, V) -> S,
    join: impl Fn(S, S) -> S,
) -> S {
    fold_mixed::<LANES, _, _, _, _>(sides, zero, (&load, &load), add, join)
}

/// As [`fold`], with components of two types, each with its own load into the same register.
#[inline(always)]
pub(crate) fn fold_mixed<const LANES: usize, A, B, V, S: Copy>(
    (a, b): (&[A], &[B]),
    zero: S,
    (load_a, load_b): (impl Fn(&[A]) -> V, impl Fn(&[B]) -> V),
    add: impl Fn(S, V, V) -> S,
    join: impl Fn(S, S) -> S,
) -> S {
    let len = a.len().min(b.len());
    let (a, a_tail) = a[..len].as_chunks::<LANES>();
    let (b, b_tail) = b[..len].as_chunks::<LANES>();
    let (a_unrolled, a) = a.as_chunks::<SUMS>();
    let (b_unrolled, b) = b.as_chunks::<SUMS>();
    let mut sums = [zero; SUMS];
    for (x, y) in a_unrolled.iter().zip(b_unrolled) {
        for lane in 0..SUMS {
            sums[lane] = add(sums[lane], load_a(&x[lane]), load_b(&y[lane]));
        }
    }
    for (x, y) in a.iter().zip(b) {
        sums[0] = add(sums[0], load_a(x), load_b(y));
    }
    if !a_tail.is_empty() {
        sums[1] = add(sums[1], load_a(a_tail), load_b(b_tail));
    }
    join(join(sums[0], sums[1]), join(sums[2], sums[3]))
}

/// An element of one byte: u8 and i8, and never anything else, because loads count on it.
pub(crate) trait Byte: Copy + Default {}
impl Byte for u8 {}
impl Byte for i8 {}

/// The first `N` components of `part`, with zeros where it is shorter.
#[inline(always)]
pub(crate) fn padded<E: Copy + Default, const N: usize>(part: &[E]) -> [E; N] {
    let mut whole = [E::default(); N];
    for (to, from) in whole.iter_mut().zip(part) {
        *to = *from;
    }
    whole
}
