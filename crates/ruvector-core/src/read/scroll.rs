//! Pages of points in id order, merged from the id order of every segment; in the order of values, see `order`.

use std::ops::Bound;

use ruvector_types::{Invalid, PointId, PointRecord, Problem, ScrollPage, ScrollRequest};

use super::compiled::compile_filter;
use super::fetch::{Fetch, check_fetched};
use super::matching::SegmentFilter;
use super::nearest::Place;
use super::observe::Observer;
use crate::collection::Core;
use crate::view::{SegmentView, Snapshot, Source};
use crate::{Ctx, Error, Way};

/// Ids taken from an active segment at a time, so that its lock is held briefly.
const IDS_PER_LOCK: usize = 512;

impl Snapshot {
    /// One page, in the order of ids or of values. Cost, by ids: with a filter, sets of the segments' size; rows that no
    /// index decides are evaluated in id order until the page is full.
    pub fn scroll(&self, ctx: &Ctx, request: &ScrollRequest) -> Result<ScrollPage, Error> {
        let core = &self.core;
        if request.limit == 0 {
            return Err(Invalid::new("limit", Problem::BelowLimit { given: 0, limit: 1 }).into());
        }
        core.check_limit("limit", request.limit)?;
        if let Some(order) = &request.order_by {
            return self.scroll_by_value(ctx, request, order);
        }
        let fetch = Fetch::new(self, &request.with_payload, &request.with_vectors)?;
        let filter = request
            .filter
            .as_ref()
            .map(|filter| compile_filter(filter, core, self.schema()))
            .transpose()?;
        let mut found = Vec::new();
        for (place, segment) in self.segments() {
            let filter = filter.as_ref();
            let mut observer = Observer::begin(ctx, core, place.shard, segment);
            let page = Page {
                ctx,
                core,
                segment,
                filter: filter.map(|filter| SegmentFilter::new(ctx, core, segment, filter)),
                wanted: request.limit + 1,
            };
            if let (Some(observer), Some(filter)) = (&mut observer, &page.filter) {
                observer.filtered(filter);
            }
            ctx.took(Way::Rows);
            let rows = page.rows(request.from.as_ref())?;
            found.extend(rows.into_iter().map(|(id, row)| (id, place, row)));
            observer.map_or(Ok(()), |observer| observer.end(filter))?;
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let next = found.get(request.limit).map(|(id, ..)| id.clone());
        found.truncate(request.limit);
        let mut points = Vec::with_capacity(found.len());
        for (at, (id, Place { shard, segment }, row)) in found.into_iter().enumerate() {
            check_fetched(ctx, core, at)?;
            let segment = &self.view.shards[shard as usize].segments[segment as usize];
            let fetched = fetch.row(segment, row)?;
            let (version, payload, vectors) = (fetched.version, fetched.payload, fetched.vectors);
            points.push(PointRecord {
                id,
                version,
                payload,
                vectors,
                order_value: None,
            });
        }
        Ok(ScrollPage { points, next })
    }
}

/// The part of a page that one segment holds.
struct Page<'a> {
    ctx: &'a Ctx,
    core: &'a Core,
    segment: &'a SegmentView,
    filter: Option<SegmentFilter<'a>>,
    wanted: usize,
}

impl Page<'_> {
    /// Up to `wanted` live matching rows in id order, from `from` on.
    fn rows(&self, from: Option<&PointId>) -> Result<Vec<(PointId, u32)>, Error> {
        match &self.segment.source {
            Source::Sealed(sealed) => {
                let mut page = Vec::new();
                for (seen, row) in sealed.ids.sorted_rows_from(from).enumerate() {
                    if seen % IDS_PER_LOCK == 0 {
                        self.ctx.check(self.core.io.as_ref())?;
                    }
                    if page.len() == self.wanted {
                        break;
                    }
                    self.admit(row, &mut page);
                }
                Ok(page)
            }
            Source::Active(active) => {
                let mut page = Vec::new();
                let mut from = from.map_or(Bound::Unbounded, |id| Bound::Included(id.clone()));
                loop {
                    self.ctx.check(self.core.io.as_ref())?;
                    let (rows, last) = active.rows_from(from.as_ref(), self.segment.rows, IDS_PER_LOCK);
                    rows.into_iter().for_each(|row| self.admit(row, &mut page));
                    match last {
                        Some(id) if page.len() < self.wanted => from = Bound::Excluded(id),
                        _ => break,
                    }
                }
                page.truncate(self.wanted);
                Ok(page)
            }
        }
    }

    fn admit(&self, row: u32, page: &mut Vec<(PointId, u32)>) {
        let matches = match &self.filter {
            Some(filter) => filter.accepts(row),
            None => self.segment.is_live(row),
        };
        if matches {
            page.extend(self.segment.id(row).map(|id| (id, row)));
        }
    }
}
