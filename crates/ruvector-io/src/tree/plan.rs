//! Decides what a request changes in a tree, or why it is refused. Never changes an entry.

use std::io::ErrorKind;
use std::sync::Arc;

use super::{Change, DirId, Entry, Slot, Tree, join};
use crate::error::IoError;
use crate::path;

impl<F> Tree<F> {
    /// The slot of a path whose directory exists.
    fn slot(&self, op: &'static str, path: &str) -> Result<Slot, IoError> {
        self.slot_for(op, path, path)
    }

    /// As [`Tree::slot`], with errors about the path `blamed`.
    fn slot_for(&self, op: &'static str, path: &str, blamed: &str) -> Result<Slot, IoError> {
        let (parent, name) = path::split(path);
        let dir = match self.find(op, parent) {
            Ok(Some(Entry::Dir(dir))) => dir,
            Ok(None) => return Err(IoError::from_kind(op, blamed, ErrorKind::NotFound)),
            Ok(Some(Entry::File(_))) | Err(_) => {
                return Err(IoError::from_kind(op, blamed, ErrorKind::NotADirectory));
            }
        };
        Ok(Slot {
            dir,
            name: name.to_owned(),
        })
    }

    pub(crate) fn plan_create(
        &self,
        op: &'static str,
        path: &str,
        file: Arc<F>,
    ) -> Result<Change<F>, IoError> {
        path::check(op, path)?;
        let at = self.slot(op, path)?;
        if self.entry(at.dir, &at.name).is_some() {
            return Err(IoError::from_kind(op, path, ErrorKind::AlreadyExists));
        }
        Ok(Change::Link {
            at,
            entry: Entry::File(file),
        })
    }

    /// `None` if the directory exists already.
    pub(crate) fn plan_create_dir(&self, op: &'static str, path: &str) -> Result<Option<Change<F>>, IoError> {
        path::check(op, path)?;
        let at = self.slot(op, path)?;
        match self.entry(at.dir, &at.name) {
            Some(Entry::Dir(_)) => Ok(None),
            Some(Entry::File(_)) => Err(IoError::from_kind(op, path, ErrorKind::AlreadyExists)),
            None => Ok(Some(Change::Link {
                at,
                entry: Entry::Dir(self.next_dir),
            })),
        }
    }

    pub(crate) fn plan_remove(&self, op: &'static str, path: &str) -> Result<Change<F>, IoError> {
        path::check(op, path)?;
        let file = self.file(op, path)?;
        Ok(Change::Unlink {
            at: self.slot(op, path)?,
            entry: Entry::File(file),
        })
    }

    /// Removals, deepest first; none if the directory is missing.
    pub(crate) fn plan_remove_dir_all(
        &self,
        op: &'static str,
        path: &str,
    ) -> Result<Vec<Change<F>>, IoError> {
        path::check(op, path)?;
        let Some(entry) = self.find(op, path)? else {
            return Ok(Vec::new());
        };
        let Entry::Dir(dir) = entry else {
            return Err(IoError::from_kind(op, path, ErrorKind::NotADirectory));
        };
        let mut dirs: Vec<DirId> = vec![dir];
        let mut removals = vec![Change::Unlink {
            at: self.slot(op, path)?,
            entry: Entry::Dir(dir),
        }];
        while let Some(dir) = dirs.pop() {
            dirs.extend(self.subdirs(dir));
            for (name, entry) in self.dirs.get(&dir).into_iter().flatten() {
                let at = Slot {
                    dir,
                    name: name.clone(),
                };
                removals.push(Change::Unlink {
                    at,
                    entry: entry.clone(),
                });
            }
        }
        removals.reverse();
        Ok(removals)
    }

    /// `None` if both names already stand for the same thing.
    pub(crate) fn plan_rename(
        &self,
        op: &'static str,
        from: &str,
        to: &str,
    ) -> Result<Option<Change<F>>, IoError> {
        path::check(op, from)?;
        path::check(op, to)?;
        let (from_slot, to_slot) = (self.slot(op, from)?, self.slot_for(op, to, from)?);
        let entry = self.need(op, from)?;
        let target = self.entry(to_slot.dir, &to_slot.name);
        if target.is_some_and(|target| target.is_same(&entry)) {
            return Ok(None);
        }
        if to.starts_with(&join(from, "")) {
            return Err(IoError::from_kind(op, from, ErrorKind::InvalidInput));
        }
        match (&entry, target) {
            (_, Some(Entry::Dir(_))) if from.starts_with(&join(to, "")) => {
                return Err(IoError::from_kind(op, from, ErrorKind::DirectoryNotEmpty));
            }
            (Entry::Dir(_), Some(Entry::File(_))) => {
                return Err(IoError::from_kind(op, from, ErrorKind::NotADirectory));
            }
            (Entry::File(_), Some(Entry::Dir(_))) => {
                return Err(IoError::from_kind(op, from, ErrorKind::IsADirectory));
            }
            (Entry::Dir(_), Some(Entry::Dir(dir))) if self.dirs.get(dir).is_some_and(|d| !d.is_empty()) => {
                return Err(IoError::from_kind(op, from, ErrorKind::DirectoryNotEmpty));
            }
            _ => {}
        }
        Ok(Some(Change::Rename {
            from: from_slot,
            to: to_slot,
            entry,
        }))
    }

    pub(crate) fn plan_hard_link(
        &self,
        op: &'static str,
        from: &str,
        to: &str,
    ) -> Result<Change<F>, IoError> {
        path::check(op, from)?;
        path::check(op, to)?;
        let entry = self.need(op, from)?;
        let at = self.slot_for(op, to, from)?;
        if self.entry(at.dir, &at.name).is_some() {
            return Err(IoError::from_kind(op, from, ErrorKind::AlreadyExists));
        }
        if entry.is_dir() {
            return Err(IoError::from_kind(op, from, ErrorKind::PermissionDenied));
        }
        Ok(Change::Link { at, entry })
    }
}
