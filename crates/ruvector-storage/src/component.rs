//! The container of every sealed file: a body whose 64 KiB regions are verified when first touched, or all of them
//! when it is promoted (`promote.rs`). Never hands out a byte that does not match its checksum.
//! The frame around the body is drawn in `frame.rs`.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use ruvector_io::{Io, IoError, Region, Resident};

use crate::frame::{ComponentFault, ComponentKind, HEADER_BYTES, REGION_BYTES, check_frame};
use crate::wire::{Malformed, u32_at};

/// Damage found in a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} is damaged (region {region:?})")]
pub struct Damage {
    /// The file.
    pub path: Arc<str>,
    /// The first damaged region of 64 KiB of the body; `None` if the whole file is unusable or the device
    /// failed below the mapping, so that the place is not known.
    pub region: Option<u32>,
}

/// Why a component cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenComponentError {
    /// The file cannot be mapped.
    #[error("I/O failed")]
    Io(#[source] IoError),
    /// The file is not a sound component of the kind asked for.
    #[error("{path} {fault}")]
    Refused {
        /// The file.
        path: Box<str>,
        /// What is wrong.
        fault: ComponentFault,
    },
}

/// Why a component's body cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadComponentError {
    /// A checksum does not match.
    #[error(transparent)]
    Damaged(Damage),
    /// The checksums match and the content breaks its format.
    #[error("{path}: {source}")]
    Malformed {
        /// The file.
        path: Arc<str>,
        /// The rule.
        source: Malformed,
    },
}

/// What a step of scrubbing found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScrubProgress {
    /// Regions read in this step.
    pub checked: u32,
    /// Of these, damaged ones.
    pub damaged: u32,
    /// Whether the step ended at the end of the component; the next one starts over.
    pub finished: bool,
}

/// A sealed file, mapped; cheap to clone.
#[derive(Clone, Debug)]
pub struct Component {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    path: Arc<str>,
    kind: ComponentKind,
    region: Region,
    created_seq: u64,
    body_bytes: usize,
    good: Box<[AtomicU64]>,
    bad: Box<[AtomicU64]>,
    scrub_at: AtomicU32,
    /// The body in memory, every region verified. Set once, so that slices of it live as long as `self`.
    pub(crate) promoted: OnceLock<Resident>,
    /// Promoting was tried and there is no use in trying again.
    pub(crate) stays_mapped: AtomicBool,
}

impl Component {
    /// Maps a file and checks header, footer, lengths and checksum table, not the body.
    /// Cost: reads 4 bytes per 64 KiB.
    pub fn open(io: &dyn Io, path: &str, kind: ComponentKind) -> Result<Component, OpenComponentError> {
        let region = io.map(path).map_err(OpenComponentError::Io)?;
        Component::from_region(path, region, kind)
    }

    /// The same for bytes that are there already.
    pub fn from_region(
        path: &str,
        region: Region,
        kind: ComponentKind,
    ) -> Result<Component, OpenComponentError> {
        let (body_bytes, created_seq) =
            check_frame(&region, kind).map_err(|fault| OpenComponentError::Refused {
                path: path.into(),
                fault,
            })?;
        let words = body_bytes.div_ceil(REGION_BYTES).div_ceil(64);
        let bits = || (0..words).map(|_| AtomicU64::new(0)).collect();
        let inner = Inner {
            path: path.into(),
            kind,
            region,
            created_seq,
            body_bytes,
            good: bits(),
            bad: bits(),
            scrub_at: AtomicU32::new(0),
            promoted: OnceLock::new(),
            stays_mapped: AtomicBool::new(false),
        };
        Ok(Component {
            inner: Arc::new(inner),
        })
    }

    /// Bytes of the body.
    pub fn len(&self) -> u64 {
        self.inner.body_bytes as u64
    }

    /// Whether the body is empty.
    pub fn is_empty(&self) -> bool {
        self.inner.body_bytes == 0
    }

    /// Bytes of the whole file.
    pub fn file_bytes(&self) -> u64 {
        self.inner.region.len() as u64
    }

    /// Bytes on the heap that belong to the component, the mapping and the promoted copy not counted.
    pub fn heap_bytes(&self) -> u64 {
        (size_of::<Inner>() + 16 * self.inner.good.len() + self.inner.path.len()) as u64
    }

    /// The file.
    pub fn path(&self) -> &str {
        &self.inner.path
    }

    /// What it holds.
    pub fn kind(&self) -> ComponentKind {
        self.inner.kind
    }

    /// Sequence number of the shard when the component was written.
    pub fn created_seq(&self) -> u64 {
        self.inner.created_seq
    }

