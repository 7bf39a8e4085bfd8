//! Ids of a sealed segment, both ways: row to id, id to row. Never holds two rows of one id.
//!
//! ```text
//! body: header 64 bytes │ filter │ uuids │ numbers │ text offsets │ slots │ order │ text
//! header: 0 version u32 (1) │ 4 rows u32 │ 8 numbers u32 │ 12 uuids u32 │ 16 texts u32
//!         20 filter blocks u32 │ 24 text bytes u64 │ 32 zero
//! filter:  blocks of 64 bytes, a blocked Bloom filter (Putze, Sanders, Singler 2007): 10 bits an id, 6 probes
//! uuids:   u128 each, numbers: u64 each, text offsets: texts + 1 (none: 0) u64 each; all in row order
//! slots:   rows × u32, where row's id stands: numbers first, then uuids, then texts;
//!          absent if all ids are of one kind (the slot is the row)
//! order:   rows × u32, the rows in id order
//! text:    UTF-8
//! ```
//! Numbers only: 12 bytes and 10 bits a row.

use std::cmp::Ordering;

use ruvector_types::PointId;

use crate::component::{Component, ReadComponentError};
use crate::wire::{Malformed, Reader, put};

const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
const BLOCK_BYTES: usize = 64;
const FILTER_BITS_PER_ID: u64 = 10;
const FILTER_PROBES: u32 = 6;

/// The body of an ids component for ids in row order.
/// The ids must be distinct and fewer than 2³². Cost: sorts them.
pub fn encode_ids(ids: &[PointId]) -> Vec<u8> {
    let layout = Layout::of(ids);
    let mut body = vec![0; HEADER_BYTES + layout.filter_bytes()];
    body[..32].copy_from_slice(&layout.header());
    for id in ids {
        for bit in probes(id, layout.blocks) {
            body[HEADER_BYTES + (bit / 8) as usize] |= 1 << (bit % 8);
        }
    }
    let mut text = Vec::new();
    put_ids(ids, &mut body, &mut text);
    if layout.has_slots() {
        let mut next = [0, layout.numbers, layout.numbers + layout.uuids];
        for id in ids {
            let next = &mut next[kind(id)];
            put!(body, *next);
            *next += 1;
        }
    }
    let mut order: Vec<u32> = (0..layout.rows).collect();
    order.sort_unstable_by(|a, b| ids[*a as usize].cmp(&ids[*b as usize]));
    for row in order {
        put!(body, row);
    }
    body.extend_from_slice(&text);
    body
}

/// UUIDs, numbers and text offsets into `body`, the text into `text`.
fn put_ids(ids: &[PointId], body: &mut Vec<u8>, text: &mut Vec<u8>) {
    for id in ids {
        if let PointId::Uuid(bits) = id {
            put!(body, *bits);
        }
    }
    for id in ids {
        if let PointId::Num(number) = id {
            put!(body, *number);
        }
    }
    for id in ids {
        if let PointId::Str(string) = id {
            if text.is_empty() {
                put!(body, 0u64);
            }
            text.extend_from_slice(string.as_bytes());
            put!(body, text.len() as u64);
        }
    }
}

fn kind(id: &PointId) -> usize {
    match id {
        PointId::Num(_) => 0,
        PointId::Uuid(_) => 1,
        PointId::Str(_) => 2,
    }
}

/// The bits of the filter that an id sets. The hash is mixed anew: its own bits choose the shard.
fn probes(id: &PointId, blocks: u32) -> impl Iterator<Item = u64> {
    let hash = (id.stable_hash() ^ 0x2545_f491_4f6c_dd1d).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let block = ((u128::from(hash) * u128::from(blocks)) >> 64) as u64;
    let bits = (hash ^ (hash >> 29)).wrapping_mul(0xa076_1d64_78bd_642f) >> 10;
    (0..FILTER_PROBES).map(move |probe| block * (BLOCK_BYTES as u64 * 8) + (bits >> (9 * probe) & 511))
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    rows: u32,
    numbers: u32,
    uuids: u32,
    texts: u32,
    blocks: u32,
    text_bytes: u64,
}

