//! Hints that memory will be read soon. Never reads it: an address is all that the CPU is given.
#![allow(unsafe_code)]

const LINE_BYTES: usize = 64;
/// Enough for 512 dimensions; beyond, the hardware prefetcher follows the stream, and more would crowd out L1.
const LINES_MAX: usize = 32;

/// Asks the CPU to bring the first cache lines of `data` (up to 2 KiB) into L1. Nothing happens on CPUs for
/// which this crate knows no such instruction.
#[inline(always)]
pub fn prefetch<T>(data: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let lines = size_of_val(data).div_ceil(LINE_BYTES).min(LINES_MAX);
        let start = data.as_ptr().cast::<i8>();
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
