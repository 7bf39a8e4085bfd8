//! What a collection looks like as a message. Never computes a figure of its own.

use std::collections::BTreeMap;

use ruvector_core::{CollectionInfo, IndexInfo, Status};
use ruvector_types::{
    CollectionConfig, Distance, GraphProfile, HnswConfig, Modifier, MultiVectorComparator, OptimizerConfig,
    PayloadPath, SparseDatatype, SparseVectorConfig, VectorConfig, VectorDatatype,
};

use super::index_info::index_message;
use super::messages::{self as m, vectors_config::Config};
use super::quantization::codes_message;
use super::value::payload_message;
use crate::collection_view::Shown;

impl m::GetCollectionInfoResponse {
    /// From the engine's configuration and figures, and the seconds it took.
    pub fn of(
        config: &CollectionConfig,
        info: &CollectionInfo,
        indexes: &BTreeMap<PayloadPath, IndexInfo>,
        time: f64,
    ) -> m::GetCollectionInfoResponse {
        let status = match info.status {
            Status::Green => m::CollectionStatus::Green,
            Status::Yellow => m::CollectionStatus::Yellow,
            Status::Red => m::CollectionStatus::Red,
        };
        let indexes = indexes
            .iter()
            .map(|(path, info)| (path.to_string(), index_message(info)));
        let result = m::CollectionInfo {
            status: status.into(),
            optimizer_status: Some(m::OptimizerStatus {
                ok: info.damages.is_empty(),
                error: info.damages.join("; "),
            }),
            segments_count: info.segments,
            config: Some(config_message(config)),
            payload_schema: indexes.collect(),
            points_count: Some(info.points),
            indexed_vectors_count: Some(info.indexed_vectors),
            ..Default::default()
        };
        m::GetCollectionInfoResponse {
            result: Some(result),
            time,
        }
    }
}

#[allow(deprecated, reason = "the fields that every client reads")]
fn config_message(config: &CollectionConfig) -> m::CollectionConfig {
    let shown = Shown::of(config);
    let vectors = match config.vectors.get("") {
        Some(only) if config.vectors.len() == 1 => Config::Params(vector_message(only, shown)),
        _ => {
            let named = config.vectors.iter();
            let map = named.map(|(name, vector)| (name.clone(), vector_message(vector, shown)));
            Config::ParamsMap(m::VectorParamsMap { map: map.collect() })
        }
    };
    let sparse = config.sparse_vectors.iter();
    let sparse = sparse.map(|(name, field)| (name.clone(), sparse_message(field)));
    let sparse = Some(m::SparseVectorConfig {
        map: sparse.collect(),
    });
    let settings = &config.settings;
    m::CollectionConfig {
        params: Some(m::CollectionParams {
            shard_number: config.shards,
            on_disk_payload: true,
            vectors_config: Some(m::VectorsConfig {
                config: Some(vectors),
            }),
            replication_factor: Some(settings.replication_factor),
            write_consistency_factor: Some(settings.write_consistency_factor),
            read_fan_out_factor: settings.read_fan_out_factor,
            read_fan_out_delay_ms: settings.read_fan_out_delay_ms,
            sparse_vectors_config: sparse.filter(|config| !config.map.is_empty()),
            ..Default::default()
        }),
        hnsw_config: Some(hnsw_message(shown.hnsw)),
        optimizer_config: Some(optimizer_message(&config.optimizer)),
        // The log has no settings; clients want numbers.
        wal_config: Some(m::WalConfigDiff {
            wal_capacity_mb: Some(0),
            wal_segments_ahead: Some(0),
            wal_retain_closed: None,
        }),
        quantization_config: shown.quantization.as_ref().and_then(codes_message),
        metadata: payload_message(Some(settings.metadata.clone())),
        ..Default::default()
    }
}

#[allow(deprecated, reason = "the fields that every client reads")]
fn hnsw_message(hnsw: HnswConfig) -> m::HnswConfigDiff {
    m::HnswConfigDiff {
        m: Some(hnsw.m.into()),
        ef_construct: Some(hnsw.ef_construct.into()),
        full_scan_threshold: Some(hnsw.full_scan_threshold_kib.unwrap_or(0)),
        max_indexing_threads: Some(hnsw.threads_max.into()),
        on_disk: Some(hnsw.on_disk),
        payload_m: hnsw.payload_m.map(u64::from),
        inline_storage: Some(hnsw.profile == GraphProfile::Fast),
        memory: None,
    }
}

fn optimizer_message(optimizer: &OptimizerConfig) -> m::OptimizersConfigDiff {
    let threads = optimizer.jobs_max.map(|most| m::MaxOptimizationThreads {
        variant: Some(m::max_optimization_threads::Variant::Value(most.into())),
    });
    m::OptimizersConfigDiff {
        deleted_threshold: Some(optimizer.deleted_share_max),
        vacuum_min_vector_number: Some(optimizer.vacuum_rows_min.into()),
        default_segment_number: Some(optimizer.segments_max.into()),
        indexing_threshold: optimizer.indexing_threshold_kib,
        memmap_threshold: optimizer.memmap_threshold_kib,
        flush_interval_sec: Some(optimizer.flush_interval_s),
        deprecated_max_optimization_threads: optimizer.jobs_max.map(u64::from),
        max_optimization_threads: threads,
        ..Default::default()
    }
}

#[allow(deprecated, reason = "the fields that every client reads")]
fn sparse_message(field: &SparseVectorConfig) -> m::SparseVectorParams {
    let datatype = match field.datatype {
        SparseDatatype::Float32 => m::Datatype::Float32,
        SparseDatatype::Float16 => m::Datatype::Float16,
    };
    m::SparseVectorParams {
        index: Some(m::SparseIndexConfig {
            full_scan_threshold: field.full_scan_threshold.map(u64::from),
            on_disk: Some(field.on_disk),
            datatype: Some(datatype.into()),
            memory: None,
        }),
        modifier: match field.modifier {
            Modifier::None => None,
            Modifier::Idf => Some(m::Modifier::Idf.into()),
        },
    }
}

/// Shows the graph's parameters and the codes only where they differ from the collection's.
#[allow(deprecated, reason = "the fields that every client reads")]
fn vector_message(vector: &VectorConfig, shown: Shown) -> m::VectorParams {
    let distance = match vector.distance {
        Distance::Cosine => m::Distance::Cosine,
        Distance::Dot => m::Distance::Dot,
        Distance::Euclid => m::Distance::Euclid,
        Distance::Manhattan => m::Distance::Manhattan,
    };
    let datatype = match vector.datatype {
        VectorDatatype::Float32 => m::Datatype::Float32,
        VectorDatatype::Float16 => m::Datatype::Float16,
        VectorDatatype::Uint8 => m::Datatype::Uint8,
    };
    let codes = vector.quantization.as_ref();
    let codes = codes.filter(|_| vector.quantization != shown.quantization);
    m::VectorParams {
        size: vector.dim.into(),
        distance: distance.into(),
        hnsw_config: (vector.hnsw != shown.hnsw).then(|| hnsw_message(vector.hnsw)),
        quantization_config: codes.and_then(codes_message),
        on_disk: Some(vector.on_disk),
        datatype: Some(datatype.into()),
        multivector_config: vector
            .multivector
            .map(|MultiVectorComparator::MaxSim| m::MultiVectorConfig {
                comparator: m::MultiVectorComparator::MaxSim.into(),
            }),
        ..Default::default()
    }
}
