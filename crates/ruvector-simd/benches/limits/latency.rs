//! The time of one read that depends on the last, from memory beyond the caches. Never asserts.

use std::hint::black_box;

use super::{LINE_BYTES, MEMORY_BYTES, seconds};

const WORDS_PER_LINE: usize = LINE_BYTES / size_of::<usize>();
const READS: usize = 200_000;

/// Seconds of a read: a walk through all cache lines in a random order, pages of the usual size.
pub(super) fn memory() -> f64 {
    let lines = MEMORY_BYTES / LINE_BYTES;
    let mut order: Vec<usize> = (0..lines).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for at in (1..lines).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(at, (state % (at as u64 + 1)) as usize);
    }
    let mut next = vec![0usize; lines * WORDS_PER_LINE];
    for pair in order.windows(2) {
        next[pair[0] * WORDS_PER_LINE] = pair[1] * WORDS_PER_LINE;
    }
    next[order[lines - 1] * WORDS_PER_LINE] = order[0] * WORDS_PER_LINE;
    let mut at = 0;
    let all = seconds(5, || {
        for _ in 0..READS {
            at = next[at];
        }
        black_box(at);
    });
    all / READS as f64
}
