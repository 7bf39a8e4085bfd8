//! What the pieces of a search cost on this machine, measured once for each vector field when a filtered search first
//! needs it, so that equal filters are planned alike from then on.

use ruvector_graph::{FastScratch, FastSearch, Neighbor, Numbers};
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

/// The costs of a field, measured if nobody did. Cost of that: about a millisecond, once.
pub(crate) fn costs(query: &Query<'_>, field: &SealedField) -> Costs {
    let costs = &query.field.costs;
    *costs.get_or_init(|| probe(query, field).unwrap_or(Costs::UNMEASURED))
}

/// Ordinals without a pattern, others in each run.
fn ordinal((at, run): (u32, u32), vectors: u32) -> u32 {
    // A prime far from powers of two.
    ((u64::from(at) * 7_919 + u64::from(run) * 104_729) % u64::from(vectors.max(1))) as u32
}

fn probe(query: &Query<'_>, field: &SealedField) -> Option<Costs> {
    let vectors = field.vectors.len();
    let mut sieve = Sieve::default();
    let [small, large] = PROBE_SCANS.map(|size| {
        // The same nodes in each run: codes are few bytes, and the last scans left them in the cache.
        let nodes: Vec<u32> = (0..size).map(|at| ordinal((at, 0), vectors)).collect();
        least(|_| {
            let (swept, ns) = timed(query, || sift(&mut sieve, query, field, &nodes));
            swept.map(|()| ns)
        })
    });
    let (small, large) = (small?, large?);
    let scan_ns = (large - small) / f64::from(PROBE_SCANS[1] - PROBE_SCANS[0]);
    let mut walks = Walks::default();
    let visit_ns = least(|run| walks.run(query, field, run))?;
    let made = f64::from(PROBE_WALKS * PROBE_RUNS);
    (scan_ns > 0.0 && visit_ns > 0.0).then(|| Costs {
        scan_ns,
        scan_fixed_ns: (small - f64::from(PROBE_SCANS[0]) * scan_ns).max(0.0),
        visit_ns,
        visits: walks.visited as f64 / made,
    })
}

/// Walks without a filter from some of the field's own vectors, others in each run: what a walk reads is seldom in the cache
/// from the last one.
#[derive(Default)]
struct Walks {
    scratch: FastScratch,
    out: Vec<Neighbor>,
    visited: u64,
}

impl Walks {
    /// Nanoseconds of a visit.
    fn run(&mut self, query: &Query<'_>, field: &SealedField, run: u32) -> Option<f64> {
        let (fast, vectors) = (field.fast.as_ref()?, field.vectors.len());
        let (numbers, mut buffer) = (Compared::new(&field.vectors, &query.field.kernels), Vec::new());
        let (mut visited, mut ns) = (0, 0.0);
        for at in 0..PROBE_WALKS {
            let request = request(numbers.numbers(ordinal((at * 31 + 5, run), vectors), &mut buffer)?);
            let accept = &mut |_| true;
            let (outcome, took) = timed(query, || {
                fast.search(&request, accept, &mut self.scratch, &mut self.out)
            });
            visited += outcome.visited;
            ns += took;
        }
        self.visited += visited;
        (visited > 0).then(|| ns / visited as f64)
    }
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

/// The least of some runs: the others were disturbed.
fn least(mut run: impl FnMut(u32) -> Option<f64>) -> Option<f64> {
    let mut least = f64::INFINITY;
    for number in 0..PROBE_RUNS {
        least = least.min(run(number)?);
    }
    Some(least)
}

/// How many nanoseconds something takes.
fn timed<T>(query: &Query<'_>, work: impl FnOnce() -> T) -> (T, f64) {
    let start = query.core.io.monotonic();
    let done = work();
    let took = query.core.io.monotonic().saturating_sub(start);
    (done, took.as_nanos() as f64)
}
