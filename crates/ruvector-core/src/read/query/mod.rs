//! Queries of several stages: each finds points of the collection, or orders those that the stages before it found. All
//! stages, and all queries of a batch, read one snapshot. Never searches by itself: `search`, `scroll` and `rank` do.
//!
//! A search by one given vector never comes this way, if its caller turns it into one (`QueryRequest::into_search`).

mod check;
mod diverse;
mod examples;
mod filters;
mod fuse;
mod mean;
mod measure;
mod rank;
mod sample;
mod stage;
mod vectors;

use ruvector_types::{OrderValue, PointId, QueryRequest, ScoredPoint, SearchRequest};

use self::stage::{Goal, Seek};
use self::vectors::Lenders;
use super::fetch::{Fetch, check_fetched};
use super::nearest::Place;
use super::top::Hit;
use crate::view::{SegmentView, Snapshot};
use crate::{Ctx, Database, Error};

/// A point that a stage found.
#[derive(Clone, Debug)]
struct Found {
    id: PointId,
    score: f32,
    order_value: Option<OrderValue>,
}

impl Found {
    fn new(id: PointId, score: f32) -> Found {
        Found {
            id,
            score,
            order_value: None,
        }
    }
}

/// Where a point is.
struct Located<'a> {
    place: Place,
    segment: &'a SegmentView,
    row: u32,
}

/// A query, or a batch of them, under way.
struct Run<'a> {
    ctx: &'a Ctx,
    snapshot: &'a Snapshot,
    lenders: &'a Lenders<'a>,
}

impl Database {
    /// Carries out a query of a collection as it is now, the best first; equal ones by id, unless its last stage orders
    /// otherwise. Cost: that of its stages one after the other. A stage over a prefetch compares each point found there. A
    /// recommendation other than by the mean searches near its examples, as approximately as other searches, and compares
    /// what it finds with every example; where such searches cost more or do not suffice, or the search is to be exact, it
    /// compares every point that matches.
    pub fn query(
        &self,
        ctx: &Ctx,
        collection: &str,
        request: &QueryRequest,
    ) -> Result<Vec<ScoredPoint>, Error> {
        let snapshot = &self.collection(collection)?.snapshot()?;
        let lenders = &Lenders::new(self);
        let run = Run {
            ctx,
            snapshot,
            lenders,
        };
        run.query(request)
    }

    /// As [`Database::query`] for each request, in order, on one snapshot. An error of one is the answer to all.
    pub fn query_batch(
        &self,
        ctx: &Ctx,
        collection: &str,
        requests: &[QueryRequest],
    ) -> Result<Vec<Vec<ScoredPoint>>, Error> {
        let snapshot = &self.collection(collection)?.snapshot()?;
        snapshot.core.check_batch("searches", requests.len())?;
        if requests.iter().all(QueryRequest::is_search) {
            let searches = requests
                .iter()
                .filter_map(|request| request.clone().into_search().ok());
            let searches: Vec<SearchRequest> = searches.collect();
            return snapshot.search_batch(ctx, &searches);
        }
        let lenders = &Lenders::new(self);
        let run = Run {
            ctx,
            snapshot,
            lenders,
        };
        for (at, request) in requests.iter().enumerate() {
            let place = |error: Error| error.within(format_args!("searches[{at}]"));
            check::check(snapshot, request).map_err(|invalid| place(invalid.into()))?;
        }
        let queries = requests.iter().enumerate();
        queries
            .map(|(at, request)| {
                let place = |error: Error| error.within(format_args!("searches[{at}]"));
                run.query(request).map_err(place)
            })
            .collect()
    }
}

impl<'a> Run<'a> {
    fn query(&self, request: &QueryRequest) -> Result<Vec<ScoredPoint>, Error> {
        if request.is_search()
            && let Ok(search) = request.clone().into_search()
        {
            return self.snapshot.search(self.ctx, &search);
        }
        let core = &self.snapshot.core;
        check::check(self.snapshot, request)?;
        let fetch = Fetch::new(self.snapshot, &request.with_payload, &request.with_vectors)?;
        let stage = &request.stage;
        let goal = Goal::of(self, stage, None, "")?;
        if let (Seek::Nearest(vector), true) = (&goal.seek, stage.prefetch.is_empty()) {
            let search = SearchRequest {
                offset: request.offset,
                limit: stage.limit,
                with_payload: request.with_payload.clone(),
                with_vectors: request.with_vectors.clone(),
                ..goal.search(stage, vector)
            };
            return self.snapshot.search(self.ctx, &search);
        }
        let found = self.found(stage, &goal, stage.limit + request.offset, "")?;
        let wanted = found.into_iter().skip(request.offset).take(stage.limit);
        wanted
            .enumerate()
            .map(|(at, found)| {
                check_fetched(self.ctx, core, at)?;
                self.fetched(found, &fetch)
            })
            .collect()
    }

    /// Where a point is; `None` if it is not.
    fn located(&self, id: &PointId) -> Option<Located<'a>> {
        let shard = self.snapshot.core.shard_of(id);
        let view = self.snapshot.view.shards.get(shard)?;
        let (segment, row) = view.find(id)?;
        let place = Place {
            shard: shard as u32,
            segment: segment as u32,
        };
        let segment = view.segments.get(segment)?;
        Some(Located { place, segment, row })
    }

    fn fetched(&self, found: Found, fetch: &Fetch<'_>) -> Result<ScoredPoint, Error> {
        let located = self
            .located(&found.id)
            .ok_or_else(|| Error::no_point(&found.id))?;
        let hit = located.hit(found.id, found.score);
        let scored = self.snapshot.scored(hit, found.score, fetch)?;
        Ok(ScoredPoint {
            order_value: found.order_value,
            ..scored
        })
    }
}

/// An error of the stage at `place`, which is empty, or ends with a dot.
fn at_place(error: Error, place: &str) -> Error {
    match place.strip_suffix('.') {
        Some(outer) => error.within(outer),
        None => error,
    }
}

impl Located<'_> {
    fn hit(&self, id: PointId, distance: f32) -> Hit {
        let Place { shard, segment } = self.place;
        Hit {
            distance,
            id,
            shard,
            segment,
            row: self.row,
        }
    }
}
