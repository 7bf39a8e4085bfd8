//! Pages of points in the order of a field's values, merged from the order of every segment. Equal values are in the order
//! of ids, so pages do not depend on where points are stored.

use std::cmp::Ordering;
use std::ops::Bound;

use ruvector_payload::RowSet;
use ruvector_payload::index::{IndexBytes, IndexedValue, MalformedIndex, OrderedIndex};
use ruvector_storage::DeclaredIndex;
use ruvector_types::{
    IndexKind, Invalid, OrderBy, OrderValue, PointId, PointRecord, Problem, ScrollPage, ScrollRequest,
};

use super::compiled::{CompiledFilter, compile_filter};
use super::fetch::{Fetch, check_fetched};
use super::matching::SegmentFilter;
use super::nearest::Place;
use super::observe::Observer;
use super::values::Values;
use crate::collection::Core;
use crate::view::{SegmentView, Snapshot};
use crate::{Ctx, Error, Way};

/// A row and the value it is ordered by.
struct Ordered {
    value: OrderValue,
    id: PointId,
    place: Place,
    row: u32,
}

impl Snapshot {
    /// One page in the order of values. Cost: sets of the segments' size for the filter, then the rows of the page and all
    /// others that have its last value; rows of active segments are read.
    pub(super) fn scroll_by_value(
        &self,
        ctx: &Ctx,
        request: &ScrollRequest,
        order: &OrderBy,
    ) -> Result<ScrollPage, Error> {
        let core = &self.core;
        if request.from.is_some() {
            let rule = "a page ordered by values starts from a value (order_by.start_from), not from an id";
            return Err(Invalid::new("offset", Problem::Contradiction { rule }).into());
        }
        let (declared, order) = &orderable(core, order)?;
        let fetch = Fetch::new(self, &request.with_payload, &request.with_vectors)?;
        let filter = request.filter.as_ref();
        let filter = filter
            .map(|filter| compile_filter(filter, core, self.schema()))
            .transpose()?;
        // An index found damaged is left out from then on: each attempt finds another one, or none.
        for _ in 0..=self.segments().count() {
            if let Some(mut found) = self.ordered_rows(ctx, request, (order, declared), filter.as_ref())? {
                let by_value = |a: &Ordered, b: &Ordered| compare(&a.value, &b.value, order.descending);
                found.sort_by(|a, b| by_value(a, b).then_with(|| a.id.cmp(&b.id)));
                found.truncate(request.limit);
                let record = |(at, ordered)| {
                    check_fetched(ctx, core, at)?;
                    self.ordered_record(ordered, &fetch)
                };
                let points = found.into_iter().enumerate().map(record);
                let points = points.collect::<Result<_, Error>>()?;
                return Ok(ScrollPage { points, next: None });
            }
            core.note_damage();
        }
        let what = "a payload index is damaged and is built again";
        Err(Error::corrupt(what.to_owned()))
    }

    /// What each segment has of the page. `None`: an index is damaged.
    fn ordered_rows(
        &self,
        ctx: &Ctx,
        request: &ScrollRequest,
        (order, declared): (&OrderBy, &DeclaredIndex),
        filter: Option<&CompiledFilter>,
    ) -> Result<Option<Vec<Ordered>>, Error> {
        let core = &self.core;
        let mut found = Vec::new();
        for (place, segment) in self.segments() {
            ctx.check(core.io.as_ref())?;
            let mut observer = Observer::begin(ctx, core, place.shard, segment);
            ctx.took(Way::Rows);
            let rows = SegmentFilter::rows(ctx, core, segment, filter, observer.as_mut())?;
            let values = Values::of(ctx, core, segment, declared, rows)?;
            let mut page = Page {
                order,
                segment,
                place,
                wanted: request.limit,
                found: Vec::new(),
            };
            let stored = values.stored.as_ref();
            let made = values.made.as_ref();
            let taken = stored.map_or(Ok(()), |(index, rows)| page.take(index, rows));
            let taken = taken.and_then(|()| made.map_or(Ok(()), |(index, rows)| page.take(index, rows)));
            if taken.is_err() {
                return Ok(None);
            }
            found.append(&mut page.found);
            observer.map_or(Ok(()), |observer| observer.end(filter))?;
        }
        Ok(Some(found))
    }

