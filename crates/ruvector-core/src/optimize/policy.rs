//! What the optimizer does next, decided purely from figures: `(stats, thresholds, effort) → plan`.
//! Never touches data, so that threads, a simulation and a browser reach the same decisions.

use std::time::Duration;

use ruvector_types::OptimizerConfig;

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Keep within the thresholds.
    Background,
    /// One segment, no deleted rows, no payload updates laid over. Components are promoted last: those that would
    /// be merged are not worth it.
    Full,
}

/// A sealed segment, in figures.
#[derive(Clone, Debug)]
pub(crate) struct SegmentStats {
    pub(crate) id: u64,
    pub(crate) rows: u64,
    pub(crate) live: u64,
    /// Rows whose payload is laid over by an update.
    pub(crate) updated: u64,
    /// Its graph is missing, damaged or not what the configuration asks for, and must be built again.
    pub(crate) graph_lost: bool,
    /// Its rows cannot all be read: it is left alone.
    pub(crate) damaged: bool,
    /// It has components of vector fields that were removed.
    pub(crate) leftovers: bool,
    /// Its payload indexes are not those declared.
    pub(crate) reindex: bool,
    /// Its codes are not what the configuration asks for.
    pub(crate) recode: bool,
}

/// A shard, in figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    /// A frozen state waits to be sealed.
    pub(crate) frozen: bool,
    /// A component waits to be promoted into resident memory, and fits.
    pub(crate) promotable: bool,
    /// Visible vectors of the active segment are missing in its graph.
    pub(crate) graph_lags: bool,
    /// The last step inserted some of them: if a merge is due, it has the next one. Under a stream of writes the
    /// graph lags whenever one looks.
    pub(crate) grew: bool,
    /// Live rows of the active segment, unless it is frozen.
    pub(crate) active_live: u64,
    /// Time since the last write.
    pub(crate) quiet: Duration,
    pub(crate) sealed: Vec<SegmentStats>,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Idle,
    /// Copy a piece of a component into resident memory.
    Promote,
    /// Insert visible vectors into the active segment's graph.
    Grow,
    /// Freeze the active segment, though it is not full: writes have ceased.
    Freeze,
    /// Seal the oldest frozen state.
    Seal,
    /// Write these segments again as one, without deleted rows.
    Merge(Vec<u64>),
    /// Let go of a segment's components of vector fields that were removed.
    DropLeftovers(u64),
    /// Write or drop a payload index of a segment.
    Index(u64),
    /// Write, replace or drop codes of a segment.
    Recode(u64),
    /// Write a segment's payload component again, with its updates.
    RewritePayload(u64),
}

impl Stats {
    /// Whether something is more urgent than a merge that has begun: what is quick and serves searches at once.
    pub(crate) fn goes_before_merge(&self, thresholds: &OptimizerConfig, effort: Effort) -> bool {
        let seal = self.frozen && !(effort == Effort::Background && self.is_crowded(thresholds));
        let grow = self.graph_lags && !self.grew;
        let index = self.segment_to_index().is_some() || self.segment_with_leftovers().is_some();
        let rested = self.rest_left() == Some(Duration::ZERO) && !self.is_crowded(thresholds);
        seal || ((self.promotable || grow || index || rested) && effort == Effort::Background)
    }

    /// A segment that has components of vector fields that were removed, sound or not.
    fn segment_with_leftovers(&self) -> Option<u64> {
        let found = self.sealed.iter().find(|segment| segment.leftovers);
        found.map(|segment| segment.id)
    }

    /// A sound segment whose payload indexes are to change.
    fn segment_to_index(&self) -> Option<u64> {
        let found = self
            .sealed
            .iter()
            .find(|segment| segment.reindex && !segment.damaged);
        found.map(|segment| segment.id)
    }

    /// How long no write may come until the active segment is sealed; `None` if it is too small for that.
    pub(crate) fn rest_left(&self) -> Option<Duration> {
        (self.active_live >= REST_ROWS_MIN).then(|| REST.saturating_sub(self.quiet))
    }

    /// So many segments that another one would cost searches more than its rows do as they are: frozen states wait
    /// then, until writers are held up.
    /// Never where nothing is merged anyway.
    fn is_crowded(&self, thresholds: &OptimizerConfig) -> bool {
        if thresholds.jobs_max == Some(0) {
            return false;
        }
        let sound = self.sealed.iter().filter(|segment| !segment.damaged).count();
        sound >= CROWD_RATIO * (thresholds.segments_max as usize).max(1)
    }
}

