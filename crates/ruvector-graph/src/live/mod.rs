//! The graph of an active segment: one writer, many readers, no locks and no unsafe code. Never hides a node that
//! it has published and never moves memory under a reader.
//!
//! Memory order. A node's record, its links on all levels and then the links towards it, from level 0 up, are
//! written before the entry (when it becomes that) and before `len`; each of these is a release store and every
//! reader's load an acquire. So who sees a node sees its lists on that level and below, and, when the vector was
//! written before `insert`, its vector. Lists only grow or have one id replaced by one store: a reader sees a list
//! of some instant or a mixture of neighbouring instants, every id of which was a valid link. No reader ever waits.
//!
//! Reachability. When a full list of s drops a link to e in favour of the new node q, q takes a link to e: what was
//! reached through s → e is reached through s → q → e. q makes m links and drops at most one link for each, and a
//! level-0 list holds 2m, so there is always room: at level 0 every node stays reachable from the entry, however
//! many equal vectors there are. (HNSW as published gives no such promise.)

mod arena;
mod batch;
mod insert;
mod link_back;
mod list;

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use ruvector_simd::prefetch;

use crate::access::{Entry, Links, Unreadable};
use crate::params::GraphParams;
use arena::Arena;
pub use batch::Found;
pub use insert::InsertError;
use list::List;

/// Words before the ids of a level-0 record: count and level, then the first upper list.
const HEAD_WORDS: usize = 2;
/// The entry word of a graph without linked nodes.
const NO_ENTRY: u64 = u64::MAX;

/// A graph that grows while it is searched.
///
/// Memory: (2 + 2·m)·4 bytes a node, and (1 + m)·4 for each of about 1/(m−1) upper lists a node.
#[derive(Debug)]
pub struct LiveGraph {
    params: GraphParams,
    len: AtomicU32,
    entry: AtomicU64,
    writing: AtomicBool,
    upper_len: AtomicU32,
    level0: Arena,
    upper: Arena,
}

impl LiveGraph {
    /// An empty graph for up to `capacity` nodes; `params` are clamped to their limits. Allocates 48 bytes per
    /// 1,024 nodes of capacity; the rest comes with the nodes.
    pub fn new(params: GraphParams, capacity: u32) -> Self {
        let params = params.clamped();
        Self {
            params,
            len: AtomicU32::new(0),
            entry: AtomicU64::new(NO_ENTRY),
            writing: AtomicBool::new(false),
            upper_len: AtomicU32::new(0),
            level0: Arena::new(HEAD_WORDS + params.degree(0), capacity),
            // Expected use is capacity / (m − 1); a node that finds it full stays on the levels that fit.
            upper: Arena::new(1 + params.degree(1), capacity),
        }
    }

    /// Nodes inserted and published.
    pub fn len(&self) -> u32 {
        self.len.load(Acquire)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most nodes it takes.
    pub fn capacity(&self) -> u32 {
        self.level0.records_max()
    }

    /// The parameters in force.
    pub fn params(&self) -> GraphParams {
        self.params
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.level0.heap_bytes() + self.upper.heap_bytes()
    }

    #[inline]
    fn list(&self, node: u32, level: u8) -> Option<List<'_>> {
        let record = self.level0.record(node)?;
        let (head, slots) = record.split_first_chunk::<HEAD_WORDS>()?;
        if level == 0 {
            return Some(List {
                count: &head[0],
                slots,
            });
        }
        if level > list::level_of(head[0].load(Acquire)) {
            return None;
        }
        let first = head[1].load(Relaxed);
        let (count, slots) = self
            .upper
            .record(first.checked_add(u32::from(level) - 1)?)?
            .split_first()?;
        Some(List { count, slots })
    }

    /// Makes the record of `node` with empty lists up to `level`, or up to the highest that there is room for,
    /// and returns that level. `None` when the graph is full.
    fn create(&self, node: u32, level: u8) -> Option<u8> {
        let record = self.level0.create(node)?;
        let first = self.upper_len.load(Relaxed);
        let mut made = 0;
        while made < level
            && first
                .checked_add(u32::from(made))
                .is_some_and(|at| self.upper.create(at).is_some())
        {
            made += 1;
        }
        self.upper_len.store(first + u32::from(made), Relaxed);
        record.get(1)?.store(first, Relaxed);
        record.first()?.store(list::empty_count(made), Release);
        Some(made)
    }

    pub(crate) fn set_entry(&self, entry: Entry) {
        self.entry
            .store(u64::from(entry.level) << 32 | u64::from(entry.node), Release);
    }
}

impl Links for LiveGraph {
    fn entry(&self) -> Option<Entry> {
        let word = self.entry.load(Acquire);
        (word != NO_ENTRY).then_some(Entry {
            node: word as u32,
            level: (word >> 32) as u8,
        })
    }

    #[inline]
    fn links(&self, node: u32, level: u8, out: &mut Vec<u32>) -> Result<(), Unreadable> {
        out.clear();
        if let Some(list) = self.list(node, level) {
            list.read(out);
        }
        Ok(())
    }

    #[inline]
    fn prefetch(&self, node: u32) {
        if let Some(record) = self.level0.record(node) {
            prefetch(record);
        }
    }
}
