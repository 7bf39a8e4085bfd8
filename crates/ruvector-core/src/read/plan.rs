//! Chooses how one segment is searched, purely from its figures. Never touches data.

use ruvector_graph::fast::{ORIENTED, Trial};

use super::costs::Costs;

/// How to search a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Strategy {
    /// Compare with every live vector that may match.
    Scan,
    /// Walk the graph with breadth `ef`; after so much work start over as a scan.
    Graph { ef: usize, budget: Option<Budget> },
}

/// What a filtered walk may cost: as much as the scan it is to spare, so that a wrong guess doubles the work at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Budget {
    /// Comparisons in the plain graph.
    pub(crate) distances: u64,
    /// Visits in the fast layout.
    pub(crate) visits: u64,
    /// When the walk of the fast layout decides how to go on.
    pub(crate) trial: Option<Trial>,
}

/// What the choice depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Vectors of the field that the graph finds.
    pub(crate) indexed: u32,
    /// Live rows of the segment.
    pub(crate) live: u64,
    /// Results wanted from this segment.
    pub(crate) wanted: usize,
    /// Breadth asked for.
    pub(crate) ef: usize,
    pub(crate) exact: bool,
    /// Live rows that may match the filter, if there is one.
    pub(crate) matching: Option<u64>,
    /// Whether it is known of every row whether it matches.
    pub(crate) is_sure: bool,
    /// Measured, if the segment has the fast layout and a filter.
    pub(crate) costs: Option<Costs>,
    /// Vectors below which the configuration asks for a comparison with all of them.
    pub(crate) scan_below: u64,
}

/// A scan of this many vectors costs less than a walk of the graph and is exact.
const SCAN_ROWS: u64 = 256;

/// Comparisons that a walk of the plain graph makes for each result of its breadth.
const DISTANCES_PER_BREADTH: f64 = 12.0;

/// Visits of a trial after which a walk goes on eagerly, as a multiple of those of a walk without a filter, and at least so
/// many: fewer would say too little of what a filter keeps.
const TRIAL_RATIO: f64 = 1.5;
const TRIAL_VISITS_MIN: f64 = 32.0;

/// Visits of a trial that only says whether a walk goes on or is given up for a scan.
const SHORT_TRIAL: u64 = ORIENTED;

/// A scan that costs no more than so many short trials is made at once: a trial pays where one in as many suffices.
const TRIALS_PER_SCAN: f64 = 4.0;

/// Visits at which a walk is given up, as a multiple of those expected.
const PATIENCE_RATIO: f64 = 8.0;

/// The largest share that a filter may keep for an eager walk, which is made for those that keep few.
const EAGER_SHARE: f64 = 0.2;

/// Visits of an eager walk grow with so large a power of one over the share that a filter keeps. Measured on wordnet117k.
const EAGER_POWER: f64 = 0.7;

pub(crate) fn choose(figures: Figures) -> Strategy {
    let ef = figures.ef.max(figures.wanted);
    let scanned = figures.matching.unwrap_or(figures.live).min(figures.live);
    let few_live = figures.live <= ef as u64 || figures.live * 8 < u64::from(figures.indexed);
    if figures.exact
        || u64::from(figures.indexed) <= SCAN_ROWS
        || scanned <= SCAN_ROWS.max(figures.scan_below)
        || few_live
    {
        return Strategy::Scan;
    }
    if ef as u64 * 8 >= u64::from(figures.indexed) {
        return Strategy::Scan;
    }
    let Some(matching) = figures.matching else {
        return Strategy::Graph { ef, budget: None };
    };
    let share = matching as f64 / figures.live.max(1) as f64;
    match figures.costs {
        Some(costs) => by_costs(costs, ef, scanned, (share, figures.is_sure)),
        // Steps of a walk are scattered: twice the cost of a scan's.
        None if scanned as f64 <= 2.0 * DISTANCES_PER_BREADTH * ef as f64 / share => Strategy::Scan,
        None => Strategy::walk(ef, scanned.max(2_048), scanned),
    }
}

impl Strategy {
    fn walk(ef: usize, distances: u64, visits: u64) -> Strategy {
        let trial = None;
        let budget = Some(Budget {
            distances,
            visits,
            trial,
        });
        Strategy::Graph { ef, budget }
    }

    fn tried(mut self, trial: Trial) -> Strategy {
        if let Strategy::Graph {
            budget: Some(budget), ..
        } = &mut self
        {
            budget.trial = Some(trial);
        }
        self
    }
}

/// A walk if it is expected to cost less than a scan of those that match. Before a scan that costs much more than a short
/// trial a walk is tried: where the filter keeps what is near the query, it goes on, up to what the scan would cost.
fn by_costs(costs: Costs, ef: usize, scanned: u64, (share, is_sure): (f64, bool)) -> Strategy {
    let scan_visits = (costs.scan_fixed_ns + scanned as f64 * costs.scan_ns) / costs.visit_ns;
    let (unfiltered, filtered) = (costs.visits(ef, 1.0), costs.visits(ef, share));
    let trial = (TRIAL_RATIO * unfiltered).max(TRIAL_VISITS_MIN);
    let eager = costs.visits(ef, share.powf(EAGER_POWER));
    if is_sure && share <= EAGER_SHARE && eager < scan_visits && scan_visits > 2.0 * trial {
        let visits = scan_visits.min(PATIENCE_RATIO * eager) as u64;
        return Strategy::walk(ef, scanned.max(2_048), visits.max(32)).tried(Trial {
            after: trial as u64,
            share: share as f32,
            eager: true,
        });
    }
    if scan_visits > filtered {
        let visits = scan_visits.min(PATIENCE_RATIO * filtered);
        return Strategy::walk(ef, scanned.max(2_048), (visits as u64).max(32));
    }
    if scan_visits <= TRIALS_PER_SCAN * SHORT_TRIAL as f64 {
        return Strategy::Scan;
    }
    Strategy::walk(ef, scanned.max(2_048), (scan_visits as u64).max(32)).tried(Trial {
        after: SHORT_TRIAL,
        share: share as f32,
        eager: false,
    })
}

