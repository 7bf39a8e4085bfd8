//! How a database is opened, and the small values that calls take and return.

use ruvector_types::Limits;

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// The limits enforced on every input.
    pub limits: Limits,
    /// Background threads for the optimizer; 0 leaves maintenance to [`crate::Database::step`].
    /// With at least one, another thread commits writes accepted without waiting.
    pub maintenance_threads: u32,
    /// Threads that build the graph of one segment together; half of them, one at least, while nobody waits for it.
    /// 0: as many as the process has processors. The graph is the same whatever their number.
    pub build_threads_max: u32,
    /// Bytes of memory for copies of the components that searches read at random (graphs, vectors, ids), in huge
    /// pages where the system has them; 0 leaves all of them to the page cache. `None`: half of the machine's
    /// memory, or of what its control group allows. Collections share it, first come, first served; in memory and
    /// simulated backends need none and take none.
    pub promoted_bytes_max: Option<u64>,
    /// Bytes of memory in each collection for filters that come again and what the payload indexes of sealed segments
    /// answered them: an eighth of a byte for each point and filter. They change how fast an answer is, never which.
    /// 0: none are kept.
    pub filter_cache_bytes_max: u64,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        DatabaseOptions {
            limits: Limits::default(),
            maintenance_threads: 1,
            build_threads_max: 0,
            promoted_bytes_max: None,
            filter_cache_bytes_max: 16 << 20,
        }
    }
}

/// When a write returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Once it is fsynced and visible to every query.
    Durable,
    /// Once it is in the log: it survives the end of the process, and becomes durable and visible soon after.
    Accepted,
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOutcome {
    /// Number of the operation; the highest of its shards.
    pub operation_id: u64,
    /// Points written, changed or deleted.
    pub points_touched: u64,
}
