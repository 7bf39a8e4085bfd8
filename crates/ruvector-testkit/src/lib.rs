//! What tests share: a seeded generator of inputs and a plain model of the database to compare answers with.
//! Never used by shipped code, never draws from anything but its seed.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod clusters;
mod conditions;
mod generator;
mod hooked;
mod indexes;
mod model;
mod random;
mod values;

pub use clusters::Clusters;
pub use generator::Generator;
pub use model::{Model, ModelPoint, OrderedPoint, Ranked, matches};
pub use random::{Random, seeds};
