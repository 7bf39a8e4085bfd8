//! The header of the plain layout and the form of its lists, as drawn in `mod.rs`. Never reads a graph.

use super::PlainError;
use crate::access::Entry;
use crate::params::{GraphParams, LEVEL_MAX, M_MAX, M_MIN};

const MAGIC: u32 = u32::from_le_bytes(*b"RVPG");
const VERSION: u32 = 2;
/// Nodes that ids of three bytes can name.
const NARROW_NODES_MAX: u32 = 1 << 24;
pub(super) const HEADER_BYTES: u64 = 48;
pub(super) const WORD_BYTES: u64 = 4;
pub(super) const INDEX_ENTRY_BYTES: u64 = 2 * WORD_BYTES;
const NO_ENTRY: u32 = u32::MAX;

/// Bytes of the numbers in a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    count: usize,
    id: usize,
}

impl Width {
    pub(super) fn of(nodes: u32) -> Width {
        let id = if nodes <= NARROW_NODES_MAX { 3 } else { 4 };
        Width { count: 2, id }
    }

    pub(super) fn list_bytes(self, degree: usize) -> u64 {
        (self.count + degree * self.id) as u64
    }

    /// Appends one list of fixed size: count, ids below `len`, zeros.
    pub(super) fn write_list(self, out: &mut Vec<u8>, ids: &mut Vec<u32>, (len, degree): (u32, usize)) {
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
    pub(super) fn read_list(self, list: &[u8], out: &mut Vec<u32>) -> Option<()> {
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

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) width: Width,
    pub(super) nodes: u32,
    pub(super) params: GraphParams,
    pub(super) entry: Option<Entry>,
    pub(super) upper_nodes: u32,
    pub(super) upper_lists: u32,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES as usize] {
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

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, PlainError> {
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

    pub(super) fn list_bytes(&self, level: u8) -> u64 {
        self.width.list_bytes(self.params.degree(level))
    }

    pub(super) fn index_start(&self) -> u64 {
        HEADER_BYTES + u64::from(self.nodes) * self.list_bytes(0)
    }

    pub(super) fn upper_start(&self) -> u64 {
        self.index_start() + u64::from(self.upper_nodes) * INDEX_ENTRY_BYTES
    }

    /// Below 2⁴⁶: no sum here overflows.
    pub(super) fn total_bytes(&self) -> u64 {
        self.upper_start() + u64::from(self.upper_lists) * self.list_bytes(1)
    }
}
