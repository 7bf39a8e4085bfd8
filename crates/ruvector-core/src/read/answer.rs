//! What is returned of the best hits: their scores, those beyond the threshold left out, payloads and vectors. Never
//! searches.

use ruvector_types::{Distance, ScoredPoint, SearchRequest};

use super::fetch::{Fetch, check_fetched};
use super::top::{Hit, TopHits};
use crate::view::Snapshot;
use crate::{Ctx, Error};

/// What is returned of the best, checked.
pub(super) struct Answer<'r> {
    request: &'r SearchRequest,
    fetch: Fetch<'r>,
    distance: Distance,
}

impl<'r> Answer<'r> {
    pub(super) fn new(
        snapshot: &'r Snapshot,
        request: &'r SearchRequest,
        distance: Distance,
    ) -> Result<Answer<'r>, Error> {
        let core = &snapshot.core;
        let fetch = Fetch::new(snapshot, &request.with_payload, &request.with_vectors)?;
        core.check_results(request.limit, request.offset, request.score_threshold)?;
        Ok(Answer {
            request,
            fetch,
            distance,
        })
    }

    pub(super) fn results(
        &self,
        snapshot: &Snapshot,
        ctx: &Ctx,
        top: TopHits,
    ) -> Result<Vec<ScoredPoint>, Error> {
        let passes = |hit: &Hit| {
            let threshold = self.request.score_threshold;
            threshold.is_none_or(|bound| passes(self.distance, hit.distance, bound))
        };
        let hits = top
            .into_sorted()
            .into_iter()
            .filter(passes)
            .skip(self.request.offset);
        hits.enumerate()
            .map(|(at, hit)| {
                check_fetched(ctx, &snapshot.core, at)?;
                let score = score(self.distance, hit.distance);
                snapshot.scored(hit, score, &self.fetch)
            })
            .collect()
    }
}

impl Snapshot {
    /// A hit with what is wanted of its point.
    pub(super) fn scored(&self, hit: Hit, score: f32, fetch: &Fetch<'_>) -> Result<ScoredPoint, Error> {
        let segment = &self.view.shards[hit.shard as usize].segments[hit.segment as usize];
        let fetched = fetch.row(segment, hit.row)?;
        Ok(ScoredPoint {
            id: hit.id,
            score,
            version: fetched.version,
            payload: fetched.payload,
            vectors: fetched.vectors,
            order_value: None,
        })
    }
}

/// The score that users see for a kernel's distance.
pub(super) fn score(distance: Distance, kernel: f32) -> f32 {
    match distance {
        // 0.0 - x rather than -x, so that orthogonal vectors score 0, not -0.
        Distance::Cosine | Distance::Dot => 0.0 - kernel,
        Distance::Euclid => kernel.max(0.0).sqrt(),
        Distance::Manhattan => kernel,
    }
}

/// A threshold is a least similarity, or a greatest distance.
pub(super) fn passes(distance: Distance, kernel: f32, bound: f32) -> bool {
    let score = score(distance, kernel);
    if distance.higher_is_closer() {
        score >= bound
    } else {
        score <= bound
    }
}
