//! A simulated disk for crash tests: a live and a durable image, counted operations, faults on order.
//! Never touches a real file, clock or thread; the same seed and calls give the same bytes.
//!
//! What is durable: a file's bytes after [`File::sync`](crate::File::sync); a directory entry
//! (creation, rename, removal) after [`Io::sync_dir`](crate::Io::sync_dir) of its directory, for a
//! rename the new name's. Changes of *one* name keep their order; others may survive alone.

mod disk;
mod file;
mod power;
mod state;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::IoError;
use crate::tree::ROOT;
use state::State;

/// A simulated disk and its controls. Clones are the same disk; `Arc::new(disk.clone())` is an
/// `Arc<dyn Io>` whose power the original still controls.
#[derive(Debug, Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

/// What is found on the disk after the power comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PowerLoss {
    /// Only what was synced.
    DurableOnly,
    /// All that was written, synced or not: what the end of a process leaves.
    KeepAll,
    /// Anything between: every unsynced 512-byte sector of a file survives, is zeros, or is garbage,
    /// and the unsynced length may be anything up to the live one; every unsynced change of a
    /// directory entry survives or is lost, with the earlier unsynced changes of the same name.
    /// A rename is whole or has not happened.
    Torn,
}

/// An error on order, see [`SimDisk::fail_next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The next `File::sync` or `sync_dir` fails. The file's unsynced bytes never become durable,
    /// although later syncs of the file succeed: what Linux does after a failed write-back.
    SyncFails,
    /// Appends fail with an I/O error once this many more bytes went through; the failing append
    /// leaves its first part in the file.
    AppendFails { after_bytes: u64 },
    /// The same with [`IoError::DiskFull`].
    DiskFull { after_bytes: u64 },
}

impl SimDisk {
    /// An empty disk; `seed` decides `random_u64`.
    pub fn new(seed: u64) -> SimDisk {
        SimDisk::from_state(State::new(seed))
    }

    fn from_state(state: State) -> SimDisk {
        SimDisk {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Sync points passed: calls of `File::sync` and `sync_dir`, failed ones included.
    pub fn sync_points(&self) -> u64 {
        self.state.lock().sync_points
    }

    /// Changing operations passed: every creation, append, truncation, rename, link, removal (of
    /// `remove_dir_all`: each single one) and sync. What changes nothing does not count.
    pub fn ops(&self) -> u64 {
        self.state.lock().ops
    }

    /// The power goes off at sync point `n`, the first being 0, before it takes effect: that call and
    /// all later ones return [`IoError::Stopped`]. Regions stay readable.
    pub fn stop_at(&self, n: u64) {
        self.state.lock().stop_at = Some(n);
    }

    /// The power goes off when `n` changing operations have passed (see [`SimDisk::ops`]): the next
    /// one does not take effect.
    pub fn stop_after_op(&self, n: u64) {
        self.state.lock().stop_after_op = Some(n);
    }

    /// True once the power is off.
    pub fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// Orders one fault, for paths that contain `path_part`. A handle's path is the one it was
    /// opened by. Each order strikes once; several may be outstanding.
    pub fn fail_next(&self, path_part: &str, fault: Fault) {
        self.state.lock().faults.push((path_part.to_owned(), fault));
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        self.state.lock().monotonic += by;
    }

    /// A new disk as found after a loss of power at this moment, with the power on, no locks, all
    /// counters and the monotonic clock at 0. This disk is unchanged. Cost: a copy of all bytes.
    pub fn power_loss(&self, seed: u64, style: PowerLoss) -> SimDisk {
        SimDisk::from_state(power::after_reboot(&self.state.lock(), seed, style))
    }

    /// Flips bit `bit % 8` of one byte, live and durable. Regions mapped earlier keep their bytes.
    /// Works with the power off. `NotFound`, or `Os` of kind `InvalidInput` past the file's end.
    pub fn flip_bit(&self, path: &str, byte: u64, bit: u8) -> Result<(), IoError> {
        let file = self.state.lock().live.file("flip_bit", path)?;
        file.flip_bit(path, byte, 1 << (bit % 8))
    }

    /// Every file with its live length, in the order of paths by component. Works with the power off.
    pub fn files(&self) -> Vec<(String, u64)> {
        let files = self.state.lock().live.files(ROOT);
        files
            .into_iter()
            .map(|(path, file)| (path, file.live_len()))
            .collect()
    }

    /// A file's live bytes. Works with the power off.
    pub fn read_raw(&self, path: &str) -> Result<Vec<u8>, IoError> {
        self.state.lock().live.read("read_raw", path, u64::MAX)
    }
}
