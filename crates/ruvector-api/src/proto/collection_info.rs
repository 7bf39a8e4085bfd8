//! What a collection looks like as a message. Never computes a figure of its own.

use std::collections::BTreeMap;

use ruvector_core::{CollectionInfo, IndexInfo, Status};
use ruvector_types::{CollectionConfig, Distance, GraphProfile, HnswConfig, PayloadPath, VectorConfig};

use super::index_info::index_message;
use super::messages::{self as m, vectors_config::Config};
use super::quantization::codes_message;
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
        let indexes = indexes.iter().map(|(path, info)| (path.to_string(), index_message(info)));
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
    let optimizer = &config.optimizer;
    m::CollectionConfig {
        params: Some(m::CollectionParams {
            shard_number: config.shards,
            on_disk_payload: true,
            vectors_config: Some(m::VectorsConfig {
                config: Some(vectors),
            }),
            replication_factor: Some(1),
            write_consistency_factor: Some(1),
            ..Default::default()
        }),
        hnsw_config: Some(m::HnswConfigDiff {
            full_scan_threshold: Some(0),
            ..hnsw_message(shown.hnsw)
        }),
        optimizer_config: Some(m::OptimizersConfigDiff {
            deleted_threshold: Some(optimizer.deleted_share_max),
            default_segment_number: Some(optimizer.segments_max.into()),
            flush_interval_sec: Some(0),
            ..Default::default()
        }),
        wal_config: Some(m::WalConfigDiff::default()),
        quantization_config: shown.quantization.as_ref().and_then(codes_message),
        ..Default::default()
    }
}

fn hnsw_message(hnsw: HnswConfig) -> m::HnswConfigDiff {
    m::HnswConfigDiff {
        m: Some(hnsw.m.into()),
        ef_construct: Some(hnsw.ef_construct.into()),
        inline_storage: Some(hnsw.profile == GraphProfile::Fast),
        ..Default::default()
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
    let codes = vector.quantization.as_ref();
    let codes = codes.filter(|_| vector.quantization != shown.quantization);
    m::VectorParams {
        size: vector.dim.into(),
        distance: distance.into(),
        hnsw_config: (vector.hnsw != shown.hnsw).then(|| hnsw_message(vector.hnsw)),
        quantization_config: codes.and_then(codes_message),
        on_disk: Some(vector.on_disk),
        ..Default::default()
    }
}