/// How many times `segments_max` are a crowd.
const CROWD_RATIO: usize = 3;

/// How long no write may have come before the active segment is sealed though it is not full. Sealed rows are found in
/// the fast layout; a pause this short in a stream of writes costs nothing, since the next seal waits for as many rows.
const REST: Duration = Duration::from_secs(3);

/// Live rows below which the active segment stays as it is: sealed, they would have no fast layout, and a write now and
/// then must not write a segment each time.
const REST_ROWS_MIN: u64 = 1_024;

/// Updated rows below which laying them over costs too little to rewrite for.
const UPDATED_ROWS_MIN: u64 = 1_024;

/// How much larger than all smaller ones together a segment may be to be merged with them.
const MERGE_RATIO: u64 = 4;

pub(crate) fn plan(stats: &Stats, thresholds: &OptimizerConfig, effort: Effort) -> Plan {
    let background = effort == Effort::Background;
    if stats.frozen && !(background && stats.is_crowded(thresholds)) {
        return Plan::Seal;
    }
    if background {
        // Copying is bounded by the budget and a thousand times faster than inserting, so it holds nothing up.
        if stats.promotable {
            return Plan::Promote;
        }
        // One manifest, and bytes are free again.
        if let Some(id) = stats.segment_with_leftovers() {
            return Plan::DropLeftovers(id);
        }
        // Rows are read a hundred times faster than they are inserted into graphs, and filters wait for it.
        if let Some(id) = stats.segment_to_index() {
            return Plan::Index(id);
        }
        if stats.graph_lags && !stats.grew {
            return Plan::Grow;
        }
        if stats.rest_left() == Some(Duration::ZERO) && !stats.is_crowded(thresholds) {
            return Plan::Freeze;
        }
    }
    if background && thresholds.jobs_max == Some(0) {
        return Plan::Idle;
    }
    let sound: Vec<&SegmentStats> = stats.sealed.iter().filter(|segment| !segment.damaged).collect();
    let worn = |segment: &&&SegmentStats| segment.is_worn(thresholds, effort);
    if let Some(empty) = sound.iter().find(|segment| segment.live == 0) {
        return Plan::Merge(vec![empty.id]);
    }
    if let Some(group) = group_to_merge(&sound, thresholds, effort) {
        return Plan::Merge(group);
    }
    if let Some(segment) = sound.iter().find(worn) {
        return Plan::Merge(vec![segment.id]);
    }
    if let Some(id) = stats.segment_with_leftovers() {
        return Plan::DropLeftovers(id);
    }
    if let Some(id) = stats.segment_to_index() {
        return Plan::Index(id);
    }
    // Last of what searches wait for: the codes of a segment that is merged soon would not pay.
    if let Some(segment) = sound.iter().find(|segment| segment.recode) {
        return Plan::Recode(segment.id);
    }
    let laid_over = |segment: &&&SegmentStats| match effort {
        Effort::Background => segment.updated > UPDATED_ROWS_MIN.max(segment.rows / 10),
        Effort::Full => segment.updated > 0,
    };
    let at_rest = match (stats.promotable, stats.graph_lags && background) {
        (true, _) => Plan::Promote,
        (false, true) => Plan::Grow,
        (false, false) => Plan::Idle,
    };
    sound
        .iter()
        .find(laid_over)
        .map_or(at_rest, |segment| Plan::RewritePayload(segment.id))
}

impl SegmentStats {
    fn is_worn(&self, thresholds: &OptimizerConfig, effort: Effort) -> bool {
        let deleted = self.rows - self.live;
        let share_max = match effort {
            Effort::Background => thresholds.deleted_share_max,
            Effort::Full => 0.0,
        };
        let rows_min = match effort {
            Effort::Background => thresholds.vacuum_rows_min.into(),
            Effort::Full => 0,
        };
        let worn = self.rows >= rows_min && deleted as f64 > share_max * self.rows as f64;
        self.graph_lost || worn
    }
}

