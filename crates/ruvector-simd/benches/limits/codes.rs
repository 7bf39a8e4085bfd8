//! The code kernels against the limits of the core. Never asserts.
//!
//! The least bytes that a kernel must move between registers and L1, loads and stores alike, are compared with what L1
//! loads: of `estimate` the block and the tables, of `prepare` the query and the tables it writes, of `rotate` in each
//! round signs and vector in, vector out, and once the copy before.

use std::hint::black_box;

use ruvector_simd::codes::{BlockQuery, BlockScale, CodeBits, CodeKernels, block_bytes};

use super::{Bench, DIMS, LINE_BYTES, aligned, seconds, vector};

const ROUNDS: usize = 4;
const SERIES: u32 = 20;
const SCALE: BlockScale = BlockScale {
    base: 1.0,
    mul: 0.01,
    add: 0.01,
    below: 0.5,
};

/// One call of a kernel.
#[derive(Clone, Copy)]
struct Call {
    seconds: f64,
    /// Bytes that it must move.
    bytes: usize,
    /// Multiply-adds of f32 that it must do.
    multiplies: usize,
}

/// What was measured of one kernel, at each of [`DIMS`].
pub(super) struct Row {
    name: String,
    calls: [Call; DIMS.len()],
}

impl Row {
    /// Prints nanoseconds and the share of the nearer limit.
    pub(super) fn print(&self, fma: f64, l1: f64) {
        print!("  {:13}", self.name);
        for (dim, call) in DIMS.iter().zip(self.calls) {
            let least = (call.bytes as f64 / l1).max(call.multiplies as f64 / fma);
            let (ns, share) = (call.seconds * 1e9, 100.0 * least / call.seconds);
            print!(" | {dim:4} {ns:6.1} {share:3.0} %");
        }
        println!();
    }
}

/// Measures all of `kernels`.
pub(super) fn measure(bench: &mut Bench, kernels: CodeKernels) -> Vec<Row> {
    let mut row = |name: &str, call: &dyn Fn(usize) -> Call| {
        bench.raise_limits();
        let (name, calls) = (name.to_owned(), DIMS.map(call));
        Row { name, calls }
    };
    vec![
        row("estimate 1", &|dim| estimate(kernels, CodeBits::One, dim)),
        row("estimate 2", &|dim| estimate(kernels, CodeBits::Two, dim)),
        row("dot f32 i8", &|dim| dot(kernels, dim)),
        row("prepare 1", &|dim| prepare(kernels, CodeBits::One, dim)),
        row("prepare 2", &|dim| prepare(kernels, CodeBits::Two, dim)),
        row("rotate", &|dim| rotate(kernels, dim)),
    ]
}

fn query(dim: usize) -> Vec<f32> {
    vector(dim, |i| (i as f32).sin())
}

fn estimate(kernels: CodeKernels, bits: CodeBits, dim: usize) -> Call {
    let (query, len) = (query(dim), block_bytes(dim, bits));
    let block = vector(len, |i| (i * 37 % 96) as u8);
    let block = aligned(&block, 0, len);
    let (mut prepared, mut out) = (BlockQuery::default(), [0.0; 32]);
    (kernels.prepare)(&mut prepared, aligned(&query, 0, dim), bits);
    let seconds = seconds(SERIES, || {
        black_box((kernels.estimate)(
            black_box(&prepared),
            black_box(block),
            SCALE,
            &mut out,
        ));
    });
    Call {
        seconds,
        bytes: len + prepared.levels.len(),
        multiplies: 0,
    }
}

fn dot(kernels: CodeKernels, dim: usize) -> Call {
    let (query, code) = (query(dim), vector(dim, |i| (i * 31 % 251) as u8 as i8));
    let (query, code) = (aligned(&query, 0, dim), aligned(&code, 0, dim));
    let seconds = seconds(SERIES, || {
        black_box((kernels.dot)(black_box(query), black_box(code)));
    });
    Call {
        seconds,
        bytes: size_of_val(query) + code.len(),
        multiplies: dim,
    }
}

fn prepare(kernels: CodeKernels, bits: CodeBits, dim: usize) -> Call {
    let query = query(dim);
    let query = aligned(&query, 0, dim);
    let mut prepared = BlockQuery::default();
    let seconds = seconds(SERIES, || {
        (kernels.prepare)(black_box(&mut prepared), black_box(query), bits)
    });
    Call {
        seconds,
        bytes: size_of_val(query) + prepared.levels.len(),
        multiplies: 0,
    }
}

/// Of a copy each time: turned again and again, a vector would grow or vanish.
fn rotate(kernels: CodeKernels, dim: usize) -> Call {
    let query = query(dim);
    let query = aligned(&query, 0, dim);
    let signs = vector(ROUNDS * dim, |i| (i as f32).cos().signum() * 0.1);
    let signs = aligned(&signs, 0, ROUNDS * dim);
    let mut data = vector(dim, |_| 0.0f32);
    let start = data.as_ptr().align_offset(LINE_BYTES);
    let data = &mut data[start..start + dim];
    let seconds = seconds(SERIES, || {
        data.copy_from_slice(black_box(query));
        (kernels.rotate)(black_box(data), black_box(signs));
    });
    Call {
        seconds,
        bytes: size_of_val(signs) + 2 * (ROUNDS + 1) * size_of_val(data),
        multiplies: 0,
    }
}
