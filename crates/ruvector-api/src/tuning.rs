//! Parameters of graphs and thresholds of the optimizer, as differences from what there is. Never lets one through whose
//! promise is not kept.

use ruvector_types::{GraphProfile, HnswConfig, OptimizerConfig};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use crate::ApiError;
use crate::selector::{Unserved, refuse};

/// Parameters of a graph; what is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HnswDiff {
    /// Links of a node; 0: no graph, searches scan.
    pub(crate) m: Option<u32>,
    /// Breadth of the search for a new node's neighbours.
    pub(crate) ef_construct: Option<u32>,
    /// KiB of vectors below which a search compares with all of them; 0: as is cheaper.
    pub(crate) full_scan_threshold: Option<u64>,
    /// Threads that build one graph together, at most; 0: as many as the server allows.
    pub(crate) max_indexing_threads: Option<u32>,
    /// Whether graphs stay in their files instead of being copied into resident memory.
    pub(crate) on_disk: Option<bool>,
    /// The same: `cold` is true, `cached` is false.
    pub(crate) memory: Option<WireMemory>,
    /// Shown again; filtered walks need no links of their own.
    pub(crate) payload_m: Option<u32>,
    /// Whether codes of a node's neighbours stand beside its links; true is the profile `fast`, false `compact`.
    pub(crate) inline_storage: Option<bool>,
    /// `fast` or `compact`: the same in our spelling.
    pub(crate) profile: Option<Profile>,
}

/// Where a component's bytes are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WireMemory {
    /// From its mapped file.
    Cold,
    /// From a copy in resident memory, as far as the server's budget goes.
    Cached,
    /// Refused: there is one budget for all.
    Pinned,
}

impl WireMemory {
    /// What the two spellings of the option say; `memory` goes before `on_disk`.
    pub(crate) fn on_disk(
        memory: Option<WireMemory>,
        on_disk: Option<bool>,
        field: &str,
    ) -> Result<Option<bool>, ApiError> {
        match memory {
            None => Ok(on_disk),
            Some(WireMemory::Cold) => Ok(Some(true)),
            Some(WireMemory::Cached) => Ok(Some(false)),
            Some(WireMemory::Pinned) => Err(ApiError::NotSupported {
                field: format!("{field}.memory"),
                what: "copies in memory share one budget and none is pinned; cold and cached are served",
            }),
        }
    }
}

/// What stands beside the links of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    Fast,
    Compact,
}

/// Thresholds of the optimizer; what is absent stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimizersDiff {
    /// Share of deleted rows above which a sealed segment is rewritten.
    pub(crate) deleted_threshold: Option<f64>,
    /// Rows below which a sealed segment is not rewritten for its deleted ones.
    pub(crate) vacuum_min_vector_number: Option<u32>,
    /// Sealed segments that may stand beside each other before they are merged; 0 is the server's default.
    pub(crate) default_segment_number: Option<u32>,
    /// KiB of a field's vectors up to which a segment has no graph of them; 0: no segment has one.
    pub(crate) indexing_threshold: Option<u64>,
    /// KiB from which segments are mapped files; all sealed ones are. Not 0.
    pub(crate) memmap_threshold: Option<u64>,
    /// Seconds between flushes, at least; every acknowledged write is flushed before.
    pub(crate) flush_interval_sec: Option<u64>,
    /// Jobs at a time for each shard, at most, or `auto`; there is never more than one. 0: frozen segments are sealed without
    /// graphs, and nothing else is done in the background.
    pub(crate) max_optimization_threads: Option<Threads>,
    /// Points are always found: only `false`.
    pub(crate) prevent_unoptimized: Option<bool>,
    /// Bytes of vectors and payload at which the active segment is sealed. Fixed when the collection is created.
    pub(crate) active_bytes_max: Option<u64>,
    /// Rows at which the active segment is sealed. Fixed when the collection is created.
    pub(crate) active_rows_max: Option<u32>,
    /// Bytes of log at which the active segment is sealed. Fixed when the collection is created.
    pub(crate) log_bytes_max: Option<u64>,
    #[schema(ignore)]
    pub(crate) max_segment_size: Unserved,
}

