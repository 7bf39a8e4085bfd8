//! What the optimizer does next, decided purely from figures: `(stats, thresholds, effort) → plan`.
//! Never touches data, so that threads, a simulation and a browser reach the same decisions.

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
    /// Its graph is missing or damaged and must be built again.
    pub(crate) graph_lost: bool,
    /// Its rows cannot all be read: it is left alone.
    pub(crate) damaged: bool,
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
    /// Seal the oldest frozen state.
    Seal,
    /// Write these segments again as one, without deleted rows.
    Merge(Vec<u64>),
    /// Write, replace or drop codes of a segment.
    Recode(u64),
    /// Write a segment's payload component again, with its updates.
    RewritePayload(u64),
}

impl Stats {
    /// Whether something is more urgent than a merge that has begun: what is quick and serves searches at once.
    pub(crate) fn goes_before_merge(&self, effort: Effort) -> bool {
        self.frozen || ((self.promotable || self.graph_lags) && effort == Effort::Background)
    }
}

/// Updated rows below which laying them over costs too little to rewrite for.
const UPDATED_ROWS_MIN: u64 = 1_024;

/// How much larger than all smaller ones together a segment may be to be merged with them.
const MERGE_RATIO: u64 = 4;

pub(crate) fn plan(stats: &Stats, thresholds: &OptimizerConfig, effort: Effort) -> Plan {
    if stats.frozen {
        return Plan::Seal;
    }
    if effort == Effort::Background {
        // Copying is bounded by the budget and a thousand times faster than inserting, so it holds nothing up.
        if stats.promotable {
            return Plan::Promote;
        }
        if stats.graph_lags {
            return Plan::Grow;
        }
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
    // Last of what searches wait for: the codes of a segment that is merged soon would not pay.
    if let Some(segment) = sound.iter().find(|segment| segment.recode) {
        return Plan::Recode(segment.id);
    }
    let laid_over = |segment: &&&SegmentStats| match effort {
        Effort::Background => segment.updated > UPDATED_ROWS_MIN.max(segment.rows / 10),
        Effort::Full => segment.updated > 0,
    };
    let at_rest = match stats.promotable {
        true => Plan::Promote,
        false => Plan::Idle,
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
        self.graph_lost || deleted as f64 > share_max * self.rows as f64
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
            recode: id.is_multiple_of(3),
        }
    }

    fn settle(stats: &mut Stats, effort: Effort) -> usize {
        for steps in 0..1_000 {
            match plan(stats, &OptimizerConfig::default(), effort) {
                Plan::Idle => return steps,
                Plan::Promote => stats.promotable = false,
                Plan::Grow => stats.graph_lags = false,
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
            let sealed = (0..count)
                .map(|id| segment(id, 1_000 * (id + 1), 1_000 * (id + 1) - 90 * id))
                .collect();
            let mut stats = Stats {
                frozen: true,
                promotable: true,
                graph_lags: true,
                sealed,
            };
            settle(&mut stats, Effort::Background);
            assert!(stats.sealed.len() <= thresholds.segments_max as usize);
            stats.promotable = true;
            settle(&mut stats, Effort::Full);
            assert!(stats.sealed.len() <= 1 && !stats.promotable);
        }
    }

    #[test]
    fn damaged_segments_are_left_alone() {
        let hurt = SegmentStats {
            damaged: true,
            ..segment(1, 10, 2)
        };
        let stats = Stats {
            sealed: vec![hurt.clone(), segment(2, 10, 10)],
            ..Stats::default()
        };
        assert_eq!(
            plan(&stats, &OptimizerConfig::default(), Effort::Full),
            Plan::Idle
        );
        let lost = SegmentStats {
            graph_lost: true,
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