    fn ordered_record(&self, ordered: Ordered, fetch: &Fetch<'_>) -> Result<PointRecord, Error> {
        let Place { shard, segment } = ordered.place;
        let segment = &self.view.shards[shard as usize].segments[segment as usize];
        let fetched = fetch.row(segment, ordered.row)?;
        Ok(PointRecord {
            id: ordered.id,
            version: fetched.version,
            payload: fetched.payload,
            vectors: fetched.vectors,
            order_value: Some(ordered.value),
        })
    }
}

/// The declared index that an order goes by, and the order with its start in the index's terms: where times order, a whole
/// number is one in microseconds since 1970.
fn orderable(core: &Core, order: &OrderBy) -> Result<(DeclaredIndex, OrderBy), Error> {
    let declared = core.indexes.load();
    let found = declared.iter().find(|declared| declared.path == order.path);
    let times = match found.map(|declared| &declared.index.kind) {
        Some(IndexKind::Integer { range: true, .. } | IndexKind::Float) => false,
        Some(IndexKind::Datetime) => true,
        _ => {
            let rule = "needs an integer (with range), float or datetime index of the field";
            return Err(Invalid::new("order_by.key", Problem::Contradiction { rule }).into());
        }
    };
    let mut order = order.clone();
    if let (true, Some(OrderValue::Int(micros))) = (times, order.start_from) {
        order.start_from = Some(OrderValue::Time(micros));
    }
    let fits = match order.start_from {
        None => true,
        Some(OrderValue::Time(_)) => times,
        Some(OrderValue::Float(number)) => !times && !number.is_nan(),
        Some(OrderValue::Int(_) | OrderValue::UInt(_)) => !times,
    };
    match (fits, found) {
        (true, Some(declared)) => Ok((declared.clone(), order)),
        _ => {
            let rule = "must be a number; of a datetime index a time, or whole microseconds since 1970";
            Err(Invalid::new("order_by.start_from", Problem::Contradiction { rule }).into())
        }
    }
}

/// The part of a page that one segment holds.
struct Page<'a> {
    order: &'a OrderBy,
    segment: &'a SegmentView,
    place: Place,
    wanted: usize,
    found: Vec<Ordered>,
}

impl Page<'_> {
    /// Up to `wanted` of `rows`, and those of the value that the last of them has.
    fn take<B: IndexBytes>(&mut self, index: &OrderedIndex<B>, rows: &RowSet) -> Result<(), MalformedIndex> {
        let start = self
            .order
            .start_from
            .map_or(Bound::Unbounded, |value| Bound::Included(indexed(value)));
        let (mut taken, mut last) = (0, None);
        // The start is of the type that the index keeps: what it does not find is damaged.
        let pairs = index
            .in_order(start, self.order.descending)
            .ok_or(MalformedIndex {
                at: 0,
                rule: "values are damaged",
            })?;
        for pair in pairs {
            let (value, row) = pair?;
            if taken >= self.wanted && last != Some(value) {
                break;
            }
            let Some(order) = rows.contains(row).then(|| order_value(value)).flatten() else {
                continue;
            };
            if let Some(id) = self.segment.id(row) {
                (taken, last) = (taken + 1, Some(value));
                let place = self.place;
                self.found.push(Ordered {
                    value: order,
                    id,
                    place,
                    row,
                });
            }
        }
        Ok(())
    }
}

fn indexed(value: OrderValue) -> IndexedValue<'static> {
    match value {
        OrderValue::Int(integer) => IndexedValue::Int(integer),
        OrderValue::UInt(integer) => IndexedValue::UInt(integer),
        OrderValue::Float(number) => IndexedValue::Float(number),
        OrderValue::Time(micros) => IndexedValue::Time(micros),
    }
}

fn order_value(value: IndexedValue<'_>) -> Option<OrderValue> {
    match value {
        IndexedValue::Int(integer) => Some(OrderValue::Int(integer)),
        IndexedValue::UInt(integer) => Some(OrderValue::UInt(integer)),
        IndexedValue::Float(number) => Some(OrderValue::Float(number)),
        IndexedValue::Time(micros) => Some(OrderValue::Time(micros)),
        IndexedValue::Bool(_) | IndexedValue::Str(_) => None,
    }
}

/// Values of one field: all numbers, or all times.
fn compare(a: &OrderValue, b: &OrderValue, descending: bool) -> Ordering {
    let order = a.compare(b);
    if descending { order.reverse() } else { order }
}
