//! The write-ahead log of one shard: appends, syncs by tickets, drops what is sealed, undoes its tail.
//! Never syncs inside an append, never preallocates, never says that a record is durable.
//!
//! A directory of files `{first seq, 20 digits}.log`, made with the first append. See replay.rs for the bytes
//! of a file, record.rs for those of a record, recover.rs for what opening does after a crash.

use std::sync::Arc;

use ruvector_io::{File, Io, IoError};

use crate::record::{LogRecord, RECORD_BYTES_MAX};
use crate::recover::{recover, settle};
use crate::replay::{FileHeader, HeaderError, scan_after};

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenLogError {
    /// The disk refuses.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// An acknowledged record cannot be read.
    #[error("{file}: the acknowledged record {seq} is damaged or missing (offset {offset})")]
    Damaged {
        /// The file.
        file: Box<str>,
        /// Where reading stopped.
        offset: u64,
        /// The first seq that is lost.
        seq: u64,
    },
    /// A file that this version cannot read, or that belongs elsewhere.
    #[error("{file}: {source}")]
    Header {
        /// The file.
        file: Box<str>,
        /// Why.
        source: HeaderError,
    },
}

/// Why a record was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Disk or quota full. The log stands as before.
    #[error("disk full: {need_bytes} bytes needed")]
    DiskFull {
        /// Bytes of the record.
        need_bytes: u64,
        /// The refusal.
        source: IoError,
    },
    /// The disk refuses. The log stands as before.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// The disk refused and what was written could not be undone: the log takes no more records until reopened.
    #[error("the log cannot be restored after a failed append: {source}")]
    Poisoned {
        /// The refusal of the undoing.
        source: IoError,
    },
    /// An earlier failure poisoned the log.
    #[error("the log is out of use since an earlier failure")]
    AlreadyPoisoned,
    /// Longer than a record may be.
    #[error("a record of {bytes} bytes, at most {bytes_max} allowed")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// Not the next record of this shard: a fault of the caller.
    #[error("record {seq} of shard {shard} where {expected} was due")]
    OutOfOrder {
        /// The record's seq.
        seq: u64,
        /// The record's shard.
        shard: u32,
        /// The seq due.
        expected: u64,
    },
}

/// Why the log's tail could not be dropped. The log takes no more records until reopened.
#[derive(Debug, thiserror::Error)]
pub enum TruncateError {
    /// The disk refuses.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// The record to cut at cannot be found in its file any more.
    #[error("{file}: record {seq} cannot be read")]
    Unreadable {
        /// The file.
        file: Box<str>,
        /// The record.
        seq: u64,
    },
}

/// A file of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogFile {
    pub(crate) first_seq: u64,
    pub(crate) bytes: u64,
}

/// A file with appends that are not durable yet.
#[derive(Clone, Debug)]
struct Unsynced {
    first_seq: u64,
    file: Arc<dyn File>,
    /// Number of the last change to it.
    change: u64,
}

/// The log of one shard. One writer; [`SyncTicket`]s are synced outside its lock.
#[derive(Debug)]
pub struct Log {
    io: Arc<dyn Io>,
    dir: String,
    shard: u32,
    files: Vec<LogFile>,
    /// Of the last file.
    handle: Option<Arc<dyn File>>,
    last_seq: u64,
    rotate: bool,
    /// Counts changes, so that a ticket knows which of them it covers.
    changes: u64,
    unsynced: Vec<Unsynced>,
    /// Change that made a file in the directory, if not durable.
    names_unsynced: Option<u64>,
    /// Change that made the directory, if not durable.
    dir_unsynced: Option<u64>,
    dir_exists: bool,
    poisoned: bool,
}

/// What must be synced to make all records appended up to now durable. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SyncTicket {
    io: Arc<dyn Io>,
    files: Vec<Arc<dyn File>>,
    /// Directories to sync, outermost first.
    dirs: Vec<String>,
    last_seq: u64,
    change: u64,
}

