//! What a condition asks of an ordered index: spans of ranks, and which rows with other values pass or must be looked
//! at. The only place that knows both what conditions mean (evaluate.rs) and what the index holds.

use std::ops::Range;

use ruvector_types::{Bounds, Number};

use super::key::has_nan;
use super::{IndexedValue, Kept, OTHERS, OrderedIndex, Other};
use crate::compile::{Test, Values};
use crate::index::IndexBytes;

/// The parts of an index that answer a condition.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Ranks whose rows pass: ascending, apart, none empty.
    pub(super) spans: Vec<Range<u32>>,
    /// Lists of rows with other values that pass.
    pub(super) sure: [bool; OTHERS],
    /// Lists of rows with other values that may pass.
    pub(super) open: [bool; OTHERS],
}

impl<B: IndexBytes> OrderedIndex<B> {
    /// `None`: nothing is known, or damaged.
    pub(super) fn plan(&self, test: &Test) -> Option<Plan> {
        if self.head.kept == Kept::Nothing || !self.serves(test) {
            return None;
        }
        let one = |other, value| Some(Plan::may(other).with(self.found([value].into_iter())?));
        match test {
            Test::Keyword(text) => one(Other::String, IndexedValue::Str(text)),
            Test::Integer(integer) => one(Other::Number, IndexedValue::Int(*integer)),
            Test::UInt(integer) => one(Other::Number, IndexedValue::UInt(*integer)),
            Test::Bool(flag) => one(Other::Bool, IndexedValue::Bool(*flag)),
            Test::AnyOf(list) => self.any_of(list),
            Test::NoneOf(list) => self.none_of(list),
            Test::Range(bounds) if has_nan(bounds) => Some(Plan::default()),
            Test::Range(bounds) => {
                let bounds = map_bounds(bounds, IndexedValue::Float);
                Some(Plan::may(Other::Number).with(self.within(Kept::Numbers, &bounds)?))
            }
            Test::ExactRange(bounds) => {
                let bounds = map_bounds(bounds, bound_of);
                let all = [bounds.gt, bounds.gte, bounds.lt, bounds.lte];
                let is_nan = |bound| matches!(bound, IndexedValue::Float(number) if f64::is_nan(number));
                if all.into_iter().flatten().any(is_nan) {
                    return Some(Plan::default());
                }
                Some(Plan::may(Other::Number).with(self.within(Kept::Numbers, &bounds)?))
            }
            Test::Datetime(bounds) if self.head.kept == Kept::Times => {
                let bounds = map_bounds(bounds, IndexedValue::Time);
                Some(Plan::may(Other::Time).with(self.within(Kept::Times, &bounds)?))
            }
            Test::StartsWith(start) if self.head.kept == Kept::Strings => {
                Some(Plan::may(Other::String).with(self.starting_with(start.as_bytes())?))
            }
            Test::Datetime(_) | Test::Text(_) | Test::StartsWith(_) | Test::Contains(_)
                if self.head.kept == Kept::Strings =>
            {
                (self.head.distinct == 0).then(|| Plan::may(Other::String))
            }
            Test::Datetime(_) | Test::Text(_) | Test::StartsWith(_) | Test::Contains(_) => {
                Some(Plan::may(Other::String))
            }
            Test::Never => Some(Plan::default()),
            Test::Geo(_) | Test::ValuesCount(_) | Test::NotEmpty | Test::HasNull | Test::Exists => None,
        }
    }

    /// Whether conditions of this sort are to be answered by the index, as it was declared.
    fn serves(&self, test: &Test) -> bool {
        match test {
            Test::Keyword(_) | Test::Integer(_) | Test::UInt(_) | Test::Bool(_) => self.head.served.matches,
            Test::AnyOf(_) | Test::NoneOf(_) => self.head.served.matches,
            Test::Range(_) | Test::ExactRange(_) => self.head.served.ranges,
            _ => true,
        }
    }

    fn any_of(&self, list: &Values) -> Option<Plan> {
        let mut plan = Plan::default().with(self.listed(list)?);
        plan.open = named(list);
        Some(plan)
    }

    /// Rows with a value that is not listed: those of the other ranks, and every row with a value of a type that the
    /// list does not name.
    fn none_of(&self, list: &Values) -> Option<Plan> {
        let mut plan = Plan::default();
        // Times are strings as well, and as such among the others.
        if self.head.kept != Kept::Times {
            plan.spans = gaps(&self.listed(list)?, self.head.distinct);
        }
        plan.sure = named(list).map(|is_named| !is_named);
        plan.sure[Other::Time as usize] = false;
        plan.open = named(list);
        Some(plan)
    }

    /// Ranks of the listed values that are there.
    fn listed(&self, list: &Values) -> Option<Vec<Range<u32>>> {
        let bools = [false, true]
            .into_iter()
            .filter(|flag| list.bools[usize::from(*flag)]);
        match self.head.kept {
            Kept::Strings => self.found(list.keywords.iter().map(|text| IndexedValue::Str(text))),
            Kept::Numbers => {
                let integers = list.integers.iter().map(|integer| IndexedValue::Int(*integer));
                let larger = list.uints.iter().map(|integer| IndexedValue::UInt(*integer));
                self.found(integers.chain(larger))
            }
            Kept::Bools => self.found(bools.map(IndexedValue::Bool)),
            Kept::Times | Kept::Nothing => Some(Vec::new()),
        }
    }

