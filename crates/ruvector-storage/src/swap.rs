//! Numbered files of which the newest counts, swapped atomically: manifests and the catalog.
//! Never changes a file in place, never falls back to an older one.
//!
//! ```text
//! {stem}.{generation, 20 digits}
//! 0 magic 4 bytes │ 4 format version u16 │ 6 reserved u16 │ 8 generation u64 │ 16 body bytes u64
//! 24 reserved u32 │ 28 crc32c of bytes 0..28 and the body │ 32 body
//! ```
//! Storing: write `….tmp` and sync it, sync the directory (so that everything the file names is durable before
//! it), rename, sync the directory, remove older ones. A crash at any step leaves the former or the new state.

use ruvector_io::{Io, IoError};

use crate::wire::{Malformed, Reader, put, u32_at};

const HEADER_BYTES: usize = 32;
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What distinguishes one kind of swapped file from another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) stem: &'static str,
    pub(crate) magic: [u8; 4],
    /// The version written; those from 1 on are read.
    pub(crate) version: u16,
}

/// Why the state cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refuses. The former state counts; the new one may, if the refusal came late.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// The state lacks what its file must say: a fault of the caller. Nothing was stored.
    #[error("the vector field {name:?} has no number")]
    Unnumbered {
        /// The field.
        name: Box<str>,
    },
    /// A newer state is there: a fault of the caller.
    #[error("generation {generation} is older than {newest}, which is stored")]
    Stale {
        /// Generation given.
        generation: u64,
        /// Newest generation stored.
        newest: u64,
    },
}

/// Why the state cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The disk refuses.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// The newest file's header or checksum is wrong.
    #[error("{path} is damaged")]
    Damaged {
        /// The file.
        path: Box<str>,
    },
    /// Written by another version.
    #[error("{path} has format version {version}")]
    Version {
        /// The file.
        path: Box<str>,
        /// The version found.
        version: u16,
    },
    /// The checksum matches and the content breaks its format.
    #[error("{path}: {source}")]
    Malformed {
        /// The file.
        path: Box<str>,
        /// The rule.
        source: Malformed,
    },
}

/// Makes `body` the newest state of `dir`.
pub(crate) fn store(
    io: &dyn Io,
    dir: &str,
    kind: Kind,
    generation: u64,
    body: &[u8],
) -> Result<(), StoreError> {
    let stored = list(io, dir, kind).map_err(StoreError::Io)?;
    if let Some(newest) = stored.newest.filter(|newest| *newest > generation) {
        return Err(StoreError::Stale { generation, newest });
    }
    let path = join(dir, &name_of(kind, generation));
    let temporary = format!("{path}.tmp");
    let swap = || -> Result<(), IoError> {
        stored
            .unfinished
            .iter()
            .try_for_each(|name| io.remove(&join(dir, name)))?;
        let file = io.create(&temporary)?;
        file.append(&seal(kind, generation, body))?;
        file.sync()?;
        io.sync_dir(dir)?;
        io.rename(&temporary, &path)?;
        io.sync_dir(dir)
    };
    swap().map_err(StoreError::Io)?;
    for older in stored.generations.iter().filter(|older| **older < generation) {
        // It does not count any more; if it cannot be removed now, the next swap tries again.
        let _ = io.remove(&join(dir, &name_of(kind, *older)));
    }
    Ok(())
}

/// The newest state of `dir`: what `decode` makes of its format version, generation and body. The state is durable
/// then.
pub(crate) fn load<T>(
    io: &dyn Io,
    dir: &str,
    kind: Kind,
    decode: impl Fn(u16, u64, &[u8]) -> Result<T, Malformed>,
) -> Result<Option<T>, LoadError> {
    let Some(generation) = list(io, dir, kind).map_err(LoadError::Io)?.newest else {
        return Ok(None);
    };
    let path = join(dir, &name_of(kind, generation));
    let file = io.read(&path, FILE_BYTES_MAX).map_err(LoadError::Io)?;
    let path: Box<str> = path.into();
    let (version, body) = unseal(kind, generation, &file).map_err(|fault| match fault {
        Some(version) => LoadError::Version {
            path: path.clone(),
            version,
        },
        None => LoadError::Damaged { path: path.clone() },
    })?;
    let state = decode(version, generation, body).map_err(|source| LoadError::Malformed { path, source })?;
    // After a crash of the process the last rename may be there and not be durable.
    io.sync_dir(dir).map_err(LoadError::Io)?;
    Ok(Some(state))
}

/// Removes what a crash left of unfinished and outdated swaps.
pub(crate) fn remove_leftovers(io: &dyn Io, dir: &str, kind: Kind) -> Result<u64, IoError> {
    let stored = list(io, dir, kind)?;
    let outdated = stored
        .generations
        .iter()
        .filter(|generation| Some(**generation) != stored.newest);
    let names = outdated
        .map(|generation| name_of(kind, *generation))
        .chain(stored.unfinished.iter().cloned());
    let mut removed = 0;
    for name in names {
        io.remove(&join(dir, &name))?;
        removed += 1;
    }
    Ok(removed)
}

struct Stored {
    generations: Vec<u64>,
    newest: Option<u64>,
    unfinished: Vec<String>,
}

fn list(io: &dyn Io, dir: &str, kind: Kind) -> Result<Stored, IoError> {
    let mut stored = Stored {
        generations: Vec::new(),
        newest: None,
        unfinished: Vec::new(),
    };
    for entry in io.list(dir)?.into_iter().filter(|entry| !entry.is_dir) {
        let number = entry
            .name
            .strip_prefix(kind.stem)
            .and_then(|rest| rest.strip_prefix('.'));
        let Some(number) = number else { continue };
        let (digits, unfinished) = match number.strip_suffix(".tmp") {
            Some(digits) => (digits, true),
            None => (number, false),
        };
        if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        if unfinished {
            stored.unfinished.push(entry.name);
        } else if let Ok(generation) = digits.parse() {
            stored.generations.push(generation);
        }
    }
    stored.newest = stored.generations.iter().copied().max();
    Ok(stored)
}

fn name_of(kind: Kind, generation: u64) -> String {
    format!("{}.{generation:020}", kind.stem)
}

/// `name` within `dir`; the root is the empty string.
pub(crate) fn join(dir: &str, name: &str) -> String {
    match dir.is_empty() {
        true => name.to_owned(),
        false => format!("{dir}/{name}"),
    }
}

pub(crate) fn seal(kind: Kind, generation: u64, body: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER_BYTES + body.len());
    file.extend_from_slice(&kind.magic);
    put!(file, kind.version, 0u16, generation, body.len() as u64, 0u32);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&file), body);
    put!(file, crc);
    file.extend_from_slice(body);
    file
}

/// Version and body, or the version alone if it is not known, or nothing if the file is damaged.
fn unseal(kind: Kind, generation: u64, file: &[u8]) -> Result<(u16, &[u8]), Option<u16>> {
    let (header, body) = file.split_at_checked(HEADER_BYTES).ok_or(None)?;
    let crc = crc32c::crc32c_append(crc32c::crc32c(&header[..28]), body);
    if !header.starts_with(&kind.magic) || u32_at(header, 28) != Some(crc) {
        return Err(None);
    }
    let mut reader = Reader::new(&header[4..]);
    let version = reader.u16().map_err(|_| None)?;
    if version == 0 || version > kind.version {
        return Err(Some(version));
    }
    reader.u16().map_err(|_| None)?;
    let named = (reader.u64().map_err(|_| None)?, reader.u64().map_err(|_| None)?);
    match named == (generation, body.len() as u64) {
        true => Ok((version, body)),
        false => Err(None),
    }
}
