//! Hints that memory will be read soon. Never reads it: an address is all that the CPU is given.
#![allow(unsafe_code)]

const LINE_BYTES: usize = 64;
/// Enough for 512 dimensions; beyond, the hardware prefetcher follows the stream, and more would crowd out L1.
const LINES_MAX: usize = 32;

/// Asks the CPU to bring the first cache lines of `data` (up to 32) into L1. Nothing happens on CPUs for
/// which this crate knows no such instruction.
#[inline(always)]
pub fn prefetch<T>(data: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = data.as_ptr().cast::<i8>();
        // What begins within a line may end in one more.
        let within = start.addr() % LINE_BYTES;
        let lines = (within + size_of_val(data)).div_ceil(LINE_BYTES).min(LINES_MAX);
        for line in 0..lines {
            // SAFETY: a prefetch has no effect that a program can observe at any address, and SSE is part of
            // x86_64. `wrapping_add` makes no claim about the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line * LINE_BYTES)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (data, LINE_BYTES, LINES_MAX);
    }
}

/// As [`prefetch`], of a row of `bytes` bytes that is to start so many bytes into `data`: whether it does is not asked, for that
/// would take longer than the hint.
#[inline(always)]
pub(crate) fn row(data: &[u8], start: usize, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let row = data.as_ptr().wrapping_add(start).cast::<i8>();
        // SAFETY: as above.
        let ask = |at: usize| unsafe { _mm_prefetch::<_MM_HINT_T0>(row.wrapping_add(at)) };
        ask(0);
        // The codes of most are no longer than this, and need no loop.
        if bytes > 2 * LINE_BYTES {
            let lines = (LINE_BYTES..bytes).step_by(LINE_BYTES);
            lines.take(LINES_MAX).for_each(ask);
        } else if bytes > LINE_BYTES {
            ask(LINE_BYTES);
        }
        ask(bytes.saturating_sub(1));
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (data, start, bytes);
    }
}
