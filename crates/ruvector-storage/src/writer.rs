//! Writes components as streams: one region in memory, whatever the body's size.
//! Never leaves a file behind that was not finished, unless the disk refuses its removal.

use std::sync::Arc;

use ruvector_io::{File, Io, IoError};

use crate::frame::{ComponentKind, REGION_BYTES, encode_footer, encode_header};

/// Why a component cannot be written. The unfinished file has been removed.
#[derive(Debug, thiserror::Error)]
pub enum WriteComponentError {
    /// The disk refuses.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// What was pushed breaks the format's rule: a fault of the caller.
    #[error("{path}: {rule}")]
    Rule {
        /// The file.
        path: Box<str>,
        /// The rule.
        rule: &'static str,
    },
}

impl WriteComponentError {
    /// Whether the disk or the quota is full.
    pub fn disk_full(&self) -> bool {
        matches!(self, WriteComponentError::Io(IoError::DiskFull { .. }))
    }
}

/// Writes a component whose body is at hand and syncs it. Syncing the directory is the caller's.
pub fn write_component(
    io: &dyn Io,
    path: &str,
    kind: ComponentKind,
    created_seq: u64,
    body: &[u8],
) -> Result<(), WriteComponentError> {
    let mut writer = ComponentWriter::create(io, path, kind, created_seq)?;
    writer.write(body)?;
    writer.finish().map(drop)
}

/// Writes a component piece by piece. Dropped unfinished, it removes its file.
#[derive(Debug)]
pub struct ComponentWriter<'a> {
    io: IoHandle<'a>,
    path: Box<str>,
    file: Arc<dyn File>,
    /// What was not handed to the file: the header at first, then less than one region of the body.
    pending: Vec<u8>,
    /// Where the open region starts in `pending`.
    open_at: usize,
    table: Vec<u8>,
    len: u64,
    finished: bool,
}

#[derive(Debug)]
enum IoHandle<'a> {
    Borrowed(&'a dyn Io),
    Owned(Arc<dyn Io>),
}

impl IoHandle<'_> {
    fn get(&self) -> &dyn Io {
        match self {
            IoHandle::Borrowed(io) => *io,
            IoHandle::Owned(io) => io.as_ref(),
        }
    }
}

impl<'a> ComponentWriter<'a> {
    /// Creates the file, which must not exist.
    pub fn create(
        io: &'a dyn Io,
        path: &str,
        kind: ComponentKind,
        created_seq: u64,
    ) -> Result<ComponentWriter<'a>, WriteComponentError> {
        ComponentWriter::with(IoHandle::Borrowed(io), path, kind, created_seq)
    }

    /// The same, for a writer that outlives the caller's borrow.
    pub fn create_owned(
        io: Arc<dyn Io>,
        path: &str,
        kind: ComponentKind,
        created_seq: u64,
    ) -> Result<ComponentWriter<'static>, WriteComponentError> {
        ComponentWriter::with(IoHandle::Owned(io), path, kind, created_seq)
    }

    fn with(
        io: IoHandle<'a>,
        path: &str,
        kind: ComponentKind,
        created_seq: u64,
    ) -> Result<ComponentWriter<'a>, WriteComponentError> {
        let file = io.get().create(path).map_err(WriteComponentError::Io)?;
        let pending = encode_header(kind, created_seq);
        Ok(ComponentWriter {
            io,
            path: path.into(),
            file,
            open_at: pending.len(),
            pending,
            table: Vec::new(),
            len: 0,
            finished: false,
        })
    }

    /// Bytes of the body written up to now.
    #[expect(clippy::len_without_is_empty, reason = "a position, not a container")]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Appends to the body. After an error the writer is of no use but to be dropped.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), WriteComponentError> {
        while !bytes.is_empty() {
            let room = REGION_BYTES - (self.pending.len() - self.open_at);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.pending.extend_from_slice(now);
            self.len += now.len() as u64;
            bytes = later;
            if now.len() == room {
                self.close_region();
                self.hand_over()?;
            }
        }
        Ok(())
    }

    /// Fills the body with zeros up to a multiple of `alignment` bytes (at most 64).
    pub fn align(&mut self, alignment: u64) -> Result<(), WriteComponentError> {
        let excess = (self.len % alignment.clamp(1, 64)) as usize;
        let missing = (alignment.clamp(1, 64) as usize - excess) % alignment.clamp(1, 64) as usize;
        self.write(&[0; 64][..missing])
    }

    /// Writes table and footer and syncs the file; the bytes of the body.
    pub fn finish(mut self) -> Result<u64, WriteComponentError> {
        if self.open_at < self.pending.len() {
            self.close_region();
        }
        let footer = encode_footer(self.len, &self.table);
        self.pending.extend_from_slice(&self.table);
        self.pending.extend_from_slice(&footer);
        self.hand_over()?;
        self.file.sync().map_err(WriteComponentError::Io)?;
        self.finished = true;
        Ok(self.len)
    }

    /// The error "the caller breaks `rule`".
    pub(crate) fn rule(&self, rule: &'static str) -> WriteComponentError {
        WriteComponentError::Rule {
            path: self.path.clone(),
            rule,
        }
    }

    fn close_region(&mut self) {
        let crc = crc32c::crc32c(&self.pending[self.open_at..]);
        self.table.extend_from_slice(&crc.to_le_bytes());
        self.open_at = self.pending.len();
    }

    fn hand_over(&mut self) -> Result<(), WriteComponentError> {
        self.file.append(&self.pending).map_err(WriteComponentError::Io)?;
        self.pending.clear();
        self.open_at = 0;
        Ok(())
    }
}

impl Drop for ComponentWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing names the file; if it cannot be removed now, the sweep for orphans will.
            let _ = self.io.get().remove(&self.path);
        }
    }
}
