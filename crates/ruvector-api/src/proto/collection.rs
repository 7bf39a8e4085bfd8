//! Creations of collections as messages, turned into the JSON side's request, whose rules are the rules. Never writes a
//! default of its own.

use std::collections::BTreeMap;

use ruvector_types::{CollectionConfig, Limits};

use super::given::{named, narrow, required};
use super::messages::{self as m, vectors_config::Config};
use super::quantization::{codes, mark};
use super::terms::timeout;
use super::value::payload;
use crate::collection::{CreateCollection, Fields, VectorParams, VectorsParams};
use crate::tuning::{HnswDiff, OptimizersDiff};
use crate::{ApiError, WirePayload};

const VECTORS: &str = "params (one unnamed vector) or params_map (vectors by name)";

impl m::CreateCollection {
    /// The collection's name and the engine's configuration, checked against `limits`.
    #[allow(deprecated, reason = "on_disk_payload is what is served of it")]
    pub fn into_config(self, limits: &Limits) -> Result<(String, CollectionConfig), ApiError> {
        let m::CreateCollection {
            collection_name,
            hnsw_config,
            wal_config,
            optimizers_config,
            shard_number,
            on_disk_payload,
            timeout: seconds,
            vectors_config,
            replication_factor,
            write_consistency_factor,
            quantization_config,
            sharding_method: method,
            sparse_vectors_config,
            strict_mode_config,
            metadata,
            payload: payload_storage,
            id_tracker,
        } = self;
        timeout(seconds)?;
        let m::VectorsConfig { config } = required(vectors_config, "vectors_config", VECTORS)?;
        let hnsw_config = hnsw_config.map(|given| hnsw(given, "hnsw_config"));
        let quantization_config = quantization_config.map(|given| codes(given, "quantization_config"));
        let request = CreateCollection {
            vectors: vectors(required(config, "vectors_config", VECTORS)?)?,
            shard_number,
            hnsw_config: hnsw_config.transpose()?,
            optimizers_config: optimizers_config.map(optimizers).transpose()?,
            on_disk_payload,
            replication_factor,
            write_consistency_factor,
            sharding_method: method.map(sharding_method).transpose()?,
            quantization_config: quantization_config.transpose()?,
            wal_config: mark(wal_config),
            sparse_vectors: mark(sparse_vectors_config),
            strict_mode_config: mark(strict_mode_config),
            payload: mark(payload_storage),
            id_tracker: mark(id_tracker),
            metadata: Some(WirePayload(payload(metadata, "metadata", limits)?)),
        };
        Ok((collection_name, request.into_config(limits)?))
    }
}

fn sharding_method(number: i32) -> Result<String, ApiError> {
    let method: m::ShardingMethod = named(number, "sharding_method", "0 (auto) or 1 (custom)")?;
    Ok(method.as_str_name().to_lowercase())
}

fn vectors(given: Config) -> Result<VectorsParams, ApiError> {
    let fields = match given {
        Config::Params(params) => {
            let params = vector_params(params).map_err(|error| error.within("vectors_config.params"));
            Fields::One(params?)
        }
        Config::ParamsMap(m::VectorParamsMap { map }) => {
            let one = |(name, params)| match vector_params(params) {
                Ok(params) => Ok((name, params)),
                Err(error) => Err(error.within(format_args!("vectors_config.params_map.{name}"))),
            };
            Fields::Named(map.into_iter().map(one).collect::<Result<BTreeMap<_, _>, _>>()?)
        }
    };
    Ok(VectorsParams(fields))
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn vector_params(given: m::VectorParams) -> Result<VectorParams, ApiError> {
    let m::VectorParams {
        size,
        distance,
        hnsw_config,
        quantization_config,
        on_disk,
        datatype,
        multivector_config,
        memory,
    } = given;
    let distance = named::<m::Distance>(distance, "distance", DISTANCES)?;
    if distance == m::Distance::UnknownDistance {
        return Err(ApiError::rule("distance", "is missing: 1 (Cosine), 2 (Euclid), 3 (Dot) or 4 (Manhattan)"));
    }
    let hnsw_config = hnsw_config.map(|given| hnsw(given, "hnsw_config"));
    let quantization_config = quantization_config.map(|given| codes(given, "quantization_config"));
    Ok(VectorParams {
        size: narrow(size, "size")?,
        distance: distance.as_str_name().to_owned(),
        hnsw_config: hnsw_config.transpose()?,
        datatype: datatype.map(datatype_name).transpose()?.flatten(),
        quantization_config: quantization_config.transpose()?,
        on_disk,
        memory: mark(memory),
        multivector_config: mark(multivector_config),
    })
}

const DISTANCES: &str = "1 (Cosine), 2 (Euclid), 3 (Dot) or 4 (Manhattan)";

/// The type's name as JSON has it; none where the default is meant.
fn datatype_name(number: i32) -> Result<Option<String>, ApiError> {
    let datatype: m::Datatype = named(number, "datatype", "0 (default) to 6 (Turbo16)")?;
    Ok(match datatype {
        m::Datatype::Default => None,
        _ => Some(datatype.as_str_name().to_lowercase()),
    })
}

/// A graph's parameters.
#[allow(deprecated, reason = "refused by its name")]
pub(super) fn hnsw(given: m::HnswConfigDiff, field: &str) -> Result<HnswDiff, ApiError> {
    let m::HnswConfigDiff {
        m,
        ef_construct,
        full_scan_threshold,
        max_indexing_threads,
        on_disk,
        payload_m,
        inline_storage,
        memory,
    } = given;
    let number = |given: Option<u64>, name: &str| {
        let narrowed = given.map(|number| narrow(number, &format!("{field}.{name}")));
        narrowed.transpose()
    };
    Ok(HnswDiff {
        m: number(m, "m")?,
        ef_construct: number(ef_construct, "ef_construct")?,
        inline_storage,
        profile: None,
        full_scan_threshold: mark(full_scan_threshold),
        max_indexing_threads: mark(max_indexing_threads),
        on_disk: mark(on_disk),
        memory: mark(memory),
        payload_m: mark(payload_m),
    })
}

/// The optimizer's thresholds.
pub(super) fn optimizers(given: m::OptimizersConfigDiff) -> Result<OptimizersDiff, ApiError> {
    let m::OptimizersConfigDiff {
        deleted_threshold,
        vacuum_min_vector_number,
        default_segment_number,
        max_segment_size,
        memmap_threshold,
        indexing_threshold,
        flush_interval_sec,
        deprecated_max_optimization_threads,
        max_optimization_threads,
        prevent_unoptimized,
    } = given;
    let field = "optimizers_config.default_segment_number";
    let segments = default_segment_number.map(|number| narrow(number, field));
    Ok(OptimizersDiff {
        deleted_threshold,
        default_segment_number: segments.transpose()?,
        active_bytes_max: None,
        active_rows_max: None,
        log_bytes_max: None,
        vacuum_min_vector_number: mark(vacuum_min_vector_number),
        max_segment_size: mark(max_segment_size),
        memmap_threshold: mark(memmap_threshold),
        indexing_threshold: mark(indexing_threshold),
        flush_interval_sec: mark(flush_interval_sec),
        max_optimization_threads: mark(max_optimization_threads)
            .or(mark(deprecated_max_optimization_threads)),
        prevent_unoptimized: mark(prevent_unoptimized),
    })
}