/// A number, or `auto`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a number of threads or \"auto\"")]
pub(crate) enum Threads {
    Most(u32),
    Auto(Auto),
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auto {
    Auto,
}

impl HnswDiff {
    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        let numbers = self.m.is_none() && self.ef_construct.is_none() && self.max_indexing_threads.is_none();
        let places = self.on_disk.is_none() && self.memory.is_none() && self.payload_m.is_none();
        let profile = self.inline_storage.is_none() && self.profile.is_none();
        numbers && places && profile && self.full_scan_threshold.is_none()
    }

    pub(crate) fn over(self, base: HnswConfig, field: &str) -> Result<HnswConfig, ApiError> {
        let inline = self.inline_storage.map(|inline| match inline {
            true => Profile::Fast,
            false => Profile::Compact,
        });
        if let (Some(inline), Some(profile)) = (inline, self.profile)
            && inline != profile
        {
            let rule = "contradicts inline_storage: fast is true, compact is false";
            return Err(ApiError::rule(format!("{field}.profile"), rule));
        }
        let on_disk = WireMemory::on_disk(self.memory, self.on_disk, field)?;
        let scans = self.full_scan_threshold;
        Ok(HnswConfig {
            m: self.m.unwrap_or(base.m),
            ef_construct: self.ef_construct.unwrap_or(base.ef_construct),
            profile: match inline.or(self.profile) {
                Some(Profile::Fast) => GraphProfile::Fast,
                Some(Profile::Compact) => GraphProfile::Compact,
                None => base.profile,
            },
            full_scan_threshold_kib: scans.map_or(base.full_scan_threshold_kib, |kib| {
                Some(kib).filter(|kib| *kib > 0)
            }),
            threads_max: self.max_indexing_threads.unwrap_or(base.threads_max),
            on_disk: on_disk.unwrap_or(base.on_disk),
            payload_m: self.payload_m.or(base.payload_m),
        })
    }
}

impl OptimizersDiff {
    pub(crate) fn over(self, base: OptimizerConfig) -> Result<OptimizerConfig, ApiError> {
        let place = |name: &str| format!("optimizers_config.{name}");
        let what = "segments of any size are merged; default_segment_number says how many may stand";
        refuse(&place("max_segment_size"), &self.max_segment_size, what)?;
        let given = |unserved: bool| unserved.then_some(IgnoredAny);
        let what = "sealed segments are always mapped files; leave it away, or give a size";
        refuse(
            &place("memmap_threshold"),
            &given(self.memmap_threshold == Some(0)),
            what,
        )?;
        let what = "what was written is found at once, whether a graph knows it or not; only false is served";
        let hidden = given(self.prevent_unoptimized == Some(true));
        refuse(&place("prevent_unoptimized"), &hidden, what)?;
        let segments = self.default_segment_number.map(|count| match count {
            0 => OptimizerConfig::default().segments_max,
            count => count,
        });
        Ok(OptimizerConfig {
            active_bytes_max: self.active_bytes_max.unwrap_or(base.active_bytes_max),
            active_rows_max: self.active_rows_max.unwrap_or(base.active_rows_max),
            log_bytes_max: self.log_bytes_max.unwrap_or(base.log_bytes_max),
            deleted_share_max: self.deleted_threshold.unwrap_or(base.deleted_share_max),
            segments_max: segments.unwrap_or(base.segments_max),
            vacuum_rows_min: self.vacuum_min_vector_number.unwrap_or(base.vacuum_rows_min),
            indexing_threshold_kib: self.indexing_threshold.or(base.indexing_threshold_kib),
            jobs_max: match self.max_optimization_threads {
                None => base.jobs_max,
                Some(Threads::Most(most)) => Some(most),
                Some(Threads::Auto(Auto::Auto)) => None,
            },
            memmap_threshold_kib: self.memmap_threshold.or(base.memmap_threshold_kib),
            flush_interval_s: self.flush_interval_sec.unwrap_or(base.flush_interval_s),
        })
    }
}
