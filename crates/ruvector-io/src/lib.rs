//! Sole owner of files, mappings, clock, randomness and threads: real, in memory, simulated.
//! Never interprets what a file holds.
//!
//! [`Io`] is the whole world as the engine sees it. Backends: `RealIo` (an operating system's
//! directory), [`MemIo`] (a browser, plain tests), [`sim::SimDisk`] (crash tests).
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(not(target_family = "wasm"))]
mod background;
mod content;
mod error;
mod mem;
mod path;
mod random;
mod region;
mod resident;
pub mod sim;
mod tree;

#[cfg(not(target_family = "wasm"))]
mod limits;
#[cfg(not(target_family = "wasm"))]
mod mapping;
#[cfg(not(target_family = "wasm"))]
mod real;
#[cfg(not(target_family = "wasm"))]
mod real_file;
#[cfg(unix)]
mod sigbus;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use error::IoError;
#[cfg(not(target_family = "wasm"))]
pub use limits::raise_open_files_limit;
pub use mem::MemIo;
pub use path::NAME_BYTES_MAX;
#[cfg(not(target_family = "wasm"))]
pub use real::RealIo;
pub use region::Region;
pub use resident::{RESIDENT_ALIGN_BYTES, Resident, ResidentBudget, ResidentBuffer, ResidentRoom};

/// Files, clock, randomness and threads of one backend.
///
/// Paths are relative to the backend's root and '/'-separated; components are 1 to
/// [`NAME_BYTES_MAX`] bytes of `[A-Za-z0-9._-]`, never "." or ".."; anything else is
/// [`IoError::BadPath`]. The root is "", accepted by `list`, `sync_dir`, `len` and `disk_bytes` only.
/// Errors of operations on two paths carry the first, unless the second is the bad path.
///
/// Nothing is durable (survives loss of power) before [`File::sync`] of the data *and*
/// [`Io::sync_dir`] of the directory that holds its name; everything survives the end of the process.
pub trait Io: Send + Sync + fmt::Debug {
    /// Makes a directory whose parent exists. Ok if the directory exists already.
    fn create_dir(&self, path: &str) -> Result<(), IoError>;

    /// Removes a directory and all below it, deepest first. Ok if missing. A stop half-way leaves a part.
    fn remove_dir_all(&self, path: &str) -> Result<(), IoError>;

    /// What a directory holds, sorted by name. Names from elsewhere may not be valid path components.
    fn list(&self, path: &str) -> Result<Vec<DirEntry>, IoError>;

    /// Makes creations, renames and removals directly in this directory durable.
    fn sync_dir(&self, path: &str) -> Result<(), IoError>;

    /// Moves a file or directory, atomically replacing a file (or empty directory) of the new name.
    /// Durable after `sync_dir` of the new name's directory. If both names are already links to
    /// one file nothing happens, as POSIX has it.
    fn rename(&self, from: &str, to: &str) -> Result<(), IoError>;

    /// Removes a file's name; open handles and regions stay readable.
    fn remove(&self, path: &str) -> Result<(), IoError>;

    /// Bytes of a file, `Some(0)` for a directory, `None` if missing.
    fn len(&self, path: &str) -> Result<Option<u64>, IoError>;

    /// A new empty file for appending; `AlreadyExists` if the name is taken.
    fn create(&self, path: &str) -> Result<Arc<dyn File>, IoError>;

    /// An existing file, to append at its end. One handle at a time appends to a file.
    fn open_append(&self, path: &str) -> Result<Arc<dyn File>, IoError>;

    /// All of a small file; `TooLarge` above `bytes_max`, before anything is allocated.
    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, IoError>;

    /// A read-only view of a file that nobody changes any more.
    fn map(&self, path: &str) -> Result<Region, IoError>;

    /// Anonymous memory of the size of `room`, to fill with a copy of what is read at random; `name` says in
    /// errors what it is for. `None` where mapped files are in such memory already (in memory, simulated).
    fn allocate_resident(&self, name: &str, room: ResidentRoom) -> Result<Option<ResidentBuffer>, IoError>;

