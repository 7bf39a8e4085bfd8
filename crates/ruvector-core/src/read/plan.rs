//! Chooses how one segment is searched, purely from its figures. Never touches data.

/// How to search a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Strategy {
    /// Compare with every live vector that matches.
    Scan,
    /// Walk the graph with breadth `ef`; after `distances_max` comparisons start over as a scan.
    Graph { ef: usize, distances_max: Option<u64> },
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
    pub(crate) filtered: bool,
}

/// A scan of this many vectors costs less than a walk of the graph and is exact.
const SCAN_ROWS: u32 = 256;

/// A walk that looks at more than this share of the vectors costs more than the scan it was to spare: its steps
/// are scattered, and each may evaluate the filter.
const WALK_SHARE: u32 = 4;

pub(crate) fn choose(figures: Figures) -> Strategy {
    let ef = figures.ef.max(figures.wanted);
    let few_live = figures.live <= ef as u64 || figures.live * 8 < u64::from(figures.indexed);
    if figures.exact || figures.indexed <= SCAN_ROWS || few_live {
        return Strategy::Scan;
    }
    if ef as u64 * 8 >= u64::from(figures.indexed) {
        return Strategy::Scan;
    }
    let budget = u64::from((figures.indexed / WALK_SHARE).max(2_048));
    Strategy::Graph {
        ef,
        distances_max: figures.filtered.then_some(budget),
    }
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
            filtered: false,
        };
        assert_eq!(
            choose(usual),
            Strategy::Graph {
                ef: 64,
                distances_max: None
            }
        );
        assert_eq!(
            choose(Figures { wanted: 100, ..usual }),
            Strategy::Graph {
                ef: 100,
                distances_max: None
            }
        );
        assert!(matches!(
            choose(Figures {
                filtered: true,
                ..usual
            }),
            Strategy::Graph {
                distances_max: Some(2_500),
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
}
