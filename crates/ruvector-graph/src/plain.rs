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
//!   32  ef_construct            36  b, bytes of an id: 3 below 2²⁴ nodes, else 4
//!   40  seed (u64)
//! level 0, n × (2 + 2m·b) bytes:  count (u16), then 2m ids of which the first `count` are used, the rest zero
//! upper index, u × 2 words:       node (ascending), its first upper list; it owns the lists up to the first of
//!                                 the next entry (the last: up to w), one for each of its levels 1, 2, …
//! upper lists, w × (2 + m·b) bytes: count, then m ids likewise
//! ```
//! Version 1 has words for counts and ids, and zero at 36.
//!
//! The file's length follows from the header exactly. Checksums are the business of whoever stores the bytes.

use std::ops::Range;

use crate::access::{Entry, Links, Unreadable, linked_level};
use crate::params::{GraphParams, LEVEL_MAX, M_MAX, M_MIN};

const MAGIC: u32 = u32::from_le_bytes(*b"RVPG");
const VERSION: u32 = 2;
/// Nodes that ids of three bytes can name.
const NARROW_NODES_MAX: u32 = 1 << 24;
const HEADER_BYTES: u64 = 48;
const WORD_BYTES: u64 = 4;
const INDEX_ENTRY_BYTES: u64 = 2 * WORD_BYTES;
const NO_ENTRY: u32 = u32::MAX;

