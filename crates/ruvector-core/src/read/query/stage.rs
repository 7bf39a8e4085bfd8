//! One stage: its vectors looked up, the stages before it carried out, then its own query. Never reads payloads or vectors
//! that are only returned.

use std::collections::BTreeSet;

use ruvector_types::{
    Condition, Filter, Fusion, OrderBy, PayloadSelector, PointId, Query, QueryStage, RecommendStrategy,
    ScrollRequest, SearchRequest, Vector, VectorSelector,
};

use super::fuse::fuse;
use super::measure::{Measure, Scorer};
use super::sample::Reservoir;
use super::vectors::Inputs;
use super::{Found, Run, at_place, diverse, filters, mean};
use crate::collection::at_most;
use crate::read::answer::{passes, score};
use crate::read::compiled::compile_filter;
use crate::read::matching::SegmentFilter;
use crate::read::observe::Observer;
use crate::read::top::Hit;
use crate::{Error, Way};

/// What a stage looks for, in vectors.
pub(super) enum Seek<'q> {
    /// Everything, by id.
    All,
    Nearest(Vector),
    Diverse(Vector, f32, usize),
    Examples(Measure),
    Order(&'q OrderBy),
    Fusion(&'q Fusion),
    Sample,
}

/// What a stage looks for, and where.
pub(super) struct Goal<'q> {
    pub(super) seek: Seek<'q>,
    /// That of the stage and of all above it, without the points whose vectors are asked with.
    pub(super) filter: Option<Filter>,
}

impl<'q> Goal<'q> {
    /// `place` is empty, or ends with a dot.
    pub(super) fn of(
        run: &Run<'_>,
        stage: &'q QueryStage,
        outer: Option<&Filter>,
        place: &str,
    ) -> Result<Goal<'q>, Error> {
        let mut inputs = Inputs::new(run, stage, place);
        let seek = match &stage.query {
            None => Seek::All,
            Some(Query::Nearest(input)) => Seek::Nearest(inputs.vector(input, "query")?),
            Some(Query::Diverse {
                nearest,
                diversity,
                candidates,
            }) => {
                let candidates = candidates.unwrap_or(stage.limit);
                let nearest = inputs.vector(nearest, "query.nearest")?;
                Seek::Diverse(nearest, *diversity, candidates)
            }
            Some(Query::Recommend {
                positive,
                negative,
                strategy,
            }) => {
                let positive = inputs.vectors(positive, "query.recommend.positive")?;
                let negative = inputs.vectors(negative, "query.recommend.negative")?;
                recommend(run, stage, (&positive, &negative), *strategy, place)?
            }
            Some(Query::OrderBy(order)) => Seek::Order(order),
            Some(Query::Fusion(fusion)) => Seek::Fusion(fusion),
            Some(Query::Sample) => Seek::Sample,
        };
        let filter = filters::merged(outer, stage.filter.as_ref(), &inputs.mentioned);
        Ok(Goal { seek, filter })
    }

    /// The search of a stage without prefetches, ids and scores only.
    pub(super) fn search(&self, stage: &QueryStage, vector: &Vector) -> SearchRequest {
        SearchRequest {
            using: stage.using.clone(),
            filter: self.filter.clone(),
            score_threshold: stage.score_threshold,
            params: stage.params,
            ..SearchRequest::nearest(vector.clone(), stage.limit)
        }
    }
}

