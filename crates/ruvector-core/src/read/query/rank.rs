//! Orders points exactly by a measure: those given, or all that match. Never misses one of these.
//!
//! Recommendations by the best or the sum of scores come here with the points that searches found (`examples.rs`), and with
//! all where searches cannot tell: no graph is built for their scores.

use ruvector_types::{Filter, PointId};

use super::Run;
use super::measure::Measure;
use crate::read::compiled::compile_filter;
use crate::read::matching::SegmentFilter;
use crate::read::observe::Observer;
use crate::read::top::{Hit, TopHits};
use crate::{Error, Way};

/// Vectors compared between two looks at the deadline.
const VECTORS_PER_CHECK: usize = 4096;

/// Counts comparisons, and looks at the deadline now and then.
struct Work<'a> {
    run: &'a Run<'a>,
    each: usize,
    since_check: usize,
}

impl Work<'_> {
    fn one(&mut self) -> Result<(), Error> {
        self.since_check += self.each;
        if self.since_check < VECTORS_PER_CHECK {
            return Ok(());
        }
        self.end();
        self.run.ctx.check(self.run.snapshot.core.io.as_ref())
    }

    fn end(&mut self) {
        self.run.ctx.count(0, self.since_check as u64);
        self.since_check = 0;
    }
}

impl Run<'_> {
    /// The best `wanted` of `among`, or of all points that match. Points without the vector are left out. Cost: a
    /// comparison of each with each vector of the measure.
    pub(super) fn ranked(
        &self,
        among: Option<&[PointId]>,
        filter: Option<&Filter>,
        measure: &Measure,
        wanted: usize,
    ) -> Result<Vec<Hit>, Error> {
        let mut top = TopHits::new(wanted);
        match among {
            Some(ids) => self.rank_given(ids, measure, &mut top)?,
            None => self.rank_all(filter, measure, &mut top)?,
        }
        Ok(top.into_sorted())
    }

    fn work(&self, measure: &Measure) -> Work<'_> {
        Work {
            run: self,
            each: measure.comparisons(),
            since_check: 0,
        }
    }

    fn rank_given(&self, ids: &[PointId], measure: &Measure, top: &mut TopHits) -> Result<(), Error> {
        let mut work = self.work(measure);
        for id in ids {
            work.one()?;
            let Some(located) = self.located(id) else { continue };
            let distance = measure.distance(&self.snapshot.core, located.segment, located.row);
            if let Some(distance) = distance.filter(|distance| top.admits(*distance)) {
                top.offer(located.hit(id.clone(), distance));
            }
        }
        work.end();
        Ok(())
    }

    fn rank_all(&self, filter: Option<&Filter>, measure: &Measure, top: &mut TopHits) -> Result<(), Error> {
        let (ctx, core) = (self.ctx, &self.snapshot.core);
        let filter = filter
            .map(|filter| compile_filter(filter, core, self.snapshot.schema()))
            .transpose()?;
        let filter = filter.as_ref();
        for (place, segment) in self.snapshot.segments() {
            ctx.check(core.io.as_ref())?;
            let mut observer = Observer::begin(ctx, core, place.shard, segment);
            ctx.took(Way::Scan);
            let rows = SegmentFilter::rows(ctx, core, segment, filter, observer.as_mut())?;
            let mut work = self.work(measure);
            for row in rows.iter() {
                work.one()?;
                let distance = measure.distance(core, segment, row);
                let Some(distance) = distance.filter(|distance| top.admits(*distance)) else {
                    continue;
                };
                if let Some(id) = segment.id(row) {
                    top.offer(Hit {
                        distance,
                        id,
                        shard: place.shard,
                        segment: place.segment,
                        row,
                    });
                }
            }
            work.end();
            observer.map_or(Ok(()), |observer| observer.end(filter))?;
        }
        Ok(())
    }
}