impl Layout {
    fn of(ids: &[PointId]) -> Layout {
        let mut counts = [0u32; 3];
        let mut text_bytes = 0;
        for id in ids {
            counts[kind(id)] += 1;
            if let PointId::Str(text) = id {
                text_bytes += text.len() as u64;
            }
        }
        Layout {
            rows: ids.len() as u32,
            numbers: counts[0],
            uuids: counts[1],
            texts: counts[2],
            blocks: (ids.len() as u64 * FILTER_BITS_PER_ID).div_ceil(BLOCK_BYTES as u64 * 8) as u32,
            text_bytes,
        }
    }

    fn header(&self) -> [u8; 32] {
        let mut header = Vec::with_capacity(32);
        put!(
            header,
            VERSION,
            self.rows,
            self.numbers,
            self.uuids,
            self.texts,
            self.blocks,
            self.text_bytes
        );
        let mut array = [0; 32];
        array.copy_from_slice(&header);
        array
    }

    fn decode(body: &[u8]) -> Result<Layout, Malformed> {
        let mut reader = Reader::new(body);
        if reader.u32()? != VERSION {
            return Err(reader.malformed("unknown version of the id table"));
        }
        let layout = Layout {
            rows: reader.u32()?,
            numbers: reader.u32()?,
            uuids: reader.u32()?,
            texts: reader.u32()?,
            blocks: reader.u32()?,
            text_bytes: reader.u64()?,
        };
        let counted = u64::from(layout.numbers) + u64::from(layout.uuids) + u64::from(layout.texts);
        if counted != u64::from(layout.rows) || (layout.rows > 0 && layout.blocks == 0) {
            return Err(reader.malformed("counts of ids do not add up"));
        }
        let sections = HEADER_BYTES as u64 + layout.sections().iter().sum::<u64>();
        if sections.checked_add(layout.text_bytes) != Some(body.len() as u64) {
            return Err(reader.malformed("length does not match the counts"));
        }
        Ok(layout)
    }

    fn has_slots(&self) -> bool {
        ![self.numbers, self.uuids, self.texts].contains(&self.rows)
    }

    fn filter_bytes(&self) -> usize {
        self.blocks as usize * BLOCK_BYTES
    }

    /// Bytes of filter, uuids, numbers, text offsets, slots, order. No sum of these overflows a `u64`.
    fn sections(&self) -> [u64; 6] {
        let offsets = if self.texts == 0 {
            0
        } else {
            u64::from(self.texts) + 1
        };
        let slots = if self.has_slots() { self.rows } else { 0 };
        [
            u64::from(self.blocks) * BLOCK_BYTES as u64,
            u64::from(self.uuids) * 16,
            u64::from(self.numbers) * 8,
            offsets * 8,
            u64::from(slots) * 4,
            u64::from(self.rows) * 4,
        ]
    }
}

/// An id as it stands in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Num(u64),
    Uuid(u128),
    Str(&'a str),
}