impl SyncTicket {
    /// The last record that is durable once the ticket is synced.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Makes the records durable. After an error nothing may be assumed of them, even if a later sync succeeds.
    pub fn sync(&self) -> Result<(), IoError> {
        self.files.iter().try_for_each(|file| file.sync())?;
        self.dirs.iter().try_for_each(|dir| self.io.sync_dir(dir))
    }
}

impl Log {
    /// Opens the log in `dir`, whose parent must exist. Removes files of which all records are `≤ after_seq`,
    /// cuts off a torn tail; returns the records `> after_seq`, without gaps. All that it returns is durable.
    /// Cost: reads and syncs every file that is kept.
    pub fn open(
        io: Arc<dyn Io>,
        dir: &str,
        shard: u32,
        after_seq: u64,
    ) -> Result<(Log, Vec<LogRecord>), OpenLogError> {
        let (dir_exists, entries) = match io.list(dir) {
            Ok(entries) => (true, entries),
            Err(IoError::NotFound { .. }) => (false, Vec::new()),
            Err(error) => return Err(OpenLogError::Io(error)),
        };
        let named = entries.iter().filter(|entry| !entry.is_dir);
        let mut files: Vec<LogFile> = named
            .filter_map(|entry| {
                let first_seq = first_seq_of(&entry.name)?;
                let bytes = entry.len;
                Some(LogFile { first_seq, bytes })
            })
            .collect();
        files.sort_unstable_by_key(|file| file.first_seq);
        let recovery = recover(&*io, dir, shard, after_seq, &files)?;
        settle(&*io, dir, &recovery).map_err(OpenLogError::Io)?;
        // A directory found empty may have been made just before a crash: synced with the first record.
        let dir_unsynced = (dir_exists && recovery.files.is_empty()).then_some(0);
        let log = Log {
            io,
            dir: dir.to_owned(),
            shard,
            files: recovery.files,
            handle: None,
            last_seq: recovery.last_seq,
            rotate: false,
            changes: 0,
            unsynced: Vec::new(),
            names_unsynced: None,
            dir_unsynced,
            dir_exists,
            poisoned: false,
        };
        Ok((log, recovery.records))
    }

    /// Appends the next record in one write that reaches the operating system. `durable_seq` is what the shard
    /// knows to be durable. On failure the file is cut back to its former length; see [`AppendError`].
    pub fn append(&mut self, record: &LogRecord, durable_seq: u64) -> Result<(), AppendError> {
        if self.poisoned {
            return Err(AppendError::AlreadyPoisoned);
        }
        let expected = self.last_seq.saturating_add(1);
        let (seq, shard) = (record.seq, record.shard);
        if seq != expected || shard != self.shard || durable_seq >= seq {
            return Err(AppendError::OutOfOrder { seq, shard, expected });
        }
        let fresh = self.rotate || self.files.is_empty();
        let mut bytes = Vec::new();
        if fresh {
            let first_seq = seq;
            bytes = FileHeader { shard, first_seq }.encode();
        }
        let header_bytes = bytes.len();
        record.encode(durable_seq, &mut bytes);
        let need_bytes = (bytes.len() - header_bytes) as u64;
        if need_bytes > RECORD_BYTES_MAX.into() {
            let bytes_max = RECORD_BYTES_MAX.into();
            return Err(AppendError::TooLarge {
                bytes: need_bytes,
                bytes_max,
            });
        }
        let written = match fresh {
            true => self.append_fresh(seq, &bytes),
            false => self.append_tail(&bytes),
        };
        written.map_err(|failure| match failure {
            AppendError::Io(source @ IoError::DiskFull { .. }) => {
                AppendError::DiskFull { need_bytes, source }
            }
            other => other,
        })?;
        self.last_seq = seq;
        Ok(())
    }

    /// The open handle of the last file; `None` before the first append and after [`Log::close_idle`].
    pub fn tail(&self) -> Option<Arc<dyn File>> {
        self.handle.clone()
    }

    /// Whether the name of a file that holds records is not durable yet.
    pub fn needs_dir_sync(&self) -> bool {
        self.names_unsynced.is_some() || self.dir_unsynced.is_some()
    }

