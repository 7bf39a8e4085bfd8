//! Everything the simulated disk remembers: both trees, changes not yet durable, counters, faults.
//! Never lets an operation pass without counting it.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Fault;
use super::file::SimNode;
use crate::error::IoError;
use crate::mem::WALL_CLOCK_START_MS;
use crate::random::SplitMix;
use crate::tree::{Change, DirId, Entry, ROOT, Slot, Tree};

#[derive(Debug)]
pub(super) struct State {
    pub(super) live: Tree<SimNode>,
    pub(super) durable: Tree<SimNode>,
    /// Changes in `live` that `durable` lacks, oldest first.
    pub(super) pending: Vec<Change<SimNode>>,
    pub(super) ops: u64,
    pub(super) sync_points: u64,
    pub(super) stop_at: Option<u64>,
    pub(super) stop_after_op: Option<u64>,
    pub(super) stopped: bool,
    pub(super) faults: Vec<(String, Fault)>,
    pub(super) locked: Arc<Mutex<BTreeSet<String>>>,
    pub(super) random: SplitMix,
    pub(super) monotonic: Duration,
    pub(super) wall_clock_start_ms: u64,
}

/// How much of an append takes effect, and what it returns.
pub(super) enum Appended {
    Whole,
    Part { bytes: usize, error: IoError },
}

impl State {
    pub(super) fn new(seed: u64) -> State {
        State::with_tree(seed, Tree::new(), WALL_CLOCK_START_MS)
    }

    pub(super) fn with_tree(seed: u64, tree: Tree<SimNode>, wall_clock_start_ms: u64) -> State {
        State {
            live: tree.clone(),
            durable: tree,
            pending: Vec::new(),
            ops: 0,
            sync_points: 0,
            stop_at: None,
            stop_after_op: None,
            stopped: false,
            faults: Vec::new(),
            locked: Arc::default(),
            random: SplitMix(seed),
            monotonic: Duration::ZERO,
            wall_clock_start_ms,
        }
    }

    /// Refuses everything once the power is off.
    pub(super) fn powered(&self, op: &'static str, path: &str) -> Result<(), IoError> {
        if self.stopped {
            Err(IoError::Stopped {
                op,
                path: path.to_owned(),
            })
        } else {
            Ok(())
        }
    }

    /// Counts one changing operation, or turns the power off before it.
    pub(super) fn step(&mut self, op: &'static str, path: &str) -> Result<(), IoError> {
        self.stopped |= self.stop_after_op.is_some_and(|limit| self.ops >= limit);
        self.powered(op, path)?;
        self.ops += 1;
        Ok(())
    }

    /// Counts one sync point, or turns the power off before it, or strikes with an ordered fault.
    pub(super) fn sync_step(&mut self, op: &'static str, path: &str) -> Result<(), IoError> {
        self.stopped |= self.stop_at.is_some_and(|limit| self.sync_points >= limit);
        self.step(op, path)?;
        self.sync_points += 1;
        let struck =
            |(part, fault): &(String, Fault)| *fault == Fault::SyncFails && path.contains(part.as_str());
        if let Some(at) = self.faults.iter().position(struck) {
            self.faults.remove(at);
            return Err(IoError::from_kind(op, path, ErrorKind::Other));
        }
        Ok(())
    }

    /// Counts one append of `len` bytes and lets ordered faults cut it.
    pub(super) fn append_step(
        &mut self,
        op: &'static str,
        path: &str,
        len: usize,
    ) -> Result<Appended, IoError> {
        self.step(op, path)?;
        for at in 0..self.faults.len() {
            let (part, fault) = &mut self.faults[at];
            let (Fault::AppendFails { after_bytes } | Fault::DiskFull { after_bytes }) = fault else {
                continue;
            };
            if !path.contains(part.as_str()) {
                continue;
            }
            let len_bytes = len as u64;
            if len_bytes <= *after_bytes {
                *after_bytes -= len_bytes;
                continue;
            }
            let bytes = usize::try_from(*after_bytes).unwrap_or(len);
            let kind = match fault {
                Fault::DiskFull { .. } => ErrorKind::StorageFull,
                Fault::AppendFails { .. } | Fault::SyncFails => ErrorKind::Other,
            };
            self.faults.remove(at);
            return Ok(Appended::Part {
                bytes,
                error: IoError::from_kind(op, path, kind),
            });
        }
        Ok(Appended::Whole)
    }

    /// Counts and applies one change of directory entries; durable later.
    pub(super) fn change(
        &mut self,
        op: &'static str,
        path: &str,
        change: Change<SimNode>,
    ) -> Result<(), IoError> {
        self.step(op, path)?;
        self.live.apply(&change);
        self.pending.push(change);
        Ok(())
    }

    /// Makes the pending changes of one directory durable, and the earlier changes of the same names.
    pub(super) fn make_durable(&mut self, dir: DirId) {
        let survives = survivors(&self.pending, |change| change.dir() == dir);
        let mut dir_removed = false;
        let mut kept = Vec::new();
        for (change, survives) in self.pending.drain(..).zip(survives) {
            if survives {
                self.durable.apply(&change);
                dir_removed |= !matches!(change, Change::Link { .. }) && change.entry().is_dir();
            } else {
                kept.push(change);
            }
        }
        self.pending = kept;
        if dir_removed {
            self.forget_unreachable();
        }
    }

    /// Drops what no present and no later state of the disk can reach.
    fn forget_unreachable(&mut self) {
        let mut reached = BTreeSet::new();
        let mut open = vec![ROOT];
        while let Some(dir) = open.pop() {
            if !reached.insert(dir) {
                continue;
            }
            open.extend(self.live.subdirs(dir).chain(self.durable.subdirs(dir)));
            let linked = self.pending.iter().filter(|change| change.dir() == dir);
            open.extend(linked.filter_map(|change| match change.entry() {
                Entry::Dir(id) => Some(*id),
                Entry::File(_) => None,
            }));
        }
        self.durable.retain(&reached);
        self.pending
            .retain(|change| change.slots().any(|slot| reached.contains(&slot.dir)));
    }
}

/// For each pending change: does it survive, being chosen or because a later survivor uses its name?
pub(super) fn survivors(
    pending: &[Change<SimNode>],
    mut chosen: impl FnMut(&Change<SimNode>) -> bool,
) -> Vec<bool> {
    let mut forced: BTreeSet<&Slot> = BTreeSet::new();
    let mut survives = vec![false; pending.len()];
    for (change, survives) in pending.iter().zip(&mut survives).rev() {
        *survives = chosen(change) || change.slots().any(|slot| forced.contains(slot));
        if *survives {
            forced.extend(change.slots());
        }
    }
    survives
}