/// The segments to merge: all of them at full effort. Otherwise the longest run from the smallest up in which the
/// last is at most [`MERGE_RATIO`] times those before it together; so a row is inserted into a graph about
/// log(rows) times in its life, and searches meet few segments. More than `segments_max` are merged in any case.
fn group_to_merge(sound: &[&SegmentStats], thresholds: &OptimizerConfig, effort: Effort) -> Option<Vec<u64>> {
    if effort == Effort::Full {
        return (sound.len() > 1).then(|| sound.iter().map(|segment| segment.id).collect());
    }
    let mut by_size = sound.to_vec();
    by_size.sort_by_key(|segment| (segment.live, segment.id));
    let (mut rows, mut run) = (0, 0);
    for (at, segment) in by_size.iter().enumerate() {
        if at > 0 && segment.live <= rows * MERGE_RATIO {
            run = at + 1;
        }
        rows += segment.live;
    }
    let excess = by_size
        .len()
        .saturating_sub((thresholds.segments_max as usize).max(1));
    let count = run.max(if excess > 0 { excess + 1 } else { 0 });
    (count > 1).then(|| by_size[..count].iter().map(|segment| segment.id).collect())
}

#[cfg(test)]
mod tests {
    //! Goal: the optimizer always comes to rest within its thresholds. Method: carry plans out on figures.
    use super::*;

    fn segment(id: u64, rows: u64, live: u64) -> SegmentStats {
        SegmentStats {
            id,
            rows,
            live,
            updated: 0,
            graph_lost: false,
            damaged: false,
            leftovers: false,
            reindex: id.is_multiple_of(2),
            recode: id.is_multiple_of(3),
        }
    }

    fn indexed(stats: &mut Stats, id: u64) {
        let changed = stats.sealed.iter_mut().filter(|segment| segment.id == id);
        changed.for_each(|segment| segment.reindex = false);
    }

    fn settle(stats: &mut Stats, effort: Effort) -> usize {
        for steps in 0..1_000 {
            match plan(stats, &OptimizerConfig::default(), effort) {
                Plan::Idle => return steps,
                Plan::Promote => stats.promotable = false,
                Plan::Grow => stats.graph_lags = false,
                Plan::Freeze => (stats.active_live, stats.frozen) = (0, true),
                Plan::Seal => stats.frozen = false,
                Plan::Merge(ids) => {
                    let (merged, mut kept): (Vec<_>, Vec<_>) = stats
                        .sealed
                        .drain(..)
                        .partition(|segment| ids.contains(&segment.id));
                    let live = merged.iter().map(|segment| segment.live).sum();
                    if live > 0 {
                        kept.push(segment(1_000 + steps as u64, live, live));
                    }
                    stats.sealed = kept;
                }
                Plan::Index(id) => indexed(stats, id),
                Plan::DropLeftovers(id) => {
                    let found = stats.sealed.iter_mut().filter(|segment| segment.id == id);
                    found.for_each(|segment| segment.leftovers = false);
                }
                Plan::Recode(id) => {
                    stats
                        .sealed
                        .iter_mut()
                        .filter(|s| s.id == id)
                        .for_each(|s| s.recode = false);
                }
                Plan::RewritePayload(id) => {
                    stats
                        .sealed
                        .iter_mut()
                        .filter(|s| s.id == id)
                        .for_each(|s| s.updated = 0);
                }
            }
        }
        panic!("does not come to rest: {stats:?}");
    }

    #[test]
    fn comes_to_rest() {
        let thresholds = OptimizerConfig::default();
        for count in 0..40 {
            let mut sealed: Vec<SegmentStats> = (0..count)
                .map(|id| segment(id, 1_000 * (id + 1), 1_000 * (id + 1) - 90 * id))
                .collect();
            let every_third = sealed.iter_mut().step_by(3);
            every_third.for_each(|segment| segment.leftovers = true);
            let mut stats = Stats {
                frozen: true,
                promotable: true,
                graph_lags: true,
                active_live: 2_000 * (count % 2),
                quiet: REST,
                sealed,
                ..Stats::default()
            };
            settle(&mut stats, Effort::Background);
            assert_eq!(stats.active_live, 0);
            assert!(stats.sealed.len() <= thresholds.segments_max as usize);
            stats.promotable = true;
            settle(&mut stats, Effort::Full);
            assert!(stats.sealed.len() <= 1 && !stats.promotable);
        }
    }

