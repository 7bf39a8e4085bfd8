//! Points by id.

use ruvector_types::{CountRequest, PayloadSelector, PointId, PointRecord, VectorSelector};

use super::compiled::compile_filter;
use super::fetch::Fetch;
use super::matching::SegmentFilter;
use super::observe::Observer;
use crate::view::Snapshot;
use crate::{Ctx, Error, Way};

impl Snapshot {
    /// The points of `ids` that exist, in the order asked. Cost: a lookup in each segment's id table, newest first.
    pub fn get(
        &self,
        ctx: &Ctx,
        ids: &[PointId],
        payload: &PayloadSelector,
        vectors: &VectorSelector,
    ) -> Result<Vec<PointRecord>, Error> {
        let core = &self.core;
        core.check_batch("ids", ids.len())?;
        let fetch = Fetch::new(self, payload, vectors)?;
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            ctx.check(core.io.as_ref())?;
            let shard = &self.view.shards[core.shard_of(id)];
            let Some((at, row)) = shard.find(id) else { continue };
            let fetched = fetch.row(&shard.segments[at], row)?;
            records.push(PointRecord {
                id: id.clone(),
                version: fetched.version,
                payload: fetched.payload,
                vectors: fetched.vectors,
                order_value: None,
            });
        }
        Ok(records)
    }

    /// How many points match. Cost: with a filter, sets of the segments' size; rows that no index decides
    /// are evaluated.
    pub fn count(&self, ctx: &Ctx, request: &CountRequest) -> Result<u64, Error> {
        let Some(filter) = &request.filter else {
            return Ok(self.view.shards.iter().map(|shard| shard.live_rows()).sum());
        };
        let filter = compile_filter(filter, &self.core, self.schema())?;
        let mut count = 0;
        for (place, segment) in self.segments() {
            let mut observer = Observer::begin(ctx, &self.core, place.shard, segment);
            let mut rows = SegmentFilter::new(ctx, &self.core, segment, &filter);
            if let Some(observer) = &mut observer {
                observer.filtered(&rows);
            }
            ctx.took(Way::Rows);
            rows.settle(ctx)?;
            count += rows.rows_max();
            observer.map_or(Ok(()), |observer| observer.end(Some(&filter)))?;
        }
        Ok(count)
    }
}