impl<'a> Key<'a> {
    fn of(id: &'a PointId) -> Key<'a> {
        match id {
            PointId::Num(number) => Key::Num(*number),
            PointId::Uuid(bits) => Key::Uuid(*bits),
            PointId::Str(text) => Key::Str(text),
        }
    }
}

/// The parts of a table, borrowed.
#[derive(Clone, Copy)]
struct Parts<'a> {
    layout: Layout,
    filter: &'a [u8],
    uuids: &'a [u128],
    numbers: &'a [u64],
    offsets: &'a [u64],
    slots: &'a [u32],
    order: &'a [u32],
    text: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Splits a body whose length matches `layout`; `None` if it does not or is not aligned.
    fn split(body: &'a [u8], layout: Layout) -> Option<Parts<'a>> {
        let mut at = HEADER_BYTES;
        let mut pieces = [&[][..]; 6];
        for (piece, bytes) in pieces.iter_mut().zip(layout.sections()) {
            let end = at.checked_add(usize::try_from(bytes).ok()?)?;
            *piece = body.get(at..end)?;
            at = end;
        }
        let [filter, uuids, numbers, offsets, slots, order] = pieces;
        Some(Parts {
            layout,
            filter,
            uuids: bytemuck::try_cast_slice(uuids).ok()?,
            numbers: bytemuck::try_cast_slice(numbers).ok()?,
            offsets: bytemuck::try_cast_slice(offsets).ok()?,
            slots: bytemuck::try_cast_slice(slots).ok()?,
            order: bytemuck::try_cast_slice(order).ok()?,
            text: body.get(at..)?,
        })
    }

    fn key(&self, row: u32) -> Option<Key<'a>> {
        let slot = match self.layout.has_slots() {
            true => *self.slots.get(row as usize)?,
            false => row,
        } as usize;
        let (numbers, uuids) = (self.numbers.len(), self.uuids.len());
        if slot < numbers {
            return Some(Key::Num(self.numbers[slot]));
        }
        if slot < numbers + uuids {
            return Some(Key::Uuid(self.uuids[slot - numbers]));
        }
        let at = slot - numbers - uuids;
        let (start, end) = (*self.offsets.get(at)?, *self.offsets.get(at + 1)?);
        let text = self
            .text
            .get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)?;
        std::str::from_utf8(text).ok().map(Key::Str)
    }

    /// Whether every row has an id and `order` sorts them strictly: then all are distinct.
    fn check(&self) -> Result<(), &'static str> {
        let mut last = None;
        for row in self.order {
            let key = self.key(*row).ok_or("a row has no readable id")?;
            if last.is_some_and(|last| last >= key) {
                return Err("ids are not in strict order");
            }
            last = Some(key);
        }
        Ok(())
    }

    fn may_hold(&self, id: &PointId) -> bool {
        self.layout.blocks > 0
            && probes(id, self.layout.blocks).all(|bit| {
                let byte = self.filter.get((bit / 8) as usize).copied().unwrap_or(u8::MAX);
                byte >> (bit % 8) & 1 == 1
            })
    }

    /// Position in `order` of the first row whose id is at least `key`.
    fn rank(&self, key: Key<'_>) -> usize {
        self.order
            .partition_point(|row| self.key(*row).is_some_and(|other| other < key))
    }
}

/// The ids of a sealed segment.
#[derive(Clone, Debug)]
pub struct IdTable {
    component: Component,
    layout: Layout,
}

impl IdTable {
    /// Verifies the whole component: checksums, lengths, order. Cost: one pass in id order.
    pub fn open(component: Component) -> Result<IdTable, ReadComponentError> {
        let body = component.body()?;
        let layout = Layout::decode(body).map_err(|malformed| component.malformed(malformed))?;
        let broken = |rule| component.malformed(Malformed { at: 0, rule });
        let parts = Parts::split(body, layout).ok_or_else(|| broken("sections do not fit"))?;
        parts.check().map_err(broken)?;
        Ok(IdTable { component, layout })
    }

    /// Rows.
    pub fn len(&self) -> u32 {
        self.layout.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.layout.rows == 0
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The id of a row.
    ///
    /// # Panics
    /// As indexing does, if `row` is not below [`IdTable::len`].
    pub fn id(&self, row: u32) -> PointId {
        match self.key(row) {
            Key::Num(number) => PointId::Num(number),
            Key::Uuid(bits) => PointId::Uuid(bits),
            Key::Str(text) => PointId::Str(text.into()),
        }
    }

    /// How the id of a row compares with `id`, without making one.
    ///
    /// # Panics
    /// As indexing does, if `row` is not below [`IdTable::len`].
    pub fn cmp_id(&self, row: u32, id: &PointId) -> Ordering {
        self.key(row).cmp(&Key::of(id))
    }

    /// The row of an id. Cost: one cache line for most ids that are not there, else a binary search.
    pub fn row(&self, id: &PointId) -> Option<u32> {
        let parts = self.parts()?;
        if !parts.may_hold(id) {
            return None;
        }
        let row = *parts.order.get(parts.rank(Key::of(id)))?;
        (parts.key(row) == Some(Key::of(id))).then_some(row)
    }

    /// The rows in id order, from `id` on (which need not exist) or from the smallest.
    pub fn sorted_rows_from(&self, id: Option<&PointId>) -> impl Iterator<Item = u32> + '_ {
        let order = match self.parts() {
            Some(parts) => &parts.order[id.map_or(0, |id| parts.rank(Key::of(id)))..],
            None => &[],
        };
        order.iter().copied()
    }

