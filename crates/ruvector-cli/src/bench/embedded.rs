//! What only the embedded engine tells of a collection, as the report tells it. Never measures.

use ruvector_api::WireQuantization;
use ruvector_types::{GraphProfile, VectorConfig};
use serde::Serialize;

use crate::table;

/// Bytes after reopening and one pass of all queries.
pub(crate) struct Size {
    pub(crate) ram_bytes: u64,
    pub(crate) promoted_bytes: u64,
    pub(crate) rss_bytes: u64,
    pub(crate) disk_bytes: u64,
    pub(crate) points: u64,
    pub(crate) segments: u64,
}

/// How the collection is kept, and what it takes.
#[derive(Serialize)]
pub(crate) struct Embedded {
    /// As in the REST interface; null: no codes.
    quantization_config: Option<WireQuantization>,
    /// `fast`, `compact`, or `none`: no graph.
    profile: &'static str,
    on_disk: bool,
    segments: u64,
    reopen_s: f64,
    /// From then to the end of the optimizer's work: until what searches read at random is promoted into memory.
    promote_s: f64,
    /// What the engine holds on the heap and in promoted copies.
    ram_bytes: u64,
    ram_bytes_per_point: f64,
    /// Of these, the copies.
    promoted_bytes: u64,
    /// Resident bytes of the process, mapped files and the bench itself included.
    rss_bytes: u64,
    disk_bytes: u64,
}

impl Embedded {
    pub(crate) fn new(vector: &VectorConfig, (reopen_s, promote_s): (f64, f64), size: Size) -> Embedded {
        Embedded {
            quantization_config: vector.quantization.as_ref().map(WireQuantization::from),
            profile: match vector.hnsw.profile {
                _ if vector.hnsw.m == 0 => "none",
                GraphProfile::Fast => "fast",
                GraphProfile::Compact => "compact",
            },
            on_disk: vector.on_disk,
            segments: size.segments,
            reopen_s,
            promote_s,
            ram_bytes: size.ram_bytes,
            ram_bytes_per_point: size.ram_bytes as f64 / size.points.max(1) as f64,
            promoted_bytes: size.promoted_bytes,
            rss_bytes: size.rss_bytes,
            disk_bytes: size.disk_bytes,
        }
    }

    pub(super) fn lines(&self) -> String {
        let codes = self.quantization_config.as_ref();
        let codes = codes.and_then(|codes| serde_json::to_string(codes).ok());
        format!(
            "codes {}, graph {}, vectors {}\n\
             reopen {:.3} s, promoted after {:.3} s more, {} segment(s)\n\
             RAM {} ({:.0} bytes a point), of which promoted {} (process {}), disk {}",
            codes.as_deref().unwrap_or("none"),
            self.profile,
            if self.on_disk { "on disk" } else { "in memory" },
            self.reopen_s,
            self.promote_s,
            self.segments,
            table::bytes(self.ram_bytes),
            self.ram_bytes_per_point,
            table::bytes(self.promoted_bytes),
            table::bytes(self.rss_bytes),
            table::bytes(self.disk_bytes)
        )
    }
}
