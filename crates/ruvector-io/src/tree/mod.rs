//! A directory tree in memory with the errors POSIX gives: plans changes, applies them separately.
//! Never looks into files; the simulated disk applies the same changes to two trees.

mod plan;
mod reads;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::Arc;

use crate::error::IoError;

pub(crate) use reads::Live;

/// Names a directory for ever, whatever it is called. The root is [`ROOT`].
pub(crate) type DirId = u64;
pub(crate) const ROOT: DirId = 0;

/// What a name stands for.
#[derive(Debug)]
pub(crate) enum Entry<F> {
    Dir(DirId),
    File(Arc<F>),
}

impl<F> Clone for Entry<F> {
    fn clone(&self) -> Entry<F> {
        match self {
            Entry::Dir(id) => Entry::Dir(*id),
            Entry::File(file) => Entry::File(Arc::clone(file)),
        }
    }
}

impl<F> Entry<F> {
    pub(crate) fn is_same(&self, other: &Entry<F>) -> bool {
        match (self, other) {
            (Entry::Dir(a), Entry::Dir(b)) => a == b,
            (Entry::File(a), Entry::File(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    pub(crate) fn is_dir(&self) -> bool {
        matches!(self, Entry::Dir(_))
    }
}

/// A place for an entry: a directory and a name in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) dir: DirId,
    pub(crate) name: String,
}

/// One change of directory entries, all or nothing.
#[derive(Debug)]
pub(crate) enum Change<F> {
    Link { at: Slot, entry: Entry<F> },
    Unlink { at: Slot, entry: Entry<F> },
    Rename { from: Slot, to: Slot, entry: Entry<F> },
}

impl<F> Change<F> {
    /// The directory whose sync makes the change durable: of a rename, the new name's.
    pub(crate) fn dir(&self) -> DirId {
        match self {
            Change::Link { at, .. } | Change::Unlink { at, .. } => at.dir,
            Change::Rename { to, .. } => to.dir,
        }
    }

    /// The slots that the change reads or writes.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        let (first, second) = match self {
            Change::Link { at, .. } | Change::Unlink { at, .. } => (at, None),
            Change::Rename { from, to, .. } => (from, Some(to)),
        };
        std::iter::once(first).chain(second)
    }

    pub(crate) fn entry(&self) -> &Entry<F> {
        match self {
            Change::Link { entry, .. } | Change::Unlink { entry, .. } | Change::Rename { entry, .. } => entry,
        }
    }
}

/// Directories by id. `F` is a file; its links are counted by `Arc`.
#[derive(Debug)]
pub(crate) struct Tree<F> {
    dirs: BTreeMap<DirId, BTreeMap<String, Entry<F>>>,
    next_dir: DirId,
}

impl<F> Tree<F> {
    pub(crate) fn new() -> Tree<F> {
        Tree {
            dirs: BTreeMap::from([(ROOT, BTreeMap::new())]),
            next_dir: ROOT + 1,
        }
    }

    fn entry(&self, dir: DirId, name: &str) -> Option<&Entry<F>> {
        self.dirs.get(&dir)?.get(name)
    }

