//! One real file open for appending. Never writes anywhere but at its end.

use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::File;
use crate::error::IoError;

/// Appends under a lock, so that the length and the file agree after a failed write too.
#[derive(Debug)]
pub(crate) struct RealFile {
    handle: Mutex<std::fs::File>,
    /// A second handle of the open file, so that a sync does not hold up appends.
    syncing: std::fs::File,
    len_bytes: AtomicU64,
    path: String,
}

impl RealFile {
    pub(crate) fn new(handle: std::fs::File, path: &str) -> io::Result<RealFile> {
        let metadata = handle.metadata()?;
        if metadata.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let syncing = handle.try_clone()?;
        let len_bytes = AtomicU64::new(metadata.len());
        Ok(RealFile {
            handle: Mutex::new(handle),
            syncing,
            len_bytes,
            path: path.to_owned(),
        })
    }

    fn error(&self, op: &'static str, source: io::Error) -> IoError {
        IoError::from_os(op, &self.path, source)
    }
}

impl File for RealFile {
    fn append(&self, mut bytes: &[u8]) -> Result<(), IoError> {
        let mut handle = self.handle.lock();
        if cfg!(windows) {
            // No append mode there: it would forbid truncation.
            handle
                .seek(SeekFrom::End(0))
                .map_err(|source| self.error("append", source))?;
        }
        while !bytes.is_empty() {
            match handle.write(bytes) {
                Ok(0) => return Err(self.error("append", ErrorKind::WriteZero.into())),
                Ok(written) => {
                    self.len_bytes.fetch_add(written as u64, Ordering::Release);
                    bytes = bytes.get(written..).unwrap_or_default();
                }
                Err(source) if source.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(self.error("append", source)),
            }
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len_bytes.load(Ordering::Acquire)
    }

    fn truncate(&self, len: u64) -> Result<(), IoError> {
        let handle = self.handle.lock();
        if len > self.len() {
            return Err(self.error("truncate", ErrorKind::InvalidInput.into()));
        }
        handle
            .set_len(len)
            .map_err(|source| self.error("truncate", source))?;
        self.len_bytes.store(len, Ordering::Release);
        Ok(())
    }

    fn sync(&self) -> Result<(), IoError> {
        self.syncing
            .sync_data()
            .map_err(|source| self.error("sync", source))
    }
}
