//! Payload indexes of a collection: declared, described and dropped. Building them is the optimizer's work
//! (`optimize/indexing.rs`); filters are right with or without.

use std::collections::BTreeMap;

use ruvector_payload::index::ValueTest;
use ruvector_storage::{DeclaredIndex, SealedIndex, SealedSegment};
use ruvector_types::{FieldIndex, IndexKind, Invalid, Limits, PayloadPath, Problem, TextOptions};

use crate::collection::at_most;
use crate::indexed_points;
use crate::view::Source;
use crate::{Collection, Database, Error, ErrorKind};

/// An index of a collection, and how far it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexInfo {
    /// What it is.
    pub index: FieldIndex,
    /// Live points with a value that it is about, of segments that have it and of segments in memory: numbers, times,
    /// strings, booleans, places or strings with a word; of an index of presence, whatever is neither `null` nor `[]`.
    pub points: u64,
    /// Live points of sealed segments that it is still to be built for.
    pub points_waiting: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Of these, copied into resident memory.
    pub ram_bytes: u64,
}

impl Database {
    /// Declares an index of a payload field, durable on return; it is built in the background, and filters use it where it
    /// is ready. The same index again changes nothing; another one of the same field takes its place.
    pub fn create_index(&self, collection: &str, path: &PayloadPath, index: FieldIndex) -> Result<(), Error> {
        check(&index, self.limits())?;
        if let IndexKind::Text(options) = &index.kind {
            ruvector_payload::text::check(options).map_err(|unserved| {
                Error::new(
                    ErrorKind::NotSupported,
                    "language_not_supported",
                    format!("field_schema: {unserved}"),
                )
            })?;
        }
        let indexes_max = self.limits().payload_indexes_max;
        self.change_entry(collection, |entry, _| {
            let (number, indexes) = (entry.next_index, &mut entry.indexes);
            let before = indexes.iter().position(|declared| declared.path == *path);
            if before.is_some_and(|at| indexes[at].index == index) {
                return Ok::<(), Error>(());
            }
            before.map(|at| indexes.remove(at));
            at_most(
                "payload indexes",
                indexes.len() + 1,
                indexes_max,
                "payload_indexes_max",
            )?;
            let path = path.clone();
            indexes.push(DeclaredIndex { number, path, index });
            entry.next_index = number.saturating_add(1);
            Ok(())
        })?;
        Ok(())
    }

    /// Drops the index of a payload field, durable on return; its files go in the background. False if there was none.
    pub fn drop_index(&self, collection: &str, path: &PayloadPath) -> Result<bool, Error> {
        let mut found = false;
        self.change_entry(collection, |entry, _| {
            let before = entry.indexes.len();
            entry.indexes.retain(|declared| declared.path != *path);
            found = entry.indexes.len() < before;
            Ok::<(), Error>(())
        })?;
        Ok(found)
    }
}

impl Collection {
    /// The payload indexes, by path. Cost: visits every segment, and looks at the payloads of those in memory.
    pub fn indexes(&self) -> BTreeMap<PayloadPath, IndexInfo> {
        let view = self.core.view.load_full();
        let declared = self.core.indexes.load();
        let segments = || view.shards.iter().flat_map(|shard| &shard.segments);
        let info = |declared: &DeclaredIndex| {
            let mut info = IndexInfo {
                index: declared.index.clone(),
                points: 0,
                points_waiting: 0,
                disk_bytes: 0,
                ram_bytes: 0,
            };
            let about = ValueTest::new(&declared.index.kind, declared.path.steps());
            for segment in segments() {
                let Source::Sealed(sealed) = &segment.source else {
                    info.points += indexed_points::in_payloads(segment, &about);
                    continue;
                };
                match built(sealed, declared) {
                    Some(found) => {
                        match indexed_points::in_index(segment, &found.index, &about) {
                            Some(points) => info.points += points,
                            // Damaged: it is built again.
                            None => {
                                self.core.note_damage();
                                info.points_waiting += segment.live_rows();
                            }
                        }
                        info.disk_bytes += found.component().file_bytes();
                        info.ram_bytes += found.component().promoted_bytes();
                    }
                    // A segment whose rows are damaged gets no index any more.
                    None if sealed.rows_damaged() => {}
                    None => info.points_waiting += segment.live_rows(),
                }
            }
            (declared.path.clone(), info)
        };
        declared.iter().map(info).collect()
    }

    /// The index of a field, and whether every sealed segment has it. `None`: the field has none. Cost: visits every
    /// segment.
    pub fn index_built(&self, path: &PayloadPath) -> Option<(FieldIndex, bool)> {
        let declared = self.core.indexes.load();
        let declared = declared.iter().find(|declared| declared.path == *path)?;
        let view = self.core.view.load_full();
        let mut segments = view.shards.iter().flat_map(|shard| &shard.segments);
        let is_built = segments.all(|segment| match &segment.source {
            Source::Active(_) => true,
            Source::Sealed(sealed) => {
                segment.live_rows() == 0 || sealed.rows_damaged() || built(sealed, declared).is_some()
            }
        });
        Some((declared.index.clone(), is_built))
    }
}

/// The index as a segment has it.
fn built<'a>(sealed: &'a SealedSegment, declared: &DeclaredIndex) -> Option<&'a SealedIndex> {
    sealed
        .indexes
        .iter()
        .find(|index| index.number == declared.number)
}

/// Refuses options that contradict each other or are not served.
fn check(index: &FieldIndex, limits: &Limits) -> Result<(), Invalid> {
    let refused = |rule| Err(Invalid::new("field_schema", Problem::Contradiction { rule }));
    match &index.kind {
        IndexKind::Integer {
            lookup: false,
            range: false,
        } => refused("an integer index serves lookup, range or both"),
        IndexKind::Text(options) => check_text(options, limits),
        _ => Ok(()),
    }
}

/// Refuses lengths of which no word is, and lists of stop words above their limits.
fn check_text(options: &TextOptions, limits: &Limits) -> Result<(), Invalid> {
    let lengths = [
        ("field_schema.min_token_len", options.token_chars_min),
        ("field_schema.max_token_len", options.token_chars_max),
    ];
    for (field, chars) in lengths {
        let chars = chars.unwrap_or(1);
        if chars == 0 {
            return Err(Invalid::new(field, Problem::BelowLimit { given: 0, limit: 1 }));
        }
        let chars_max = limits.token_chars_max as usize;
        at_most(field, chars as usize, chars_max, "token_chars_max")?;
    }
    if let (Some(least), Some(most)) = (options.token_chars_min, options.token_chars_max)
        && least > most
    {
        let rule = "must be at least min_token_len";
        return Err(Invalid::new(
            "field_schema.max_token_len",
            Problem::Contradiction { rule },
        ));
    }
    let field = "field_schema.stopwords.custom";
    at_most(
        field,
        options.stop_words.len(),
        limits.stop_words_max,
        "stop_words_max",
    )?;
    for word in &options.stop_words {
        at_most(
            field,
            word.len(),
            limits.stop_word_bytes_max,
            "stop_word_bytes_max",
        )?;
    }
    Ok(())
}
