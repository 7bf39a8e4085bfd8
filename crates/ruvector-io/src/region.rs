//! Immutable bytes shared by reference: a mapped file or an aligned buffer. Never changes its bytes.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

#[cfg(not(target_family = "wasm"))]
use crate::mapping::Mapping;

/// Alignment of the first byte, at least, of every non-empty region.
const ALIGN_BYTES: usize = 64;

/// Immutable bytes, cheap to clone. The first byte is aligned to 64 bytes (a mapped file: to a page).
///
/// A mapped file stays mapped until the last clone is dropped. If its storage fails or somebody else
/// truncates it, the pages concerned read as zeros (on Unix) and [`Region::faulted`] turns true.
#[derive(Clone)]
pub struct Region(Backing);

#[derive(Clone)]
enum Backing {
    Heap(Arc<Aligned>),
    #[cfg(not(target_family = "wasm"))]
    Mapped(Arc<Mapping>),
}

/// A buffer with room for shifting its content to an aligned address: safe code, 63 bytes lost.
struct Aligned {
    buffer: Box<[u8]>,
    start: usize,
    len: usize,
}

impl Region {
    /// Copies the bytes into an aligned buffer.
    pub fn from_vec(bytes: Vec<u8>) -> Region {
        let mut buffer = vec![0u8; bytes.len() + ALIGN_BYTES - 1].into_boxed_slice();
        let start = buffer.as_ptr().align_offset(ALIGN_BYTES).min(ALIGN_BYTES - 1);
        buffer[start..start + bytes.len()].copy_from_slice(&bytes);
        Region(Backing::Heap(Arc::new(Aligned {
            buffer,
            start,
            len: bytes.len(),
        })))
    }

    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn from_mapping(mapping: Mapping) -> Region {
        Region(Backing::Mapped(Arc::new(mapping)))
    }

    /// Tells the system that pages will be read in no order: no read-ahead. A hint, no error.
    pub fn advise_random(&self) {
        #[cfg(not(target_family = "wasm"))]
        if let Backing::Mapped(mapping) = &self.0 {
            mapping.advise_random();
        }
    }

    /// Tells the system to start reading all pages now. A hint, no error.
    pub fn advise_willneed(&self) {
        #[cfg(not(target_family = "wasm"))]
        if let Backing::Mapped(mapping) = &self.0 {
            mapping.advise_willneed();
        }
    }

    /// Tells the system to start reading these bytes of a mapped file now. A hint, no error. Cost: a system call.
    pub fn fetch_ahead(&self, range: Range<usize>) {
        #[cfg(not(target_family = "wasm"))]
        if let Backing::Mapped(mapping) = &self.0 {
            mapping.fetch_ahead(range);
        }
        #[cfg(target_family = "wasm")]
        let _ = range;
    }

    /// Tells the system that these bytes of a mapped file will hardly be read again: their pages leave the
    /// process and are read anew if they are. A hint, no error.
    pub fn release(&self, range: Range<usize>) {
        #[cfg(not(target_family = "wasm"))]
        if let Backing::Mapped(mapping) = &self.0 {
            mapping.release(range);
        }
        #[cfg(target_family = "wasm")]
        let _ = range;
    }

    /// True once a page could not be read from the file and zeros were put in its place: whatever was
    /// read from the region, checksummed earlier or not, must not be trusted.
    pub fn faulted(&self) -> bool {
        match &self.0 {
            Backing::Heap(_) => false,
            #[cfg(not(target_family = "wasm"))]
            Backing::Mapped(mapping) => mapping.faulted(),
        }
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Backing::Heap(aligned) => &aligned.buffer[aligned.start..aligned.start + aligned.len],
            #[cfg(not(target_family = "wasm"))]
            Backing::Mapped(mapping) => mapping.bytes(),
        }
    }
}

impl AsRef<[u8]> for Region {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("len", &self.len())
            .field("faulted", &self.faulted())
            .finish()
    }
}
