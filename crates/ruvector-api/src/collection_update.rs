//! Requests that change a collection: how its vectors are quantized, and the rest refused by name. Never changes what
//! the request does not name.

use std::collections::BTreeMap;

use ruvector_types::{CollectionConfig, Invalid, Problem, QuantizationConfig};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::ApiError;
use crate::quantization::QuantizationChange;
use crate::schema::QuantizationChangeSchema;
use crate::selector::{Unserved, refuse};

const ONLY_CODES: &str = "quantization_config is what can be changed of a collection";

/// Body of `PATCH /collections/{name}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCollection {
    /// Codes of every vector field that `vectors` gives none, or `"Disabled"`.
    #[schema(value_type = Option<QuantizationChangeSchema>)]
    pub(crate) quantization_config: Option<QuantizationChange>,
    /// Changes of single vector fields by name; the unnamed vector is `""`.
    pub(crate) vectors: Option<BTreeMap<String, VectorDiff>>,
    #[schema(ignore)]
    pub(crate) hnsw_config: Unserved,
    #[schema(ignore)]
    pub(crate) optimizers_config: Unserved,
    #[schema(ignore)]
    pub(crate) params: Unserved,
    #[schema(ignore)]
    pub(crate) sparse_vectors: Unserved,
    #[schema(ignore)]
    pub(crate) strict_mode_config: Unserved,
    #[schema(ignore)]
    pub(crate) metadata: Unserved,
}

/// Changes of one vector field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VectorDiff {
    /// Its codes, or `"Disabled"`.
    #[schema(value_type = Option<QuantizationChangeSchema>)]
    pub(crate) quantization_config: Option<QuantizationChange>,
    #[schema(ignore)]
    pub(crate) hnsw_config: Unserved,
    #[schema(ignore)]
    pub(crate) on_disk: Unserved,
    #[schema(ignore)]
    pub(crate) memory: Unserved,
}

/// What fields are quantized by from now on; `None` is not at all.
pub type QuantizationChanges = BTreeMap<String, Option<QuantizationConfig>>;

impl UpdateCollection {
    /// The changes to a collection of this configuration.
    pub fn into_changes(self, config: &CollectionConfig) -> Result<QuantizationChanges, ApiError> {
        for (name, given) in [
            ("hnsw_config", &self.hnsw_config),
            ("optimizers_config", &self.optimizers_config),
            ("params", &self.params),
            ("sparse_vectors", &self.sparse_vectors),
            ("strict_mode_config", &self.strict_mode_config),
            ("metadata", &self.metadata),
        ] {
            refuse(name, given, ONLY_CODES)?;
        }
        let mut changes = QuantizationChanges::new();
        if let Some(change) = self.quantization_config {
            let codes = change.into_config("quantization_config")?;
            changes.extend(config.vectors.keys().map(|name| (name.clone(), codes)));
        }
        for (name, diff) in self.vectors.unwrap_or_default() {
            if !config.vectors.contains_key(&name) {
                let known = config.vectors.keys().cloned().collect();
                return Err(Invalid::new("vectors", Problem::UnknownVector { name, known }).into());
            }
            let field = match name.is_empty() {
                true => "vectors".to_owned(),
                false => format!("vectors.{name}"),
            };
            if let Some(codes) = diff.into_config(&field)? {
                changes.insert(name, codes);
            }
        }
        Ok(changes)
    }
}

impl VectorDiff {
    fn into_config(self, field: &str) -> Result<Option<Option<QuantizationConfig>>, ApiError> {
        for (name, given) in [
            ("hnsw_config", &self.hnsw_config),
            ("on_disk", &self.on_disk),
            ("memory", &self.memory),
        ] {
            refuse(&format!("{field}.{name}"), given, ONLY_CODES)?;
        }
        let change = self.quantization_config;
        let place = format!("{field}.quantization_config");
        change.map(|change| change.into_config(&place)).transpose()
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