    /// Steps of a merge, of a seal and of growing against each other, under writes that never let up: a state is
    /// frozen every `freeze_every` steps, and the active graph lags whenever one looks. The most segments at a time,
    /// the states sealed, and how often writers were held up because 8 states waited.
    fn under_writes(freeze_every: usize) -> (usize, usize, usize) {
        let (thresholds, effort) = (OptimizerConfig::default(), Effort::Background);
        let mut stats = Stats {
            graph_lags: true,
            ..Stats::default()
        };
        let (mut frozen, mut merge) = (0, None::<(Vec<u64>, u64)>);
        let (mut most, mut sealed, mut held_up) = (0, 0, 0);
        for step in 0..200_000 {
            match step % freeze_every == 0 {
                true if frozen < 8 => frozen += 1,
                true => held_up += 1,
                false => {}
            }
            stats.frozen = frozen > 0;
            if let Some((ids, left)) = &mut merge
                && !stats.goes_before_merge(&thresholds, effort)
            {
                (stats.grew, *left) = (false, left.saturating_sub(1));
                if *left == 0 {
                    let (merged, mut kept): (Vec<_>, Vec<_>) = stats
                        .sealed
                        .drain(..)
                        .partition(|segment| ids.contains(&segment.id));
                    let live = merged.iter().map(|segment| segment.live).sum::<u64>().min(50_000);
                    kept.push(segment(step as u64, live, live));
                    (stats.sealed, merge) = (kept, None);
                }
                continue;
            }
            let planned = plan(&stats, &thresholds, effort);
            stats.grew = planned == Plan::Grow;
            match planned {
                Plan::Seal => {
                    frozen -= 1;
                    sealed += 1;
                    stats.sealed.push(segment(step as u64, 5_000, 5_000));
                }
                Plan::Merge(ids) => {
                    assert!(merge.is_none(), "one merge at a time");
                    let live = stats.sealed.iter().filter(|one| ids.contains(&one.id));
                    merge = Some((ids.clone(), live.map(|one| one.live).sum::<u64>() / 500));
                }
                Plan::Index(id) => indexed(&mut stats, id),
                Plan::DropLeftovers(id) => {
                    let found = stats.sealed.iter_mut().filter(|segment| segment.id == id);
                    found.for_each(|segment| segment.leftovers = false);
                }
                _ => {}
            }
            most = most.max(stats.sealed.len());
        }
        (most, sealed, held_up)
    }

    #[test]
    fn a_stream_of_writes_does_not_keep_merges_from_their_turn() {
        for freeze_every in [400, 100, 20, 1] {
            let (most, sealed, held_up) = under_writes(freeze_every);
            let outcome =
                format!("every {freeze_every} steps: {most} segments, {sealed} sealed, {held_up} held up");
            assert!(most <= 12 && sealed > 400, "{outcome}");
            assert!(freeze_every < 100 || held_up == 0, "{outcome}");
        }
    }

    #[test]
    fn what_rests_is_sealed() {
        let thresholds = OptimizerConfig::default();
        let decided = |active_live, quiet, segments: u64, effort| {
            let stats = Stats {
                active_live,
                quiet,
                sealed: (0..segments).map(|id| segment(1 + 6 * id, 10, 10)).collect(),
                ..Stats::default()
            };
            let planned = plan(&stats, &thresholds, effort);
            assert_eq!(
                planned == Plan::Freeze,
                stats.goes_before_merge(&thresholds, effort)
            );
            planned
        };
        let (background, moment) = (Effort::Background, Duration::from_nanos(1));
        assert_eq!(decided(REST_ROWS_MIN, REST, 0, background), Plan::Freeze);
        assert_eq!(decided(REST_ROWS_MIN, REST - moment, 0, background), Plan::Idle);
        assert_eq!(decided(REST_ROWS_MIN - 1, REST * 9, 0, background), Plan::Idle);
        assert_eq!(decided(REST_ROWS_MIN, REST, 0, Effort::Full), Plan::Idle);
        let crowd = decided(REST_ROWS_MIN, REST, 12, background);
        assert!(matches!(crowd, Plan::Merge(_)), "{crowd:?}");
    }

    #[test]
    fn damaged_segments_are_left_alone() {
        let hurt = SegmentStats {
            damaged: true,
            ..segment(1, 10, 2)
        };
        let stats = Stats {
            sealed: vec![hurt.clone(), segment(5, 10, 10)],
            ..Stats::default()
        };
        assert_eq!(
            plan(&stats, &OptimizerConfig::default(), Effort::Full),
            Plan::Idle
        );
        let lost = SegmentStats {
            graph_lost: true,
            leftovers: false,
            ..segment(3, 10, 10)
        };
        let stats = Stats {
            sealed: vec![hurt, lost],
            ..Stats::default()
        };
        assert_eq!(
            plan(&stats, &OptimizerConfig::default(), Effort::Background),
            Plan::Merge(vec![3])
        );
    }
}