    /// The entry of a checked path, `None` if it or a directory before it is missing.
    pub(crate) fn find(&self, op: &'static str, path: &str) -> Result<Option<Entry<F>>, IoError> {
        let mut at = Entry::Dir(ROOT);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Entry::Dir(dir) = at else {
                return Err(IoError::from_kind(op, path, ErrorKind::NotADirectory));
            };
            match self.entry(dir, name) {
                Some(entry) => at = entry.clone(),
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    pub(crate) fn need(&self, op: &'static str, path: &str) -> Result<Entry<F>, IoError> {
        self.find(op, path)?
            .ok_or_else(|| IoError::from_kind(op, path, ErrorKind::NotFound))
    }

    pub(crate) fn file(&self, op: &'static str, path: &str) -> Result<Arc<F>, IoError> {
        match self.need(op, path)? {
            Entry::File(file) => Ok(file),
            Entry::Dir(_) => Err(IoError::from_kind(op, path, ErrorKind::IsADirectory)),
        }
    }

    pub(crate) fn dir(&self, op: &'static str, path: &str) -> Result<DirId, IoError> {
        match self.need(op, path)? {
            Entry::Dir(dir) => Ok(dir),
            Entry::File(_) => Err(IoError::from_kind(op, path, ErrorKind::NotADirectory)),
        }
    }

    /// Carries a change out. Also defined for a tree that missed earlier changes: an entry is taken
    /// from a name only if it is there.
    pub(crate) fn apply(&mut self, change: &Change<F>) {
        match change {
            Change::Link { at, entry } => self.put(at, entry),
            Change::Unlink { at, entry } => self.take(at, entry),
            Change::Rename { from, to, entry } => {
                self.take(from, entry);
                if let Some(Entry::Dir(replaced)) = self.entry(to.dir, &to.name) {
                    let replaced = *replaced;
                    self.forget_if_empty(replaced);
                }
                self.put(to, entry);
                return;
            }
        }
        if let Change::Unlink {
            entry: Entry::Dir(dir),
            ..
        } = change
        {
            self.forget_if_empty(*dir);
        }
    }

    fn put(&mut self, at: &Slot, entry: &Entry<F>) {
        if let Entry::Dir(dir) = entry {
            self.dirs.entry(*dir).or_default();
            self.next_dir = self.next_dir.max(dir + 1);
        }
        self.dirs
            .entry(at.dir)
            .or_default()
            .insert(at.name.clone(), entry.clone());
    }

    fn take(&mut self, at: &Slot, entry: &Entry<F>) {
        let Some(dir) = self.dirs.get_mut(&at.dir) else {
            return;
        };
        if dir.get(&at.name).is_some_and(|found| found.is_same(entry)) {
            dir.remove(&at.name);
        }
    }

    fn forget_if_empty(&mut self, dir: DirId) {
        if self.dirs.get(&dir).is_some_and(BTreeMap::is_empty) {
            self.dirs.remove(&dir);
        }
    }

    /// Directories directly in `dir`.
    pub(crate) fn subdirs(&self, dir: DirId) -> impl Iterator<Item = DirId> {
        let entries = self.dirs.get(&dir).into_iter().flat_map(BTreeMap::values);
        entries.filter_map(|entry| {
            if let Entry::Dir(id) = entry {
                Some(*id)
            } else {
                None
            }
        })
    }

    /// Forgets all directories but these.
    pub(crate) fn retain(&mut self, kept: &BTreeSet<DirId>) {
        self.dirs.retain(|dir, _| kept.contains(dir));
    }

    /// Every file below a directory with its path, in the order of paths by component.
    pub(crate) fn files(&self, below: DirId) -> Vec<(String, Arc<F>)> {
        let mut found = Vec::new();
        let mut open = vec![(String::new(), Entry::Dir(below))];
        while let Some((path, entry)) = open.pop() {
            match entry {
                Entry::File(file) => found.push((path, file)),
                Entry::Dir(dir) => {
                    let entries = self.dirs.get(&dir).into_iter().flatten().rev();
                    open.extend(entries.map(|(name, entry)| (join(&path, name), entry.clone())));
                }
            }
        }
        found
    }

    /// The same directories with every reachable file replaced; a file with several names once.
    pub(crate) fn map_files<G>(&self, mut replace: impl FnMut(&F) -> G) -> Tree<G> {
        let mut replaced: BTreeMap<*const F, Arc<G>> = BTreeMap::new();
        for (_, file) in self.files(ROOT) {
            replaced
                .entry(Arc::as_ptr(&file))
                .or_insert_with(|| Arc::new(replace(&file)));
        }
        let copy = |(name, entry): (&String, &Entry<F>)| {
            let entry = match entry {
                Entry::Dir(dir) => Entry::Dir(*dir),
                Entry::File(file) => Entry::File(Arc::clone(replaced.get(&Arc::as_ptr(file))?)),
            };
            Some((name.clone(), entry))
        };
        let dirs = self
            .dirs
            .iter()
            .map(|(dir, entries)| (*dir, entries.iter().filter_map(copy).collect()));
        Tree {
            dirs: dirs.collect(),
            next_dir: self.next_dir,
        }
    }
}

impl<F> Clone for Tree<F> {
    fn clone(&self) -> Tree<F> {
        Tree {
            dirs: self.dirs.clone(),
            next_dir: self.next_dir,
        }
    }
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() {
        name.to_owned()
    } else {
        format!("{dir}/{name}")
    }
}
