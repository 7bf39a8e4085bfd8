//! Filters that come again, compiled, with what the indexes of sealed segments answered them. Keeps only what cannot change:
//! answers say nothing of deletes and of payloads written since, which every search applies to its own view. A lock is held
//! for a look-up, never while a filter is answered.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use ruvector_payload::{Answer, Compiled};
use ruvector_storage::{DeclaredIndex, SealedSegment};
use ruvector_types::Filter;

use crate::schema::Schema;

/// Parts with a lock each.
const PARTS: usize = 4;

/// Filters of each part that are remembered by hash alone.
const RECENT: usize = 512;

/// Bytes that an entry takes beside its sets and lists, about.
const ENTRY_BYTES: u64 = 512;

/// Bytes from which a filter is long: some 64 values.
const LONG_BYTES: u64 = 4_096;

/// Bytes that an answer takes beside its sets.
const ANSWER_BYTES: u64 = 64;

/// Of so many answers that find no room, one makes the oldest go, if nobody asked for it meanwhile. So filters that come
/// seldom do not push out those that come often.
const REFUSED_PER_STEP: u32 = 4;

/// Compiled filters and answers of one collection, within a budget.
#[derive(Debug)]
pub(crate) struct KeptFilters {
    parts: [Mutex<Part>; PARTS],
    part_bytes_max: u64,
}

#[derive(Debug, Default)]
struct Part {
    /// Hashes of filters met lately, once at least, and the place of the next.
    recent: Vec<u64>,
    next: usize,
    entries: HashMap<u64, Entry>,
    /// The hashes of the entries, the next to be judged first.
    queue: VecDeque<u64>,
    bytes: u64,
    refused: u32,
}

#[derive(Debug)]
struct Entry {
    filter: Arc<KeptFilter>,
    answers: Vec<(Weak<SealedSegment>, Arc<Answer>)>,
    bytes: u64,
    is_used: bool,
}

/// How a filter is found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    hash: u64,
    /// About the bytes of the filter and of its compiled form.
    bytes: u64,
}

/// A filter as it was given, and compiled for these indexes and vector fields.
#[derive(Debug)]
pub(crate) struct KeptFilter {
    /// `None` where it is not to be kept.
    given: Option<(Key, Filter)>,
    pub(crate) compiled: Compiled,
    pub(crate) declared: Arc<Vec<DeclaredIndex>>,
    pub(crate) schema: Arc<Schema>,
}

impl KeptFilter {
    pub(crate) fn new(
        given: Option<(Key, Filter)>,
        compiled: Compiled,
        (declared, schema): (Arc<Vec<DeclaredIndex>>, Arc<Schema>),
    ) -> Arc<KeptFilter> {
        Arc::new(KeptFilter {
            given,
            compiled,
            declared,
            schema,
        })
    }

    /// Whether it came again and lists many values.
    pub(crate) fn is_long(&self) -> bool {
        self.given
            .as_ref()
            .is_some_and(|(key, _)| key.bytes >= LONG_BYTES)
    }

    /// Whether it came again, and answers to it are worth keeping.
    pub(crate) fn is_repeated(&self) -> bool {
        self.given.is_some()
    }
}

/// What is known of a filter.
pub(crate) enum Met {
    /// Nothing, or answers are not kept.
    Never,
    /// It was asked for lately.
    Before(Key),
    Kept(Arc<KeptFilter>),
}

impl KeptFilters {
    /// Keeps up to `bytes_max` bytes; nothing if that is 0.
    pub(crate) fn new(bytes_max: u64) -> KeptFilters {
        KeptFilters {
            parts: Default::default(),
            part_bytes_max: bytes_max / PARTS as u64,
        }
    }

    /// Looks up a filter compiled for the indexes `declared` and the fields of `schema`. Cost: its length.
    pub(crate) fn meet(
        &self,
        filter: &Filter,
        declared: &Arc<Vec<DeclaredIndex>>,
        schema: &Arc<Schema>,
    ) -> Met {
        if self.part_bytes_max == 0 {
            return Met::Never;
        }
        let mut hasher = WordHasher::default();
        filter.hash(&mut hasher);
        let hash = hasher.finish();
        let key = Key {
            hash,
            bytes: 4 * hasher.bytes,
        };
        let mut part = self.part(hash).lock();
        if let Some(entry) = part.entries.get_mut(&hash) {
            entry.is_used = true;
            let kept = entry.filter.clone();
            drop(part);
            let is_same = kept.given.as_ref().is_some_and(|(_, given)| given == filter);
            let is_for = Arc::ptr_eq(&kept.declared, declared) && Arc::ptr_eq(&kept.schema, schema);
            return match is_same && is_for {
                true => Met::Kept(kept),
                false => Met::Before(key),
            };
        }
        match part.recent.contains(&hash) {
            true => Met::Before(key),
            false => {
                part.note(hash);
                Met::Never
            }
        }
    }