    /// Ranks of those of `values` that are there; the values ascend.
    fn found<'v>(&self, values: impl Iterator<Item = IndexedValue<'v>>) -> Option<Vec<Range<u32>>> {
        let mut spans: Vec<Range<u32>> = Vec::new();
        let mut from = None;
        for value in values {
            if !self.keeps(&value) {
                continue;
            }
            let (rank, is_there) = self.rank_from(&value, from)?;
            from = Some(rank);
            if !is_there {
                continue;
            }
            match spans.last_mut() {
                Some(last) if last.end > rank => {}
                Some(last) if last.end == rank => last.end += 1,
                _ => spans.push(rank..rank + 1),
            }
        }
        Some(spans)
    }

    fn keeps(&self, value: &IndexedValue<'_>) -> bool {
        match value {
            IndexedValue::Bool(_) => self.head.kept == Kept::Bools,
            IndexedValue::Int(_) | IndexedValue::UInt(_) | IndexedValue::Float(_) => {
                self.head.kept == Kept::Numbers
            }
            IndexedValue::Time(_) => self.head.kept == Kept::Times,
            IndexedValue::Str(_) => self.head.kept == Kept::Strings,
        }
    }

    /// Ranks of the strings that begin with `start`: they stand together.
    fn starting_with(&self, start: &[u8]) -> Option<Vec<Range<u32>>> {
        let (first, _) = self.text_below(start)?;
        // No byte of UTF-8 is 255, so the last one has a successor.
        let end = match start.split_last() {
            None => self.head.distinct,
            Some((last, rest)) => {
                let mut after = rest.to_vec();
                after.push(last.saturating_add(1));
                self.text_below(&after)?.0
            }
        };
        Some(
            Some(first..end)
                .filter(|span| !span.is_empty())
                .into_iter()
                .collect(),
        )
    }

    /// Ranks of the values within bounds, if values of their type are kept. No bound is NaN.
    fn within(&self, kept: Kept, bounds: &Bounds<IndexedValue<'_>>) -> Option<Vec<Range<u32>>> {
        if self.head.kept != kept {
            return Some(Vec::new());
        }
        let below = |bound: &Option<IndexedValue<'_>>, with: bool, none: u32| match bound {
            None => Some(none),
            Some(bound) => {
                let (below, is_there) = self.rank_below(bound)?;
                Some(below + u32::from(with && is_there))
            }
        };
        let start = below(&bounds.gte, false, 0)?.max(below(&bounds.gt, true, 0)?);
        let all = self.head.distinct;
        let end = below(&bounds.lt, false, all)?.min(below(&bounds.lte, true, all)?);
        let span = Some(start..end).filter(|span| !span.is_empty());
        Some(span.into_iter().collect())
    }
}

impl Plan {
    /// Rows with other values of this type may pass.
    fn may(other: Other) -> Plan {
        let mut plan = Plan::default();
        plan.open[other as usize] = true;
        plan
    }

    fn with(self, spans: Vec<Range<u32>>) -> Plan {
        Plan { spans, ..self }
    }
}

/// Whether a list names values of each other type.
fn named(list: &Values) -> [bool; OTHERS] {
    let mut named = [false; OTHERS];
    named[Other::Bool as usize] = list.bools != [false; 2];
    named[Other::Number as usize] = !list.integers.is_empty() || !list.uints.is_empty();
    named[Other::String as usize] = !list.keywords.is_empty();
    named
}

/// What of `0..end` lies between the spans.
fn gaps(spans: &[Range<u32>], end: u32) -> Vec<Range<u32>> {
    let starts = std::iter::once(0).chain(spans.iter().map(|span| span.end));
    let ends = spans.iter().map(|span| span.start).chain(std::iter::once(end));
    let gaps = starts.zip(ends).map(|(start, end)| start..end);
    gaps.filter(|gap| !gap.is_empty()).collect()
}

/// Bounds that no filter's rules let pass, NaN and integers of more than 64 bits, are NaN: nothing lies within.
fn bound_of(bound: Number) -> IndexedValue<'static> {
    let integer = match bound {
        Number::Float(number) => return IndexedValue::Float(number),
        Number::Integer(integer) => integer,
    };
    match (i64::try_from(integer), u64::try_from(integer)) {
        (Ok(integer), _) => IndexedValue::Int(integer),
        (_, Ok(integer)) => IndexedValue::UInt(integer),
        _ => IndexedValue::Float(f64::NAN),
    }
}

fn map_bounds<T: Copy>(
    bounds: &Bounds<T>,
    value: fn(T) -> IndexedValue<'static>,
) -> Bounds<IndexedValue<'static>> {
    Bounds {
        gt: bounds.gt.map(value),
        gte: bounds.gte.map(value),
        lt: bounds.lt.map(value),
        lte: bounds.lte.map(value),
    }
}
