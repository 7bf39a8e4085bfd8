//! How many points have each value of a field: counted in the indexes of all segments, under a filter if there is one.

use std::collections::HashMap;

use ruvector_payload::RowSet;
use ruvector_payload::index::{IndexBytes, IndexedValue, MalformedIndex, OrderedIndex};
use ruvector_storage::DeclaredIndex;
use ruvector_types::{FacetHit, FacetRequest, IndexKind, Invalid, Problem, Value};

use super::compiled::{CompiledFilter, compile_filter};
use super::matching::SegmentFilter;
use super::observe::Observer;
use super::values::Values;
use crate::collection::Core;
use crate::view::Snapshot;
use crate::{Ctx, Error, Way};

/// Counts by value.
#[derive(Default)]
struct Counts {
    strings: HashMap<String, u64>,
    /// Within `i64` or `u64`.
    integers: HashMap<i128, u64>,
    flags: [u64; 2],
}

impl Snapshot {
    /// The most frequent values of a field among the points that match, equal counts by value. A point counts once for
    /// each of its values. Cost: sets of the segments' size, and a pass over the rows of every value; rows of active
    /// segments are read. Without a filter and not `exact`: a read for each value.
    pub fn facet(&self, ctx: &Ctx, request: &FacetRequest) -> Result<Vec<FacetHit>, Error> {
        let core = &self.core;
        if request.limit == 0 {
            return Err(Invalid::new("limit", Problem::BelowLimit { given: 0, limit: 1 }).into());
        }
        core.check_limit("limit", request.limit)?;
        let declared = countable(core, request)?;
        let filter = request.filter.as_ref();
        let filter = filter
            .map(|filter| compile_filter(filter, core, self.schema()))
            .transpose()?;
        // An index found damaged is left out from then on: each attempt finds another one, or none.
        for _ in 0..=self.segments().count() {
            if let Some(counts) = self.counts(ctx, request, &declared, filter.as_ref())? {
                return Ok(counts.most(request.limit));
            }
            core.note_damage();
        }
        let what = "a payload index is damaged and is built again";
        Err(Error::corrupt(what.to_owned()))
    }

    /// The counts of all values. `None`: an index is damaged.
    fn counts(
        &self,
        ctx: &Ctx,
        request: &FacetRequest,
        declared: &DeclaredIndex,
        filter: Option<&CompiledFilter>,
    ) -> Result<Option<Counts>, Error> {
        let core = &self.core;
        let mut counts = Counts::default();
        let every_row = filter.is_none() && !request.exact;
        for (place, segment) in self.segments() {
            ctx.check(core.io.as_ref())?;
            let mut observer = Observer::begin(ctx, core, place.shard, segment);
            ctx.took(Way::Rows);
            let rows = SegmentFilter::rows(ctx, core, segment, filter, observer.as_mut())?;
            let values = Values::of(ctx, core, segment, declared, rows)?;
            let stored = values.stored.as_ref();
            let counted = stored.map_or(Ok(()), |(index, rows)| {
                // Changed rows are counted from what they changed to, and must not be counted twice.
                let whole = every_row && values.made.is_none();
                counts.add(index, (!whole).then_some(rows))
            });
            let made = values.made.as_ref();
            let counted =
                counted.and_then(|()| made.map_or(Ok(()), |(index, rows)| counts.add(index, Some(rows))));
            if counted.is_err() {
                return Ok(None);
            }
            observer.map_or(Ok(()), |observer| observer.end(filter))?;
        }
        Ok(Some(counts))
    }
}

/// The declared index that a facet counts in.
fn countable(core: &Core, request: &FacetRequest) -> Result<DeclaredIndex, Error> {
    let declared = core.indexes.load();
    let counts = |kind: &IndexKind| match kind {
        IndexKind::Keyword { .. } | IndexKind::Uuid | IndexKind::Bool => true,
        IndexKind::Integer { lookup, .. } => *lookup,
        _ => false,
    };
    let of_field = |declared: &&DeclaredIndex| declared.path == request.path && counts(&declared.index.kind);
    declared.iter().find(of_field).cloned().ok_or_else(|| {
        let rule = "needs a keyword, uuid, bool or integer (with lookup) index of the field";
        Invalid::new("key", Problem::Contradiction { rule }).into()
    })
}

impl Counts {
    /// Counts the values of an index, of some rows or of all.
    fn add<B: IndexBytes>(
        &mut self,
        index: &OrderedIndex<B>,
        rows: Option<&RowSet>,
    ) -> Result<(), MalformedIndex> {
        for value in index.values() {
            let value = value?;
            let count = match rows {
                None => value.count(),
                Some(rows) => value.count_in(rows).ok_or(MalformedIndex {
                    at: 0,
                    rule: "postings are damaged",
                })?,
            };
            if count == 0 {
                continue;
            }
            match value.value {
                IndexedValue::Str(text) => match self.strings.get_mut(text) {
                    Some(sum) => *sum += count,
                    None => {
                        self.strings.insert(text.to_owned(), count);
                    }
                },
                IndexedValue::Int(integer) => *self.integers.entry(integer.into()).or_default() += count,
                IndexedValue::UInt(integer) => *self.integers.entry(integer.into()).or_default() += count,
                IndexedValue::Bool(flag) => self.flags[usize::from(flag)] += count,
                // A facet of integers counts no others.
                IndexedValue::Float(_) | IndexedValue::Time(_) => {}
            }
        }
        Ok(())
    }

    fn most(self, limit: usize) -> Vec<FacetHit> {
        let strings = self
            .strings
            .into_iter()
            .map(|(text, count)| (Key::Text(text), count));
        let integers = self
            .integers
            .into_iter()
            .map(|(integer, count)| (Key::Integer(integer), count));
        let flags = [false, true].map(|flag| (Key::Flag(flag), self.flags[usize::from(flag)]));
        let flags = flags.into_iter().filter(|(_, count)| *count > 0);
        let mut all: Vec<(Key, u64)> = strings.chain(integers).chain(flags).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(limit);
        let hit = |(key, count)| FacetHit {
            value: match key {
                Key::Flag(flag) => Value::Bool(flag),
                Key::Integer(integer) => whole(integer),
                Key::Text(text) => Value::String(text),
            },
            count,
        };
        all.into_iter().map(hit).collect()
    }
}

fn whole(integer: i128) -> Value {
    match i64::try_from(integer) {
        Ok(integer) => Value::Int(integer),
        Err(_) => Value::UInt(integer as u64),
    }
}

/// A value, in the order in which equal counts stand.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Flag(bool),
    Integer(i128),
    Text(String),
}
