//! What the optimizer has before it, second by second. Never judges from a single sample.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use ruvector_core::{Collection, CollectionInfo};
use serde_json::{Value, json};

/// A collection's figures at a moment.
pub(crate) struct Sample {
    second: f64,
    written: u64,
    info: CollectionInfo,
}

/// A figure that would grow with a backlog.
pub(crate) type Figure = (&'static str, fn(&Sample) -> u64);

pub(crate) const FIGURES: [Figure; 5] = [
    ("segments", |sample| sample.info.segments),
    ("unsealed_rows", |sample| {
        sample.info.shards.iter().map(|shard| shard.active_rows).sum()
    }),
    ("unindexed_vectors", |sample| {
        sample.info.vectors - sample.info.indexed_vectors
    }),
    ("deleted_rows", |sample| {
        sample.info.shards.iter().map(|shard| shard.deleted_rows).sum()
    }),
    ("log_bytes", |sample| {
        sample.info.shards.iter().map(|shard| shard.log_bytes).sum()
    }),
];

/// Takes a sample a second until it is over.
pub(crate) fn watch(
    collection: &Collection,
    (written, over): (&AtomicU64, &AtomicBool),
    bar: &ProgressBar,
) -> Vec<Sample> {
    let started = Instant::now();
    let mut samples = Vec::new();
    while !over.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_secs(1));
        samples.push(Sample {
            second: started.elapsed().as_secs_f64(),
            written: written.load(Ordering::Relaxed),
            info: collection.info(),
        });
        bar.inc(1);
    }
    samples
}

/// The means of a figure over the first and over the last third.
pub(crate) fn thirds(samples: &[Sample], figure: fn(&Sample) -> u64) -> (f64, f64) {
    let third = (samples.len() / 3).max(1).min(samples.len());
    let mean = |part: &[Sample]| part.iter().map(figure).sum::<u64>() as f64 / part.len().max(1) as f64;
    (mean(&samples[..third]), mean(&samples[samples.len() - third..]))
}

pub(crate) fn json(samples: &[Sample]) -> Value {
    let sample = |sample: &Sample| {
        let mut line = json!({
            "second": sample.second,
            "written": sample.written,
            "points": sample.info.points,
            "ram_bytes": sample.info.ram_bytes,
            "disk_bytes": sample.info.disk_bytes,
            "graph_insertions": sample.info.graph_insertions,
        });
        for (name, figure) in FIGURES {
            line[name] = json!(figure(sample));
        }
        line
    };
    samples.iter().map(sample).collect()
}
