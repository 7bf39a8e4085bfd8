//! Search: the nearest points over all segments of a view, then their payloads and vectors.

use std::borrow::Cow;

use ruvector_simd::Metric;
use ruvector_types::{Distance, ScoredPoint, SearchRequest};

use super::answer::Answer;
use super::code_use::CodeUse;
use super::compiled::compile_filter;
use super::nearest::{Place, Query, nearest, nearest_many};
use super::top::TopHits;
use crate::collection::at_most;
use crate::schema::{FieldRef, FieldSchema};
use crate::view::{SegmentView, Snapshot};
use crate::write::{check_vector, wrong_kind};
use crate::{Ctx, Error};

/// Searches of a batch that are under way together, at most; a multiple of those that walk a graph at once.
const BATCH: usize = 64;

/// The segment with the most live points, if there is one, and where it stands.
type Largest<'a> = Option<(Place, &'a SegmentView)>;

/// A request for a dense field, checked.
struct Search<'r> {
    request: &'r SearchRequest,
    answer: Answer<'r>,
    field: &'r FieldSchema,
    vector: Cow<'r, [f32]>,
    ef: Option<usize>,
    codes: Option<CodeUse>,
    exact: bool,
}

impl<'r> Search<'r> {
    fn new(
        snapshot: &'r Snapshot,
        request: &'r SearchRequest,
        field: &'r FieldSchema,
    ) -> Result<Search<'r>, Error> {
        let core = &snapshot.core;
        let answer = Answer::new(snapshot, request, field.distance)?;
        let quantization = core.quantization.load().get(field.number).copied().flatten();
        let codes = CodeUse::of(&request.params.quantization, quantization)?;
        let vector = checked_vector(field, request)?;
        // Where the length overflows, no estimate is a number.
        let length_squared = ruvector_simd::distance(Metric::Dot)(&vector, &vector);
        let exact = request.params.exact || !length_squared.is_finite();
        Ok(Search {
            request,
            answer,
            field,
            vector,
            ef: snapshot.checked_ef(request)?,
            codes: codes.filter(|_| !exact),
            exact,
        })
    }

    /// `largest` is the segment with the most live points.
    fn query<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        ctx: &'a Ctx,
        largest: Largest<'a>,
    ) -> Result<Query<'a>, Error> {
        let (core, request) = (&snapshot.core, self.request);
        let filter = request.filter.as_ref();
        Ok(Query {
            ctx,
            core,
            field: self.field,
            vector: &self.vector,
            wanted: request.limit + request.offset,
            ef: self.ef,
            exact: self.exact,
            scan_below: core.scan_below(self.field),
            filter: filter
                .map(|filter| compile_filter(filter, core, snapshot.schema()))
                .transpose()?,
            codes: self.codes,
            yardstick: largest.and_then(|(_, segment)| segment.fast(self.field.number)),
        })
    }
}

impl Snapshot {
    /// The nearest points, best first; equal scores by id. Cost: a graph search in each segment and shard.
    pub fn search(&self, ctx: &Ctx, request: &SearchRequest) -> Result<Vec<ScoredPoint>, Error> {
        let field = match self.schema().named(&request.using, "using")? {
            FieldRef::Dense(field) => field,
            FieldRef::Ragged(field) => return self.search_ragged(ctx, request, field),
        };
        let search = Search::new(self, request, field)?;
        let largest = self.largest();
        let query = search.query(self, ctx, largest)?;
        let mut top = TopHits::new(query.wanted);
        for (place, segment) in self.largest_first(largest) {
            ctx.check(self.core.io.as_ref())?;
            nearest(&query, segment, place, &mut top)?;
        }
        search.answer.results(self, ctx, top)
    }

