//! What of the messages that callers send is not served, as data: a test sends every field of every call and holds
//! this table to be the whole truth. Never refuses anything itself.

/// A field of which a value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `Message.field`; `*` stands for any message.
    pub field: &'static str,
    /// What its refusal calls it.
    pub named: &'static str,
    /// Which values, where it is not all of them.
    pub only: Option<&'static str>,
}

const fn all(field: &'static str, named: &'static str) -> Refused {
    Refused {
        field,
        named,
        only: None,
    }
}

const fn some(field: &'static str, named: &'static str, only: &'static str) -> Refused {
    Refused {
        field,
        named,
        only: Some(only),
    }
}

/// Fields that are refused, by name.
pub const REFUSED: &[Refused] = &[
    all("*.shard_key_selector", "shard_key_selector"),
    all("*.memory", "memory"),
    all("*.nested", "nested"),
    all("*.turboquant", "turboquant"),
    some("*.enable_hnsw", "enable_hnsw", "true"),
    all("*.document", "document"),
    all("*.image", "image"),
    all("*.object", "object"),
    all("Condition.slice", "slice"),
    some("SearchParams.indexed_only", "indexed_only", "true"),
    all("SearchParams.acorn", "acorn"),
    all("SearchParams.idf", "idf"),
    some("VectorParams.datatype", "datatype", "other than Float32"),
    all("VectorParams.multivector_config", "multivector_config"),
    all("VectorParamsDiff.hnsw_config", "hnsw_config"),
    all("VectorParamsDiff.on_disk", "on_disk"),
    all("HnswConfigDiff.full_scan_threshold", "full_scan_threshold"),
    all("HnswConfigDiff.max_indexing_threads", "max_indexing_threads"),
    all("HnswConfigDiff.on_disk", "on_disk"),
    all("HnswConfigDiff.payload_m", "payload_m"),
    all("OptimizersConfigDiff.vacuum_min_vector_number", "vacuum_min_vector_number"),
    all("OptimizersConfigDiff.max_segment_size", "max_segment_size"),
    all("OptimizersConfigDiff.memmap_threshold", "memmap_threshold"),
    all("OptimizersConfigDiff.indexing_threshold", "indexing_threshold"),
    all("OptimizersConfigDiff.flush_interval_sec", "flush_interval_sec"),
    all("OptimizersConfigDiff.deprecated_max_optimization_threads", "max_optimization_threads"),
    all("OptimizersConfigDiff.max_optimization_threads", "max_optimization_threads"),
    all("OptimizersConfigDiff.prevent_unoptimized", "prevent_unoptimized"),
    all("CreateCollection.wal_config", "wal_config"),
    all("CreateCollection.sparse_vectors_config", "sparse_vectors"),
    all("CreateCollection.strict_mode_config", "strict_mode_config"),
    all("CreateCollection.metadata", "metadata"),
    all("CreateCollection.payload", "payload"),
    all("CreateCollection.id_tracker", "id_tracker"),
    some("CreateCollection.replication_factor", "replication_factor", "other than 1"),
    some("CreateCollection.write_consistency_factor", "write_consistency_factor", "other than 1"),
    some("CreateCollection.sharding_method", "sharding_method", "Custom"),
    some("CreateCollection.on_disk_payload", "on_disk_payload", "false"),
    all("UpdateCollection.optimizers_config", "optimizers_config"),
    all("UpdateCollection.params", "params"),
    all("UpdateCollection.hnsw_config", "hnsw_config"),
    all("UpdateCollection.sparse_vectors_config", "sparse_vectors"),
    all("UpdateCollection.strict_mode_config", "strict_mode_config"),
    all("UpdateCollection.metadata", "metadata"),
    all("TextIndexParams.scoring", "scoring"),
    some("SetPayloadPoints.key", "key", "in OverwritePayload"),
    all("OverwritePayload.key", "key"),
    all("Query.discover", "discover"),
    all("Query.context", "context"),
    all("Query.formula", "formula"),
    all("Query.relevance_feedback", "relevance_feedback"),
    all("Query.text", "text"),
];

/// Fields that are taken, checked, and change no answer, because what they ask for holds anyway.
pub const ALWAYS_KEPT: &[(&str, &str)] = &[
    ("*.ordering", "there is one sequence of writes for each shard"),
    ("*.read_consistency", "there is one copy of every point"),
    ("CountPoints.exact", "counts are exact"),
    ("KeywordIndexParams.prefix", "prefix conditions are answered without it"),
];

/// Whether an entry of a table is about this field of this message.
pub fn is_about(entry: &str, message: &str, field: &str) -> bool {
    match entry.split_once('.') {
        Some((of, name)) => name == field && (of == "*" || of == message),
        None => false,
    }
}