    /// What must be synced for all records appended up to now to be durable.
    pub fn sync_ticket(&self) -> SyncTicket {
        let mut dirs = Vec::new();
        if self.dir_unsynced.is_some() {
            dirs.push(parent_of(&self.dir).to_owned());
        }
        if self.names_unsynced.is_some() {
            dirs.push(self.dir.clone());
        }
        SyncTicket {
            io: self.io.clone(),
            files: self
                .unsynced
                .iter()
                .map(|unsynced| unsynced.file.clone())
                .collect(),
            dirs,
            last_seq: self.last_seq,
            change: self.changes,
        }
    }

    /// Takes note that a ticket of this log was synced successfully.
    pub fn synced(&mut self, ticket: &SyncTicket) {
        self.unsynced.retain(|unsynced| unsynced.change > ticket.change);
        self.names_unsynced = self.names_unsynced.filter(|change| *change > ticket.change);
        self.dir_unsynced = self.dir_unsynced.filter(|change| *change > ticket.change);
    }

    /// Takes a ticket, syncs it and takes note.
    pub fn sync(&mut self) -> Result<(), IoError> {
        let ticket = self.sync_ticket();
        ticket.sync()?;
        self.synced(&ticket);
        Ok(())
    }

    /// The next append starts a new file.
    pub fn rotate(&mut self) {
        self.rotate = true;
    }

    /// Removes the files whose records are all `≤ seq`. The caller must have made what they hold durable
    /// elsewhere: a manifest that says `applied_seq ≥ seq`.
    pub fn drop_through(&mut self, seq: u64) -> Result<(), IoError> {
        while let Some(first) = self.files.first().copied() {
            let next = self.files.get(1).map(|next| next.first_seq);
            let last_of_file = next.map_or(self.last_seq, |next| next.saturating_sub(1));
            if last_of_file > seq {
                break;
            }
            self.remove(first.first_seq)?;
        }
        Ok(())
    }

    /// Drops the records `≥ seq` at the tail, durably: an incomplete batch of several shards, or the undoing of
    /// the record just appended. Cost: reads the file that is cut.
    pub fn truncate_from(&mut self, seq: u64) -> Result<(), TruncateError> {
        if seq > self.last_seq {
            return Ok(());
        }
        let cut = self.cut_tail(seq);
        match &cut {
            Ok(()) => self.last_seq = seq.saturating_sub(1),
            Err(_) => self.poisoned = true,
        }
        cut
    }

    /// The last record's seq; `after_seq` of [`Log::open`] if there is none.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Whether a failure put the log out of use until it is opened again.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Closes the last file if all of it is durable; the next append opens it again.
    pub fn close_idle(&mut self) {
        if self.unsynced.is_empty() {
            self.handle = None;
        }
    }

    fn append_fresh(&mut self, seq: u64, bytes: &[u8]) -> Result<(), AppendError> {
        self.changes += 1;
        if !self.dir_exists {
            self.io.create_dir(&self.dir).map_err(AppendError::Io)?;
            self.dir_exists = true;
            self.dir_unsynced = Some(self.changes);
        }
        let path = path_of(&self.dir, seq);
        let file = self.io.create(&path).map_err(AppendError::Io)?;
        if let Err(error) = file.append(bytes) {
            let undone = self.io.remove(&path).and_then(|()| self.io.sync_dir(&self.dir));
            return Err(self.after_undo(error, undone));
        }
        self.files.push(LogFile {
            first_seq: seq,
            bytes: bytes.len() as u64,
        });
        self.names_unsynced = Some(self.changes);
        self.rotate = false;
        self.mark_unsynced(seq, file);
        Ok(())
    }

