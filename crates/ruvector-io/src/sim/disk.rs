//! The interface over the simulated disk. Never takes effect once the power is off.

use std::sync::Arc;
use std::time::Duration;

use super::SimDisk;
use super::file::{SimFile, SimNode};
use crate::error::IoError;
use crate::mem::{HeldPath, duration_ms};
use crate::region::Region;
use crate::{DirEntry, File, Io, Lock, MemoryUse, ResidentBuffer, ResidentRoom, Thread, path};

impl SimDisk {
    fn handle(&self, node: Arc<SimNode>, path: &str) -> Arc<dyn File> {
        Arc::new(SimFile {
            disk: Arc::clone(&self.state),
            node,
            path: path.to_owned(),
        })
    }
}

impl Io for SimDisk {
    fn create_dir(&self, path: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        state.powered("create_dir", path)?;
        match state.live.plan_create_dir("create_dir", path)? {
            Some(change) => state.change("create_dir", path, change),
            None => Ok(()),
        }
    }

    fn remove_dir_all(&self, path: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        state.powered("remove_dir_all", path)?;
        for change in state.live.plan_remove_dir_all("remove_dir_all", path)? {
            state.change("remove_dir_all", path, change)?;
        }
        Ok(())
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>, IoError> {
        let state = self.state.lock();
        state.powered("list", path)?;
        state.live.list("list", path)
    }

    fn sync_dir(&self, path: &str) -> Result<(), IoError> {
        path::check_dir("sync_dir", path)?;
        let mut state = self.state.lock();
        state.powered("sync_dir", path)?;
        let dir = state.live.dir("sync_dir", path)?;
        state.sync_step("sync_dir", path)?;
        state.make_durable(dir);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        state.powered("rename", from)?;
        match state.live.plan_rename("rename", from, to)? {
            Some(change) => state.change("rename", from, change),
            None => Ok(()),
        }
    }

    fn remove(&self, path: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        state.powered("remove", path)?;
        let change = state.live.plan_remove("remove", path)?;
        state.change("remove", path, change)
    }

    fn len(&self, path: &str) -> Result<Option<u64>, IoError> {
        let state = self.state.lock();
        state.powered("len", path)?;
        state.live.len("len", path)
    }

    fn create(&self, path: &str) -> Result<Arc<dyn File>, IoError> {
        let node = Arc::new(SimNode::new(Vec::new()));
        let mut state = self.state.lock();
        state.powered("create", path)?;
        let change = state.live.plan_create("create", path, Arc::clone(&node))?;
        state.change("create", path, change)?;
        Ok(self.handle(node, path))
    }

    fn open_append(&self, path: &str) -> Result<Arc<dyn File>, IoError> {
        path::check("open_append", path)?;
        let state = self.state.lock();
        state.powered("open_append", path)?;
        Ok(self.handle(state.live.file("open_append", path)?, path))
    }

    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, IoError> {
        let state = self.state.lock();
        state.powered("read", path)?;
        state.live.read("read", path, bytes_max)
    }

    fn map(&self, path: &str) -> Result<Region, IoError> {
        let state = self.state.lock();
        state.powered("map", path)?;
        state.live.map("map", path)
    }

    fn allocate_resident(&self, _name: &str, _room: ResidentRoom) -> Result<Option<ResidentBuffer>, IoError> {
        Ok(None)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), IoError> {
        let mut state = self.state.lock();
        state.powered("hard_link", from)?;
        let change = state.live.plan_hard_link("hard_link", from, to)?;
        state.change("hard_link", from, change)
    }

    fn disk_bytes(&self, path: &str) -> Result<u64, IoError> {
        let state = self.state.lock();
        state.powered("disk_bytes", path)?;
        state.live.disk_bytes("disk_bytes", path)
    }

    fn lock(&self, path: &str) -> Result<Lock, IoError> {
        path::check("lock", path)?;
        let mut state = self.state.lock();
        state.powered("lock", path)?;
        if state.live.find("lock", path)?.is_none() {
            let change = state
                .live
                .plan_create("lock", path, Arc::new(SimNode::new(Vec::new())))?;
            state.change("lock", path, change)?;
        }
        state.live.file("lock", path)?;
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
