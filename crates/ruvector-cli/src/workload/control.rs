//! A machine as busy as beside a writer, without the engine: what slows searches here is no matter of its own. Never
//! touches the collection.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::LiveArguments;
use super::latency::{BATCHES, Pace};
use crate::error::CliError;

/// Bytes that one float takes in the log.
const FLOAT_BYTES: usize = 4;

/// Computes without a pause until it is over: what an optimizer takes of the processors.
pub(crate) fn burn(over: &AtomicBool) {
    let mut state = 1u64;
    while !over.load(Ordering::Relaxed) {
        for _ in 0..1_000 {
            state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
}

/// Appends and syncs as many bytes as the writer's log will, at its rate, until it is over; the file goes again.
pub(crate) fn sync_at_rate(
    folder: &Path,
    dim: usize,
    arguments: &LiveArguments,
    over: &AtomicBool,
) -> Result<(), CliError> {
    let path = folder.join("control");
    let failed = |source| CliError::File {
        path: path.clone(),
        source,
    };
    let bytes = vec![7u8; dim * FLOAT_BYTES * arguments.write_batch];
    let mut file = File::create(&path).map_err(failed)?;
    let batches_per_second = f64::from(arguments.writes_per_second) / arguments.write_batch as f64;
    let pace = Pace::scattered(batches_per_second, BATCHES);
    let mut at = 0;
    while !over.load(Ordering::Relaxed) {
        pace.wait_spinning(at);
        file.write_all(&bytes).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        at += 1;
    }
    std::fs::remove_file(&path).map_err(failed)
}
