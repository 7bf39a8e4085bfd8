//! What the tests of this crate share: seeded numbers, components in memory. Never compiled into the product.

use ruvector_io::{Io, MemIo, Region};

use crate::{Component, ComponentKind, write_component};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(crate) fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// A component in memory with this body.
pub(crate) fn component(kind: ComponentKind, body: &[u8]) -> Component {
    let io = MemIo::new();
    write_component(&io, "c", kind, 1, body).unwrap();
    let file = io.read("c", u64::MAX).unwrap();
    Component::from_region("c", Region::from_vec(file), kind).unwrap()
}
