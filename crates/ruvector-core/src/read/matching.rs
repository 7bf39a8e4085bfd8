//! A filter on one segment: first what its indexes know, then the rows they leave open, one by one. A row whose payload is
//! damaged matches nothing that reads payloads.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use ruvector_payload::index::{Estimate, RowCheck};
use ruvector_payload::{Answer, Indexed, RowSet};
use ruvector_types::WrittenSteps;

use super::compiled::{CompiledFilter, evaluated, row_matches};
use super::known::{AsSealed, Known};
use super::observe::Observer;
use super::pace::Pace;
use crate::collection::Core;
use crate::view::{SegmentView, Source};
use crate::{Ctx, Error};

/// Rows left open by indexes that are looked at before a search, so that it knows how many rows match.
const SETTLED_ROWS_MAX: u64 = 512;

/// Deleted rows up to which a filter is asked about single rows, without a set: each has to be asked about to know how many
/// rows match.
const CHECKED_DELETES_MAX: u64 = 1_024;

/// The live rows that match. Cost: sets of the segment's size, and an evaluation of each row that indexes leave open.
pub(crate) fn matching_rows(
    ctx: &Ctx,
    core: &Core,
    segment: &SegmentView,
    filter: &CompiledFilter,
) -> Result<RowSet, Error> {
    let mut filter = SegmentFilter::new(ctx, core, segment, filter);
    filter.settle(ctx)?;
    Ok(filter.into_sure())
}

/// A filter on one segment.
pub(crate) struct SegmentFilter<'a> {
    ctx: &'a Ctx,
    core: &'a Core,
    segment: &'a SegmentView,
    filter: &'a CompiledFilter,
    /// Answers for single rows and leaves none open, where the filter and the segment allow it.
    check: Option<RowCheck<'a>>,
    /// Made when it is asked for if there is a check. Deleted rows are in neither set. Shared with later searches where
    /// nothing was deleted or changed.
    answer: OnceCell<Arc<Answer>>,
    sure: u64,
    open: u64,
}

impl<'a> SegmentFilter<'a> {
    /// What the indexes know of the filter; once the request's time is up, that is nothing: every row is open.
    pub(crate) fn new(
        ctx: &'a Ctx,
        core: &'a Core,
        segment: &'a SegmentView,
        filter: &'a CompiledFilter,
    ) -> SegmentFilter<'a> {
        let known = Known::new(core, segment, filter).until(ctx);
        // A check spares the sets, and costs less than to look through a kept one; but for long lists of values it has to be
        // made, which costs more.
        let is_long = filter.kept().is_long();
        let check = if is_long { None } else { row_check(&known, filter) };
        let kept = if check.is_none() {
            kept_answer(&known, filter)
        } else {
            None
        };
        let check = match kept.is_none() && is_long {
            true => row_check(&known, filter),
            false => check,
        };
        let mut made = SegmentFilter {
            ctx,
            core,
            segment,
            filter,
            check,
            answer: kept.map_or_else(OnceCell::new, OnceCell::from),
            sure: 0,
            open: 0,
        };
        (made.sure, made.open) = match &made.check {
            // Ranks and postings of a sound file agree; nothing of it is trusted.
            Some(check) => (check.count().saturating_sub(deleted_among(segment, check)), 0),
            None => {
                let answer = made.answer();
                (answer.sure.count(), answer.open.count())
            }
        };
        made
    }

    /// The rows that match and those that are open.
    fn answer(&self) -> &Answer {
        self.answer.get_or_init(|| {
            let mut answer = match &self.check {
                Some(check) => Answer::exact(check.rows()),
                None => self
                    .filter
                    .answer(&Known::new(self.core, self.segment, self.filter).until(self.ctx)),
            };
            leave_live(self.segment, &mut answer);
            Arc::new(answer)
        })
    }

    fn into_sure(self) -> RowSet {
        self.answer();
        match self.answer.into_inner() {
            Some(answer) => Arc::unwrap_or_clone(answer).sure,
            None => RowSet::none(self.segment.rows),
        }
    }

    /// The live rows that match `filter`; all live rows if there is none. `observer` is told what the indexes decided.
    pub(crate) fn rows(
        ctx: &Ctx,
        core: &Core,
        segment: &SegmentView,
        filter: Option<&CompiledFilter>,
        observer: Option<&mut Observer<'_>>,
    ) -> Result<RowSet, Error> {
        match filter {
            Some(filter) => {
                let mut filter = SegmentFilter::new(ctx, core, segment, filter);
                if let Some(observer) = observer {
                    observer.filtered(&filter);
                }
                filter.settle(ctx)?;
                Ok(filter.into_sure())
            }
            None => {
                let mut rows = RowSet::all(segment.rows);
                take_away_deleted(segment, &mut rows);
                Ok(rows)
            }
        }
    }

    /// How many rows match, deleted ones included, guessed without making sets.
    pub(crate) fn estimate(core: &Core, segment: &SegmentView, filter: &CompiledFilter) -> Estimate {
        filter.estimate(&Known::new(core, segment, filter))
    }

    /// The fields with conditions that no index of the segment answers, and those with ones that an index does.
    pub(crate) fn fields(core: &Core, segment: &SegmentView, filter: &CompiledFilter) -> [Vec<String>; 2] {
        let mut fields = [BTreeSet::new(), BTreeSet::new()];
        filter.each_field(&Known::new(core, segment, filter), &mut |steps, is_answered| {
            fields[usize::from(is_answered)].insert(WrittenSteps(steps).to_string());
        });
        fields.map(|fields| fields.into_iter().collect())
    }

    /// Whether a row is live and matches.
    #[inline]
    pub(crate) fn accepts(&self, row: u32) -> bool {
        if let Some(check) = &self.check {
            return check.contains(row) && self.segment.is_live(row);
        }
        let answer = self.answer();
        answer.sure.contains(row)
            || (self.open > 0
                && answer.open.contains(row)
                && row_matches(self.segment, row, self.filter).unwrap_or(false))
    }

    /// Live rows that match, at most.
    pub(crate) fn rows_max(&self) -> u64 {
        self.sure + self.open
    }

    /// Rows that have to be evaluated.
    pub(crate) fn rows_open(&self) -> u64 {
        self.open
    }

    /// The live rows that may match, ascending.
    pub(crate) fn candidates(&self) -> Cow<'_, RowSet> {
        let answer = self.answer();
        if self.open == 0 {
            return Cow::Borrowed(&answer.sure);
        }
        let mut rows = answer.sure.clone();
        rows.or(&answer.open);
        Cow::Owned(rows)
    }

    /// Appends the live rows that may match, in any order.
    pub(crate) fn append_candidates(&self, out: &mut Vec<u32>) {
        match &self.check {
            Some(check) if self.segment.deletes.is_empty() => check.listed().for_each(|row| out.push(row)),
            Some(check) => out.extend(check.listed().filter(|row| self.segment.is_live(*row))),
            None => self.candidates().append_to(out),
        }
    }

    /// Looks at the open rows if they are few.
    pub(crate) fn settle_few(&mut self, ctx: &Ctx) -> Result<(), Error> {
        match self.open {
            0 => Ok(()),
            1..=SETTLED_ROWS_MAX => self.settle(ctx),
            _ => Ok(()),
        }
    }

    /// Looks at all open rows.
    pub(crate) fn settle(&mut self, ctx: &Ctx) -> Result<(), Error> {
        if self.open == 0 {
            return Ok(());
        }
        let Some(answer) = self.answer.get_mut().map(Arc::make_mut) else {
            return Ok(());
        };
        let open = std::mem::replace(&mut answer.open, RowSet::none(self.segment.rows));
        let mut pace = Pace::default();
        for row in open.iter() {
            pace.before_row(ctx, self.core)?;
            let (matches, bytes) = evaluated(self.segment, row, self.filter).unwrap_or_default();
            pace.read(bytes);
            if matches {
                answer.sure.insert(row);
                self.sure += 1;
            }
        }
        self.open = 0;
        Ok(())
    }
}

