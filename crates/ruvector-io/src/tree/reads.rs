//! The reading half of the interface over a tree of files in memory. Never changes a file's bytes.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::MappedMutexGuard;

use super::{Entry, Tree};
use crate::content::Content;
use crate::error::IoError;
use crate::region::Region;
use crate::{DirEntry, path};

/// A file whose current bytes can be had.
pub(crate) trait Live {
    fn live(&self) -> MappedMutexGuard<'_, Content>;
}

impl<F: Live> Tree<F> {
    pub(crate) fn list(&self, op: &'static str, path: &str) -> Result<Vec<DirEntry>, IoError> {
        path::check_dir(op, path)?;
        let dir = self.dir(op, path)?;
        let entries = self.dirs.get(&dir).into_iter().flatten();
        let describe = |(name, entry): (&String, &Entry<F>)| match entry {
            Entry::Dir(_) => DirEntry {
                name: name.clone(),
                is_dir: true,
                len: 0,
            },
            Entry::File(file) => DirEntry {
                name: name.clone(),
                is_dir: false,
                len: file.live().len(),
            },
        };
        Ok(entries.map(describe).collect())
    }

    pub(crate) fn len(&self, op: &'static str, path: &str) -> Result<Option<u64>, IoError> {
        path::check_dir(op, path)?;
        Ok(self.find(op, path)?.map(|entry| match entry {
            Entry::Dir(_) => 0,
            Entry::File(file) => file.live().len(),
        }))
    }

    pub(crate) fn read(&self, op: &'static str, path: &str, bytes_max: u64) -> Result<Vec<u8>, IoError> {
        path::check(op, path)?;
        let file = self.file(op, path)?;
        let content = file.live();
        if content.len() > bytes_max {
            return Err(IoError::TooLarge {
                op,
                path: path.to_owned(),
                len: content.len(),
                bytes_max,
            });
        }
        Ok(content.bytes().to_vec())
    }

    pub(crate) fn map(&self, op: &'static str, path: &str) -> Result<Region, IoError> {
        path::check(op, path)?;
        Ok(self.file(op, path)?.live().map())
    }

    /// Lengths of the files below a path, each file once whatever its names.
    pub(crate) fn disk_bytes(&self, op: &'static str, path: &str) -> Result<u64, IoError> {
        path::check_dir(op, path)?;
        let files = match self.need(op, path)? {
            Entry::File(file) => return Ok(file.live().len()),
            Entry::Dir(dir) => self.files(dir),
        };
        let mut counted = BTreeSet::new();
        let once = files.iter().filter(|(_, file)| counted.insert(Arc::as_ptr(file)));
        Ok(once.map(|(_, file)| file.live().len()).sum())
    }
}