    /// A second name for a file.
    fn hard_link(&self, from: &str, to: &str) -> Result<(), IoError>;

    /// Bytes allocated for a directory and all below it, a file with several names once. Real: blocks,
    /// directories included, as `du` counts; in memory and simulated: lengths of files.
    fn disk_bytes(&self, path: &str) -> Result<u64, IoError>;

    /// Takes the exclusive advisory lock of a lock file, made if missing; `Locked` if held, also by
    /// this process. The lock ends when [`Lock`] is dropped; the file stays.
    fn lock(&self, path: &str) -> Result<Lock, IoError>;

    /// Time since the backend was made. In memory and simulated: only what `advance` added.
    fn monotonic(&self) -> Duration;

    /// Unix time in milliseconds.
    fn wall_clock_ms(&self) -> u64;

    /// 64 random bits: for seeds and identifiers, not for secrets.
    fn random_u64(&self) -> u64;

    /// Runs `work` on a new thread; `NoThreads` in memory and simulated.
    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> Result<Thread, IoError>;

    /// Tells the system that the calling thread computes for long and nobody waits for it: threads that wake get its
    /// processor at once, and its share of the time stays what it is. A hint, for good; nothing without threads.
    fn compute_in_background(&self) {}

    /// Calls `work` with every number below `parts` and returns when all calls have: at the same time where the
    /// backend has threads (`parts` of them, this one included), else one after the other. A call that panics
    /// panics here, when the others are done.
    fn run_parallel(&self, parts: u32, work: &(dyn Fn(u32) + Sync)) {
        (0..parts).for_each(work);
    }

    /// Processors that this process may use: 1 without threads.
    fn processors(&self) -> u32 {
        1
    }

    /// Memory of this process and of the machine.
    fn memory(&self) -> MemoryUse;
}

/// A file open for appending.
pub trait File: Send + Sync + fmt::Debug {
    /// Hands the bytes to the operating system: they survive the end of the process, not yet a loss of
    /// power. After an error a prefix may have been written; [`File::len`] says how much stands.
    fn append(&self, bytes: &[u8]) -> Result<(), IoError>;

    /// Bytes in the file, through this handle.
    fn len(&self) -> u64;

    /// True if nothing was appended yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cuts the file to `len` bytes; longer than it is: refused as `Os` of kind `InvalidInput`.
    fn truncate(&self, len: u64) -> Result<(), IoError>;

    /// Makes the file's data and length durable, not its name (see [`Io::sync_dir`]). After an error
    /// the file must not be trusted, even if a later call succeeds: the system may have dropped pages.
    fn sync(&self) -> Result<(), IoError>;
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// Last path component.
    pub name: String,
    /// True for a directory.
    pub is_dir: bool,
    /// Bytes of a file; 0 for a directory.
    pub len: u64,
}

/// Memory of this process and of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// Resident bytes, mapped files included; 0 where the platform does not tell (all but Linux).
    pub resident_bytes: u64,
    /// Memory of the machine, or what its control group allows the process if that is less; 0 where the
    /// platform does not tell (all but Linux and macOS).
    pub physical_bytes: u64,
}

/// An exclusive lock, held until dropped.
pub struct Lock(#[expect(dead_code, reason = "held for its Drop")] Box<dyn Any + Send + Sync>);

impl Lock {
    /// Wraps what releases the lock when dropped: for backends, and wrappers of them.
    pub fn new(held: impl Any + Send + Sync) -> Lock {
        Lock(Box::new(held))
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lock")
    }
}

/// A running thread; detached if dropped.
pub struct Thread(Box<dyn FnOnce() -> bool + Send>);

impl Thread {
    /// Wraps what waits for the thread's end and tells whether it ended without a panic.
    pub fn new(join: impl FnOnce() -> bool + Send + 'static) -> Thread {
        Thread(Box::new(join))
    }

    /// Waits for the end of the thread; false if its work panicked.
    pub fn join(self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thread")
    }
}
