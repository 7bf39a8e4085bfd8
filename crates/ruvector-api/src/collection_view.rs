//! What a collection looks like on its way out. Never computes a figure of its own.

use std::collections::BTreeMap;

use ruvector_core::{CollectionInfo, IndexInfo, ShardInfo, Status};
use ruvector_types::{
    CollectionConfig, Distance, GraphProfile, HnswConfig, OptimizerConfig, PayloadPath, QuantizationConfig,
    VectorConfig,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::WirePayload;
use crate::index_view::{PayloadSchemaView, payload_schema};
use crate::quantization::WireQuantization;
use crate::vector_kinds::{MultiVectorParams, SparseVectorParams};

/// Result of `GET /collections`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionNames {
    collections: Vec<NamedCollection>,
}

/// A collection's name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedCollection {
    name: String,
}

impl CollectionNames {
    /// From the names, in their order.
    pub fn new(names: Vec<String>) -> CollectionNames {
        let collections = names.into_iter().map(|name| NamedCollection { name }).collect();
        CollectionNames { collections }
    }
}

/// Result of `GET /collections/{name}/exists`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionExists {
    /// Whether there is a collection of that name.
    pub exists: bool,
}

/// Result of `GET /collections/{name}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionView {
    /// `green`: all is well; `yellow`: the optimizer is at work; `red`: something is damaged.
    status: &'static str,
    /// `ok`, or what is damaged.
    #[schema(value_type = serde_json::Value)]
    optimizer_status: OptimizerStatus,
    points_count: u64,
    vectors_count: u64,
    /// Vectors that a search finds through a graph or an inverted index.
    indexed_vectors_count: u64,
    segments_count: u64,
    config: ConfigView,
    /// The payload indexes by field.
    payload_schema: PayloadSchemaView,
    ram_bytes: u64,
    /// Of these, copies of graphs, vectors and ids in memory for searches.
    promoted_bytes: u64,
    disk_bytes: u64,
    /// Insertions into graphs since the collection was opened.
    graph_insertions: u64,
    shards: Vec<ShardView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum OptimizerStatus {
    Ok,
    Error(String),
}

