//! Changes of collections as messages, turned into the JSON side's request, whose rules are the rules. Never changes what
//! the message does not name.

use std::collections::BTreeMap;

use ruvector_types::Limits;

use super::collection::{hnsw, memory_of, optimizers, strict_mode};
use super::given::required;
use super::messages::{self as m, vectors_config_diff::Config};
use super::quantization::{change, mark};
use super::terms::timeout;
use super::value::payload;
use crate::collection_update::{CollectionParamsDiff, UpdateCollection, VectorDiff};
use crate::{ApiError, WirePayload};

impl m::UpdateCollection {
    /// The collection's name and the changes, as the JSON side has them.
    pub fn into_update(self, limits: &Limits) -> Result<(String, UpdateCollection), ApiError> {
        let m::UpdateCollection {
            collection_name,
            optimizers_config,
            timeout: seconds,
            params: given,
            hnsw_config,
            vectors_config,
            quantization_config,
            sparse_vectors_config,
            strict_mode_config,
            metadata,
        } = self;
        timeout(seconds)?;
        let quantization = quantization_config.map(|given| change(given, "quantization_config"));
        let hnsw_config = hnsw_config.map(|given| hnsw(given, "hnsw_config"));
        let metadata = payload(metadata, "metadata", limits)?;
        let update = UpdateCollection {
            quantization_config: quantization.transpose()?,
            vectors: vectors_config.map(vectors).transpose()?,
            hnsw_config: hnsw_config.transpose()?,
            optimizers_config: optimizers_config.map(optimizers).transpose()?,
            params: given.map(params),
            strict_mode_config: strict_mode_config.map(|given| strict_mode(&given)),
            metadata: Some(metadata)
                .filter(|changes| !changes.is_empty())
                .map(WirePayload),
            sparse_vectors: mark(sparse_vectors_config),
        };
        Ok((collection_name, update))
    }
}

#[allow(deprecated, reason = "on_disk_payload is what is served of it")]
fn params(given: m::CollectionParamsDiff) -> CollectionParamsDiff {
    let m::CollectionParamsDiff {
        replication_factor,
        write_consistency_factor,
        on_disk_payload,
        read_fan_out_factor,
        read_fan_out_delay_ms,
        payload,
        id_tracker,
    } = given;
    CollectionParamsDiff {
        replication_factor,
        write_consistency_factor,
        read_fan_out_factor,
        read_fan_out_delay_ms,
        on_disk_payload,
        payload: mark(payload).or(mark(id_tracker)),
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

#[allow(deprecated, reason = "on_disk is one of its two spellings")]
fn vector(given: m::VectorParamsDiff) -> Result<VectorDiff, ApiError> {
    let m::VectorParamsDiff {
        hnsw_config,
        quantization_config,
        on_disk,
        memory,
    } = given;
    let quantization = quantization_config.map(|given| change(given, "quantization_config"));
    let hnsw_config = hnsw_config.map(|given| hnsw(given, "hnsw_config"));
    Ok(VectorDiff {
        quantization_config: quantization.transpose()?,
        hnsw_config: hnsw_config.transpose()?,
        on_disk,
        memory: memory.map(|number| memory_of(number, "memory")).transpose()?,
    })
}
