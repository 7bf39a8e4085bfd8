//! Reads the bytes of one log file: records in order, and what follows the first bad one.
//! Never decides what to do about damage; never touches a file.
//!
//! ```text
//! file: header 32 bytes │ records (see record.rs), each at a multiple of 8
//! header: 0 "RVLG" │ 4 format version u16 │ 6 codec id u16 (0 = none) │ 8 key id u32 (0 = none)
//!         12 shard u32 │ 16 first seq u64 │ 24 reserved u32 │ 28 crc32c of bytes 0..28
//! ```
//! All that a reader needs of the header stands in the file's name too, so a damaged header loses nothing
//! silently: with a sound first record behind it, it is damage, not a torn write (both begin in one sector).

use crate::record::{LogRecord, RECORD_HEADER_BYTES, RecordHead};
use crate::wire::{put, u32_at, u64_at};

/// Bytes of a log file's header.
pub(crate) const FILE_HEADER_BYTES: usize = 32;
const FORMAT_VERSION: u16 = 1;
/// Bytes that the search behind a bad record may checksum, as a multiple of the file's length: bytes made to
/// look like the beginnings of many long records must not take hours.
const SEARCH_FACTOR: u64 = 64;

/// What a log file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// The shard.
    pub shard: u32,
    /// Sequence number of the first record.
    pub first_seq: u64,
}

/// Why bytes are no header of a log file that this version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Too short, other magic, or a wrong checksum.
    #[error("damaged or incomplete header")]
    Damaged,
    /// Written by another version, with a codec or a key that is not known.
    #[error("format version {version}, codec {codec}, key {key} are not known")]
    Unsupported {
        /// Format version.
        version: u16,
        /// Codec id.
        codec: u16,
        /// Key id.
        key: u32,
    },
    /// Sound, and for another shard or place in the log than the file's name says.
    #[error("header of shard {shard} from seq {first_seq}, which is not what the file's name says")]
    Misplaced {
        /// The shard in the header.
        shard: u32,
        /// The first seq in the header.
        first_seq: u64,
    },
}

/// A record and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Offset of the record in the file.
    pub offset: u64,
    /// Durable seq of the shard when it was appended.
    pub durable_seq: u64,
    /// The record.
    pub record: LogRecord,
}

/// What a log file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// The records asked for, in order, without gaps.
    pub records: Vec<Found>,
    /// The seq that follows the last record read in order, asked for or not.
    pub next_seq: u64,
    /// Where reading stopped before the end of the file.
    pub stop: Option<Stop>,
}

/// The first bad place of a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its offset.
    pub offset: u64,
    /// The first seq missing because of it, of those asked for.
    pub seq: u64,
    /// The highest durable seq among sound records behind it. At least `seq`: an acknowledged record is lost.
    /// `u64::MAX` if the search was given up (see the head of `replay.rs`), or if a sound record stands behind
    /// a damaged header.
    pub later_durable_seq: Option<u64>,
}

impl Stop {
    /// Whether an acknowledged record is lost; otherwise what follows is a torn tail.
    pub fn is_damage(&self) -> bool {
        self.later_durable_seq.is_some_and(|durable| durable >= self.seq)
    }
}

impl FileHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(FILE_HEADER_BYTES);
        header.extend_from_slice(b"RVLG");
        put!(
            header,
            FORMAT_VERSION,
            0u16,
            0u32,
            self.shard,
            self.first_seq,
            0u32
        );
        put!(header, crc32c::crc32c(&header));
        header
    }

    /// Reads the header at the start of a log file.
    pub fn decode(bytes: &[u8]) -> Result<FileHeader, HeaderError> {
        let header = bytes.get(..FILE_HEADER_BYTES).ok_or(HeaderError::Damaged)?;
        let word = |at| u32_at(header, at).ok_or(HeaderError::Damaged);
        if !header.starts_with(b"RVLG") || word(28)? != crc32c::crc32c(&header[..28]) {
            return Err(HeaderError::Damaged);
        }
        let (version, codec, key) = (word(4)? as u16, (word(4)? >> 16) as u16, word(8)?);
        if version != FORMAT_VERSION || codec != 0 || key != 0 {
            return Err(HeaderError::Unsupported { version, codec, key });
        }
        Ok(FileHeader {
            shard: word(12)?,
            first_seq: u64_at(header, 16).ok_or(HeaderError::Damaged)?,
        })
    }
}

/// Reads a log file of which nothing but its bytes is known.
pub fn scan(bytes: &[u8]) -> Result<Scan, HeaderError> {
    let header = FileHeader::decode(bytes)?;
    scan_after(bytes, header, 0)
}

