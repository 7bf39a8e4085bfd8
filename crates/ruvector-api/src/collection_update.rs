//! Requests that change a collection in use: graphs, thresholds, codes, placement, metadata; the rest refused by name.
//! Never changes what the request does not name.

use std::collections::BTreeMap;

use ruvector_types::{CollectionConfig, Invalid, Limits, Problem, QuantizationConfig, VectorConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::quantization::QuantizationChange;
use crate::schema::QuantizationChangeSchema;
use crate::selector::{Unserved, refuse};
use crate::strict_mode::{check_payload, check_strict_mode};
use crate::tuning::{HnswDiff, OptimizersDiff, WireMemory};
use crate::{ApiError, WirePayload};

/// Body of `PATCH /collections/{name}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCollection {
    /// Codes of every vector field that `vectors` gives none, or `"Disabled"`.
    #[schema(value_type = Option<QuantizationChangeSchema>)]
    pub(crate) quantization_config: Option<QuantizationChange>,
    /// Changes of single vector fields by name; the unnamed vector is `""`.
    #[serde(default, deserialize_with = "crate::unique::optional")]
    pub(crate) vectors: Option<BTreeMap<String, VectorDiff>>,
    /// The graphs' parameters, of every vector field whose own do not differ.
    pub(crate) hnsw_config: Option<HnswDiff>,
    /// The optimizer's thresholds.
    pub(crate) optimizers_config: Option<OptimizersDiff>,
    /// What concerns copies and payloads.
    pub(crate) params: Option<CollectionParamsDiff>,
    /// Limits of the collection's own: only `{"enabled": false}`.
    #[schema(value_type = Option<Object>)]
    pub(crate) strict_mode_config: Option<serde_json::Map<String, serde_json::Value>>,
    /// Laid over the metadata key by key; `null` removes a key.
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<WirePayload>,
    #[schema(ignore)]
    pub(crate) sparse_vectors: Unserved,
}

/// Changes of one vector field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VectorDiff {
    /// Its codes, or `"Disabled"`.
    #[schema(value_type = Option<QuantizationChangeSchema>)]
    pub(crate) quantization_config: Option<QuantizationChange>,
    /// Its graphs' parameters; `{}`: those of the collection again.
    pub(crate) hnsw_config: Option<HnswDiff>,
    /// Whether sealed vectors stay in their files instead of being copied into resident memory.
    pub(crate) on_disk: Option<bool>,
    /// The same: `cold` is true, `cached` is false.
    pub(crate) memory: Option<WireMemory>,
}

/// What concerns copies and payloads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionParamsDiff {
    /// Copies of each shard; one node holds one, whatever is asked for.
    pub(crate) replication_factor: Option<u32>,
    /// Copies that must hold a write; on one node, the one there is.
    pub(crate) write_consistency_factor: Option<u32>,
    /// Further nodes that each read is sent to; on one node there are none.
    pub(crate) read_fan_out_factor: Option<u32>,
    /// Milliseconds after which a read is sent to a further node; on one node there are none.
    pub(crate) read_fan_out_delay_ms: Option<u64>,
    /// Sealed payloads are always read from mapped files: `true` says so, `false` is refused.
    pub(crate) on_disk_payload: Option<bool>,
    #[schema(ignore)]
    pub(crate) payload: Unserved,
}

impl UpdateCollection {
    /// Makes of `config` what it is to be.
    pub fn apply(self, config: &mut CollectionConfig, limits: &Limits) -> Result<(), ApiError> {
        let what = "sparse vectors are as they were declared";
        refuse("sparse_vectors", &self.sparse_vectors, what)?;
        check_strict_mode(self.strict_mode_config.as_ref())?;
        if let Some(hnsw) = self.hnsw_config {
            config.change_hnsw(hnsw.over(config.settings.hnsw, "hnsw_config")?);
        }
        if let Some(optimizer) = self.optimizers_config {
            config.optimizer = optimizer.over(config.optimizer)?;
        }
        if let Some(params) = self.params {
            params.apply(config)?;
        }
        if let Some(metadata) = self.metadata {
            let changes = metadata.into_map("metadata", limits)?;
            config.settings.merge_metadata(changes);
        }
        if let Some(change) = self.quantization_config {
            let codes = change.into_config("quantization_config")?;
            // Multi-vectors have no codes.
            let single = config
                .vectors
                .values_mut()
                .filter(|vector| vector.multivector.is_none());
            single.for_each(|vector| vector.quantization = codes);
        }
        for (name, diff) in self.vectors.unwrap_or_default() {
            let field = match name.is_empty() {
                true => "vectors".to_owned(),
                false => format!("vectors.{name}"),
            };
            let base = config.settings.hnsw;
            let Some(vector) = config.vectors.get_mut(&name) else {
                let known = config.vectors.keys().cloned().collect();
                return Err(Invalid::new("vectors", Problem::UnknownVector { name, known }).into());
            };
            if diff.hnsw_config.as_ref().is_some_and(HnswDiff::is_empty) {
                let profile = vector.hnsw.profile;
                vector.hnsw = ruvector_types::HnswConfig { profile, ..base };
            }
            diff.apply(vector, &field)?;
        }
        Ok(())
    }
}

impl VectorDiff {
    fn apply(self, vector: &mut VectorConfig, field: &str) -> Result<(), ApiError> {
        if let Some(hnsw) = self.hnsw_config {
            vector.hnsw = hnsw.over(vector.hnsw, &format!("{field}.hnsw_config"))?;
        }
        if let Some(on_disk) = WireMemory::on_disk(self.memory, self.on_disk, field)? {
            vector.on_disk = on_disk;
        }
        if let Some(change) = self.quantization_config {
            vector.quantization = change.into_config(&format!("{field}.quantization_config"))?;
        }
        Ok(())
    }
}

impl CollectionParamsDiff {
    fn apply(self, config: &mut CollectionConfig) -> Result<(), ApiError> {
        check_payload("params.on_disk_payload", self.on_disk_payload)?;
        let what = "sealed payloads are always read from memory-mapped files";
        refuse("params.payload", &self.payload, what)?;
        let settings = &mut config.settings;
        settings.replication_factor = self.replication_factor.unwrap_or(settings.replication_factor);
        let factor = settings.write_consistency_factor;
        settings.write_consistency_factor = self.write_consistency_factor.unwrap_or(factor);
        settings.read_fan_out_factor = self.read_fan_out_factor.or(settings.read_fan_out_factor);
        settings.read_fan_out_delay_ms = self.read_fan_out_delay_ms.or(settings.read_fan_out_delay_ms);
        Ok(())
    }
}

impl QuantizationChange {
    fn into_config(self, field: &str) -> Result<Option<QuantizationConfig>, ApiError> {
        match self {
            QuantizationChange::Disabled => Ok(None),
            QuantizationChange::Codes(codes) => codes.into_config(field).map(Some),
        }
    }
}