#[cfg(test)]
mod tests {
    //! Goal: no plan can miss points for want of breadth. Method: a table of figures and choices.
    use super::*;

    #[test]
    fn choices() {
        let usual = Figures {
            indexed: 10_000,
            live: 9_000,
            wanted: 10,
            ef: 64,
            exact: false,
            matching: None,
            is_sure: true,
            costs: None,
            scan_below: 0,
        };
        assert_eq!(choose(usual), Strategy::Graph { ef: 64, budget: None });
        assert_eq!(
            choose(Figures { wanted: 100, ..usual }),
            Strategy::Graph {
                ef: 100,
                budget: None
            }
        );
        assert!(matches!(
            choose(Figures {
                matching: Some(9_000),
                ..usual
            }),
            Strategy::Graph {
                budget: Some(Budget { distances: 9_000, .. }),
                ..
            }
        ));
        for scanned in [
            Figures { exact: true, ..usual },
            Figures {
                indexed: 200,
                ..usual
            },
            Figures { live: 60, ..usual },
            Figures { live: 1_000, ..usual },
            Figures {
                wanted: 5_000,
                ..usual
            },
        ] {
            assert_eq!(choose(scanned), Strategy::Scan, "{scanned:?}");
        }
    }

    /// A million vectors, a tenth of them deleted; a scan of a thousand at 20 ns costs as much as 87 visits.
    fn measured(matching: u64, scan_ns: f64) -> (Figures, Costs) {
        let costs = Costs {
            scan_ns,
            scan_fixed_ns: 6_000.0,
            visit_ns: 300.0,
            visits: 24.0,
        };
        let figures = Figures {
            indexed: 1_000_000,
            live: 900_000,
            wanted: 10,
            ef: 64,
            exact: false,
            scan_below: 0,
            matching: Some(matching),
            is_sure: true,
            costs: Some(costs),
        };
        (figures, costs)
    }

    #[test]
    fn choices_by_costs() {
        // At how many visits the walk decides, and at how many it is given up.
        let visits = |matching, scan_ns| match choose(measured(matching, scan_ns).0) {
            Strategy::Scan => None,
            Strategy::Graph { ef, budget } => {
                assert_eq!(ef, 64);
                let budget = budget.unwrap();
                assert_eq!(budget.distances, matching.max(2_048));
                Some((
                    budget.trial.map(|trial| (trial.after, trial.eager)),
                    budget.visits,
                ))
            }
        };
        let tried = |eager, visits| Some((Some((if eager { 36 } else { 16 }, eager)), visits));
        // A scan is cheap up to 64 visits, and tried as a walk of 16 beyond.
        assert_eq!(visits(600, 20.0), None, "20 + 40 visits");
        assert_eq!(visits(900, 20.0), tried(false, 80), "20 + 60 visits");
        assert_eq!(
            visits(6_000, 20.0),
            tried(false, 420),
            "a filtered walk takes 3,600, an eager one 801"
        );
        // The walk is expected to be cheaper, and may go on up to what the scan costs, or 8 times what was expected.
        assert_eq!(
            visits(18_000, 20.0),
            tried(true, 1_220),
            "an eager walk takes 371"
        );
        assert_eq!(
            visits(90_000, 20.0),
            tried(true, 962),
            "6,020 visits; an eager walk takes 120"
        );
        assert_eq!(
            visits(900_000, 20.0),
            Some((None, 192)),
            "a filter that keeps all"
        );
        // Dearer scans are tried sooner, cheaper ones later.
        assert_eq!(visits(600, 40.0), tried(false, 100));
        assert_eq!(visits(9_000, 1.0), None);
    }

    /// Goal: whatever the figures, what a walk may cost is bounded by the scan that it is to spare.
    #[test]
    fn budgets_are_bounded() {
        let shares = [300, 1_000, 5_000, 20_000, 100_000, 500_000, 900_000, 2_000_000];
        for (matching, scan_ns) in shares
            .iter()
            .flat_map(|m| [0.1, 2.0, 20.0, 400.0].map(|ns| (*m, ns)))
        {
            for ef in [1, 16, 64, 512, 4_096] {
                let (figures, costs) = measured(matching, scan_ns);
                let figures = Figures { ef, ..figures };
                let scanned = matching.min(figures.live);
                let scan = (costs.scan_fixed_ns + scanned as f64 * scan_ns) / costs.visit_ns;
                if let Strategy::Graph { ef: walked, budget } = choose(figures) {
                    let Budget {
                        distances, visits, ..
                    } = budget.unwrap();
                    assert!(
                        visits >= 32 && visits as f64 <= scan.max(32.0),
                        "{figures:?}: {visits}"
                    );
                    assert_eq!(
                        (walked, distances),
                        (ef.max(10), scanned.max(2_048)),
                        "{figures:?}"
                    );
                }
                // Measured costs do not outweigh that every point is to be compared, or that few are.
                let exact = Figures {
                    exact: true,
                    ..figures
                };
                let few = Figures {
                    matching: Some(SCAN_ROWS),
                    ..figures
                };
                assert_eq!([choose(exact), choose(few)], [Strategy::Scan; 2], "{figures:?}");
            }
        }
    }
}
