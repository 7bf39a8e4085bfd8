//! Watches a read of one segment, if its trace wants details. Never changes what is read.

use std::time::Duration;

use super::compiled::CompiledFilter;
use super::matching::{SegmentFilter, matching_rows};
use crate::collection::Core;
use crate::trace::{FilterTrace, SegmentTrace, Trace};
use crate::view::{SegmentView, Source};
use crate::{Ctx, Error};

/// A read under way.
pub(crate) struct Observer<'a> {
    ctx: &'a Ctx,
    core: &'a Core,
    segment: &'a SegmentView,
    shard: u32,
    begun: Duration,
    filtered: Duration,
    /// Before a pause.
    spent: Duration,
    work: (u64, u64),
    undecided: u64,
}

impl<'a> Observer<'a> {
    /// Begins; `None` if nobody wants to know.
    pub(crate) fn begin(
        ctx: &'a Ctx,
        core: &'a Core,
        shard: u32,
        segment: &'a SegmentView,
    ) -> Option<Observer<'a>> {
        let trace = ctx.trace.as_ref().filter(|trace| trace.is_detailed())?;
        let begun = core.io.monotonic();
        Some(Observer {
            ctx,
            core,
            segment,
            shard,
            begun,
            filtered: begun,
            spent: Duration::ZERO,
            work: work(trace),
            undecided: 0,
        })
    }

    /// Other segments are read in between; what was spent so far counts as search.
    pub(crate) fn pause(&mut self) {
        self.spent = self.core.io.monotonic() - self.begun;
    }

    /// Goes on after a pause.
    pub(crate) fn resume(&mut self) {
        self.begun = self.core.io.monotonic();
        self.filtered = self.begun;
    }

    /// The filter's sets are made.
    pub(crate) fn filtered(&mut self, filter: &SegmentFilter<'_>) {
        self.filtered = self.core.io.monotonic();
        self.undecided = filter.rows_open();
    }

    /// Ends. How many rows match in truth is found out after the clock was read.
    pub(crate) fn end(self, filter: Option<&CompiledFilter>) -> Result<(), Error> {
        let ended = self.core.io.monotonic();
        let Some(trace) = &self.ctx.trace else {
            return Ok(());
        };
        let (visited, measured) = work(trace);
        let filter = match filter {
            None => None,
            Some(filter) => {
                let [unindexed, indexed] = SegmentFilter::fields(self.core, self.segment, filter);
                Some(FilterTrace {
                    estimated: SegmentFilter::estimate(self.core, self.segment, filter).expected,
                    undecided: self.undecided,
                    matching: matching_rows(self.ctx, self.core, self.segment, filter)?.count(),
                    indexed,
                    unindexed,
                })
            }
        };
        trace.end_segment(SegmentTrace {
            shard: self.shard,
            segment: self.segment.id,
            sealed: matches!(self.segment.source, Source::Sealed(_)),
            points: self.segment.live_rows(),
            filter,
            ways: Vec::new(),
            ef: None,
            visited: visited - self.work.0,
            measured: measured - self.work.1,
            filter_time: self.filtered - self.begun,
            search_time: self.spent + (ended - self.filtered),
        });
        Ok(())
    }
}

fn work(trace: &Trace) -> (u64, u64) {
    (trace.nodes_visited(), trace.vectors_measured())
}
