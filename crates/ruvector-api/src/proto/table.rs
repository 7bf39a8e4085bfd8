//! What of the messages that callers send is not served, as data: a test sends every field of every call and holds
//! this table to be the whole truth. Never refuses a field itself.

use crate::ApiError;
use crate::selector::NO_SHARD_KEYS;

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
    some(
        "*.memory",
        "memory",
        "Pinned; elsewhere than in VectorParams, VectorParamsDiff and HnswConfigDiff all",
    ),
    all("KeywordIndexParams.nested", "nested"),
    all("IntegerIndexParams.nested", "nested"),
    all("FloatIndexParams.nested", "nested"),
    all("GeoIndexParams.nested", "nested"),
    all("TextIndexParams.nested", "nested"),
    all("BoolIndexParams.nested", "nested"),
    all("DatetimeIndexParams.nested", "nested"),
    all("UuidIndexParams.nested", "nested"),
    all("*.turboquant", "turboquant"),
    some("*.enable_hnsw", "enable_hnsw", "true"),
    all("*.image", "image"),
    all("*.object", "object"),
    all("Condition.slice", "slice"),
    some("SearchParams.indexed_only", "indexed_only", "true"),
    all("SearchParams.acorn", "acorn"),
    all("SearchParams.idf", "idf"),
    some(
        "VectorParams.datatype",
        "datatype",
        "other than Float32, Float16 and Uint8",
    ),
    some(
        "DenseVectorCreationConfig.datatype",
        "datatype",
        "other than Float32, Float16 and Uint8",
    ),
    some(
        "SparseVectorCreationConfig.datatype",
        "datatype",
        "other than Float32 and Float16",
    ),
    all("OptimizersConfigDiff.max_segment_size", "max_segment_size"),
    all("CreateCollection.wal_config", "wal_config"),
    some(
        "*.strict_mode_config",
        "strict_mode_config",
        "anything but enabled = false",
    ),
    some(
        "OptimizersConfigDiff.prevent_unoptimized",
        "prevent_unoptimized",
        "true",
    ),
    some("OptimizersConfigDiff.memmap_threshold", "memmap_threshold", "0"),
    some(
        "SparseIndexConfig.datatype",
        "datatype",
        "other than Float32 and Float16",
    ),
    all("CollectionParamsDiff.payload", "payload"),
    all("CollectionParamsDiff.id_tracker", "payload"),
    some("CollectionParamsDiff.on_disk_payload", "on_disk_payload", "false"),
    all("CreateCollection.payload", "payload"),
    all("CreateCollection.id_tracker", "id_tracker"),
    some("CreateCollection.sharding_method", "sharding_method", "Custom"),
    some("CreateCollection.on_disk_payload", "on_disk_payload", "false"),
    all("UpdateCollection.sparse_vectors_config", "sparse_vectors"),
    all("TextIndexParams.scoring", "scoring"),
    some("SetPayloadPoints.key", "key", "in OverwritePayload"),
    all("OverwritePayload.key", "key"),
    all("Query.discover", "discover"),
    all("Query.context", "context"),
    all("Query.formula", "formula"),
    all("Query.relevance_feedback", "relevance_feedback"),
    all("Query.text", "text"),
];

/// Calls of the interface that are not served, and why.
pub const UNSERVED_CALLS: &[(&str, &str)] = &[
    ("/qdrant.Collections/CollectionClusterInfo", NO_CLUSTER),
    ("/qdrant.Collections/UpdateCollectionClusterSetup", NO_CLUSTER),
    ("/qdrant.Collections/CreateShardKey", NO_SHARD_KEYS),
    ("/qdrant.Collections/DeleteShardKey", NO_SHARD_KEYS),
    ("/qdrant.Collections/ListShardKeys", NO_SHARD_KEYS),
    ("/qdrant.Points/SearchGroups", NO_GROUPS),
    ("/qdrant.Points/RecommendGroups", NO_GROUPS),
    ("/qdrant.Points/QueryGroups", NO_GROUPS),
    ("/qdrant.Points/Discover", "discovery is not served"),
    ("/qdrant.Points/DiscoverBatch", "discovery is not served"),
    ("/qdrant.Points/SearchMatrixPairs", NO_MATRICES),
    ("/qdrant.Points/SearchMatrixOffsets", NO_MATRICES),
    ("/qdrant.Snapshots/Create", NO_SNAPSHOTS),
    ("/qdrant.Snapshots/List", NO_SNAPSHOTS),
    ("/qdrant.Snapshots/Delete", NO_SNAPSHOTS),
    ("/qdrant.Snapshots/CreateFull", NO_SNAPSHOTS),
    ("/qdrant.Snapshots/ListFull", NO_SNAPSHOTS),
    ("/qdrant.Snapshots/DeleteFull", NO_SNAPSHOTS),
];

const NO_CLUSTER: &str = "the server is one node, not a cluster";
const NO_GROUPS: &str = "results are not grouped";
const NO_MATRICES: &str = "distance matrices are not computed";
const NO_SNAPSHOTS: &str = "snapshots are not served";

/// The refusal of a call that is not served.
pub fn no_call(path: &str) -> ApiError {
    match UNSERVED_CALLS.iter().find(|(known, _)| *known == path) {
        Some((path, what)) => ApiError::NotSupported {
            field: (*path).to_owned(),
            what,
        },
        None => ApiError::NoCall {
            path: path.to_owned(),
        },
    }
}

/// Fields that are taken, checked, and change no answer, because what they ask for holds anyway.
pub const ALWAYS_KEPT: &[(&str, &str)] = &[
    ("*.ordering", "there is one sequence of writes for each shard"),
    ("*.read_consistency", "there is one copy of every point"),
    ("CountPoints.exact", "counts are exact"),
    (
        "KeywordIndexParams.prefix",
        "prefix conditions are answered without it",
    ),
    ("Value.null_value", "a value of no kind is null too"),
];

/// Whether an entry of a table is about this field of this message.
pub fn is_about(entry: &str, message: &str, field: &str) -> bool {
    match entry.split_once('.') {
        Some((of, name)) => name == field && (of == "*" || of == message),
        None => false,
    }
}