    /// What the indexes of a segment answered.
    pub(crate) fn answer(&self, filter: &KeptFilter, segment: &Arc<SealedSegment>) -> Option<Arc<Answer>> {
        let (key, _) = filter.given.as_ref()?;
        let part = self.part(key.hash).lock();
        let entry = part.entries.get(&key.hash);
        let entry = entry.filter(|entry| std::ptr::eq(Arc::as_ptr(&entry.filter), filter))?;
        let asked = Arc::as_ptr(segment);
        let found = entry.answers.iter().find(|(known, _)| known.as_ptr() == asked);
        found.map(|(_, answer)| answer.clone())
    }

    /// Whether an answer about so many rows may be kept, however large its sets are; if not, a later one may.
    pub(crate) fn has_room(&self, filter: &KeptFilter, rows: u32) -> bool {
        let Some((key, _)) = &filter.given else {
            return false;
        };
        let mut part = self.part(key.hash).lock();
        let needed = ENTRY_BYTES + key.bytes + ANSWER_BYTES + 2 * set_bytes(rows);
        if part.bytes.saturating_add(needed) <= self.part_bytes_max {
            return true;
        }
        part.refused += 1;
        if part.refused >= REFUSED_PER_STEP {
            part.refused = 0;
            part.step();
        }
        false
    }

    /// Keeps what the indexes of `segment` answer, deletes and payloads written since left aside.
    pub(crate) fn keep(&self, filter: &Arc<KeptFilter>, segment: &Arc<SealedSegment>, answer: &Arc<Answer>) {
        let Some((Key { hash, bytes: length }, _)) = &filter.given else {
            return;
        };
        let bytes = answer_bytes(answer);
        let mut part = self.part(*hash).lock();
        let is_new = match part.entries.get(hash) {
            Some(entry) if Arc::ptr_eq(&entry.filter, filter) => false,
            // Another of the same hash, or compiled for other indexes.
            Some(_) => {
                part.remove(*hash);
                true
            }
            None => true,
        };
        let base = if is_new { ENTRY_BYTES + length } else { 0 };
        if part.bytes + base + bytes > self.part_bytes_max {
            return;
        }
        if is_new {
            part.queue.push_back(*hash);
            part.bytes += base;
        }
        let entry = part.entries.entry(*hash).or_insert_with(|| Entry {
            filter: filter.clone(),
            answers: Vec::new(),
            bytes: base,
            is_used: true,
        });
        let freed = entry.forget_gone(segment);
        entry.answers.push((Arc::downgrade(segment), answer.clone()));
        entry.bytes += bytes;
        part.bytes = part.bytes + bytes - freed;
    }

    /// Bytes kept.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.lock().bytes).sum()
    }

    fn part(&self, hash: u64) -> &Mutex<Part> {
        &self.parts[(hash >> 32) as usize % PARTS]
    }
}

impl Part {
    fn note(&mut self, hash: u64) {
        match self.recent.get_mut(self.next) {
            Some(place) => *place = hash,
            None => self.recent.push(hash),
        }
        self.next = (self.next + 1) % RECENT;
    }

    /// Removes the entry at the front of the queue, unless it was asked for since it was last there.
    fn step(&mut self) {
        let Some(hash) = self.queue.pop_front() else {
            return;
        };
        let entry = self.entries.get_mut(&hash);
        match entry.is_some_and(|entry| std::mem::take(&mut entry.is_used)) {
            true => self.queue.push_back(hash),
            false => {
                let gone = self.entries.remove(&hash);
                self.bytes -= gone.map_or(0, |entry| entry.bytes);
            }
        }
    }

    fn remove(&mut self, hash: u64) {
        if let Some(entry) = self.entries.remove(&hash) {
            self.bytes -= entry.bytes;
            self.queue.retain(|queued| *queued != hash);
        }
    }
}

impl Entry {
    /// Forgets the answers about segments that are no more, and about `segment`; the bytes freed.
    fn forget_gone(&mut self, segment: &Arc<SealedSegment>) -> u64 {
        let mut freed = 0;
        self.answers.retain(|(known, answer)| {
            let stays = known.strong_count() > 0 && known.as_ptr() != Arc::as_ptr(segment);
            freed += if stays { 0 } else { answer_bytes(answer) };
            stays
        });
        self.bytes -= freed;
        freed
    }
}

fn set_bytes(rows: u32) -> u64 {
    8 * u64::from(rows.div_ceil(64))
}

fn answer_bytes(answer: &Answer) -> u64 {
    let words = answer.sure.words().len() + answer.open.words().len();
    ANSWER_BYTES + 8 * words as u64
}

/// A quick hash of words, for keys that are compared in full when they are found. After FxHash of the Rust compiler.
#[derive(Default)]
struct WordHasher {
    state: u64,
    bytes: u64,
}

impl WordHasher {
    fn add(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        self.bytes += 8;
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        self.add(bytes.len() as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.add(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.add(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    fn write_i64(&mut self, value: i64) {
        self.add(value as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.add(value as u64);
    }

    fn finish(&self) -> u64 {
        let mixed = self.state ^ (self.state >> 29);
        mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (mixed >> 32)
    }
}
