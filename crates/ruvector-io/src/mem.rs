//! The backend of a browser and of plain tests: files in memory, a clock that its owner moves.
//! Never outlives its last clone; never reads a clock or starts a thread.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};

use crate::content::Content;
use crate::error::IoError;
use crate::random::SplitMix;
use crate::region::Region;
use crate::tree::{Live, Tree};
use crate::{DirEntry, File, Io, Lock, MemoryUse, ResidentBuffer, ResidentRoom, Thread, path};

/// Where the clocks of backends without a clock start: 2023-11-14T22:13:20Z.
pub(crate) const WALL_CLOCK_START_MS: u64 = 1_700_000_000_000;

/// Files in memory. Clones are the same files.
#[derive(Debug, Clone)]
pub struct MemIo {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    tree: Tree<MemNode>,
    locked: Arc<Mutex<BTreeSet<String>>>,
    random: SplitMix,
    monotonic: Duration,
    wall_clock_start_ms: u64,
}

#[derive(Debug)]
struct MemNode(Mutex<Content>);

impl MemNode {
    fn empty() -> Arc<MemNode> {
        Arc::new(MemNode(Mutex::new(Content::new(Vec::new()))))
    }
}

impl Live for MemNode {
    fn live(&self) -> MappedMutexGuard<'_, Content> {
        MutexGuard::map(self.0.lock(), |content| content)
    }
}

impl MemIo {
    /// No files, seed 0, clock at a fixed date.
    pub fn new() -> MemIo {
        MemIo::with_origin(0, WALL_CLOCK_START_MS)
    }

    /// No files; `seed` decides `random_u64`, and the wall clock starts at `wall_clock_ms`.
    pub fn with_origin(seed: u64, wall_clock_ms: u64) -> MemIo {
        let state = State {
            tree: Tree::new(),
            locked: Arc::default(),
            random: SplitMix(seed),
            monotonic: Duration::ZERO,
            wall_clock_start_ms: wall_clock_ms,
        };
        MemIo {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        self.state.lock().monotonic += by;
    }
}

impl Default for MemIo {
    fn default() -> MemIo {
        MemIo::new()
    }
}

/// Releases its path when dropped.
#[derive(Debug)]
pub(crate) struct HeldPath {
    pub(crate) locked: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) path: String,
}

impl HeldPath {
    /// Takes the lock of a path in a set of taken ones.
    pub(crate) fn take(
        locked: &Arc<Mutex<BTreeSet<String>>>,
        op: &'static str,
        path: &str,
    ) -> Result<Lock, IoError> {
        if !locked.lock().insert(path.to_owned()) {
            return Err(IoError::Locked {
                op,
                path: path.to_owned(),
            });
        }
        Ok(Lock::new(HeldPath {
            locked: Arc::clone(locked),
            path: path.to_owned(),
        }))
    }
}

impl Drop for HeldPath {
    fn drop(&mut self) {
        self.locked.lock().remove(&self.path);
    }
}

#[derive(Debug)]
struct MemFile {
    node: Arc<MemNode>,
    path: String,
}

impl File for MemFile {
    fn append(&self, bytes: &[u8]) -> Result<(), IoError> {
        self.node.live().make_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn len(&self) -> u64 {
        self.node.live().len()
    }

    fn truncate(&self, len: u64) -> Result<(), IoError> {
        let mut content = self.node.live();
        match usize::try_from(len) {
            Ok(kept) if len <= content.len() => content.make_mut().truncate(kept),
            _ => {
                return Err(IoError::from_kind(
                    "truncate",
                    &self.path,
                    ErrorKind::InvalidInput,
                ));
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), IoError> {
        Ok(())
    }
}

impl Io for MemIo {
    fn create_dir(&self, path: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        if let Some(change) = state.tree.plan_create_dir("create_dir", path)? {
            state.tree.apply(&change);
        }
        Ok(())
    }

    fn remove_dir_all(&self, path: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        for change in state.tree.plan_remove_dir_all("remove_dir_all", path)? {
            state.tree.apply(&change);
        }
        Ok(())
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>, IoError> {
        self.state.lock().tree.list("list", path)
    }

    fn sync_dir(&self, path: &str) -> Result<(), IoError> {
        path::check_dir("sync_dir", path)?;
        self.state.lock().tree.dir("sync_dir", path).map(|_| ())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        if let Some(change) = state.tree.plan_rename("rename", from, to)? {
            state.tree.apply(&change);
        }
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        let change = state.tree.plan_remove("remove", path)?;
        state.tree.apply(&change);
        Ok(())
    }

    fn len(&self, path: &str) -> Result<Option<u64>, IoError> {
        self.state.lock().tree.len("len", path)
    }

    fn create(&self, path: &str) -> Result<Arc<dyn File>, IoError> {
        let node = MemNode::empty();
        let mut state = self.state.lock();
        let change = state.tree.plan_create("create", path, Arc::clone(&node))?;
        state.tree.apply(&change);
        Ok(Arc::new(MemFile {
            node,
            path: path.to_owned(),
        }))
    }

    fn open_append(&self, path: &str) -> Result<Arc<dyn File>, IoError> {
        path::check("open_append", path)?;
        let node = self.state.lock().tree.file("open_append", path)?;
        Ok(Arc::new(MemFile {
            node,
            path: path.to_owned(),
        }))
    }

    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, IoError> {
        self.state.lock().tree.read("read", path, bytes_max)
    }

    fn map(&self, path: &str) -> Result<Region, IoError> {
        self.state.lock().tree.map("map", path)
    }

    fn allocate_resident(&self, _name: &str, _room: ResidentRoom) -> Result<Option<ResidentBuffer>, IoError> {
        Ok(None)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        let change = state.tree.plan_hard_link("hard_link", from, to)?;
        state.tree.apply(&change);
        Ok(())
    }

    fn disk_bytes(&self, path: &str) -> Result<u64, IoError> {
        self.state.lock().tree.disk_bytes("disk_bytes", path)
    }

    fn lock(&self, path: &str) -> Result<Lock, IoError> {
        path::check("lock", path)?;
        let mut state = self.state.lock();
        if state.tree.find("lock", path)?.is_none() {
            let change = state.tree.plan_create("lock", path, MemNode::empty())?;
            state.tree.apply(&change);
        }
        state.tree.file("lock", path)?;
        HeldPath::take(&state.locked, "lock", path)
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().monotonic
    }

    fn wall_clock_ms(&self) -> u64 {
        let state = self.state.lock();
        state
            .wall_clock_start_ms
            .saturating_add(duration_ms(state.monotonic))
    }

    fn random_u64(&self) -> u64 {
        self.state.lock().random.next()
    }

    fn spawn(&self, name: &str, _work: Box<dyn FnOnce() + Send>) -> Result<Thread, IoError> {
        Err(IoError::NoThreads {
            op: "spawn",
            path: name.to_owned(),
        })
    }

    fn memory(&self) -> MemoryUse {
        MemoryUse::default()
    }
}

pub(crate) fn duration_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
