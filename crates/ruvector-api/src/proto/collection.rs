//! Creations of collections as messages, turned into the JSON side's request, whose rules are the rules. Never writes a
//! default of its own.

use std::collections::BTreeMap;

use ruvector_types::{CollectionConfig, Limits};

use super::given::{named, narrow, required};
use super::messages::{self as m, max_optimization_threads::Variant, vectors_config::Config};
use super::quantization::{codes, mark};
use super::terms::timeout;
use super::value::payload;
use crate::collection::{CreateCollection, Fields, VectorParams, VectorsParams};
use crate::tuning::{Auto, HnswDiff, OptimizersDiff, Threads, WireMemory};
use crate::vector_kinds::{
    Comparator, MultiVectorParams, SparseIndexParams, SparseVectorParams, WireDatatype, WireModifier,
};
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
        let config = vectors_config
            .map(|m::VectorsConfig { config }| required(config, "vectors_config", VECTORS).and_then(vectors));
        let hnsw_config = hnsw_config.map(|given| hnsw(given, "hnsw_config"));
        let quantization_config = quantization_config.map(|given| codes(given, "quantization_config"));
        let request = CreateCollection {
            vectors: config.transpose()?,
            sparse_vectors: sparse_vectors_config.map(sparse_vectors).transpose()?,
            shard_number,
            hnsw_config: hnsw_config.transpose()?,
            optimizers_config: optimizers_config.map(optimizers).transpose()?,
            on_disk_payload,
            replication_factor,
            write_consistency_factor,
            sharding_method: method.map(sharding_method).transpose()?,
            quantization_config: quantization_config.transpose()?,
            wal_config: mark(wal_config),
            strict_mode_config: strict_mode_config.map(|given| strict_mode(&given)),
            payload: mark(payload_storage),
            id_tracker: mark(id_tracker),
            init_from: None,
            metadata: Some(WirePayload(payload(metadata, "metadata", limits)?)),
        };
        Ok((collection_name, request.into_config(limits)?))
    }
}

/// What of a strict mode its rule looks at: whether it is on, and whether it has limits.
pub(super) fn strict_mode(given: &m::StrictModeConfig) -> serde_json::Map<String, serde_json::Value> {
    let alone = m::StrictModeConfig {
        enabled: given.enabled,
        ..Default::default()
    };
    let mut mode = serde_json::Map::new();
    mode.insert("enabled".to_owned(), given.enabled.into());
    if alone != *given {
        mode.insert("limits".to_owned(), true.into());
    }
    mode
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

#[allow(deprecated, reason = "on_disk is one of its two spellings")]
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
    let hnsw_config = hnsw_config.map(|given| hnsw(given, "hnsw_config"));
    let quantization_config = quantization_config.map(|given| codes(given, "quantization_config"));
    Ok(VectorParams {
        size: narrow(size, "size")?,
        distance: distance_name(distance)?,
        hnsw_config: hnsw_config.transpose()?,
        datatype: datatype.map(datatype_name).transpose()?.flatten(),
        quantization_config: quantization_config.transpose()?,
        on_disk,
        memory: memory.map(|number| memory_of(number, "memory")).transpose()?,
        multivector_config: multivector_config.map(multivector).transpose()?,
    })
}

/// The distance's name as JSON has it.
pub(super) fn distance_name(number: i32) -> Result<String, ApiError> {
    let distance = named::<m::Distance>(number, "distance", DISTANCES)?;
    if distance == m::Distance::UnknownDistance {
        return Err(ApiError::rule(
            "distance",
            "is missing: 1 (Cosine), 2 (Euclid), 3 (Dot) or 4 (Manhattan)",
        ));
    }
    Ok(distance.as_str_name().to_owned())
}

/// Where bytes are read from.
pub(super) fn memory_of(number: i32, field: &str) -> Result<WireMemory, ApiError> {
    match named::<m::Memory>(number, field, "1 (cold), 2 (cached) or 3 (pinned)")? {
        m::Memory::Cold => Ok(WireMemory::Cold),
        m::Memory::Cached => Ok(WireMemory::Cached),
        m::Memory::Pinned => Ok(WireMemory::Pinned),
        m::Memory::Unknown => Err(ApiError::rule(field, "takes 1 (cold), 2 (cached) or 3 (pinned)")),
    }
}

pub(super) fn multivector(given: m::MultiVectorConfig) -> Result<MultiVectorParams, ApiError> {
    let m::MultiVectorConfig { comparator } = given;
    let field = "multivector_config.comparator";
    let m::MultiVectorComparator::MaxSim = named(comparator, field, "0 (MaxSim)")?;
    let comparator = Comparator::MaxSim;
    Ok(MultiVectorParams { comparator })
}

