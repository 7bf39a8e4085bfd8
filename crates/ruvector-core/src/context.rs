//! What a call carries besides its request: a deadline and a way to cancel. Writes look at it only before the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ruvector_io::Io;

use crate::trace::{Trace, Way};
use crate::{Error, ErrorKind};

/// The context of one call. `Ctx::default()` neither ends nor is cancelled.
#[derive(Clone, Debug, Default)]
pub struct Ctx {
    /// When to give up, on the clock of the database's I/O backend (see [`crate::Database::deadline_in`]).
    pub deadline: Option<Duration>,
    /// Set to true by whoever wants the call to end.
    pub cancel: Option<Arc<AtomicBool>>,
    /// Where the work of reads is counted, if anybody wants to know.
    pub trace: Option<Arc<Trace>>,
}

impl Ctx {
    /// Adds to the trace, if there is one.
    pub(crate) fn count(&self, visited: u64, measured: u64) {
        if let Some(trace) = &self.trace {
            trace.count(visited, measured);
        }
    }

    /// Tells the trace, if there is one, how a segment is read.
    pub(crate) fn took(&self, way: Way) {
        if let Some(trace) = &self.trace {
            trace.took(way, None);
        }
    }

    /// The same of a search with a breadth.
    pub(crate) fn took_with(&self, way: Way, ef: usize) {
        if let Some(trace) = &self.trace {
            trace.took(way, Some(ef));
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
