//! What the pieces of a search cost on this machine, measured once for each vector field when a filtered search first
//! needs it, so that equal filters are planned alike from then on.

use ruvector_graph::{FastScratch, FastSearch, Vectors};
use ruvector_storage::SealedField;

use super::nearest::Query;
use super::sieve::Sieve;

/// Costs of the pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    /// Nanoseconds of one node measured by its code, those measured lying apart.
    pub(crate) scan_ns: f64,
    /// Nanoseconds of one node visited in the fast layout.
    pub(crate) visit_ns: f64,
    /// Nodes visited by a search of breadth [`PROBE_BREADTH`] that nothing filters.
    pub(crate) visits: f64,
}

impl Costs {
    /// Where there is no clock.
    const UNMEASURED: Costs = Costs {
        scan_ns: 40.0,
        visit_ns: 400.0,
        visits: 24.0,
    };

    /// Nodes that a walk of breadth `ef` visits if so large a `share` of them matches.
    pub(crate) fn visits(&self, ef: usize, share: f64) -> f64 {
        self.visits * (ef as f64 / PROBE_BREADTH as f64).max(0.25) / share.max(1e-6)
    }
}

/// Breadth of the searches measured.
const PROBE_BREADTH: usize = 64;
const PROBE_SCANS: u32 = 1_024;
const PROBE_WALKS: u32 = 8;

/// The costs of a field, measured if nobody did. Cost of that: some 200 µs, once.
pub(crate) fn costs(query: &Query<'_>, field: &SealedField) -> Costs {
    let Some(slot) = query.core.costs.get(query.field) else {
        return Costs::UNMEASURED;
    };
    *slot.get_or_init(|| probe(query, field).unwrap_or(Costs::UNMEASURED))
}

fn probe(query: &Query<'_>, field: &SealedField) -> Option<Costs> {
    let (fast, io) = (field.fast.as_ref()?, query.core.io.as_ref());
    // A stride without a pattern: a prime far from powers of two.
    let ordinal = |at: u32| (u64::from(at) * 7_919 % u64::from(field.vectors.len().max(1))) as u32;
    let (mut sieve, mut scratch, mut out) = (Sieve::default(), FastScratch::default(), Vec::new());
    let request = FastSearch {
        query: query.vector,
        wanted: 10,
        breadth: PROBE_BREADTH,
        visits_max: None,
    };
    let nodes: Vec<u32> = (0..2 * PROBE_SCANS).map(ordinal).collect();
    let (warm, timed) = nodes.split_at(PROBE_SCANS as usize);
    sieve.sift(field, &request, (warm, true), &mut |_| true)?;
    let start = io.monotonic();
    sieve.sift(field, &request, (timed, true), &mut |_| true)?;
    let scanned = io.monotonic();
    let mut visited = 0;
    for at in 0..PROBE_WALKS {
        let request = FastSearch {
            query: field.vectors.vector(ordinal(at * 31 + 5))?,
            wanted: 10,
            breadth: PROBE_BREADTH,
            visits_max: None,
        };
        visited += fast
            .search(&request, &mut |_| true, &mut scratch, &mut out)
            .visited;
    }
    let walked = io.monotonic();
    let (scan, walk) = ((scanned - start).as_nanos(), (walked - scanned).as_nanos());
    (scan > 0 && walk > 0 && visited > 0).then(|| Costs {
        scan_ns: scan as f64 / f64::from(PROBE_SCANS),
        visit_ns: walk as f64 / visited as f64,
        visits: visited as f64 / f64::from(PROBE_WALKS),
    })
}
