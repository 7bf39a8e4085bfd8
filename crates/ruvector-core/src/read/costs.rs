//! What the pieces of a search cost on this machine, measured once for each vector field when a filtered search first
//! needs it, so that equal filters are planned alike from then on.

use ruvector_graph::{FastScratch, FastSearch, Numbers};
use ruvector_storage::SealedField;

use super::nearest::Query;
use super::sieve::Sieve;
use crate::kernels::Compared;

/// Costs of the pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    /// Nanoseconds of one node measured by its code, those measured lying apart.
    pub(crate) scan_ns: f64,
    /// Nanoseconds of a scan of no node at all.
    pub(crate) scan_fixed_ns: f64,
    /// Nanoseconds of one node visited in the fast layout.
    pub(crate) visit_ns: f64,
    /// Nodes visited by a search of breadth [`PROBE_BREADTH`] that nothing filters.
    pub(crate) visits: f64,
}

impl Costs {
    /// Where there is no clock.
    const UNMEASURED: Costs = Costs {
        scan_ns: 20.0,
        scan_fixed_ns: 20_000.0,
        visit_ns: 300.0,
        visits: 24.0,
    };

    /// Nodes that a walk of breadth `ef` visits if so large a `share` of them matches.
    pub(crate) fn visits(&self, ef: usize, share: f64) -> f64 {
        self.visits * (ef as f64 / PROBE_BREADTH as f64).max(0.25) / share.max(1e-6)
    }
}

/// Breadth of the searches measured.
const PROBE_BREADTH: usize = 64;
/// Nodes of the two scans that are timed: what a node costs is the difference.
const PROBE_SCANS: [u32; 2] = [512, 4_608];
const PROBE_RUNS: u32 = 3;
const PROBE_WALKS: u32 = 8;

/// The costs of a field, measured if nobody did. Cost of that: some 600 µs, once.
pub(crate) fn costs(query: &Query<'_>, field: &SealedField) -> Costs {
    let costs = &query.field.costs;
    *costs.get_or_init(|| probe(query, field).unwrap_or(Costs::UNMEASURED))
}

/// Ordinals without a pattern.
fn ordinal(at: u32, vectors: u32) -> u32 {
    // A prime far from powers of two.
    (u64::from(at) * 7_919 % u64::from(vectors.max(1))) as u32
}

fn probe(query: &Query<'_>, field: &SealedField) -> Option<Costs> {
    let vectors = field.vectors.len();
    let nodes: Vec<u32> = (0..PROBE_SCANS[1]).map(|at| ordinal(at, vectors)).collect();
    let scans = PROBE_SCANS.map(|size| {
        let size = nodes.len().min(size as usize);
        least_ns(query, |sieve| sift(sieve, query, field, &nodes[..size]))
    });
    let [small, large] = [scans[0]?, scans[1]?];
    let scan_ns = (large - small) / f64::from(PROBE_SCANS[1] - PROBE_SCANS[0]);
    let (mut visited, mut scratch, mut out) = (0, FastScratch::default(), Vec::new());
    let kernels = &query.field.kernels;
    let (numbers, mut buffer) = (Compared::new(&field.vectors, kernels), Vec::new());
    let walk_ns = least_ns(query, |_| {
        visited = 0;
        for at in 0..PROBE_WALKS {
            let request = request(numbers.numbers(ordinal(at * 31 + 5, vectors), &mut buffer)?);
            let fast = field.fast.as_ref()?;
            visited += fast
                .search(&request, &mut |_| true, &mut scratch, &mut out)
                .visited;
        }
        Some(())
    })?;
    (scan_ns > 0.0 && walk_ns > 0.0 && visited > 0).then(|| Costs {
        scan_ns,
        scan_fixed_ns: (small - f64::from(PROBE_SCANS[0]) * scan_ns).max(0.0),
        visit_ns: walk_ns / visited as f64,
        visits: visited as f64 / f64::from(PROBE_WALKS),
    })
}

fn request(vector: &[f32]) -> FastSearch<'_> {
    FastSearch {
        query: vector,
        wanted: 10,
        breadth: PROBE_BREADTH,
        visits_max: None,
        trial: None,
        elsewhere: None,
    }
}

fn sift(sieve: &mut Sieve, query: &Query<'_>, field: &SealedField, nodes: &[u32]) -> Option<()> {
    let outcome = sieve.sift(field, &request(query.vector), (nodes, true), &mut |_| true);
    outcome.map(drop)
}

/// The least time of some runs: the others were disturbed.
fn least_ns(query: &Query<'_>, mut work: impl FnMut(&mut Sieve) -> Option<()>) -> Option<f64> {
    let (mut sieve, mut least) = (Sieve::default(), f64::INFINITY);
    for _ in 0..PROBE_RUNS {
        let start = query.core.io.monotonic();
        work(&mut sieve)?;
        least = least.min((query.core.io.monotonic() - start).as_nanos() as f64);
    }
    Some(least)
}
