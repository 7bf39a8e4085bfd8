//! Decides which paths a backend accepts. Never touches a file.

use crate::error::IoError;

/// Longest path component, in bytes: what common file systems allow.
pub const NAME_BYTES_MAX: usize = 255;

fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !bytes.is_empty()
        && bytes.len() <= NAME_BYTES_MAX
        && bytes.iter().all(allowed)
        && name != "."
        && name != ".."
}

/// Accepts one or more valid components; the root ("") is refused.
pub(crate) fn check(op: &'static str, path: &str) -> Result<(), IoError> {
    if path.split('/').all(is_name) {
        Ok(())
    } else {
        Err(IoError::BadPath {
            op,
            path: path.to_owned(),
        })
    }
}

/// As [`check`], and the root ("") too.
pub(crate) fn check_dir(op: &'static str, path: &str) -> Result<(), IoError> {
    if path.is_empty() { Ok(()) } else { check(op, path) }
}

/// Directory ("" for the root) and last component of a checked path.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