    /// A part of the body, its regions verified on first touch; `None` if out of range or damaged.
    /// Cost once verified: one relaxed load per region touched; once promoted: none.
    #[inline]
    pub fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        match self.inner.promoted.get() {
            Some(copy) => self.inner.part_of(copy, range),
            None => self.mapped_bytes(range),
        }
    }

    #[inline]
    fn mapped_bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        let slice = self.inner.mapped_part(range.clone())?;
        if slice.is_empty() {
            return Some(slice);
        }
        let first = (range.start / REGION_BYTES as u64) as usize;
        let last = ((range.end - 1) / REGION_BYTES as u64) as usize;
        let inner = &*self.inner;
        let sound = (first..=last).all(|region| bit(&inner.good, region) || inner.verify_once(region));
        (sound && !inner.region.faulted()).then_some(slice)
    }

    /// A part of the body, if it was verified and copied to memory.
    #[inline]
    pub(crate) fn resident(&self, range: Range<u64>) -> Option<&[u8]> {
        self.inner.part_of(self.inner.promoted.get()?, range)
    }

    /// A part of the body as it is, not verified: for prefetching, and for bodies verified at open.
    #[inline]
    pub(crate) fn peek(&self, range: Range<u64>) -> Option<&[u8]> {
        match self.inner.promoted.get() {
            Some(copy) => self.inner.part_of(copy, range),
            None => self.inner.mapped_part(range),
        }
    }

    /// Starts reading a part of the body from its file, unless it is in memory already. A hint.
    pub(crate) fn fetch_ahead(&self, range: Range<u64>) {
        if let (None, Some(range)) = (self.inner.promoted.get(), self.inner.checked(range)) {
            let body = HEADER_BYTES + range.start..HEADER_BYTES + range.end;
            self.inner.region.fetch_ahead(body);
        }
    }

    /// The whole body, verified.
    pub fn body(&self) -> Result<&[u8], ReadComponentError> {
        self.bytes(0..self.len())
            .ok_or_else(|| ReadComponentError::Damaged(self.damage().unwrap_or_else(|| self.unusable())))
    }

    /// Reads and verifies the whole file, also what was verified or promoted before. Cost: reads it.
    pub fn verify_all(&self) -> Result<(), Damage> {
        for region in 0..self.inner.regions() {
            self.inner.verify(region);
        }
        self.damage().map_or(Ok(()), Err)
    }

    /// Verifies up to `regions_max` further regions of the file, also such as were verified or promoted before,
    /// round and round.
    pub fn scrub_step(&self, regions_max: usize) -> ScrubProgress {
        let regions = self.inner.regions();
        let start = (self.inner.scrub_at.load(Ordering::Relaxed) as usize).min(regions);
        let end = start.saturating_add(regions_max).min(regions);
        let damaged = (start..end).filter(|region| !self.inner.verify(*region)).count();
        if self.is_promoted() {
            self.inner.release(start..end);
        }
        let finished = end == regions;
        let next = if finished { 0 } else { end as u32 };
        self.inner.scrub_at.store(next, Ordering::Relaxed);
        ScrubProgress {
            checked: (end - start) as u32,
            damaged: damaged as u32,
            finished,
        }
    }

    /// The first damaged region found up to now.
    pub fn damage(&self) -> Option<Damage> {
        let words = self.inner.bad.iter().enumerate();
        let mut set = words.filter_map(|(at, word)| {
            let word = word.load(Ordering::Relaxed);
            (word != 0).then(|| at as u32 * 64 + word.trailing_zeros())
        });
        match set.next() {
            Some(region) => Some(Damage {
                path: self.inner.path.clone(),
                region: Some(region),
            }),
            None => self.inner.region.faulted().then(|| self.unusable()),
        }
    }

    /// Whether every region has been verified and none is damaged.
    pub fn fully_verified(&self) -> bool {
        let all_good = (0..self.inner.regions()).all(|region| bit(&self.inner.good, region));
        all_good && self.damage().is_none()
    }

    /// The error "the content breaks `source`".
    pub(crate) fn malformed(&self, source: Malformed) -> ReadComponentError {
        ReadComponentError::Malformed {
            path: self.inner.path.clone(),
            source,
        }
    }

    fn unusable(&self) -> Damage {
        Damage {
            path: self.inner.path.clone(),
            region: None,
        }
    }
}

impl ruvector_graph::Bytes for Component {
    fn len(&self) -> u64 {
        Component::len(self)
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        Component::bytes(self, range)
    }

    fn prefetch(&self, range: Range<u64>) {
        if let Some(bytes) = self.peek(range) {
            ruvector_simd::prefetch(bytes);
        }
    }
}

impl ruvector_sparse::ListBytes for Component {
    fn len(&self) -> u64 {
        Component::len(self)
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        Component::bytes(self, range)
    }
}

impl ruvector_payload::index::IndexBytes for Component {
    fn len(&self) -> u64 {
        Component::len(self)
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        Component::bytes(self, range)
    }
}

impl Inner {
    pub(crate) fn regions(&self) -> usize {
        self.body_bytes.div_ceil(REGION_BYTES)
    }

    /// `range` in addresses of this machine, if it lies in the body.
    #[inline]
    fn checked(&self, range: Range<u64>) -> Option<Range<usize>> {
        let within = range.end <= self.body_bytes as u64 && range.start <= range.end;
        within.then_some(range.start as usize..range.end as usize)
    }

