//! Which paths had long reads of late: those begin on a thread of their own at once. Never keeps a path.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};

/// Short reads after a long one until reads of that path begin on an async thread again.
const SHORT_AGAIN: u8 = 32;

/// For each hash of a path, how many short reads are wanted until they are expected again. A guess only: two paths may
/// share a place, and updates may be lost.
#[derive(Debug)]
pub(crate) struct LongReads([AtomicU8; 256]);

impl LongReads {
    /// Every path is expected to be short.
    pub(crate) fn new() -> LongReads {
        LongReads([const { AtomicU8::new(0) }; 256])
    }

    /// The place of a path.
    pub(crate) fn key(path: &str) -> u8 {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        hasher.finish() as u8
    }

    pub(crate) fn expects_short(&self, key: u8) -> bool {
        self.place(key).load(Ordering::Relaxed) == 0
    }

    pub(crate) fn was_long(&self, key: u8) {
        self.place(key).store(SHORT_AGAIN, Ordering::Relaxed);
    }

    pub(crate) fn was_short(&self, key: u8) {
        let place = self.place(key);
        let left = place.load(Ordering::Relaxed);
        place.store(left.saturating_sub(1), Ordering::Relaxed);
    }

    fn place(&self, key: u8) -> &AtomicU8 {
        &self.0[usize::from(key)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: one long read sends the next ones of its path, and of no other, elsewhere; so many short ones end that.
    #[test]
    fn a_long_read_is_remembered_for_a_while() {
        let reads = LongReads::new();
        let (long, other) = (3, 4);
        reads.was_long(long);
        for _ in 0..SHORT_AGAIN {
            assert!(!reads.expects_short(long) && reads.expects_short(other));
            reads.was_short(long);
        }
        assert!(reads.expects_short(long));
        reads.was_short(long);
        assert!(reads.expects_short(long));
    }
}
