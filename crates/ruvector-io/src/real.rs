//! The backend of a real machine: one directory, the system's clock, threads. The only module that
//! opens files by name. Never leaves its directory.

#[cfg(unix)]
use std::collections::HashSet;
use std::fs::{self, Metadata, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::IoError;
use crate::limits;
use crate::mapping::Mapping;
use crate::mem::duration_ms;
use crate::real_file::RealFile;
use crate::region::Region;
use crate::{DirEntry, File, Io, Lock, MemoryUse, ResidentBuffer, ResidentRoom, Thread, background, path};

/// Files below one directory of the operating system.
#[derive(Debug)]
pub struct RealIo {
    root: PathBuf,
    started: Instant,
}

impl RealIo {
    /// Uses a directory, made durably (with its missing parents) if missing. Raises the limit of open
    /// files. Errors carry `root` as given.
    pub fn open(root: &Path) -> Result<RealIo, IoError> {
        limits::raise_open_files_limit();
        let error = |source| IoError::from_os("open_root", &root.to_string_lossy(), source);
        let absolute = std::path::absolute(root).map_err(error)?;
        create_root(&absolute).map_err(error)?;
        let root = fs::canonicalize(&absolute).map_err(error)?;
        Ok(RealIo {
            root,
            started: Instant::now(),
        })
    }

    /// The place of a checked path. "" is the root.
    fn place(&self, path: &str) -> PathBuf {
        let mut place = self.root.clone();
        place.extend(path.split('/').filter(|name| !name.is_empty()));
        place
    }

    fn checked(&self, op: &'static str, path: &str) -> Result<PathBuf, IoError> {
        path::check(op, path)?;
        Ok(self.place(path))
    }

    fn checked_dir(&self, op: &'static str, path: &str) -> Result<PathBuf, IoError> {
        path::check_dir(op, path)?;
        Ok(self.place(path))
    }
}

/// Makes the missing directories of an absolute path, each durable in its parent.
fn create_root(root: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = root.ancestors().take_while(|dir| !dir.exists()).collect();
    for dir in missing.into_iter().rev() {
        match fs::create_dir(dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if let Some(parent) = dir.parent() {
            sync_place(parent)?;
        }
    }
    if fs::metadata(root)?.is_dir() {
        Ok(())
    } else {
        Err(ErrorKind::NotADirectory.into())
    }
}

/// fsync of a directory. Where directories cannot be opened (Windows) the file system is trusted.
fn sync_place(dir: &Path) -> io::Result<()> {
    if !fs::metadata(dir)?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    if cfg!(unix) {
        fs::File::open(dir)?.sync_all()
    } else {
        Ok(())
    }
}

fn append_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    // Windows cannot truncate a file opened in append mode.
    if cfg!(windows) {
        options.write(true)
    } else {
        options.append(true)
    };
    options
}

/// A file for reading with its length; a directory is refused.
fn open_file(place: &Path) -> io::Result<(fs::File, u64)> {
    let file = fs::File::open(place)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    Ok((file, metadata.len()))
}

fn list_place(dir: &Path) -> io::Result<Vec<DirEntry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // Removed since it was read, or a dangling symbolic link: not there.
        let Ok(metadata) = fs::metadata(entry.path()) else {
            continue;
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        let len = if metadata.is_dir() { 0 } else { metadata.len() };
        found.push(DirEntry {
            name,
            is_dir: metadata.is_dir(),
            len,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

#[cfg(unix)]
fn allocated(metadata: &Metadata) -> ((u64, u64), u64) {
    use std::os::unix::fs::MetadataExt;
    (
        (metadata.dev(), metadata.ino()),
        metadata.blocks().saturating_mul(512),
    )
}

/// Allocated bytes of all below a place, each inode once. What vanishes meanwhile is not counted.
#[cfg(unix)]
fn disk_bytes_of(place: &Path) -> io::Result<u64> {
    let mut seen = HashSet::new();
    let mut open = vec![(place.to_owned(), fs::symlink_metadata(place)?)];
    let mut bytes = 0u64;
    while let Some((place, metadata)) = open.pop() {
        let (inode, inode_bytes) = allocated(&metadata);
        if !seen.insert(inode) {
            continue;
        }
        bytes = bytes.saturating_add(inode_bytes);
        open.extend(children(&place, &metadata)?);
    }
    Ok(bytes)
}

/// Lengths of all files below a place: this platform does not tell allocated bytes.
#[cfg(not(unix))]
fn disk_bytes_of(place: &Path) -> io::Result<u64> {
    let mut open = vec![(place.to_owned(), fs::symlink_metadata(place)?)];
    let mut bytes = 0u64;
    while let Some((place, metadata)) = open.pop() {
        bytes = bytes.saturating_add(if metadata.is_dir() { 0 } else { metadata.len() });
        open.extend(children(&place, &metadata)?);
    }
    Ok(bytes)
}

/// What a directory holds, with metadata; nothing if it vanished or is a file.
fn children(place: &Path, metadata: &Metadata) -> io::Result<Vec<(PathBuf, Metadata)>> {
    if !metadata.is_dir() {
        return Ok(Vec::new());
    }
    let entries = match fs::read_dir(place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let entries = entries.filter_map(|entry| {
        let place = entry.ok()?.path();
        let metadata = fs::symlink_metadata(&place).ok()?;
        Some((place, metadata))
    });
    Ok(entries.collect())
}

impl Io for RealIo {
    fn create_dir(&self, path: &str) -> Result<(), IoError> {
        let place = self.checked("create_dir", path)?;
        match fs::create_dir(&place) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && place.is_dir() => Ok(()),
            created => created.map_err(|source| IoError::from_os("create_dir", path, source)),
        }
    }

    fn remove_dir_all(&self, path: &str) -> Result<(), IoError> {
        match fs::remove_dir_all(self.checked("remove_dir_all", path)?) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(|source| IoError::from_os("remove_dir_all", path, source)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>, IoError> {
        let place = self.checked_dir("list", path)?;
        list_place(&place).map_err(|source| IoError::from_os("list", path, source))
    }

    fn sync_dir(&self, path: &str) -> Result<(), IoError> {
        let place = self.checked_dir("sync_dir", path)?;
        sync_place(&place).map_err(|source| IoError::from_os("sync_dir", path, source))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        let (source, target) = (self.checked("rename", from)?, self.checked("rename", to)?);
        fs::rename(source, target).map_err(|source| IoError::from_os("rename", from, source))
    }

    fn remove(&self, path: &str) -> Result<(), IoError> {
        let place = self.checked("remove", path)?;
        fs::remove_file(place).map_err(|source| IoError::from_os("remove", path, source))
    }

    fn len(&self, path: &str) -> Result<Option<u64>, IoError> {
        match fs::metadata(self.checked_dir("len", path)?) {
            Ok(metadata) => Ok(Some(if metadata.is_dir() { 0 } else { metadata.len() })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(IoError::from_os("len", path, source)),
        }
    }

    fn create(&self, path: &str) -> Result<Arc<dyn File>, IoError> {
        let place = self.checked("create", path)?;
        let opened = append_options().create_new(true).open(place);
        let file = opened.and_then(|handle| RealFile::new(handle, path));
        Ok(Arc::new(
            file.map_err(|source| IoError::from_os("create", path, source))?,
        ))
    }

    fn open_append(&self, path: &str) -> Result<Arc<dyn File>, IoError> {
        let place = self.checked("open_append", path)?;
        let file = append_options()
            .open(place)
            .and_then(|handle| RealFile::new(handle, path));
        Ok(Arc::new(file.map_err(|source| {
            IoError::from_os("open_append", path, source)
        })?))
    }

    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, IoError> {
        let place = self.checked("read", path)?;
        let error = |source| IoError::from_os("read", path, source);
        let (file, len) = open_file(&place).map_err(error)?;
        if len > bytes_max {
            return Err(IoError::TooLarge {
                op: "read",
                path: path.to_owned(),
                len,
                bytes_max,
            });
        }
        let mut bytes = Vec::new();
        // `take` keeps to the limit even if the file grows meanwhile.
        file.take(len).read_to_end(&mut bytes).map_err(error)?;
        Ok(bytes)
    }

    fn map(&self, path: &str) -> Result<Region, IoError> {
        let place = self.checked("map", path)?;
        let error = |source| IoError::from_os("map", path, source);
        let (file, len) = open_file(&place).map_err(error)?;
        if len == 0 {
            return Ok(Region::from_vec(Vec::new()));
        }
        Mapping::new(&file).map(Region::from_mapping).map_err(error)
    }

    fn allocate_resident(&self, name: &str, room: ResidentRoom) -> Result<Option<ResidentBuffer>, IoError> {
        ResidentBuffer::new(name, room).map(Some)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), IoError> {
        let (source, target) = (self.checked("hard_link", from)?, self.checked("hard_link", to)?);
        fs::hard_link(source, target).map_err(|source| IoError::from_os("hard_link", from, source))
    }

    fn disk_bytes(&self, path: &str) -> Result<u64, IoError> {
        let place = self.checked_dir("disk_bytes", path)?;
        disk_bytes_of(&place).map_err(|source| IoError::from_os("disk_bytes", path, source))
    }

    fn lock(&self, path: &str) -> Result<Lock, IoError> {
        let place = self.checked("lock", path)?;
        let opened = append_options().create(true).open(place);
        let file = opened.map_err(|source| IoError::from_os("lock", path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock::new(file)),
            Err(TryLockError::WouldBlock) => Err(IoError::Locked {
                op: "lock",
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(IoError::from_os("lock", path, source)),
        }
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn wall_clock_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, duration_ms)
    }

    /// SipHash of nothing under keys that std draws from the system and changes at every call.
    fn random_u64(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn spawn(&self, name: &str, work: Box<dyn FnOnce() + Send>) -> Result<Thread, IoError> {
        if name.contains('\0') {
            return Err(IoError::BadPath {
                op: "spawn",
                path: name.to_owned(),
            });
        }
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
        let handle = spawned.map_err(|source| IoError::from_os("spawn", name, source))?;
        Ok(Thread::new(move || handle.join().is_ok()))
    }

    fn compute_in_background(&self) {
        background::compute_in_background();
    }

    fn run_parallel(&self, parts: u32, work: &(dyn Fn(u32) + Sync)) {
        std::thread::scope(|scope| {
            for part in 1..parts {
                // A system out of threads gets the work done by this one.
                let spawned = std::thread::Builder::new().spawn_scoped(scope, move || work(part));
                if spawned.is_err() {
                    work(part);
                }
            }
            if parts > 0 {
                work(0);
            }
        });
    }

    fn processors(&self) -> u32 {
        std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(1))
    }

    fn memory(&self) -> MemoryUse {
        MemoryUse {
            resident_bytes: limits::resident_bytes(),
            physical_bytes: limits::physical_bytes(),
        }
    }
}