/// Reads a log file whose name says `expected`; returns records above `after_seq` only.
/// A bad place among records that nobody needs any more (up to `after_seq`) is stepped over.
/// Cost: a checksum of all bytes, and of up to 64 times as many behind a bad place.
pub fn scan_after(bytes: &[u8], expected: FileHeader, after_seq: u64) -> Result<Scan, HeaderError> {
    let mut scan = Scan {
        records: Vec::new(),
        next_seq: expected.first_seq,
        stop: None,
    };
    match FileHeader::decode(bytes) {
        Ok(header) if header == expected => {}
        Ok(FileHeader { shard, first_seq }) => return Err(HeaderError::Misplaced { shard, first_seq }),
        Err(error @ (HeaderError::Unsupported { .. } | HeaderError::Misplaced { .. })) => return Err(error),
        Err(HeaderError::Damaged) => {
            scan.stop = Some(stop_at_header(bytes, expected, after_seq));
            return Ok(scan);
        }
    }
    scan.read_records(bytes, expected, after_seq);
    Ok(scan)
}

impl Scan {
    fn read_records(&mut self, bytes: &[u8], file: FileHeader, after_seq: u64) {
        let mut at = FILE_HEADER_BYTES;
        while at < bytes.len() {
            match LogRecord::decode(&bytes[at..]) {
                Ok((record, durable_seq, used)) if in_order(&record, durable_seq, file, self.next_seq) => {
                    self.next_seq = self.next_seq.saturating_add(1);
                    if record.seq > after_seq {
                        let offset = at as u64;
                        self.records.push(Found {
                            offset,
                            durable_seq,
                            record,
                        });
                    }
                    at += used;
                }
                _ => {
                    let search = Search::behind(bytes, at, file.shard, self.next_seq, after_seq);
                    if let Some((offset, seq)) = search.resume {
                        (at, self.next_seq) = (offset, seq);
                        continue;
                    }
                    self.stop = Some(Stop {
                        offset: at as u64,
                        seq: self.next_seq.max(after_seq.saturating_add(1)),
                        later_durable_seq: search.durable_seq,
                    });
                    break;
                }
            }
        }
    }
}

/// The highest durable seq of any sound record of the shard with a seq of at least `seq_min`, anywhere in a file.
pub(crate) fn durable_seq_in(bytes: &[u8], shard: u32, seq_min: u64) -> Option<u64> {
    Search::behind(bytes, 0, shard, seq_min, 0).durable_seq
}

fn in_order(record: &LogRecord, durable_seq: u64, file: FileHeader, seq: u64) -> bool {
    record.seq == seq && record.shard == file.shard && durable_seq < seq
}

fn stop_at_header(bytes: &[u8], expected: FileHeader, after_seq: u64) -> Stop {
    let first = bytes.get(FILE_HEADER_BYTES..).map(RecordHead::read);
    let search = Search::behind(bytes, 0, expected.shard, expected.first_seq, 0);
    let later_durable_seq = match first {
        Some(Ok(head)) if head.seq == expected.first_seq && head.shard == expected.shard => Some(u64::MAX),
        _ => search.durable_seq,
    };
    Stop {
        offset: 0,
        seq: expected.first_seq.max(after_seq.saturating_add(1)),
        later_durable_seq,
    }
}

/// What stands behind a bad place.
struct Search {
    durable_seq: Option<u64>,
    /// Offset and seq of the first sound record, if all that is missing before it is not needed any more.
    resume: Option<(usize, u64)>,
}

impl Search {
    /// Tries every multiple of 8 from `from` on.
    fn behind(bytes: &[u8], from: usize, shard: u32, seq_min: u64, after_seq: u64) -> Search {
        let mut found = Search {
            durable_seq: None,
            resume: None,
        };
        let mut budget = SEARCH_FACTOR.saturating_mul(bytes.len() as u64);
        let mut at = from;
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() > RECORD_HEADER_BYTES) {
            at += 8;
            let Some(head) = RecordHead::fields(rest).ok().filter(|head| {
                let plausible = head.shard == shard && head.seq >= seq_min && head.durable_seq < head.seq;
                plausible && head.bytes <= rest.len()
            }) else {
                continue;
            };
            if budget < head.bytes as u64 {
                found.durable_seq = Some(u64::MAX);
                break;
            }
            budget -= head.bytes as u64;
            if RecordHead::read(rest).is_err() {
                continue;
            }
            let needless = head.seq > seq_min && head.seq <= after_seq.saturating_add(1);
            if found.durable_seq.is_none() && needless {
                found.resume = Some((at - 8, head.seq));
                break;
            }
            found.durable_seq = found.durable_seq.max(Some(head.durable_seq));
            at += head.bytes - 8;
        }
        found
    }
}
