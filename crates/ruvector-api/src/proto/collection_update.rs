//! Changes of collections as messages, turned into the JSON side's request, whose rules are the rules. Never changes what
//! the message does not name.

use std::collections::BTreeMap;

use ruvector_types::CollectionConfig;

use super::given::required;
use super::messages::{self as m, vectors_config_diff::Config};
use super::quantization::{change, mark};
use super::terms::timeout;
use crate::collection_update::{UpdateCollection, VectorDiff};
use crate::{ApiError, QuantizationChanges};

impl m::UpdateCollection {
    /// The changes to a collection of this configuration.
    pub fn into_changes(self, config: &CollectionConfig) -> Result<QuantizationChanges, ApiError> {
        let m::UpdateCollection {
            collection_name: _,
            optimizers_config,
            timeout: seconds,
            params,
            hnsw_config,
            vectors_config,
            quantization_config,
            sparse_vectors_config,
            strict_mode_config,
            metadata,
        } = self;
        timeout(seconds)?;
        let quantization = quantization_config.map(|given| change(given, "quantization_config"));
        let request = UpdateCollection {
            quantization_config: quantization.transpose()?,
            vectors: vectors_config.map(vectors).transpose()?,
            hnsw_config: mark(hnsw_config),
            optimizers_config: mark(optimizers_config),
            params: mark(params),
            sparse_vectors: mark(sparse_vectors_config),
            strict_mode_config: mark(strict_mode_config),
            metadata: mark((!metadata.is_empty()).then_some(())),
        };
        request.into_changes(config)
    }
}

fn vectors(given: m::VectorsConfigDiff) -> Result<BTreeMap<String, VectorDiff>, ApiError> {
    let m::VectorsConfigDiff { config } = given;
    match required(config, "vectors_config", "params or params_map")? {
        Config::Params(given) => {
            let diff = vector(given).map_err(|error| error.within("vectors_config.params"))?;
            Ok(BTreeMap::from([(String::new(), diff)]))
        }
        Config::ParamsMap(m::VectorParamsDiffMap { map }) => {
            let one = |(name, given)| match vector(given) {
                Ok(diff) => Ok((name, diff)),
                Err(error) => Err(error.within(format_args!("vectors_config.params_map.{name}"))),
            };
            map.into_iter().map(one).collect()
        }
    }
}

#[allow(deprecated, reason = "refused by its name")]
fn vector(given: m::VectorParamsDiff) -> Result<VectorDiff, ApiError> {
    let m::VectorParamsDiff {
        hnsw_config,
        quantization_config,
        on_disk,
        memory,
    } = given;
    let quantization = quantization_config.map(|given| change(given, "quantization_config"));
    Ok(VectorDiff {
        quantization_config: quantization.transpose()?,
        hnsw_config: mark(hnsw_config),
        on_disk: mark(on_disk),
        memory: mark(memory),
    })
}