    /// A hint that the id of a row follows soon.
    pub fn prefetch(&self, row: u32) {
        let Some(parts) = self.parts() else { return };
        let row = row as usize..row as usize + 1;
        match self.layout.has_slots() {
            true => ruvector_simd::prefetch(parts.slots.get(row).unwrap_or_default()),
            false => ruvector_simd::prefetch(parts.numbers.get(row).unwrap_or_default()),
        }
    }

    fn key(&self, row: u32) -> Key<'_> {
        assert!(row < self.layout.rows, "row {row} of {}", self.layout.rows);
        // Every row has had a key since `open`, unless the device failed below the mapping meanwhile:
        // then the component says so, and a number that nobody looks for stands in.
        let key = self.parts().and_then(|parts| parts.key(row));
        key.unwrap_or(Key::Num(u64::MAX))
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::split(self.component.peek(0..self.component.len())?, self.layout)
    }
}

#[cfg(test)]
mod tests {
    //! Goal: the table answers as a sorted map does. Method: random mixes of ids against a `BTreeMap`; hostile
    //! bytes under valid checksums are refused or answered within bounds.
    use super::*;
    use crate::ComponentKind::Ids;
    use crate::testing::{Random, component};
    use std::collections::BTreeMap;

    fn random_id(random: &mut Random, kinds: u64) -> PointId {
        match random.below(kinds) {
            0 => PointId::Num(random.next() >> random.below(60)),
            1 => PointId::Uuid(u128::from(random.next()) << 64 | u128::from(random.next())),
            _ => PointId::parse(&format!("key/{}", random.below(1 << 40))).unwrap(),
        }
    }

    #[test]
    fn answers_as_a_map() {
        for seed in 0..12 {
            let mut random = Random::new(seed);
            let mut model = BTreeMap::new();
            let mut ids = Vec::new();
            for _ in 0..random.below(3_000) {
                let id = random_id(&mut random, 1 + seed % 3);
                if let std::collections::btree_map::Entry::Vacant(entry) = model.entry(id.clone()) {
                    entry.insert(ids.len() as u32);
                    ids.push(id);
                }
            }
            let table = IdTable::open(component(Ids, &encode_ids(&ids))).unwrap();
            assert_eq!(table.len() as usize, ids.len());
            for (row, id) in ids.iter().enumerate() {
                assert_eq!(
                    (table.id(row as u32), table.row(id)),
                    (id.clone(), Some(row as u32)),
                    "seed {seed}"
                );
                assert_eq!(table.cmp_id(row as u32, &ids[0]), id.cmp(&ids[0]));
            }
            for _ in 0..200 {
                let id = random_id(&mut random, 3);
                assert_eq!(table.row(&id), model.get(&id).copied(), "seed {seed}");
                let expected: Vec<u32> = model.range(&id..).map(|(_, row)| *row).collect();
                assert!(table.sorted_rows_from(Some(&id)).eq(expected), "seed {seed}");
            }
            assert!(table.sorted_rows_from(None).eq(model.values().copied()));
        }
    }

    #[test]
    fn numbers_are_compact_and_misses_cheap() {
        let ids: Vec<PointId> = (0..100_000u64).map(PointId::Num).collect();
        let body = encode_ids(&ids);
        assert!(body.len() < 13_400_000 / 10, "{}", body.len());
        let table = IdTable::open(component(Ids, &body)).unwrap();
        let parts = table.parts().unwrap();
        let passed = (1_000_000..1_100_000u64)
            .filter(|id| parts.may_hold(&PointId::Num(*id)))
            .count();
        assert!(passed < 3_000, "{passed} of 100,000 absent ids pass the filter");
    }

    #[test]
    fn hostile_bytes() {
        let mut random = Random::new(99);
        let ids: Vec<PointId> = (0..40).map(|n| random_id(&mut random, 1 + n % 3)).collect();
        let body = encode_ids(&ids);
        for _ in 0..20_000 {
            let mut bytes = body.clone();
            bytes.truncate(bytes.len() - random.below(3) as usize * random.below(40) as usize);
            for _ in 0..random.below(4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.next() as u8;
            }
            if let Ok(table) = IdTable::open(component(Ids, &bytes)) {
                (0..table.len()).for_each(|row| drop(table.id(row)));
                assert!(
                    ids.iter()
                        .filter_map(|id| table.row(id))
                        .all(|row| row < table.len())
                );
            }
        }
    }
}