fn sparse_vectors(given: m::SparseVectorConfig) -> Result<BTreeMap<String, SparseVectorParams>, ApiError> {
    let m::SparseVectorConfig { map } = given;
    let one = |(name, params)| match sparse_params(params) {
        Ok(params) => Ok((name, params)),
        Err(error) => Err(error.within(format_args!("sparse_vectors_config.{name}"))),
    };
    map.into_iter().map(one).collect()
}

fn sparse_params(given: m::SparseVectorParams) -> Result<SparseVectorParams, ApiError> {
    let m::SparseVectorParams {
        index,
        modifier: weighed,
    } = given;
    Ok(SparseVectorParams {
        index: index.map(sparse_index).transpose()?,
        modifier: weighed.map(modifier).transpose()?,
    })
}

/// What the numbers of a query are multiplied with.
pub(super) fn modifier(number: i32) -> Result<WireModifier, ApiError> {
    Ok(match named(number, "modifier", "0 (none) or 1 (idf)")? {
        m::Modifier::None => WireModifier::None,
        m::Modifier::Idf => WireModifier::Idf,
    })
}

/// How the numbers of sparse vectors are kept; none where the default is meant.
pub(super) fn sparse_datatype(number: i32, field: &str) -> Result<Option<WireDatatype>, ApiError> {
    Ok(match named(number, field, "0 (default) to 6 (Turbo16)")? {
        m::Datatype::Default => None,
        m::Datatype::Float32 => Some(WireDatatype::Float32),
        m::Datatype::Float16 => Some(WireDatatype::Float16),
        m::Datatype::Uint8 | m::Datatype::Turbo4 | m::Datatype::Turbo8 | m::Datatype::Turbo16 => {
            Some(WireDatatype::Uint8)
        }
    })
}

#[allow(deprecated, reason = "on_disk is what is served of it")]
fn sparse_index(given: m::SparseIndexConfig) -> Result<SparseIndexParams, ApiError> {
    let m::SparseIndexConfig {
        full_scan_threshold,
        on_disk,
        datatype,
        memory,
    } = given;
    let threshold = full_scan_threshold.map(|number| narrow(number, "index.full_scan_threshold"));
    let datatype = datatype.map(|number| sparse_datatype(number, "index.datatype"));
    Ok(SparseIndexParams {
        full_scan_threshold: threshold.transpose()?,
        on_disk,
        datatype: datatype.transpose()?.flatten(),
        memory: memory
            .map(|number| memory_of(number, "index.memory"))
            .transpose()?,
    })
}

const DISTANCES: &str = "1 (Cosine), 2 (Euclid), 3 (Dot) or 4 (Manhattan)";

/// The type's name as JSON has it; none where the default is meant.
pub(super) fn datatype_name(number: i32) -> Result<Option<String>, ApiError> {
    let datatype: m::Datatype = named(number, "datatype", "0 (default) to 6 (Turbo16)")?;
    Ok(match datatype {
        m::Datatype::Default => None,
        _ => Some(datatype.as_str_name().to_lowercase()),
    })
}

/// A graph's parameters.
#[allow(deprecated, reason = "on_disk is one of its two spellings")]
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
    let memory = memory.map(|number| memory_of(number, &format!("{field}.memory")));
    Ok(HnswDiff {
        m: number(m, "m")?,
        ef_construct: number(ef_construct, "ef_construct")?,
        full_scan_threshold,
        max_indexing_threads: number(max_indexing_threads, "max_indexing_threads")?,
        on_disk,
        memory: memory.transpose()?,
        payload_m: number(payload_m, "payload_m")?,
        inline_storage,
        profile: None,
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
    let number = |given: Option<u64>, name: &str| {
        let narrowed = given.map(|number| narrow(number, &format!("optimizers_config.{name}")));
        narrowed.transpose()
    };
    let older = number(
        deprecated_max_optimization_threads,
        "deprecated_max_optimization_threads",
    )?;
    Ok(OptimizersDiff {
        deleted_threshold,
        vacuum_min_vector_number: number(vacuum_min_vector_number, "vacuum_min_vector_number")?,
        default_segment_number: number(default_segment_number, "default_segment_number")?,
        indexing_threshold,
        memmap_threshold,
        flush_interval_sec,
        max_optimization_threads: match max_optimization_threads {
            Some(given) => Some(threads(given)?),
            None => older.map(Threads::Most),
        },
        prevent_unoptimized,
        active_bytes_max: None,
        active_rows_max: None,
        log_bytes_max: None,
        max_segment_size: mark(max_segment_size),
    })
}

fn threads(given: m::MaxOptimizationThreads) -> Result<Threads, ApiError> {
    let m::MaxOptimizationThreads { variant } = given;
    let field = "optimizers_config.max_optimization_threads";
    match required(variant, field, "value or setting")? {
        Variant::Value(number) => narrow(number, field).map(Threads::Most),
        Variant::Setting(number) => {
            let m::max_optimization_threads::Setting::Auto = named(number, field, "0 (auto)")?;
            Ok(Threads::Auto(Auto::Auto))
        }
    }
}
