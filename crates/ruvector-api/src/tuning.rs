//! Parameters of graphs and thresholds of the optimizer, as differences from their defaults. Never lets one
//! through that has no effect.

use ruvector_types::{GraphProfile, HnswConfig, OptimizerConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::ApiError;
use crate::selector::{Unserved, refuse};

/// Parameters of a graph; what is absent keeps its default.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HnswDiff {
    /// Links of a node; 0: no graph, searches scan.
    pub(crate) m: Option<u32>,
    /// Breadth of the search for a new node's neighbours.
    pub(crate) ef_construct: Option<u32>,
    /// Whether codes of a node's neighbours stand beside its links; true is the profile `fast`, false `compact`.
    pub(crate) inline_storage: Option<bool>,
    /// `fast` or `compact`: the same in our spelling.
    pub(crate) profile: Option<Profile>,
    #[schema(ignore)]
    pub(crate) full_scan_threshold: Unserved,
    #[schema(ignore)]
    pub(crate) max_indexing_threads: Unserved,
    #[schema(ignore)]
    pub(crate) on_disk: Unserved,
    #[schema(ignore)]
    pub(crate) memory: Unserved,
    #[schema(ignore)]
    pub(crate) payload_m: Unserved,
}

/// What stands beside the links of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    Fast,
    Compact,
}

/// Thresholds of the optimizer; what is absent keeps its default.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimizersDiff {
    /// Share of deleted rows above which a sealed segment is rewritten.
    pub(crate) deleted_threshold: Option<f64>,
    /// Sealed segments that may stand beside each other before they are merged; 0 keeps the default.
    pub(crate) default_segment_number: Option<u32>,
    /// Bytes of vectors and payload at which the active segment is sealed.
    pub(crate) active_bytes_max: Option<u64>,
    /// Rows at which the active segment is sealed.
    pub(crate) active_rows_max: Option<u32>,
    /// Bytes of log at which the active segment is sealed.
    pub(crate) log_bytes_max: Option<u64>,
    #[schema(ignore)]
    pub(crate) vacuum_min_vector_number: Unserved,
    #[schema(ignore)]
    pub(crate) max_segment_size: Unserved,
    #[schema(ignore)]
    pub(crate) memmap_threshold: Unserved,
    #[schema(ignore)]
    pub(crate) indexing_threshold: Unserved,
    #[schema(ignore)]
    pub(crate) flush_interval_sec: Unserved,
    #[schema(ignore)]
    pub(crate) max_optimization_threads: Unserved,
    #[schema(ignore)]
    pub(crate) prevent_unoptimized: Unserved,
}

impl HnswDiff {
    pub(crate) fn over(self, base: HnswConfig, field: &str) -> Result<HnswConfig, ApiError> {
        let what = "a graph has the parameters m, ef_construct, inline_storage and profile";
        for (name, given) in [
            ("full_scan_threshold", &self.full_scan_threshold),
            ("max_indexing_threads", &self.max_indexing_threads),
            ("on_disk", &self.on_disk),
            ("memory", &self.memory),
            ("payload_m", &self.payload_m),
        ] {
            refuse(&format!("{field}.{name}"), given, what)?;
        }
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
        Ok(HnswConfig {
            m: self.m.unwrap_or(base.m),
            ef_construct: self.ef_construct.unwrap_or(base.ef_construct),
            profile: match inline.or(self.profile) {
                Some(Profile::Fast) => GraphProfile::Fast,
                Some(Profile::Compact) => GraphProfile::Compact,
                None => base.profile,
            },
        })
    }
}

impl OptimizersDiff {
    pub(crate) fn into_config(self) -> Result<OptimizerConfig, ApiError> {
        let what = "the optimizer has the thresholds deleted_threshold, default_segment_number, \
                    active_bytes_max, active_rows_max and log_bytes_max";
        for (name, given) in [
            ("vacuum_min_vector_number", &self.vacuum_min_vector_number),
            ("max_segment_size", &self.max_segment_size),
            ("memmap_threshold", &self.memmap_threshold),
            ("indexing_threshold", &self.indexing_threshold),
            ("flush_interval_sec", &self.flush_interval_sec),
            ("max_optimization_threads", &self.max_optimization_threads),
            ("prevent_unoptimized", &self.prevent_unoptimized),
        ] {
            refuse(&format!("optimizers_config.{name}"), given, what)?;
        }
        let base = OptimizerConfig::default();
        let segments = self.default_segment_number.filter(|count| *count > 0);
        Ok(OptimizerConfig {
            active_bytes_max: self.active_bytes_max.unwrap_or(base.active_bytes_max),
            active_rows_max: self.active_rows_max.unwrap_or(base.active_rows_max),
            log_bytes_max: self.log_bytes_max.unwrap_or(base.log_bytes_max),
            deleted_share_max: self.deleted_threshold.unwrap_or(base.deleted_share_max),
            segments_max: segments.unwrap_or(base.segments_max),
        })
    }
}