fn recommend<'q>(
    run: &Run<'_>,
    stage: &QueryStage,
    (positive, negative): (&[Vector], &[Vector]),
    strategy: RecommendStrategy,
    place: &str,
) -> Result<Seek<'q>, Error> {
    let place = format!("{place}query.recommend");
    if strategy == RecommendStrategy::AverageVector {
        for (name, vectors) in [("positive", positive), ("negative", negative)] {
            for (at, vector) in vectors.iter().enumerate() {
                let place = format!("{place}.{name}[{at}]");
                Scorer::unweighed(run.snapshot, &stage.using, vector, &place)?;
            }
        }
        return Ok(Seek::Nearest(mean::mean(positive, negative, &place)?));
    }
    let scorers = |vectors: &[Vector], name: &str| {
        let vectors = vectors.iter().enumerate();
        vectors
            .map(|(at, vector)| {
                let place = format!("{place}.{name}[{at}]");
                Scorer::new(run, &stage.using, vector, &place)
            })
            .collect::<Result<Vec<Scorer>, Error>>()
    };
    let (positive, negative) = (scorers(positive, "positive")?, scorers(negative, "negative")?);
    Ok(Seek::Examples(Measure::of_examples(positive, negative, strategy)))
}

impl Run<'_> {
    /// Up to `wanted` points that a stage finds, in its order. `place` is empty, or ends with a dot.
    pub(super) fn found(
        &self,
        stage: &QueryStage,
        goal: &Goal<'_>,
        wanted: usize,
        place: &str,
    ) -> Result<Vec<Found>, Error> {
        let mut sources = Vec::with_capacity(stage.prefetch.len());
        for (number, inner) in stage.prefetch.iter().enumerate() {
            self.ctx.check(self.snapshot.core.io.as_ref())?;
            let place = format!("{place}prefetch[{number}].");
            let goal = Goal::of(self, inner, goal.filter.as_ref(), &place)?;
            sources.push(self.found(inner, &goal, inner.limit, &place)?);
        }
        let mut found = match &goal.seek {
            Seek::Fusion(fusion) => fuse(fusion, sources),
            _ => {
                let among = match stage.prefetch.is_empty() {
                    true => None,
                    false => Some(ids(sources)),
                };
                if among.as_ref().is_some_and(Vec::is_empty) {
                    return Ok(Vec::new());
                }
                let found = self.sought(stage, goal, among.as_deref(), wanted);
                found.map_err(|error| at_place(error, place))?
            }
        };
        if let (Some(threshold), false) = (stage.score_threshold, goal.seek.is_nearest()) {
            found.retain(|found| found.score >= threshold);
        }
        found.truncate(wanted);
        Ok(found)
    }

    fn sought(
        &self,
        stage: &QueryStage,
        goal: &Goal<'_>,
        among: Option<&[PointId]>,
        wanted: usize,
    ) -> Result<Vec<Found>, Error> {
        let filter = goal.filter.as_ref();
        match &goal.seek {
            Seek::Nearest(vector) => self.nearest(stage, goal, vector, (among, wanted)),
            Seek::Diverse(vector, diversity, candidates) => {
                let scorer = Scorer::unweighed(self.snapshot, &stage.using, vector, "query.nearest")?;
                let found = self.nearest(stage, goal, vector, (among, *candidates))?;
                diverse::choose(self, found, &scorer, *diversity, wanted)
            }
            Seek::Examples(measure) => {
                let searched = match among {
                    None => self.searched((stage, goal), measure, wanted)?,
                    Some(_) => None,
                };
                let hits = match searched {
                    Some(hits) => hits,
                    None => self.ranked(among, filter, measure, wanted)?,
                };
                let found = |hit: Hit| Found::new(hit.id, 0.0 - hit.distance);
                Ok(hits.into_iter().map(found).collect())
            }
            Seek::Order(order) => self.scrolled(goal, Some((*order).clone()), among, wanted),
            Seek::Sample => self.sampled(filter, among, wanted),
            Seek::All | Seek::Fusion(_) => self.scrolled(goal, None, among, wanted),
        }
    }

    fn nearest(
        &self,
        stage: &QueryStage,
        goal: &Goal<'_>,
        vector: &Vector,
        (among, wanted): (Option<&[PointId]>, usize),
    ) -> Result<Vec<Found>, Error> {
        let Some(ids) = among else {
            let search = SearchRequest {
                limit: wanted,
                ..goal.search(stage, vector)
            };
            let found = self.snapshot.search(self.ctx, &search)?;
            return Ok(found
                .into_iter()
                .map(|point| Found::new(point.id, point.score))
                .collect());
        };
        let scorer = Scorer::new(self, &stage.using, vector, "query.nearest")?;
        let distance = scorer.field_distance();
        let hits = self.ranked(Some(ids), None, &Measure::Nearest(scorer), wanted)?;
        let threshold = stage.score_threshold;
        let near = hits
            .into_iter()
            .filter(|hit| threshold.is_none_or(|bound| passes(distance, hit.distance, bound)));
        Ok(near
            .map(|hit| Found::new(hit.id, score(distance, hit.distance)))
            .collect())
    }

    /// Points in the order of ids or values, each with the score 1.
    fn scrolled(
        &self,
        goal: &Goal<'_>,
        order_by: Option<OrderBy>,
        among: Option<&[PointId]>,
        wanted: usize,
    ) -> Result<Vec<Found>, Error> {
        let mut filter = goal.filter.clone();
        if let Some(ids) = among {
            let limit = self.snapshot.core.limits.filter_values_max;
            at_most("prefetch, points found", ids.len(), limit, "filter_values_max")?;
            let condition = Condition::HasId(ids.to_vec());
            filter.get_or_insert_default().must.push(condition);
        }
        let request = ScrollRequest {
            from: None,
            order_by,
            limit: wanted,
            filter,
            with_payload: PayloadSelector::None,
            with_vectors: VectorSelector::None,
        };
        let page = self.snapshot.scroll(self.ctx, &request);
        let page = match request.order_by {
            None => page?,
            Some(_) => page.map_err(|error| error.within("query"))?,
        };
        let found = page.points.into_iter().map(|point| Found {
            order_value: point.order_value,
            ..Found::new(point.id, 1.0)
        });
        Ok(found.collect())
    }

    /// Points by chance, each with the score 1. Cost: a look at each that matches.
    fn sampled(
        &self,
        filter: Option<&Filter>,
        among: Option<&[PointId]>,
        wanted: usize,
    ) -> Result<Vec<Found>, Error> {
        let (ctx, core) = (self.ctx, &self.snapshot.core);
        let seed = core.io.random_u64();
        if let Some(ids) = among {
            let mut kept = Reservoir::new(wanted, seed);
            ids.iter().for_each(|id| kept.offer(id));
            let kept = kept.shuffled().into_iter();
            return Ok(kept.map(|id| Found::new(id.clone(), 1.0)).collect());
        }
        let filter = filter
            .map(|filter| compile_filter(filter, core, self.snapshot.schema()))
            .transpose()?;
        let filter = filter.as_ref();
        let mut kept = Reservoir::new(wanted, seed);
        for (place, segment) in self.snapshot.segments() {
            ctx.check(core.io.as_ref())?;
            let mut observer = Observer::begin(ctx, core, place.shard, segment);
            ctx.took(Way::Rows);
            let rows = SegmentFilter::rows(ctx, core, segment, filter, observer.as_mut())?;
            rows.iter().for_each(|row| kept.offer((segment, row)));
            observer.map_or(Ok(()), |observer| observer.end(filter))?;
        }
        let kept = kept.shuffled().into_iter();
        let ids = kept.filter_map(|(segment, row)| segment.id(row));
        Ok(ids.map(|id| Found::new(id, 1.0)).collect())
    }
}

impl Seek<'_> {
    /// Whether its scores are those of a search, whose threshold knows their direction.
    fn is_nearest(&self) -> bool {
        matches!(self, Seek::Nearest(_) | Seek::Diverse(..))
    }
}

/// All points found, each once.
fn ids(sources: Vec<Vec<Found>>) -> Vec<PointId> {
    let ids: BTreeSet<PointId> = sources.into_iter().flatten().map(|found| found.id).collect();
    ids.into_iter().collect()
}
