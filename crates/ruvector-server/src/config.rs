//! What a server is started with. Never reads a file or the environment.

use std::time::Duration;

/// Limits and times of a server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Bytes of one request's body.
    pub body_bytes_max: usize,
    /// Bytes of all bodies held at once, with what large ones take in memory once they are read. One body of `body_bytes_max`
    /// fits whatever this is.
    pub bodies_bytes_max: usize,
    /// Requests in flight; more are answered 429.
    pub in_flight_max: usize,
    /// Open connections; more are answered 503 and closed.
    pub connections_max: usize,
    /// Time for one request, from its head to its answer.
    pub request_timeout: Duration,
    /// Long reads carried out at the same time, beside short ones; others wait their turn within their timeout.
    pub readers_max: usize,
    /// Time to finish what is in flight when the server closes.
    pub drain_timeout: Duration,
}

impl ServerConfig {
    /// Bytes of bodies that there is room for.
    pub(crate) fn bodies_bytes(&self) -> usize {
        self.bodies_bytes_max.max(self.body_bytes_max)
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            body_bytes_max: 32 << 20,
            bodies_bytes_max: 512 << 20,
            in_flight_max: 256,
            connections_max: 10_000,
            request_timeout: Duration::from_secs(60),
            readers_max: std::thread::available_parallelism().map_or(2, usize::from),
            drain_timeout: Duration::from_secs(20),
        }
    }
}
