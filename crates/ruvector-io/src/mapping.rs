//! One mapped file, registered with the SIGBUS handler while it is mapped. Never writable.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;

use memmap2::Mmap;

#[cfg(unix)]
use crate::sigbus::Registration;

/// A read-only mapping of a whole, non-empty file.
pub(crate) struct Mapping {
    // Before `map`: fields drop in order, and a registration must end before its addresses are free.
    #[cfg(unix)]
    registration: Option<Registration>,
    map: Mmap,
}

impl Mapping {
    /// Maps a file that no one changes; mmap refuses an empty one.
    pub(crate) fn new(file: &File) -> io::Result<Mapping> {
        // SAFETY: the mapping is read-only and private to this value. The files of a database directory
        // are immutable once mapped (callers' contract); if someone breaks that by truncation, or the
        // disk fails, the SIGBUS handler puts zeros in place, and checksums report the damage.
        let map = unsafe { Mmap::map(file)? };
        Ok(Mapping {
            #[cfg(unix)]
            registration: Registration::new(map.as_ptr() as usize, map.len()),
            map,
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    #[cfg(unix)]
    pub(crate) fn faulted(&self) -> bool {
        self.registration.as_ref().is_some_and(Registration::faulted)
    }

    #[cfg(not(unix))]
    pub(crate) fn faulted(&self) -> bool {
        false
    }

    // Advice is a hint: a system that refuses it serves the same bytes.
    pub(crate) fn advise_random(&self) {
        #[cfg(unix)]
        let _ = self.map.advise(memmap2::Advice::Random);
    }

    pub(crate) fn advise_willneed(&self) {
        #[cfg(unix)]
        let _ = self.map.advise(memmap2::Advice::WillNeed);
    }

    pub(crate) fn fetch_ahead(&self, range: Range<usize>) {
        let len = range.end.min(self.map.len()).saturating_sub(range.start);
        #[cfg(unix)]
        if len > 0 {
            let _ = self.map.advise_range(memmap2::Advice::WillNeed, range.start, len);
        }
    }

    pub(crate) fn release(&self, range: Range<usize>) {
        let len = range.end.min(self.map.len()).saturating_sub(range.start);
        #[cfg(unix)]
        if len > 0 {
            let advice = memmap2::UncheckedAdvice::DontNeed;
            // SAFETY: the mapping is a shared, read-only one of a file that does not change, so that a page
            // dropped here has the same bytes when it is read again; a page that the SIGBUS handler replaced
            // is anonymous and unwritable, and reads as zeros again.
            let _ = unsafe { self.map.unchecked_advise_range(advice, range.start, len) };
        }
    }
}
