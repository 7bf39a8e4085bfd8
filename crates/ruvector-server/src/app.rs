//! What every handler shares: the database and the bounds on work at once. Never holds a request.

use std::sync::Arc;

use ruvector_core::Database;
use tokio::sync::Semaphore;

use crate::ServerConfig;
use crate::long_reads::LongReads;

/// Shared by all handlers; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) config: ServerConfig,
    /// One permit for each request in flight, held until its work ends, even if the caller is gone.
    pub(crate) in_flight: Arc<Semaphore>,
    /// One permit for each KiB of request bodies held.
    pub(crate) bodies_kib: Arc<Semaphore>,
    /// One permit for each read at work on a thread of its own.
    pub(crate) readers: Arc<Semaphore>,
    pub(crate) long_reads: LongReads,
}

impl App {
    pub(crate) fn new(database: Database, config: ServerConfig) -> App {
        let permits = |count: usize| Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)));
        App(Arc::new(Shared {
            in_flight: permits(config.in_flight_max),
            bodies_kib: permits(config.bodies_bytes().div_ceil(1024) + 1),
            readers: permits(config.readers_max),
            long_reads: LongReads::new(),
            database,
            config,
        }))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
