//! What a call carries besides its request: a deadline and a way to cancel. Writes look at it only before the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ruvector_io::Io;

use crate::{Error, ErrorKind};

/// The context of one call. `Ctx::default()` neither ends nor is cancelled.
#[derive(Clone, Debug, Default)]
pub struct Ctx {
    /// When to give up, on the clock of the database's I/O backend (see [`crate::Database::deadline_in`]).
    pub deadline: Option<Duration>,
    /// Set to true by whoever wants the call to end.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Where the work of searches is counted, if anybody wants to know.
    pub trace: Option<Arc<Trace>>,
}

/// The work of the searches that carry it.
#[derive(Debug, Default)]
pub struct Trace {
    visited: AtomicU64,
    measured: AtomicU64,
}

impl Trace {
    /// Graph nodes whose links were followed.
    pub fn nodes_visited(&self) -> u64 {
        self.visited.load(Ordering::Relaxed)
    }

    /// Full vectors that a query was compared with.
    pub fn vectors_measured(&self) -> u64 {
        self.measured.load(Ordering::Relaxed)
    }
}

impl Ctx {
    /// Adds to the trace, if there is one.
    pub(crate) fn count(&self, visited: u64, measured: u64) {
        if let Some(trace) = &self.trace {
            trace.visited.fetch_add(visited, Ordering::Relaxed);
            trace.measured.fetch_add(measured, Ordering::Relaxed);
        }
    }

    /// Refuses to go on after the deadline or a cancellation. Cost: one clock reading if there is a deadline.
    pub(crate) fn check(&self, io: &dyn Io) -> Result<(), Error> {
        if self
            .cancel
            .as_ref()
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
        {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "cancelled",
                "the request was cancelled",
            ));
        }
        if self.deadline.is_some_and(|deadline| io.monotonic() >= deadline) {
            return Err(Error::new(
                ErrorKind::Timeout,
                "timeout",
                "the request's timeout passed",
            ));
        }
        Ok(())
    }
}
