//! Recommendations by the best or the sum of scores, found by searches that are as approximate as any other: what they miss
//! is missed here. Never takes an answer that better searches could change: where points beyond those found could be among
//! the best, or be as good as the last of them, it searches more broadly, or says that the points are to be compared.
//!
//! The sum of scores is one score: by dot products, that of the sum of the vectors, negative ones turned round; by Euclidean
//! distances, that of a centre. The best score is the nearness to some positive example, except for points that are nearer
//! to a negative one: who is among the best is among the nearest to a positive example, if these searches are broad
//! enough, which the last of each tells (Fagin, Lotem, Naor 2001, section 4). Of points as good as each other the least ids
//! count, which a walk of a graph does not know: the last of the best has to be better than all that may lie beyond.

use std::collections::BTreeSet;

use ruvector_types::{Distance, PointId, QueryStage, SearchRequest};

use super::Run;
use super::measure::{Measure, Scorer, squeezed};
use super::stage::Goal;
use crate::Error;
use crate::read::compiled::compile_filter;
use crate::read::matching::SegmentFilter;
use crate::read::top::Hit;

/// What a search costs beside its results, and each of its results, in comparisons of a scan.
const SEARCH_COST: u64 = 10_000;
const RESULT_COST: u64 = 128;

/// Results of each search at first, as a multiple of those wanted, and at least.
const BREADTH: usize = 2;
const BREADTH_MIN: usize = 32;

/// How much broader each round of searches is than the last.
const BROADER: usize = 4;

/// A length below which a sum of examples is rounding, as a share of theirs.
const SUM_MIN: f64 = 1e-3;

impl Run<'_> {
    /// The best `wanted` of all points that match, as far as searches find them. `None`: a comparison with all of them costs
    /// less, or nothing else can tell. Cost: a few searches for each positive example, or a few.
    pub(super) fn searched(
        &self,
        (stage, goal): (&QueryStage, &Goal<'_>),
        measure: &Measure,
        wanted: usize,
    ) -> Result<Option<Vec<Hit>>, Error> {
        if stage.params.exact || wanted == 0 {
            return Ok(None);
        }
        let search = Searches {
            run: self,
            stage,
            goal,
            measure,
            wanted,
            scanned: self.estimate(goal)?.saturating_mul(measure.comparisons() as u64),
        };
        match measure {
            Measure::Examples {
                positive,
                negative,
                is_best: false,
            } => match sum(positive, negative) {
                Some(vector) => search.near_sum(vector),
                None => Ok(None),
            },
            Measure::Examples { positive, .. } => search.near_positive(positive),
            Measure::Nearest(_) => Ok(None),
        }
    }

    /// Points that match, about.
    fn estimate(&self, goal: &Goal<'_>) -> Result<u64, Error> {
        let core = &self.snapshot.core;
        let filter = goal.filter.as_ref();
        let filter = filter
            .map(|filter| compile_filter(filter, core, self.snapshot.schema()))
            .transpose()?;
        let segments = self.snapshot.segments().map(|(_, segment)| match &filter {
            None => segment.live_rows(),
            Some(filter) => SegmentFilter::estimate(core, segment, filter).expected,
        });
        Ok(segments.sum())
    }
}

/// One recommendation.
struct Searches<'a> {
    run: &'a Run<'a>,
    stage: &'a QueryStage,
    goal: &'a Goal<'a>,
    measure: &'a Measure,
    wanted: usize,
    /// Comparisons that a scan makes.
    scanned: u64,
}

