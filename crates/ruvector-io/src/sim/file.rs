//! One file of the simulated disk: live bytes, durable bytes, and what lies between them.
//! Never lets an unsynced byte into the durable image.

use std::io::ErrorKind;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};

use super::state::{Appended, State};
use crate::File;
use crate::content::Content;
use crate::error::IoError;
use crate::random::SplitMix;
use crate::tree::Live;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// A file, whatever its names.
#[derive(Debug)]
pub(super) struct SimNode(Mutex<Images>);

#[derive(Debug)]
struct Images {
    live: Content,
    durable: Vec<u8>,
    /// Length up to which both images agree, `lost` apart.
    clean: usize,
    /// Bytes that a failed sync dropped: they read well until the power goes.
    lost: Vec<Range<usize>>,
}

impl Live for SimNode {
    fn live(&self) -> MappedMutexGuard<'_, Content> {
        MutexGuard::map(self.0.lock(), |images| &mut images.live)
    }
}

impl SimNode {
    /// A file whose bytes are all durable.
    pub(super) fn new(bytes: Vec<u8>) -> SimNode {
        let (durable, clean) = (bytes.clone(), bytes.len());
        SimNode(Mutex::new(Images {
            live: Content::new(bytes),
            durable,
            clean,
            lost: Vec::new(),
        }))
    }

    pub(super) fn live_len(&self) -> u64 {
        self.live().len()
    }

    pub(super) fn live_bytes(&self) -> Vec<u8> {
        self.live().bytes().to_vec()
    }

    pub(super) fn durable_bytes(&self) -> Vec<u8> {
        self.0.lock().durable.clone()
    }

    /// The file after a loss of power that tore what was not synced.
    pub(super) fn torn_bytes(&self, random: &mut SplitMix) -> Vec<u8> {
        let images = self.0.lock();
        let truncation_lost = images.durable.len() > images.clean && random.coin();
        if truncation_lost {
            return images.durable.clone();
        }
        let clean = images.clean;
        let mut bytes = images.durable.get(..clean).unwrap_or(&images.durable).to_vec();
        let unsynced = images.live.bytes().get(clean..).unwrap_or_default();
        let kept = match random.below(3) {
            0 => unsynced.len(),
            1 => 0,
            _ => usize::try_from(random.below(unsynced.len() as u64 + 1)).unwrap_or(0),
        };
        let whole = random.below(3) == 0;
        for range in sectors(clean, clean + kept) {
            let written = &unsynced[range.start - clean..range.end - clean];
            match if whole { 0 } else { random.below(4) } {
                0 | 1 => bytes.extend_from_slice(written),
                2 => bytes.extend(written.iter().map(|_| 0)),
                _ => bytes.extend(written.iter().map(|_| random.next().to_le_bytes()[0])),
            }
        }
        bytes
    }

    pub(super) fn flip_bit(&self, path: &str, byte: u64, mask: u8) -> Result<(), IoError> {
        let mut images = self.0.lock();
        let past_end = || IoError::from_kind("flip_bit", path, ErrorKind::InvalidInput);
        let at = usize::try_from(byte).map_err(|_| past_end())?;
        *images.live.make_mut().get_mut(at).ok_or_else(past_end)? ^= mask;
        if let Some(found) = images.durable.get_mut(at) {
            *found ^= mask;
        }
        Ok(())
    }
}

impl Images {
    fn sync(&mut self) {
        self.durable.truncate(self.clean);
        self.durable
            .extend_from_slice(self.live.bytes().get(self.clean..).unwrap_or_default());
        for range in &self.lost {
            self.durable[range.clone()].fill(0);
        }
        self.clean = self.durable.len();
    }

    fn fail_sync(&mut self) {
        let end = self.live.bytes().len();
        if end > self.clean {
            self.lost.push(self.clean..end);
        }
    }

    fn truncate(&mut self, len: usize) {
        self.live.make_mut().truncate(len);
        self.clean = self.clean.min(len);
        self.lost.retain_mut(|range| {
            range.end = range.end.min(len);
            range.start < range.end
        });
    }
}

/// The sectors that cover a range of a file, cut to the range.
fn sectors(start: usize, end: usize) -> impl Iterator<Item = Range<usize>> {
    let numbers = start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES);
    numbers.map(move |n| (n * SECTOR_BYTES).max(start)..((n + 1) * SECTOR_BYTES).min(end))
}

/// A handle: the disk that counts and stops, the file, and the path it was opened by.
#[derive(Debug)]
pub(super) struct SimFile {
    pub(super) disk: Arc<Mutex<State>>,
    pub(super) node: Arc<SimNode>,
    pub(super) path: String,
}

impl File for SimFile {
    fn append(&self, bytes: &[u8]) -> Result<(), IoError> {
        let mut disk = self.disk.lock();
        let appended = disk.append_step("append", &self.path, bytes.len())?;
        let mut images = self.node.0.lock();
        match appended {
            Appended::Whole => images.live.make_mut().extend_from_slice(bytes),
            Appended::Part { bytes: kept, error } => {
                images
                    .live
                    .make_mut()
                    .extend_from_slice(bytes.get(..kept).unwrap_or(bytes));
                return Err(error);
            }
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.node.live_len()
    }

    fn truncate(&self, len: u64) -> Result<(), IoError> {
        let mut disk = self.disk.lock();
        disk.powered("truncate", &self.path)?;
        let kept = usize::try_from(len).ok().filter(|_| len <= self.node.live_len());
        let kept = kept.ok_or_else(|| IoError::from_kind("truncate", &self.path, ErrorKind::InvalidInput))?;
        disk.step("truncate", &self.path)?;
        self.node.0.lock().truncate(kept);
        Ok(())
    }

    fn sync(&self) -> Result<(), IoError> {
        let mut disk = self.disk.lock();
        let passed = disk.sync_step("sync", &self.path);
        let mut images = self.node.0.lock();
        match passed {
            Ok(()) => images.sync(),
            Err(IoError::Stopped { .. }) => {}
            Err(_) => images.fail_sync(),
        }
        passed
    }
}
