//! What this core can do at most, measured, and the share of that which each kernel reaches. Never asserts; the
//! shortest of many runs counts, because other work on the machine disturbs.

mod codes;
mod latency;
mod peak;

use std::hint::black_box;
use std::time::Instant;

use half::f16;
use ruvector_simd::codes::CodeKernels;
use ruvector_simd::{Kernels, Metric};

use peak::Probe;

const DIMS: [usize; 4] = [128, 384, 768, 1536];
const METRICS: [Metric; 3] = [Metric::Dot, Metric::Euclid, Metric::Manhattan];
const L1_BYTES: usize = 16 << 10;
const MEMORY_BYTES: usize = 256 << 20;
/// Components of the vectors that are read from memory.
const MEMORY_DIM: usize = 768;
const LINE_BYTES: usize = 64;

/// Prints the limits of each instruction set, and what each of its kernels reaches of them.
pub(crate) fn report() {
    println!(
        "a read from memory that depends on the last: {:.0} ns",
        latency::memory() * 1e9
    );
    for set in Kernels::available() {
        let Some(probe) = peak::probe(set.name) else {
            continue;
        };
        let mut bench = Bench::new(probe);
        for metric in METRICS {
            bench.kernel(format!("f32 {metric:?}"), set.f32.of(metric), |i| {
                (i as f32).sin()
            });
        }
        for metric in METRICS {
            bench.kernel(format!("f16 {metric:?}"), set.f16.of(metric), |i| {
                f16::from_f32((i as f32).sin())
            });
        }
        for metric in METRICS {
            bench.kernel(format!("u8 {metric:?}"), set.u8.of(metric), |i| (i * 37) as u8);
            bench.kernel(format!("i8 {metric:?}"), set.i8.of(metric), |i| (i * 37) as i8);
        }
        bench.kernel("Hamming".to_owned(), set.hamming, |i| (i * 37) as u8);
        bench.print(set.name);
    }
    for kernels in CodeKernels::all() {
        let Some(probe) = peak::probe(kernels.name) else {
            continue;
        };
        let mut bench = Bench::new(probe);
        let rows = codes::measure(&mut bench, kernels);
        bench.print_limits(kernels.name);
        println!("  codes in L1: dim, ns, share of the nearer limit");
        rows.iter()
            .for_each(|row| row.print(bench.limits.fma, bench.limits.l1));
    }
}

/// The best rates seen, in a second.
#[derive(Default)]
struct Limits {
    /// Multiply-adds of f32.
    fma: f64,
    /// Bytes loaded from L1.
    l1: f64,
    /// Bytes loaded from memory.
    memory: f64,
}

/// What was measured of one kernel, in seconds.
struct Row {
    name: String,
    component_bytes: f64,
    /// With both vectors at the start of a cache line, and with one of them a component later.
    calls: [(f64, f64); DIMS.len()],
    /// All of the memory against one vector.
    scan: f64,
}

/// One instruction set under measurement. The limits are measured again before each kernel, so that both see the
/// machine in the same state, and printed in the end.
struct Bench {
    probe: Probe,
    cache: Vec<u8>,
    memory: Vec<u8>,
    limits: Limits,
    rows: Vec<Row>,
}

impl Bench {
    fn new(probe: Probe) -> Self {
        Self {
            probe,
            cache: vector(L1_BYTES, |i| i as u8),
            memory: vector(MEMORY_BYTES, |i| i as u8),
            limits: Limits::default(),
            rows: Vec::new(),
        }
    }

    fn raise_limits(&mut self) {
        let (cache, memory) = (
            aligned(&self.cache, 0, L1_BYTES),
            aligned(&self.memory, 0, MEMORY_BYTES),
        );
        let mut count = 0.0;
        let fma = seconds(20, || count = (self.probe.fma)());
        let l1 = seconds(20, || (self.probe.load)(cache));
        let from_memory = seconds(3, || (self.probe.load)(memory));
        self.limits.fma = self.limits.fma.max(count / fma);
        self.limits.l1 = self.limits.l1.max(L1_BYTES as f64 / l1);
        self.limits.memory = self.limits.memory.max(MEMORY_BYTES as f64 / from_memory);
    }

    fn kernel<E, R>(&mut self, name: String, kernel: fn(&[E], &[E]) -> R, component: fn(usize) -> E) {
        self.raise_limits();
        let (a, b) = (vector(2048, component), vector(2048, component));
        let call = |dim, skip| {
            let (a, b) = (aligned(&a, 0, dim), aligned(&b, skip, dim));
            seconds(20, || {
                black_box(kernel(black_box(a), black_box(b)));
            })
        };
        let calls = DIMS.map(|dim| (call(dim, 0), call(dim, 1)));
        let len = MEMORY_BYTES / size_of::<E>();
        let memory = vector(len, component);
        let query = aligned(&a, 0, MEMORY_DIM);
        let scan = seconds(3, || {
            for row in aligned(&memory, 0, len).chunks_exact(MEMORY_DIM) {
                black_box(kernel(query, row));
            }
        });
        self.rows.push(Row {
            name,
            component_bytes: size_of::<E>() as f64,
            calls,
            scan,
        });
    }

    fn print_limits(&self, set: &str) {
        let Limits { fma, l1, memory } = self.limits;
        println!(
            "{set}: {:.1} G multiply-adds/s of f32, loads {:.1} GB/s from L1, {:.1} GB/s from memory",
            fma / 1e9,
            l1 / 1e9,
            memory / 1e9
        );
    }

    fn print(&self, set: &str) {
        let Limits { fma, l1, memory } = self.limits;
        self.print_limits(set);
        println!(
            "  in L1: dim, ns, share of the nearer limit (one vector unaligned); memory: share of bandwidth"
        );
        for row in &self.rows {
            print!("  {:13}", row.name);
            for (dim, (even, odd)) in DIMS.iter().zip(row.calls) {
                let multiply = if row.component_bytes > 1.0 {
                    *dim as f64 / fma
                } else {
                    0.0
                };
                let least = multiply.max(2.0 * *dim as f64 * row.component_bytes / l1);
                let (ns, share) = (even * 1e9, 100.0 * least / even);
                print!(
                    " | {dim:4} {ns:5.1} {share:3.0} % ({:3.0} %)",
                    100.0 * least / odd
                );
            }
            println!(
                " | memory {:3.0} %",
                100.0 * MEMORY_BYTES as f64 / row.scan / memory
            );
        }
    }
}

/// Seconds of one call: the shortest mean of many short series.
fn seconds(series: u32, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let calls = (3e-4 / start.elapsed().as_secs_f64().max(1e-9)).clamp(1.0, 1e5) as u32;
    let one = |_| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64() / f64::from(calls)
    };
    (0..series).map(one).fold(f64::INFINITY, f64::min)
}

/// `len` components from the start of a cache line on, `skip` components later.
fn aligned<E>(vector: &[E], skip: usize, len: usize) -> &[E] {
    let start = vector.as_ptr().align_offset(LINE_BYTES) + skip;
    &vector[start..start + len]
}

/// Room enough for [`aligned`].
fn vector<E>(len: usize, component: fn(usize) -> E) -> Vec<E> {
    (0..len + 2 * LINE_BYTES).map(component).collect()
}
