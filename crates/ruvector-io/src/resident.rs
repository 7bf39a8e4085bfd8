//! Anonymous memory for what is read at random: aligned for huge pages, filled once, read-only ever after.
//! Never more than its budget allows, and never freed while borrowed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::IoError;

#[cfg(not(target_family = "wasm"))]
use memmap2::{Mmap as ReadOnly, MmapMut as Writable};
// In a browser none is ever made: files are in memory already.
#[cfg(target_family = "wasm")]
type Writable = Box<[u8]>;
#[cfg(target_family = "wasm")]
type ReadOnly = Box<[u8]>;

/// Alignment of the first byte of [`Resident`] memory: the size of a huge page on x86-64 and most of ARM.
pub const RESIDENT_ALIGN_BYTES: usize = 2 << 20;

/// How many bytes of anonymous memory may hold copies of files; one for all that share them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ResidentBudget(Arc<Account>);

#[derive(Debug)]
struct Account {
    bytes_max: u64,
    used_bytes: AtomicU64,
}

/// Bytes taken from a budget, given back when dropped.
#[derive(Debug)]
pub struct ResidentRoom {
    account: Arc<Account>,
    bytes: u64,
}

impl ResidentBudget {
    /// A budget of which nothing is used.
    pub fn new(bytes_max: u64) -> ResidentBudget {
        ResidentBudget(Arc::new(Account {
            bytes_max,
            used_bytes: AtomicU64::new(0),
        }))
    }

    /// Bytes that may be taken now.
    pub fn free_bytes(&self) -> u64 {
        let used = self.0.used_bytes.load(Ordering::Acquire);
        self.0.bytes_max.saturating_sub(used)
    }

    /// Takes bytes; `None` if fewer are free.
    pub fn take(&self, bytes: u64) -> Option<ResidentRoom> {
        let within = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.0.bytes_max);
        let used = &self.0.used_bytes;
        used.fetch_update(Ordering::AcqRel, Ordering::Acquire, within)
            .ok()?;
        Some(ResidentRoom {
            account: self.0.clone(),
            bytes,
        })
    }
}

impl Drop for ResidentRoom {
    fn drop(&mut self) {
        self.account.used_bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// Resident memory being filled from its start.
pub struct ResidentBuffer {
    memory: Writable,
    start: usize,
    len: usize,
    room: ResidentRoom,
}

impl ResidentBuffer {
    /// Asks the system for memory for the whole room, in huge pages where it has them (a hint). No page is
    /// touched yet. `name` says in errors what it is for.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn new(name: &str, room: ResidentRoom) -> Result<ResidentBuffer, IoError> {
        let error = |source| IoError::from_os("allocate_resident", name, source);
        let bytes = usize::try_from(room.bytes).unwrap_or(usize::MAX);
        // Room to begin at an aligned address; what lies before and behind is never touched and costs nothing.
        let mapped = bytes.saturating_add(RESIDENT_ALIGN_BYTES);
        let memory = Writable::map_anon(mapped).map_err(error)?;
        let start = memory.as_ptr().align_offset(RESIDENT_ALIGN_BYTES);
        let start = start.min(RESIDENT_ALIGN_BYTES);
        #[cfg(target_os = "linux")]
        let _ = memory.advise_range(memmap2::Advice::HugePage, start, bytes);
        Ok(ResidentBuffer {
            memory,
            start,
            len: 0,
            room,
        })
    }

    /// Copies bytes behind those that are there; returns the copy. `None` if the room does not suffice.
    pub fn append(&mut self, bytes: &[u8]) -> Option<&[u8]> {
        let len = self.len.checked_add(bytes.len())?;
        if len as u64 > self.room.bytes {
            return None;
        }
        let (from, to) = (self.start + self.len, self.start + len);
        let target = self.memory.get_mut(from..to)?;
        target.copy_from_slice(bytes);
        self.len = len;
        Some(target)
    }

    /// Ends the filling: from here on the hardware refuses writes (Unix). `name` as when it was allocated.
    pub fn finish(self, name: &str) -> Result<Resident, IoError> {
        Ok(Resident {
            memory: protect(name, self.memory)?,
            start: self.start,
            len: self.len,
            _room: self.room,
        })
    }
}

#[cfg(not(target_family = "wasm"))]
fn protect(name: &str, memory: Writable) -> Result<ReadOnly, IoError> {
    let error = |source| IoError::from_os("finish_resident", name, source);
    memory.make_read_only().map_err(error)
}

#[cfg(target_family = "wasm")]
fn protect(_name: &str, memory: Writable) -> Result<ReadOnly, IoError> {
    Ok(memory)
}

impl fmt::Debug for ResidentBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResidentBuffer")
            .field("len", &self.len)
            .field("room", &self.room.bytes)
            .finish()
    }
}

/// Immutable bytes in anonymous memory, the first aligned to [`RESIDENT_ALIGN_BYTES`]. Cannot fault, unlike a
/// mapped file. Freed, and its room given back, when dropped: no slice of it outlives that.
pub struct Resident {
    memory: ReadOnly,
    start: usize,
    len: usize,
    _room: ResidentRoom,
}

impl Resident {
    /// Bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes `start..end`; `None` if out of range.
    #[inline]
    pub fn get(&self, start: usize, end: usize) -> Option<&[u8]> {
        if end > self.len || start > end {
            return None;
        }
        self.memory.get(self.start + start..self.start + end)
    }
}

impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resident").field("len", &self.len).finish()
    }
}
