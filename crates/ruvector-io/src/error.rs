//! Why an operation on files, locks or threads failed, by cause. Never formats a cause into a string.

use std::io;

/// A failed operation: every variant names the operation and the path (or thread name) it was about.
#[derive(Debug, thiserror::Error)]
pub enum IoError {
    /// The file, or a directory on the way to it, does not exist.
    #[error("{op} {path}: not found")]
    NotFound { op: &'static str, path: String },
    /// Something of that name exists already.
    #[error("{op} {path}: exists already")]
    AlreadyExists { op: &'static str, path: String },
    /// Another process, or another holder in this one, has the lock.
    #[error("{op} {path}: locked by another holder")]
    Locked { op: &'static str, path: String },
    /// The path is not made of components of `[A-Za-z0-9._-]`, 1 to 255 bytes each, none "." or "..".
    #[error("{op} {path:?}: not a valid path")]
    BadPath { op: &'static str, path: String },
    /// The file is longer than the caller allows.
    #[error("{op} {path}: {len} bytes, at most {bytes_max} allowed")]
    TooLarge {
        op: &'static str,
        path: String,
        len: u64,
        bytes_max: u64,
    },
    /// No space, or no quota, left. Bytes before the failure may have been written.
    #[error("{op} {path}: disk full")]
    DiskFull { op: &'static str, path: String },
    /// This backend has no threads: step the work instead.
    #[error("{op} {path}: this backend has no threads")]
    NoThreads { op: &'static str, path: String },
    /// The simulated power is off.
    #[error("{op} {path}: the power is off")]
    Stopped { op: &'static str, path: String },
    /// The platform lacks what was asked for.
    #[error("{op} {path}: {what} is not supported here")]
    NotSupported {
        op: &'static str,
        path: String,
        what: &'static str,
    },
    /// Any other refusal by the operating system.
    #[error("{op} {path}: {source}")]
    Os {
        op: &'static str,
        path: String,
        source: io::Error,
    },
}

impl IoError {
    /// Sorts an operating system's error into the variants above. ENOSPC and EDQUOT become `DiskFull`.
    pub(crate) fn from_os(op: &'static str, path: &str, source: io::Error) -> IoError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => IoError::NotFound { op, path },
            io::ErrorKind::AlreadyExists => IoError::AlreadyExists { op, path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => IoError::DiskFull { op, path },
            _ => IoError::Os { op, path, source },
        }
    }

    /// The error that an operating system would give, for backends that have none below them.
    pub(crate) fn from_kind(op: &'static str, path: &str, kind: io::ErrorKind) -> IoError {
        IoError::from_os(op, path, io::Error::from(kind))
    }
}
