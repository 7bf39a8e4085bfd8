//! One node's links at one level, as readers and the writer see them. Never shows a reader a half-written list.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Bits of a list's first word that hold its count; the rest is the node's level, on level 0.
const COUNT_BITS: u32 = 16;
const COUNT_MASK: u32 = (1 << COUNT_BITS) - 1;

/// The count word of a new, empty list of a node that reaches `level`.
pub(super) fn empty_count(level: u8) -> u32 {
    u32::from(level) << COUNT_BITS
}

/// The level stored in a count word.
pub(super) fn level_of(count: u32) -> u8 {
    (count >> COUNT_BITS) as u8
}

/// A list in place. The writer appends, or replaces one id: a slot is stored before the count that reveals it,
/// with release, and read after it, with acquire. Each id a reader meets therefore comes with all that was
/// written before the link was made: the other node's own list, and its vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    pub(super) count: &'a AtomicU32,
    pub(super) slots: &'a [AtomicU32],
}

impl List<'_> {
    #[inline]
    pub(super) fn read(&self, out: &mut Vec<u32>) {
        let count = (self.count.load(Acquire) & COUNT_MASK) as usize;
        out.extend(self.slots.iter().take(count).map(|slot| slot.load(Acquire)));
    }

    pub(super) fn contains(&self, node: u32) -> bool {
        let count = (self.count.load(Acquire) & COUNT_MASK) as usize;
        self.slots
            .iter()
            .take(count)
            .any(|slot| slot.load(Acquire) == node)
    }

    /// Appends; false when the list is full.
    pub(super) fn push(&self, node: u32) -> bool {
        let word = self.count.load(Relaxed);
        let Some(slot) = self.slots.get((word & COUNT_MASK) as usize) else {
            return false;
        };
        slot.store(node, Release);
        self.count.store(word + 1, Release);
        true
    }

    /// Puts `new` in the place of `old`, in one store. Nothing happens where `old` is absent.
    pub(super) fn replace(&self, old: u32, new: u32) {
        let count = (self.count.load(Relaxed) & COUNT_MASK) as usize;
        if let Some(slot) = self
            .slots
            .iter()
            .take(count)
            .find(|slot| slot.load(Relaxed) == old)
        {
            slot.store(new, Release);
        }
    }

    /// Writes the whole list. Only for a list that no reader can have reached.
    pub(super) fn write(&self, nodes: impl Iterator<Item = u32>) {
        let mut count = 0;
        for (slot, node) in self.slots.iter().zip(nodes) {
            slot.store(node, Release);
            count += 1;
        }
        self.count
            .store(self.count.load(Relaxed) & !COUNT_MASK | count, Release);
    }
}