#[derive(Debug, Serialize, ToSchema)]
struct ConfigView {
    params: ParamsView,
    hnsw_config: HnswView,
    optimizer_config: OptimizerView,
    wal_config: Option<u8>,
    /// Codes of the vectors, where all have the same; else each shows its own.
    quantization_config: Option<WireQuantization>,
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<WirePayload>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ParamsView {
    #[schema(value_type = Object)]
    vectors: VectorsView,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    sparse_vectors: BTreeMap<String, SparseVectorParams>,
    shard_number: u32,
    replication_factor: u32,
    write_consistency_factor: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_fan_out_factor: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_fan_out_delay_ms: Option<u64>,
    on_disk_payload: bool,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum VectorsView {
    One(VectorView),
    Named(BTreeMap<String, VectorView>),
}

#[derive(Debug, Serialize, ToSchema)]
struct VectorView {
    size: u32,
    distance: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hnsw_config: Option<HnswView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantization_config: Option<WireQuantization>,
    on_disk: bool,
    datatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    multivector_config: Option<MultiVectorParams>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HnswView {
    m: u32,
    ef_construct: u32,
    /// KiB of vectors below which all of them are compared; 0: as is cheaper.
    full_scan_threshold: u64,
    /// 0: as many as the server allows.
    max_indexing_threads: u32,
    on_disk: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_m: Option<u32>,
    /// Whether the profile is `fast`.
    inline_storage: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct OptimizerView {
    deleted_threshold: f64,
    vacuum_min_vector_number: u32,
    default_segment_number: u32,
    /// KiB of a field's vectors up to which a segment has no graph of them; `null`: all have.
    indexing_threshold: Option<u64>,
    memmap_threshold: Option<u64>,
    /// As asked for; every acknowledged write is on the disk.
    flush_interval_sec: u64,
    /// `null`: one.
    max_optimization_threads: Option<u32>,
    active_bytes_max: u64,
    active_rows_max: u32,
    log_bytes_max: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ShardView {
    shard: u32,
    appended_seq: u64,
    durable_seq: u64,
    committed_seq: u64,
    visible_seq: u64,
    active_rows: u64,
    sealed_segments: u64,
    deleted_rows: u64,
    log_bytes: u64,
    poisoned: bool,
}

impl CollectionView {
    /// From the engine's configuration and figures.
    pub fn new(
        config: &CollectionConfig,
        info: CollectionInfo,
        indexes: BTreeMap<PayloadPath, IndexInfo>,
    ) -> CollectionView {
        let optimizer_status = if info.damages.is_empty() {
            OptimizerStatus::Ok
        } else {
            OptimizerStatus::Error(info.damages.join("; "))
        };
        CollectionView {
            status: match info.status {
                Status::Green => "green",
                Status::Yellow => "yellow",
                Status::Red => "red",
            },
            optimizer_status,
            points_count: info.points,
            vectors_count: info.vectors,
            indexed_vectors_count: info.indexed_vectors,
            segments_count: info.segments,
            config: ConfigView::new(config),
            payload_schema: payload_schema(indexes),
            ram_bytes: info.ram_bytes,
            promoted_bytes: info.promoted_bytes,
            disk_bytes: info.disk_bytes,
            graph_insertions: info.graph_insertions,
            shards: info.shards.iter().map(ShardView::new).collect(),
        }
    }
}

impl ConfigView {
    fn new(config: &CollectionConfig) -> ConfigView {
        let base = Shown::of(config);
        let vectors = match config.vectors.get("") {
            Some(only) if config.vectors.len() == 1 => VectorsView::One(VectorView::new(only, base)),
            _ => VectorsView::Named(
                config
                    .vectors
                    .iter()
                    .map(|(name, vector)| (name.clone(), VectorView::new(vector, base)))
                    .collect(),
            ),
        };
        let sparse_vectors = config
            .sparse_vectors
            .iter()
            .map(|(name, field)| (name.clone(), field.into()))
            .collect();
        ConfigView {
            params: ParamsView {
                vectors,
                sparse_vectors,
                shard_number: config.shards,
                replication_factor: config.settings.replication_factor,
                write_consistency_factor: config.settings.write_consistency_factor,
                read_fan_out_factor: config.settings.read_fan_out_factor,
                read_fan_out_delay_ms: config.settings.read_fan_out_delay_ms,
                on_disk_payload: true,
            },
            hnsw_config: HnswView::new(base.hnsw),
            optimizer_config: OptimizerView::new(&config.optimizer),
            wal_config: None,
            quantization_config: base.quantization.as_ref().map(WireQuantization::from),
            metadata: Some(config.settings.metadata.clone())
                .filter(|metadata| !metadata.is_empty())
                .map(WirePayload),
        }
    }
}

/// What is shown for the collection as a whole.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) hnsw: HnswConfig,
    pub(crate) quantization: Option<QuantizationConfig>,
}

impl Shown {
    pub(crate) fn of(config: &CollectionConfig) -> Shown {
        let first = config.vectors.values().next();
        let codes = first.and_then(|vector| vector.quantization);
        let same = |vector: &VectorConfig| vector.quantization == codes;
        Shown {
            hnsw: config.settings.hnsw,
            quantization: codes.filter(|_| config.vectors.values().all(same)),
        }
    }
}

impl HnswView {
    fn new(hnsw: HnswConfig) -> HnswView {
        HnswView {
            m: hnsw.m,
            ef_construct: hnsw.ef_construct,
            full_scan_threshold: hnsw.full_scan_threshold_kib.unwrap_or(0),
            max_indexing_threads: hnsw.threads_max,
            on_disk: hnsw.on_disk,
            payload_m: hnsw.payload_m,
            inline_storage: hnsw.profile == GraphProfile::Fast,
        }
    }
}

impl OptimizerView {
    fn new(optimizer: &OptimizerConfig) -> OptimizerView {
        OptimizerView {
            deleted_threshold: optimizer.deleted_share_max,
            vacuum_min_vector_number: optimizer.vacuum_rows_min,
            default_segment_number: optimizer.segments_max,
            indexing_threshold: optimizer.indexing_threshold_kib,
            memmap_threshold: optimizer.memmap_threshold_kib,
            flush_interval_sec: optimizer.flush_interval_s,
            max_optimization_threads: optimizer.jobs_max,
            active_bytes_max: optimizer.active_bytes_max,
            active_rows_max: optimizer.active_rows_max,
            log_bytes_max: optimizer.log_bytes_max,
        }
    }
}

impl VectorView {
    /// Shows the graph's parameters and the codes only where they differ from the collection's.
    fn new(vector: &VectorConfig, base: Shown) -> VectorView {
        let hnsw_config = (vector.hnsw != base.hnsw).then(|| HnswView::new(vector.hnsw));
        let codes = vector.quantization.as_ref();
        let codes = codes.filter(|_| vector.quantization != base.quantization);
        VectorView {
            size: vector.dim,
            distance: match vector.distance {
                Distance::Cosine => "Cosine",
                Distance::Dot => "Dot",
                Distance::Euclid => "Euclid",
                Distance::Manhattan => "Manhattan",
            },
            hnsw_config,
            quantization_config: codes.map(WireQuantization::from),
            on_disk: vector.on_disk,
            datatype: vector.datatype.name(),
            multivector_config: vector.multivector.map(MultiVectorParams::from),
        }
    }
}

impl ShardView {
    fn new(info: &ShardInfo) -> ShardView {
        ShardView {
            shard: info.shard,
            appended_seq: info.appended_seq,
            durable_seq: info.durable_seq,
            committed_seq: info.committed_seq,
            visible_seq: info.visible_seq,
            active_rows: info.active_rows,
            sealed_segments: info.sealed_segments,
            deleted_rows: info.deleted_rows,
            log_bytes: info.log_bytes,
            poisoned: info.poisoned,
        }
    }
}