    #[inline]
    fn part_of<'a>(&self, copy: &'a Resident, range: Range<u64>) -> Option<&'a [u8]> {
        let range = self.checked(range)?;
        copy.get(range.start, range.end)
    }

    #[inline]
    fn mapped_part(&self, range: Range<u64>) -> Option<&[u8]> {
        let range = self.checked(range)?;
        self.region
            .get(HEADER_BYTES + range.start..HEADER_BYTES + range.end)
    }

    /// The bytes of a region as they are in the file.
    pub(crate) fn mapped_region(&self, region: usize) -> Option<&[u8]> {
        let start = region * REGION_BYTES;
        let end = (start + REGION_BYTES).min(self.body_bytes);
        self.region.get(HEADER_BYTES + start..HEADER_BYTES + end)
    }

    /// Lets go of the pages of regions that are served from a copy.
    pub(crate) fn release(&self, regions: Range<usize>) {
        let start = HEADER_BYTES + regions.start * REGION_BYTES;
        self.region
            .release(start..HEADER_BYTES + regions.end * REGION_BYTES);
    }

    #[cold]
    fn verify_once(&self, region: usize) -> bool {
        !bit(&self.bad, region) && self.verify(region)
    }

    /// Computes a region's checksum in the file and records the outcome.
    fn verify(&self, region: usize) -> bool {
        self.record(region, self.mapped_region(region))
    }

    /// Compares the checksum of what was read of a region with the one expected, and records the outcome.
    pub(crate) fn record(&self, region: usize, bytes: Option<&[u8]>) -> bool {
        let expected = u32_at(&self.region, HEADER_BYTES + self.body_bytes + 4 * region);
        let sound = bytes.map(crc32c::crc32c) == expected && expected.is_some() && !self.region.faulted();
        let (word, mask) = (region / 64, 1u64 << (region % 64));
        if sound {
            self.good[word].fetch_or(mask, Ordering::Relaxed);
        } else {
            self.bad[word].fetch_or(mask, Ordering::Relaxed);
            self.good[word].fetch_and(!mask, Ordering::Relaxed);
        }
        sound
    }
}

#[inline]
fn bit(words: &[AtomicU64], region: usize) -> bool {
    words
        .get(region / 64)
        .is_some_and(|word| word.load(Ordering::Relaxed) >> (region % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    //! Goal: a component hands out what was written and nothing else. Method: write in odd pieces, flip one
    //! bit anywhere, cut anywhere; only the region of the flipped bit is refused.
    use super::*;
    use crate::{ComponentWriter, write_component};
    use ruvector_io::MemIo;

    fn written(body: &[u8]) -> Vec<u8> {
        let io = MemIo::new();
        let mut writer = ComponentWriter::create(&io, "c", ComponentKind::Vectors, 7).unwrap();
        body.chunks(31_000).for_each(|piece| writer.write(piece).unwrap());
        assert_eq!(writer.len(), body.len() as u64);
        writer.finish().unwrap();
        write_component(&io, "whole", ComponentKind::Vectors, 7, body).unwrap();
        let file = io.read("c", u64::MAX).unwrap();
        assert_eq!(io.read("whole", u64::MAX).unwrap(), file);
        file
    }

    fn open(file: Vec<u8>) -> Result<Component, OpenComponentError> {
        Component::from_region("c", Region::from_vec(file), ComponentKind::Vectors)
    }

    #[test]
    fn round_trip_and_single_bits() {
        let body: Vec<u8> = (0..200_000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let file = written(&body);
        let component = open(file.clone()).unwrap();
        assert_eq!((component.len(), component.created_seq()), (200_000, 7));
        assert_eq!(component.bytes(65_000..131_100), Some(&body[65_000..131_100]));
        assert!(!component.fully_verified());
        assert_eq!(component.scrub_step(3).damaged, 0);
        assert!(component.scrub_step(3).finished && component.fully_verified());
        assert_eq!(component.bytes(199_999..200_001), None);
        let backwards = Range { start: 5, end: 4 };
        assert_eq!(component.bytes(backwards), None);
        for at in (0..file.len()).step_by(997).chain(file.len() - 60..file.len()) {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            let body_at = at.wrapping_sub(HEADER_BYTES);
            match open(flipped) {
                Err(_) => assert!(body_at >= body.len(), "byte {at}"),
                Ok(component) => {
                    let region = body_at / REGION_BYTES;
                    for other in 0..4 {
                        let start = (other * REGION_BYTES) as u64;
                        assert_eq!(
                            component.bytes(start..start + 10).is_none(),
                            other == region,
                            "byte {at}"
                        );
                    }
                    let damage = component.verify_all().unwrap_err();
                    assert_eq!(damage.region, Some(region as u32));
                }
            }
        }
        for cut in [0, 1, 63, 64, 95, 96, 200, file.len() - 1] {
            assert!(open(file[..cut].to_vec()).is_err());
        }
        assert!(Component::from_region("c", Region::from_vec(file), ComponentKind::Ids).is_err());
        assert!(open(written(&[])).unwrap().fully_verified());
    }
}