/// A check for single rows, where no payload changed since the indexes were built and few rows are deleted.
fn row_check<'a>(known: &Known<'a>, filter: &CompiledFilter) -> Option<RowCheck<'a>> {
    let segment = known.segment;
    let is_as_indexed = segment.delta.is_empty() && segment.deletes.count() <= CHECKED_DELETES_MAX;
    match is_as_indexed {
        true => filter.row_check(|steps| known.find(steps)),
        false => None,
    }
}

/// The answer to a filter that came again, from what is kept or to be kept of it, as this view has it. Never for a segment
/// in memory, and only if there is room: a check may spare the sets.
fn kept_answer(known: &Known<'_>, filter: &CompiledFilter) -> Option<Arc<Answer>> {
    let Source::Sealed(sealed) = &known.segment.source else {
        return None;
    };
    if !filter.kept().is_repeated() {
        return None;
    }
    let filters = &known.core.filters;
    let mut answer = match filters.answer(filter.kept(), sealed) {
        Some(answer) => answer,
        None => {
            if !filters.has_room(filter.kept(), known.segment.rows) {
                return None;
            }
            let mut answer = filter.answer(&AsSealed(known));
            if answer.open.is_empty() {
                // Without memory for it.
                answer.open = RowSet::none(known.segment.rows);
            }
            let answer = Arc::new(answer);
            if answer.open.count() < u64::from(known.segment.rows) && !known.is_late() {
                filters.keep(filter.kept(), sealed, &answer);
            }
            answer
        }
    };
    let segment = known.segment;
    if filter.reads_payload() && !segment.delta.is_empty() {
        Arc::make_mut(&mut answer).reopen(known.changed());
    }
    if !segment.deletes.is_empty() {
        leave_live(segment, Arc::make_mut(&mut answer));
    }
    Some(answer)
}

/// How many deleted rows pass.
fn deleted_among(segment: &SegmentView, check: &RowCheck<'_>) -> u64 {
    let mut passing = 0;
    for (first, words) in segment.deletes.words() {
        for (word, at) in words.iter().zip(first as u32..) {
            let mut left = *word;
            while left != 0 {
                passing += u64::from(check.contains(at * 64 + left.trailing_zeros()));
                left &= left - 1;
            }
        }
    }
    passing
}

fn leave_live(segment: &SegmentView, answer: &mut Answer) {
    take_away_deleted(segment, &mut answer.sure);
    take_away_deleted(segment, &mut answer.open);
}

pub(crate) fn take_away_deleted(segment: &SegmentView, rows: &mut RowSet) {
    if segment.deletes.is_empty() {
        return;
    }
    rows.change_words(|words| {
        for (first, deleted) in segment.deletes.words() {
            for (mine, gone) in words.iter_mut().skip(first).zip(deleted) {
                *mine &= !gone;
            }
        }
    });
}
