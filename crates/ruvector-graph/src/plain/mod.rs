//! The plain layout: a frozen graph as bytes, read in place. Never trusts a byte: lengths are checked at open, ids
//! and counts at every access, and damage reads as [`Unreadable`].
//!
//! All numbers are little-endian u32 unless noted. No alignment is assumed.
//!
//! ```text
//! header, 48 bytes
//!    0  magic "RVPG"             4  version, 2
//!    8  n, nodes                12  m
//!   16  entry node, or 2³²−1    20  entry level (0 without an entry)
//!   24  u, nodes above level 0  28  w, lists above level 0
//!   32  ef_construct            36  b, bytes of an id: 3 up to 2²⁴ nodes, else 4
//!   40  seed (u64)
//! level 0, n × (2 + 2m·b) bytes:  count (u16), then 2m ids of which the first `count` are used, the rest zero
//! upper index, u × 2 words:       node (ascending), its first upper list; it owns the lists up to the first of
//!                                 the next entry (the last: up to w), one for each of its levels 1, 2, …
//! upper lists, w × (2 + m·b) bytes: count, then m ids likewise
//! ```
//! Version 1 has words for counts and ids, and zero at 36.
//!
//! The file's length follows from the header exactly. Checksums are the business of whoever stores the bytes.

mod encode;
mod layout;

use self::layout::{HEADER_BYTES, Header, INDEX_ENTRY_BYTES, WORD_BYTES};
use crate::access::{Entry, Links, Unreadable};
use crate::bytes::Bytes;
use crate::params::{GraphParams, LEVEL_MAX};

pub use self::encode::encode;

/// Why bytes are not a plain graph, or a graph cannot be written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlainError {
    /// The header is missing or damaged.
    #[error("the header of the graph cannot be read")]
    Header,
    /// The bytes are something else.
    #[error("not a plain graph: magic {magic:#010x}")]
    Magic {
        /// What stands in its place.
        magic: u32,
    },
    /// Written by a version of the layout unknown here.
    #[error("plain graph of version {version}, this build reads versions 1 and 2")]
    Version {
        /// The version found.
        version: u32,
    },
    /// A header field outside its limits.
    #[error("field {field} of the graph's header is out of range: {value}")]
    Field {
        /// The field, as named in the layout.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// The length does not follow from the header.
    #[error("the graph has {found} bytes, its header asks for {expected}")]
    Length {
        /// Bytes that the header implies.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// A list of the graph to be written cannot be read.
    #[error(transparent)]
    Source(#[from] Unreadable),
}

/// A graph in the plain layout, read in place.
#[derive(Debug)]
pub struct PlainGraph<B> {
    bytes: B,
    header: Header,
}

impl<B: Bytes> PlainGraph<B> {
    /// Checks the header and that the length follows from it. Reads nothing else, so it costs the same at any
    /// size; what lies behind is checked when it is used.
    ///
    /// # Errors
    /// [`PlainError`] naming what is wrong.
    pub fn open(bytes: B) -> Result<Self, PlainError> {
        let header = bytes.bytes(0..HEADER_BYTES).ok_or(PlainError::Header)?;
        let header = Header::from_bytes(header)?;
        let (expected, found) = (header.total_bytes(), bytes.len());
        if expected != found {
            return Err(PlainError::Length { expected, found });
        }
        Ok(Self { bytes, header })
    }

    /// Nodes in the graph.
    pub fn len(&self) -> u32 {
        self.header.nodes
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.header.nodes == 0
    }

    /// The parameters it was built with.
    pub fn params(&self) -> GraphParams {
        self.header.params
    }

    /// The bytes it reads.
    pub fn bytes(&self) -> &B {
        &self.bytes
    }

    fn word(&self, at: u64) -> Option<u32> {
        let bytes = self.bytes.bytes(at..at + WORD_BYTES)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// An index entry: node and first list.
    fn index(&self, at: u32) -> Option<(u32, u32)> {
        let start = self.header.index_start() + u64::from(at) * INDEX_ENTRY_BYTES;
        Some((self.word(start)?, self.word(start + WORD_BYTES)?))
    }

    /// Where the list of `node` at `level` ≥ 1 lies. The inner `None`: it has no such level; the outer: damaged.
    fn upper_list(&self, node: u32, level: u8) -> Option<Option<u64>> {
        let (mut low, mut high) = (0, self.header.upper_nodes);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.index(middle)?.0 < node {
                low = middle + 1
            } else {
                high = middle
            }
        }
        if low == self.header.upper_nodes {
            return Some(None);
        }
        let (found, first) = self.index(low)?;
        if found != node {
            return Some(None);
        }
        let last = low + 1 == self.header.upper_nodes;
        let end = if last {
            self.header.upper_lists
        } else {
            self.index(low + 1)?.1
        };
        if first >= end || end > self.header.upper_lists || end - first > u32::from(LEVEL_MAX) {
            return None;
        }
        let list = u64::from(first) + u64::from(level) - 1;
        let start = self.header.upper_start() + list * self.header.list_bytes(1);
        Some((list < u64::from(end)).then_some(start))
    }

    /// Appends the list at `start`; `None` where it is damaged.
    #[inline]
    fn read_list(&self, start: u64, level: u8, out: &mut Vec<u32>) -> Option<()> {
        let bytes = self.bytes.bytes(start..start + self.header.list_bytes(level))?;
        self.header.width.read_list(bytes, out)?;
        let highest = out.iter().copied().max();
        highest.is_none_or(|id| id < self.header.nodes).then_some(())
    }
}

impl<B: Bytes> Links for PlainGraph<B> {
    fn entry(&self) -> Option<Entry> {
        self.header.entry
    }

    #[inline]
    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        out.clear();
        let damaged = Unreadable { node, level };
        if node >= self.header.nodes {
            return Err(damaged);
        }
        let start = match level {
            0 => HEADER_BYTES + u64::from(node) * self.header.list_bytes(0),
            _ => match self.upper_list(node, level).ok_or(damaged)? {
                Some(start) => start,
                None => return Ok(()),
            },
        };
        self.read_list(start, level, out).ok_or(damaged)
    }

    #[inline]
    fn prefetch(&self, node: u32) {
        let start = HEADER_BYTES + u64::from(node) * self.header.list_bytes(0);
        if let Some(bytes) = self.bytes.bytes(start..start + self.header.list_bytes(0)) {
            ruvector_simd::prefetch(bytes);
        }
    }
}
