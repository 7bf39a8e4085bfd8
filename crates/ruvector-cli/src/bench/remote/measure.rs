//! Times searches over connections that are kept open, one thread each: as fast as they are answered, or at a fixed
//! rate. Never times the making of a request, the opening of a connection, or the reading of
//! ids.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use prost::bytes::Bytes;

use super::super::measure::Times;
use super::arguments::RemoteArguments;
use super::interface::{Interface, Wire};
use super::search::Searches;
use crate::error::CliError;
use crate::workload::Pace;

/// A search that takes longer has failed.
pub(super) const ANSWER: Duration = Duration::from_secs(120);

/// From the making of the threads to the first call that is due.
const LEAD: Duration = Duration::from_millis(10);

/// How searches are timed.
pub(super) struct Timer<'a> {
    interface: &'a dyn Interface,
    connections: usize,
    rate: Option<f64>,
}

impl<'a> Timer<'a> {
    pub(super) fn new(interface: &'a dyn Interface, remote: &RemoteArguments) -> Timer<'a> {
        Timer {
            interface,
            connections: remote.connections,
            rate: remote.rate,
        }
    }

    /// So many calls, cycling through the searches; whichever connection is free takes the next. Connections are opened
    /// for them and kept open to the end: servers close one that is idle while ids are read.
    ///
    /// At a rate, each counts from the moment at which it was due, whatever held it up: the answer before it, or that
    /// no connection was free.
    pub(super) fn time(&self, searches: &Searches, calls: usize) -> Result<Times, CliError> {
        let requests = searches.requests();
        let wires = (0..self.connections).map(|_| self.interface.open());
        let mut wires: Vec<Box<dyn Wire>> = wires.collect::<Result<_, _>>()?;
        // Each connection has been used once.
        for (at, wire) in wires.iter_mut().enumerate() {
            wire.exchange(&requests[at % requests.len()])?;
        }
        let next = AtomicUsize::new(0);
        let (started, pace) = match self.rate {
            None => (Instant::now(), None),
            Some(rate) => {
                let first = Instant::now() + LEAD;
                (first, Some(Pace::even(first, rate)))
            }
        };
        let timed: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = wires
                .iter_mut()
                .map(|wire| scope.spawn(|| take(wire.as_mut(), &requests, (&next, calls), pace.as_ref())))
                .collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        let wall_s = started.elapsed().as_secs_f64();
        let mut micros = Vec::new();
        for times in timed {
            micros.extend(times.map_err(|_| CliError::Thread)??);
        }
        Ok(Times::new(micros, wall_s))
    }
}

/// Takes calls until none is left, or one fails, which ends those of all connections.
fn take(
    wire: &mut dyn Wire,
    requests: &[Bytes],
    (next, calls): (&AtomicUsize, usize),
    pace: Option<&Pace>,
) -> Result<Vec<f64>, CliError> {
    let mut micros = Vec::new();
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= calls {
            return Ok(micros);
        }
        let started = match pace {
            Some(pace) => pace.wait(u32::try_from(at).unwrap_or(u32::MAX)),
            None => Instant::now(),
        };
        let answer = wire.exchange(&requests[at % requests.len()]);
        micros.push(started.elapsed().as_secs_f64() * 1e6);
        if let Err(error) = answer {
            next.store(calls, Ordering::Relaxed);
            return Err(error);
        }
    }
}