/// Bytes that are read where they lie.
pub trait Bytes {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`. `None`: out of range or damaged.
    fn bytes(&self, range: Range<u64>) -> Option<&[u8]>;

    /// A hint that `bytes(range)` follows soon.
    fn prefetch(&self, range: Range<u64>) {
        let _ = range;
    }
}

impl Bytes for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }

    fn prefetch(&self, range: Range<u64>) {
        if let Some(bytes) = self.bytes(range) {
            ruvector_simd::prefetch(bytes);
        }
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        Bytes::len(self.as_slice())
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.as_slice().bytes(range)
    }

    fn prefetch(&self, range: Range<u64>) {
        self.as_slice().prefetch(range);
    }
}

impl<B: Bytes + ?Sized> Bytes for &B {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        (**self).bytes(range)
    }

    fn prefetch(&self, range: Range<u64>) {
        (**self).prefetch(range);
    }
}

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

/// Writes the first `len` nodes of a graph in the plain layout; links to others are left out, and lists longer
/// than the degree of `params` are cut to it. Where the entry is at or above `len`, the highest node below it
/// takes its place.
///
/// The graph may grow meanwhile, above `len`. Memory: the bytes returned, about 2 + 6m a node.
///
/// # Errors
/// [`PlainError::Source`] when a list cannot be read.
pub fn encode(links: &impl Links, len: u32, params: GraphParams) -> Result<Vec<u8>, PlainError> {
    let params = params.clamped();
    let width = Width::of(len);
    let lists_bytes = u64::from(len) * width.list_bytes(params.degree(0));
    let mut out = Vec::with_capacity(usize::try_from(HEADER_BYTES + lists_bytes).unwrap_or(0));
    out.resize(HEADER_BYTES as usize, 0);
    let mut buffer = Vec::new();
    let (mut index, mut upper) = (Vec::new(), Vec::new());
    let mut lists = 0;
    let mut highest: Option<Entry> = None;
    for node in 0..len {
        links.links(node, 0, &mut buffer)?;
        width.write_list(&mut out, &mut buffer, (len, params.degree(0)));
        let level = linked_level(links, node, &mut buffer).min(LEVEL_MAX);
        if highest.is_none_or(|entry| level > entry.level) {
            highest = Some(Entry { node, level });
        }
        if level > 0 {
            index.extend_from_slice(&node.to_le_bytes());
            index.extend_from_slice(&u32::to_le_bytes(lists));
            lists += u32::from(level);
        }
        for level in 1..=level {
            links.links(node, level, &mut buffer)?;
            width.write_list(&mut upper, &mut buffer, (len, params.degree(level)));
        }
    }
    let own = links.entry().filter(|entry| entry.node < len);
    let entry = own.or(highest.filter(|_| links.entry().is_some()));
    let header = Header {
        width,
        nodes: len,
        params,
        entry,
        upper_nodes: (index.len() / 8) as u32,
        upper_lists: lists,
    };
    out[..HEADER_BYTES as usize].copy_from_slice(&header.to_bytes());
    out.extend_from_slice(&index);
    out.extend_from_slice(&upper);
    Ok(out)
}

/// Bytes of the numbers in a list.
#[derive(Clone, Copy, Debug)]
struct Width {
    count: usize,
    id: usize,
}

impl Width {
    fn of(nodes: u32) -> Width {
        let id = if nodes <= NARROW_NODES_MAX { 3 } else { 4 };
        Width { count: 2, id }
    }

    fn list_bytes(self, degree: usize) -> u64 {
        (self.count + degree * self.id) as u64
    }

    /// Appends one list of fixed size: count, ids below `len`, zeros.
    fn write_list(self, out: &mut Vec<u8>, ids: &mut Vec<u32>, (len, degree): (u32, usize)) {
        let end = out.len() + self.list_bytes(degree) as usize;
        ids.retain(|&id| id < len);
        ids.truncate(degree);
        out.extend_from_slice(&(ids.len() as u32).to_le_bytes()[..self.count]);
        ids.iter()
            .for_each(|id| out.extend_from_slice(&id.to_le_bytes()[..self.id]));
        out.resize(end, 0);
    }

    /// Appends the ids of a list; `None` if it has more than fit.
    #[inline]
    fn read_list(self, list: &[u8], out: &mut Vec<u32>) -> Option<()> {
        let (count, ids) = list.split_at_checked(self.count)?;
        let count = count
            .iter()
            .rev()
            .fold(0, |count, byte| count << 8 | usize::from(*byte));
        let ids = ids.get(..count.checked_mul(self.id)?)?;
        match self.id {
            3 => out.extend(
                ids.as_chunks()
                    .0
                    .iter()
                    .map(|[a, b, c]| u32::from_le_bytes([*a, *b, *c, 0])),
            ),
            _ => out.extend(ids.as_chunks().0.iter().map(|id| u32::from_le_bytes(*id))),
        }
        Some(())
    }
}

#[derive(Clone, Copy, Debug)]
struct Header {
    width: Width,
    nodes: u32,
    params: GraphParams,
    entry: Option<Entry>,
    upper_nodes: u32,
    upper_lists: u32,
}

impl Header {
    fn to_bytes(self) -> [u8; HEADER_BYTES as usize] {
        let entry = self.entry.unwrap_or(Entry {
            node: NO_ENTRY,
            level: 0,
        });
        let words = [
            MAGIC,
            VERSION,
            self.nodes,
            self.params.m,
            entry.node,
            u32::from(entry.level),
            self.upper_nodes,
            self.upper_lists,
            self.params.ef_construct,
            self.width.id as u32,
        ];
        let mut bytes = [0; HEADER_BYTES as usize];
        for (target, word) in bytes.chunks_exact_mut(4).zip(words) {
            target.copy_from_slice(&word.to_le_bytes());
        }
        bytes[40..].copy_from_slice(&self.params.seed.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, PlainError> {
        let (words, seed) = bytes.split_at_checked(40).ok_or(PlainError::Header)?;
        let seed = u64::from_le_bytes(seed.try_into().map_err(|_| PlainError::Header)?);
        let mut field = [0u32; 10];
        field
            .iter_mut()
            .zip(words.as_chunks().0)
            .for_each(|(field, word)| *field = u32::from_le_bytes(*word));
        let [
            magic,
            version,
            nodes,
            m,
            entry_node,
            level,
            upper_nodes,
            upper_lists,
            ef_construct,
            id_bytes,
        ] = field;
        if magic != MAGIC {
            return Err(PlainError::Magic { magic });
        }
        if !(1..=VERSION).contains(&version) {
            return Err(PlainError::Version { version });
        }
        let check = |field, value, ok| {
            if ok {
                Ok(())
            } else {
                Err(PlainError::Field { field, value })
            }
        };
        check("m", m, (M_MIN..=M_MAX).contains(&m))?;
        check("ef_construct", ef_construct, ef_construct >= m)?;
        check(
            "entry node",
            entry_node,
            entry_node < nodes || entry_node == NO_ENTRY,
        )?;
        check("entry level", level, level <= u32::from(LEVEL_MAX))?;
        check("nodes above level 0", upper_nodes, upper_nodes <= nodes)?;
        check("lists above level 0", upper_lists, upper_lists >= upper_nodes)?;
        let width = match version {
            1 => Width { count: 4, id: 4 },
            _ => Width::of(nodes),
        };
        let expected = if version == 1 { 0 } else { width.id as u32 };
        check("bytes of an id", id_bytes, id_bytes == expected)?;
        let entry = (entry_node != NO_ENTRY).then_some(Entry {
            node: entry_node,
            level: level as u8,
        });
        let params = GraphParams {
            m,
            ef_construct,
            seed,
        };
        Ok(Self {
            width,
            nodes,
            params,
            entry,
            upper_nodes,
            upper_lists,
        })
    }

    fn list_bytes(&self, level: u8) -> u64 {
        self.width.list_bytes(self.params.degree(level))
    }

    fn index_start(&self) -> u64 {
        HEADER_BYTES + u64::from(self.nodes) * self.list_bytes(0)
    }

    fn upper_start(&self) -> u64 {
        self.index_start() + u64::from(self.upper_nodes) * INDEX_ENTRY_BYTES
    }

    /// Below 2⁴⁶: no sum here overflows.
    fn total_bytes(&self) -> u64 {
        self.upper_start() + u64::from(self.upper_lists) * self.list_bytes(1)
    }
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