    fn append_tail(&mut self, bytes: &[u8]) -> Result<(), AppendError> {
        let Some(tail) = self.files.last().copied() else {
            return Ok(());
        };
        let file = self.open_tail(tail.first_seq).map_err(AppendError::Io)?;
        if let Err(error) = file.append(bytes) {
            // Synced, so that no whole record that was refused comes back after a loss of power.
            let undone = file.truncate(tail.bytes).and_then(|()| file.sync());
            return Err(self.after_undo(error, undone));
        }
        self.changes += 1;
        if let Some(tail) = self.files.last_mut() {
            tail.bytes += bytes.len() as u64;
        }
        self.mark_unsynced(tail.first_seq, file);
        Ok(())
    }

    fn after_undo(&mut self, error: IoError, undone: Result<(), IoError>) -> AppendError {
        match undone {
            Ok(()) => AppendError::Io(error),
            Err(source) => {
                self.poisoned = true;
                AppendError::Poisoned { source }
            }
        }
    }

    fn open_tail(&mut self, first_seq: u64) -> Result<Arc<dyn File>, IoError> {
        if let Some(file) = &self.handle {
            return Ok(file.clone());
        }
        let file = self.io.open_append(&path_of(&self.dir, first_seq))?;
        self.handle = Some(file.clone());
        Ok(file)
    }

    fn mark_unsynced(&mut self, first_seq: u64, file: Arc<dyn File>) {
        self.handle = Some(file.clone());
        self.unsynced.retain(|unsynced| unsynced.first_seq != first_seq);
        self.unsynced.push(Unsynced {
            first_seq,
            file,
            change: self.changes,
        });
    }

    fn cut_tail(&mut self, seq: u64) -> Result<(), TruncateError> {
        while let Some(last) = self.files.last().copied().filter(|file| file.first_seq >= seq) {
            // One after another, durably: a file must not outlive the one before it.
            self.remove(last.first_seq).map_err(TruncateError::Io)?;
            self.io.sync_dir(&self.dir).map_err(TruncateError::Io)?;
        }
        let Some(tail) = self.files.last().copied() else {
            return Ok(());
        };
        let Some(offset) = self.offset_of(tail, seq)? else {
            return Ok(());
        };
        let file = self.open_tail(tail.first_seq).map_err(TruncateError::Io)?;
        file.truncate(offset)
            .and_then(|()| file.sync())
            .map_err(TruncateError::Io)?;
        if let Some(tail) = self.files.last_mut() {
            tail.bytes = offset;
        }
        Ok(())
    }

    /// Where record `seq` starts in the last file; `None` if the file ends just before it.
    fn offset_of(&self, file: LogFile, seq: u64) -> Result<Option<u64>, TruncateError> {
        let path = path_of(&self.dir, file.first_seq);
        let bytes = self.io.read(&path, file.bytes).map_err(TruncateError::Io)?;
        let header = FileHeader {
            shard: self.shard,
            first_seq: file.first_seq,
        };
        let scan = scan_after(&bytes, header, seq.saturating_sub(1)).ok();
        let found = scan.as_ref().and_then(|scan| scan.records.first());
        match (found, &scan) {
            (Some(found), _) => Ok(Some(found.offset)),
            (None, Some(scan)) if scan.stop.is_none() && scan.next_seq == seq => Ok(None),
            _ => Err(TruncateError::Unreadable {
                file: path.into(),
                seq,
            }),
        }
    }

    fn remove(&mut self, first_seq: u64) -> Result<(), IoError> {
        self.io.remove(&path_of(&self.dir, first_seq))?;
        if self.files.last().is_some_and(|last| last.first_seq == first_seq) {
            self.handle = None;
        }
        self.files.retain(|file| file.first_seq != first_seq);
        self.unsynced.retain(|unsynced| unsynced.first_seq != first_seq);
        Ok(())
    }
}

/// The directory that holds `dir`; the root is the empty string.
pub(crate) fn parent_of(dir: &str) -> &str {
    dir.rsplit_once('/').map_or("", |(parent, _)| parent)
}

pub(crate) fn path_of(dir: &str, first_seq: u64) -> String {
    format!("{dir}/{first_seq:020}.log")
}

fn first_seq_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let canonical = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| digits.parse().ok()).flatten()
}
