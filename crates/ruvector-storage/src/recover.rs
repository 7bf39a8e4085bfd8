//! Finds out on opening what the files of a log hold and what must go. Never drops an acknowledged record.
//!
//! Reading stops at the first bad place: a bad record, a bad file header, or a file that does not continue the
//! one before. If a sound record behind it, in that file or a later one, says that the seq missing there was
//! durable, an acknowledged record is lost and opening fails. Otherwise power went off before a sync: sectors
//! reach the disk in any order, so sound records may follow a torn one; all of that is cut off.
//! Not told apart from a torn tail: damage to the last records of the log when nothing was appended after they
//! became durable.

use ruvector_io::{Io, IoError};

use crate::log::{LogFile, OpenLogError, parent_of, path_of};
use crate::record::LogRecord;
use crate::replay::{FileHeader, Stop, durable_seq_in, scan_after};

/// What a log's files hold.
pub(crate) struct Recovery {
    pub(crate) records: Vec<LogRecord>,
    /// The files to keep, the last one cut to its `bytes`.
    pub(crate) files: Vec<LogFile>,
    /// Files to remove, in the order of their seqs.
    pub(crate) remove: Vec<u64>,
    /// The last file is longer on disk than it shall be.
    pub(crate) cut: bool,
    pub(crate) last_seq: u64,
}

struct Reading<'a> {
    io: &'a dyn Io,
    dir: &'a str,
    shard: u32,
    after_seq: u64,
    recovery: Recovery,
    next_seq: Option<u64>,
    /// The first bad place, with the file that it is in.
    bad: Option<(u64, Stop)>,
}

/// Reads the files of a log, given in the order of their seqs, and decides; changes nothing.
pub(crate) fn recover(
    io: &dyn Io,
    dir: &str,
    shard: u32,
    after_seq: u64,
    files: &[LogFile],
) -> Result<Recovery, OpenLogError> {
    let mut reading = Reading {
        io,
        dir,
        shard,
        after_seq,
        recovery: Recovery {
            records: Vec::new(),
            files: Vec::new(),
            remove: Vec::new(),
            cut: false,
            last_seq: after_seq,
        },
        next_seq: None,
        bad: None,
    };
    for (at, file) in files.iter().enumerate() {
        let next_first = files.get(at + 1).map(|next| next.first_seq);
        match next_first.is_some_and(|next| next <= after_seq.saturating_add(1)) {
            true => reading.recovery.remove.push(file.first_seq),
            false => reading.file(*file)?,
        }
    }
    Ok(reading.conclude())
}

impl Reading<'_> {
    fn file(&mut self, file: LogFile) -> Result<(), OpenLogError> {
        let path = path_of(self.dir, file.first_seq);
        let bytes = self.io.read(&path, file.bytes).map_err(OpenLogError::Io)?;
        if let Some((_, stop)) = self.bad {
            self.check_behind(&bytes, stop)?;
            self.recovery.remove.push(file.first_seq);
            return Ok(());
        }
        let needed = self.after_seq.saturating_add(1);
        let expected = self.next_seq.unwrap_or(file.first_seq.min(needed));
        if file.first_seq != expected {
            return self.gap(file, &bytes, expected);
        }
        let header = FileHeader {
            shard: self.shard,
            first_seq: file.first_seq,
        };
        let scan = scan_after(&bytes, header, self.after_seq).map_err(|source| OpenLogError::Header {
            file: path.into(),
            source,
        })?;
        self.next_seq = Some(scan.next_seq);
        self.recovery
            .records
            .extend(scan.records.into_iter().map(|found| found.record));
        let Some(stop) = scan.stop else {
            self.recovery.files.push(file);
            return Ok(());
        };
        self.bad = Some((file.first_seq, stop));
        if stop.is_damage() {
            return Err(self.damaged(stop));
        }
        if scan.next_seq == file.first_seq {
            self.recovery.remove.push(file.first_seq);
        } else {
            self.recovery.cut = true;
            self.recovery.files.push(LogFile {
                first_seq: file.first_seq,
                bytes: stop.offset,
            });
        }
        Ok(())
    }

    /// A file that does not continue the one before.
    fn gap(&mut self, file: LogFile, bytes: &[u8], expected: u64) -> Result<(), OpenLogError> {
        let overlaps = file.first_seq < expected;
        let stop = Stop {
            offset: 0,
            seq: expected.max(self.after_seq.saturating_add(1)),
            later_durable_seq: overlaps.then_some(u64::MAX),
        };
        self.bad = Some((file.first_seq, stop));
        self.check_behind(bytes, stop)?;
        self.recovery.remove.push(file.first_seq);
        Ok(())
    }

    /// Fails if the bad place or a record in `bytes` shows that what is missing was acknowledged.
    fn check_behind(&self, bytes: &[u8], stop: Stop) -> Result<(), OpenLogError> {
        let durable_seq = durable_seq_in(bytes, self.shard, stop.seq);
        let stop = Stop {
            later_durable_seq: stop.later_durable_seq.max(durable_seq),
            ..stop
        };
        match stop.is_damage() {
            true => Err(self.damaged(stop)),
            false => Ok(()),
        }
    }

    fn damaged(&self, stop: Stop) -> OpenLogError {
        let first_seq = self.bad.map(|(first_seq, _)| first_seq).unwrap_or_default();
        OpenLogError::Damaged {
            file: path_of(self.dir, first_seq).into(),
            offset: stop.offset,
            seq: stop.seq,
        }
    }

    /// Without a record above `after_seq` no file is needed: the log starts anew behind `after_seq`.
    fn conclude(self) -> Recovery {
        let mut recovery = self.recovery;
        recovery.last_seq = self.after_seq;
        match self.next_seq {
            Some(next_seq) if next_seq > self.after_seq.saturating_add(1) => recovery.last_seq = next_seq - 1,
            _ => {
                recovery.cut = false;
                recovery
                    .remove
                    .extend(recovery.files.drain(..).map(|file| file.first_seq));
            }
        }
        recovery
    }
}

/// Carries out what [`recover`] decided, and makes all that is kept durable.
pub(crate) fn settle(io: &dyn Io, dir: &str, recovery: &Recovery) -> Result<(), IoError> {
    for first_seq in recovery.remove.iter().rev() {
        io.remove(&path_of(dir, *first_seq))?;
    }
    for (at, file) in recovery.files.iter().enumerate() {
        let handle = io.open_append(&path_of(dir, file.first_seq))?;
        if recovery.cut && at + 1 == recovery.files.len() {
            handle.truncate(file.bytes)?;
        }
        handle.sync()?;
    }
    if !recovery.files.is_empty() || !recovery.remove.is_empty() {
        io.sync_dir(dir)?;
        io.sync_dir(parent_of(dir))?;
    }
    Ok(())
}