impl Searches<'_> {
    fn near_sum(&self, vector: Vec<f32>) -> Result<Option<Vec<Hit>>, Error> {
        let mut breadth = self.breadth();
        while self.is_worth(1, breadth) {
            let Some(near) = self.near(vector.clone(), breadth)? else {
                return Ok(None);
            };
            let mut hits = self.run.ranked(Some(&near), None, self.measure, breadth)?;
            // No other point is nearer to the sum than the last that was found there.
            let bound = hits.last().map(|last| last.distance);
            let worst = hits.get(self.wanted - 1);
            if worst
                .zip(bound)
                .is_some_and(|(worst, bound)| worst.distance < bound)
            {
                hits.truncate(self.wanted);
                return Ok(Some(hits));
            }
            breadth = breadth.saturating_mul(BROADER);
        }
        Ok(None)
    }

    fn near_positive(&self, positive: &[Scorer]) -> Result<Option<Vec<Hit>>, Error> {
        let mut breadth = self.breadth();
        while !positive.is_empty() && self.is_worth(positive.len(), breadth) {
            let (mut near, mut reach) = (BTreeSet::new(), f32::NEG_INFINITY);
            for example in positive {
                let Some((found, last)) = self.near_example(example, breadth)? else {
                    return Ok(None);
                };
                near.extend(found);
                reach = reach.max(last);
            }
            let near: Vec<PointId> = near.into_iter().collect();
            let hits = self.run.ranked(Some(&near), None, self.measure, self.wanted)?;
            // No other point is nearer to any example than the last that was found there.
            let bound = 0.0 - squeezed(reach);
            let worst = hits.get(self.wanted - 1);
            if worst.is_some_and(|worst| worst.distance < bound) {
                return Ok(Some(hits));
            }
            breadth = breadth.saturating_mul(BROADER);
        }
        Ok(None)
    }

    /// Results of each search at first.
    fn breadth(&self) -> usize {
        self.wanted.saturating_mul(BREADTH).max(BREADTH_MIN)
    }

    /// Whether so many searches cost less than a scan.
    fn is_worth(&self, searches: usize, breadth: usize) -> bool {
        // Each is found, and then compared with every example.
        let result = RESULT_COST + self.measure.comparisons() as u64;
        let results = result.saturating_mul(breadth as u64);
        let cost = (SEARCH_COST + results).saturating_mul(searches as u64);
        let core = &self.run.snapshot.core;
        cost < self.scanned && core.check_results(breadth, 0, None).is_ok()
    }

    /// Points near an example, and the similarity of the last of them.
    fn near_example(&self, example: &Scorer, breadth: usize) -> Result<Option<(Vec<PointId>, f32)>, Error> {
        let Some(vector) = example.as_dense() else {
            return Ok(None);
        };
        let Some(near) = self.near(vector.to_vec(), breadth)? else {
            return Ok(None);
        };
        let core = &self.run.snapshot.core;
        let located = near.last().and_then(|last| self.run.located(last));
        let last = located.and_then(|last| example.distance(core, last.segment, last.row));
        Ok(last.map(|distance| (near, 0.0 - distance)))
    }

    /// The nearest `breadth` points that match; `None` if there are fewer.
    fn near(&self, vector: Vec<f32>, breadth: usize) -> Result<Option<Vec<PointId>>, Error> {
        let search = SearchRequest {
            limit: breadth,
            score_threshold: None,
            ..self.goal.search(self.stage, &vector.into())
        };
        let found = self.run.snapshot.search(self.run.ctx, &search)?;
        let ids: Vec<PointId> = found.into_iter().map(|point| point.id).collect();
        Ok(Some(ids).filter(|ids| ids.len() == breadth))
    }
}

/// The vector whose nearest points have the greatest sum of scores. `None`: there is none.
fn sum(positive: &[Scorer], negative: &[Scorer]) -> Option<Vec<f32>> {
    let first = positive.first().or(negative.first())?;
    let mut sums = vec![0.0f64; first.as_dense()?.len()];
    let mut length = 0.0;
    for (examples, sign) in [(positive, 1.0), (negative, -1.0)] {
        for example in examples {
            for (sum, number) in sums.iter_mut().zip(example.as_dense()?) {
                let number = f64::from(*number);
                *sum += sign * number;
                length += number * number;
            }
        }
    }
    match first.field_distance() {
        Distance::Dot | Distance::Cosine => {
            let own: f64 = sums.iter().map(|sum| sum * sum).sum();
            if own <= SUM_MIN * SUM_MIN * length {
                return None;
            }
        }
        // |x − p|² summed over more positive than negative examples is least at their centre of gravity.
        Distance::Euclid if positive.len() > negative.len() => {
            let weight = (positive.len() - negative.len()) as f64;
            sums.iter_mut().for_each(|sum| *sum /= weight);
        }
        Distance::Euclid | Distance::Manhattan => return None,
    }
    let vector: Vec<f32> = sums.into_iter().map(|sum| sum as f32).collect();
    vector.iter().all(|number| number.is_finite()).then_some(vector)
}
