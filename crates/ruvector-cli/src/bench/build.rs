//! How a bench built its collection, as the report tells it. Never builds.

use serde::Serialize;

use super::load::Loaded;
use crate::commands::BenchArguments;

/// How the collection was built, and what that took.
#[derive(Serialize)]
pub(crate) struct Build {
    m: u32,
    ef_construct: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    shards: Option<u32>,
    batch: usize,
    seed: u64,
    replaced_share: f64,
    replaced_points: u64,
    /// From the first batch to the end of the optimizer's work.
    build_s: f64,
    load_s: f64,
    optimize_s: f64,
}

impl Build {
    pub(crate) fn new(arguments: &BenchArguments, (m, shards): (u32, Option<u32>), loaded: &Loaded) -> Build {
        Build {
            m,
            ef_construct: arguments.ef_construct,
            shards,
            batch: arguments.batch,
            seed: arguments.seed,
            replaced_share: arguments.replace,
            replaced_points: loaded.replaced,
            build_s: loaded.load_s + loaded.optimize_s,
            load_s: loaded.load_s,
            optimize_s: loaded.optimize_s,
        }
    }

    pub(super) fn line(&self) -> String {
        let shards = self
            .shards
            .map_or(String::new(), |shards| format!("{shards} shard(s), "));
        format!(
            "m = {}, ef_construct = {}, {shards}{} point(s) replaced\n\
             build {:.1} s (load {:.1} s, optimize {:.1} s)",
            self.m, self.ef_construct, self.replaced_points, self.build_s, self.load_s, self.optimize_s
        )
    }
}