    /// As [`Snapshot::search`] for each request, in order. An error of one is the answer to all, and nothing is searched
    /// if one is invalid. Where requests search one vector field without filters, four walk the fast graph at once. Cost: at most that of
    /// the searches one by one, and little less (docs/performance.md).
    pub fn search_batch(
        &self,
        ctx: &Ctx,
        requests: &[SearchRequest],
    ) -> Result<Vec<Vec<ScoredPoint>>, Error> {
        self.core.check_batch("searches", requests.len())?;
        let mut searches = Vec::with_capacity(requests.len());
        let mut ragged = Vec::new();
        for (at, request) in requests.iter().enumerate() {
            let place = |error: Error| error.within(format_args!("searches[{at}]"));
            let field = self.schema().named(&request.using, "using");
            match field.map_err(|invalid| place(invalid.into()))? {
                FieldRef::Dense(field) => {
                    searches.push((at, Search::new(self, request, field).map_err(place)?));
                }
                FieldRef::Ragged(field) => {
                    self.check_ragged_search(request, field).map_err(place)?;
                    ragged.push((at, field));
                }
            }
        }
        let mut answers: Vec<Vec<ScoredPoint>> = requests.iter().map(|_| Vec::new()).collect();
        self.search_dense(ctx, &searches, &mut answers)?;
        for (at, field) in ragged {
            answers[at] = self.search_ragged(ctx, &requests[at], field)?;
        }
        Ok(answers)
    }

    /// Searches of dense fields, their answers put where they belong.
    fn search_dense(
        &self,
        ctx: &Ctx,
        searches: &[(usize, Search<'_>)],
        answers: &mut [Vec<ScoredPoint>],
    ) -> Result<(), Error> {
        let largest = self.largest();
        for searches in searches.chunks(BATCH) {
            let queries = searches
                .iter()
                .map(|(_, search)| search.query(self, ctx, largest))
                .collect::<Result<Vec<_>, _>>()?;
            let mut tops: Vec<TopHits> = queries.iter().map(|query| TopHits::new(query.wanted)).collect();
            for (place, segment) in self.largest_first(largest) {
                nearest_many(&queries, segment, place, &mut tops)?;
            }
            for ((at, search), top) in searches.iter().zip(tops) {
                answers[*at] = search.answer.results(self, ctx, top)?;
            }
        }
        Ok(())
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = (Place, &SegmentView)> {
        let shards = self.view.shards.iter().zip(0..);
        shards.flat_map(|(view, shard)| {
            let segments = view.segments.iter().zip(0..);
            segments.map(move |(view, segment)| (Place { shard, segment }, view))
        })
    }

    /// The segment with the most live points. Cost: a count for each segment.
    fn largest(&self) -> Largest<'_> {
        self.segments().max_by_key(|(_, segment)| segment.live_rows())
    }

    /// All segments, the largest first: what it holds shows how near the others have to be.
    fn largest_first<'a>(&'a self, largest: Largest<'a>) -> impl Iterator<Item = (Place, &'a SegmentView)> {
        let place = largest.map(|(place, _)| place);
        let others = self.segments().filter(move |(other, _)| Some(*other) != place);
        largest.into_iter().chain(others)
    }

    /// The breadth that the request names, if it does.
    pub(super) fn checked_ef(&self, request: &SearchRequest) -> Result<Option<usize>, Error> {
        let Some(ef) = request.params.hnsw_ef else {
            return Ok(None);
        };
        let ef_max = self.core.limits.hnsw_ef_max as usize;
        at_most("params.hnsw_ef", ef as usize, ef_max, "hnsw_ef_max")?;
        Ok(Some(ef as usize))
    }
}

fn checked_vector<'r>(field: &FieldSchema, request: &'r SearchRequest) -> Result<Cow<'r, [f32]>, Error> {
    let given = request.vector.dense();
    let given = given.ok_or_else(|| wrong_kind(&request.vector, "a dense vector", "vector"))?;
    check_vector(given, field.dim, "vector")?;
    if field.distance != Distance::Cosine {
        return Ok(Cow::Borrowed(given));
    }
    let mut vector = given.to_vec();
    ruvector_simd::normalize(&mut vector);
    Ok(Cow::Owned(vector))
}
