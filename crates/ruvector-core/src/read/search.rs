//! Search: the nearest points over all segments of a view, then their payloads and vectors.

use std::borrow::Cow;

use ruvector_types::{Distance, Invalid, Problem, ScoredPoint, SearchRequest};

use super::codes::CodeUse;
use super::fetch::Fetch;
use super::matching::compile_filter;
use super::nearest::{Place, Query, nearest};
use super::top::{Hit, TopHits};
use crate::view::Snapshot;
use crate::write::check_vector;
use crate::{Ctx, Error};

/// Breadth of a graph search when the request names none.
const EF_DEFAULT: u32 = 64;

impl Snapshot {
    /// The nearest points, best first; equal scores by id. Cost: a graph search in each segment and shard.
    pub fn search(&self, ctx: &Ctx, request: &SearchRequest) -> Result<Vec<ScoredPoint>, Error> {
        let core = &self.core;
        let fetch = Fetch::new(core, &request.with_payload, &request.with_vectors)?;
        let field = core.field(&request.using, "using")?;
        let distance = core.schema.fields[field].distance;
        let vector = self.checked_vector(field, request)?;
        let quantization = core.quantization.load().get(field).copied().flatten();
        let query = Query {
            ctx,
            core,
            field,
            vector: &vector,
            wanted: request.limit + request.offset,
            ef: self.checked_ef(request)?,
            exact: request.params.exact,
            filter: request
                .filter
                .as_ref()
                .map(|filter| compile_filter(filter, core))
                .transpose()?,
            codes: CodeUse::of(&request.params.quantization, quantization)?.filter(|_| !request.params.exact),
        };
        let mut top = TopHits::new(query.wanted);
        for (s, shard) in self.view.shards.iter().enumerate() {
            for (g, segment) in shard.segments.iter().enumerate() {
                ctx.check(core.io.as_ref())?;
                nearest(
                    &query,
                    segment,
                    Place {
                        shard: s as u32,
                        segment: g as u32,
                    },
                    &mut top,
                )?;
            }
        }
        let passes = |hit: &Hit| {
            request
                .score_threshold
                .is_none_or(|bound| passes(distance, hit.distance, bound))
        };
        let hits = top.into_sorted().into_iter().filter(passes).skip(request.offset);
        hits.map(|hit| self.scored(hit, distance, &fetch)).collect()
    }

    fn scored(&self, hit: Hit, distance: Distance, fetch: &Fetch<'_>) -> Result<ScoredPoint, Error> {
        let segment = &self.view.shards[hit.shard as usize].segments[hit.segment as usize];
        let fetched = fetch.row(&self.core, segment, hit.row)?;
        Ok(ScoredPoint {
            id: hit.id,
            score: score(distance, hit.distance),
            version: fetched.version,
            payload: fetched.payload,
            vectors: fetched.vectors,
        })
    }

    fn checked_vector<'r>(&self, field: usize, request: &'r SearchRequest) -> Result<Cow<'r, [f32]>, Error> {
        let schema = &self.core.schema.fields[field];
        check_vector(&request.vector, schema.dim, "vector")?;
        if schema.distance != Distance::Cosine {
            return Ok(Cow::Borrowed(&request.vector));
        }
        let mut vector = request.vector.clone();
        ruvector_simd::normalize(&mut vector);
        Ok(Cow::Owned(vector))
    }

    fn checked_ef(&self, request: &SearchRequest) -> Result<usize, Error> {
        let limits = &self.core.limits;
        if request.limit == 0 {
            return Err(Invalid::new("limit", Problem::BelowLimit { given: 0, limit: 1 }).into());
        }
        self.core.check_limit("limit", request.limit)?;
        let above = |field: &str, given: u64, limit: u64, limit_name| {
            Err(Error::invalid(Invalid::new(
                field,
                Problem::AboveLimit {
                    given,
                    limit,
                    limit_name,
                },
            )))
        };
        if request.offset > limits.offset_max {
            return above(
                "offset",
                request.offset as u64,
                limits.offset_max as u64,
                "offset_max",
            );
        }
        let ef = request.params.hnsw_ef.unwrap_or(EF_DEFAULT);
        if ef > limits.hnsw_ef_max {
            return above(
                "params.hnsw_ef",
                ef.into(),
                limits.hnsw_ef_max.into(),
                "hnsw_ef_max",
            );
        }
        if request
            .score_threshold
            .is_some_and(|threshold| !threshold.is_finite())
        {
            return Err(Invalid::new("score_threshold", Problem::NotFinite { index: 0 }).into());
        }
        Ok(ef as usize)
    }
}

/// The score that users see for a kernel's distance.
fn score(distance: Distance, kernel: f32) -> f32 {
    match distance {
        // 0.0 - x rather than -x, so that orthogonal vectors score 0, not -0.
        Distance::Cosine | Distance::Dot => 0.0 - kernel,
        Distance::Euclid => kernel.max(0.0).sqrt(),
        Distance::Manhattan => kernel,
    }
}

/// A threshold is a least similarity, or a greatest distance.
fn passes(distance: Distance, kernel: f32, bound: f32) -> bool {
    let score = score(distance, kernel);
    if distance.higher_is_closer() {
        score >= bound
    } else {
        score <= bound
    }
}
