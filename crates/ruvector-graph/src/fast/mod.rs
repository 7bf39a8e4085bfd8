//! The fast layout: each node's block holds its links, its neighbours' codes of 1 or 2 bits and its own 8-bit code, so
//! that one visit reads one piece of memory. Never trusts a byte; damage reads as nothing there.
//!
//! Source: SymphonyQG (Gou, Gao, Xu, Long 2025), with an 8-bit code in place of the node's vector, two factors an
//! edge, hubs to start from, and an end that depends on what was found.
//!
//! ```text
//! header, 64 bytes │ centre: p × f32 │ hub ids: 32·h × u32 │ hubs: h × (block, tail) │ nodes: n × stride │ slacks │ recalls
//! header: 0 "RVFG" │ 4 version u32 (2) │ 8 n u32 │ 12 dim u32 │ 16 metric u32 (0 dot, 1 euclid) │ 20 h u32
//!         24 seed u64 of the rotation │ 32 deviation f32, the largest │ 36 bits u32 of a neighbour's code, b: 1 or 2
//!         40 largest squared length f32 │ 44 zero
//! node:   links: 32 × u32, 2³²−1 where there is none │ block │ own code: p × i8 │ tail
//! block:  32 × f16 mul │ 32 × f16 add │ b·p/4 × 16 bytes of codes (see ruvector_simd::codes)
//! tail:   0 unit f32 of mul │ 4 unit f32 of add │ 8 scale f32 of the own code │ 12 its squared length f32
//!         16 zero, up to 64 bytes; a hub's has the two units only
//! slacks: 16 × f32 (see `slack`)
//! recalls: 16 × f32 (see `recalls`); version 1 has none
//! ```
//! p is `dim` rounded up to a multiple of 64; stride is 320 + (4b + 1)·p. Everything lies at multiples of 64 bytes.
//!
//! All is in rotated components. The centre is the mean of the vectors, from a sample; under the Euclidean metric
//! every code is of the vector less the centre, so that a common offset costs no precision.

mod bound;
mod calibrate;
mod encode;
mod frontier;
mod hubs;
mod layout;
mod recalls;
mod request;
mod scan;
mod scratch;
mod search;
mod slack;
mod truth;

pub use calibrate::RANK;
pub use encode::{FastEncoder, encode};
pub use layout::{FastError, FastGraph};
pub use request::{BREADTH_SPREAD, FastLane, FastOutcome, FastSearch, ORIENTED, Trial};
pub use scratch::FastScratch;

/// Links of a node.
pub const DEGREE: usize = 32;
