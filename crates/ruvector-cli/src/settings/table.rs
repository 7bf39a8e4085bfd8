//! The table of settings itself. Never reads a value.

use ruvector_server::ServerConfig;
use ruvector_types::Limits;

use super::row::{Kind, Setting};

const U32: u64 = u32::MAX as u64;
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

macro_rules! service {
    ($key:literal, $flag:literal, $min:expr, $max:expr, $default:expr, $doc:literal) => {
        Setting {
            section: "service",
            key: $key,
            flag: $flag,
            kind: Kind::Number($default, $min, $max),
            doc: $doc,
        }
    };
}

macro_rules! limit {
    ($key:ident, $flag:literal, $max:expr, $doc:literal) => {
        Setting {
            section: "limits",
            key: stringify!($key),
            flag: $flag,
            kind: Kind::Number(|| u64::from(Number(Limits::default().$key)), 1, $max),
            doc: $doc,
        }
    };
}

/// A limit of either width, as `u64`.
struct Number<T>(T);

impl From<Number<u32>> for u64 {
    fn from(number: Number<u32>) -> u64 {
        number.0.into()
    }
}

impl From<Number<usize>> for u64 {
    fn from(number: Number<usize>) -> u64 {
        number.0 as u64
    }
}

/// Every setting.
pub(crate) const TABLE: &[Setting] = &[
    Setting {
        section: "service",
        key: "http_host",
        flag: "http-host",
        kind: Kind::Text("127.0.0.1"),
        doc: "Address that REST and gRPC listen on; there is no authentication yet, so the default is this machine only",
    },
    service!(
        "http_port",
        "http-port",
        0,
        65_535,
        || 6333,
        "Port of REST; 0 takes any free port"
    ),
    service!(
        "grpc_port",
        "grpc-port",
        0,
        65_535,
        || 6334,
        "Port of gRPC; 0 takes any free port"
    ),
    service!(
        "body_bytes_max",
        "body-bytes-max",
        1024,
        1 << 30,
        || ServerConfig::default().body_bytes_max as u64,
        "Bytes of one request's body"
    ),
    service!(
        "bodies_bytes_max",
        "bodies-bytes-max",
        1024,
        1 << 40,
        || ServerConfig::default().bodies_bytes_max as u64,
        "Bytes of all request bodies held at once, with what large ones take in memory once they are read; more is answered 429"
    ),
    service!(
        "request_timeout_ms",
        "request-timeout-ms",
        1,
        3_600_000,
        || ServerConfig::default().request_timeout.as_millis() as u64,
        "Milliseconds for one request; then 408"
    ),
    service!(
        "in_flight_max",
        "in-flight-max",
        1,
        100_000,
        || ServerConfig::default().in_flight_max as u64,
        "Requests at work at once; more are answered 429"
    ),
    service!(
        "connections_max",
        "connections-max",
        1,
        1_000_000,
        || ServerConfig::default().connections_max as u64,
        "Open connections; more are answered 503 and closed"
    ),
    service!(
        "search_threads",
        "search-threads",
        0,
        4096,
        || 0,
        "Long reads carried out at the same time, beside short ones; 0 is one for each core"
    ),
    service!(
        "drain_timeout_ms",
        "drain-timeout-ms",
        0,
        3_600_000,
        || ServerConfig::default().drain_timeout.as_millis() as u64,
        "Milliseconds to finish what is in flight when the server stops"
    ),
    Setting {
        section: "storage",
        key: "path",
        flag: "storage",
        kind: Kind::Text("./storage"),
        doc: "Folder of the data; made if missing, used by one server at a time",
    },
    Setting {
        section: "storage",
        key: "maintenance_threads",
        flag: "maintenance-threads",
        kind: Kind::Number(|| 1, 1, 256),
        doc: "Threads that seal, merge and repair segments in the background",
    },
    Setting {
        section: "storage",
        key: "build_threads_max",
        flag: "build-threads-max",
        kind: Kind::Number(|| 0, 0, 1_024),
        doc: "Threads that build the graph of one segment together, half of them in the background; 0: as many as \
              there are processors",
    },
    Setting {
        section: "storage",
        key: "promoted_bytes_max",
        flag: "promoted-bytes-max",
        kind: Kind::NumberOr("half", 0, 1 << 50),
        doc: "Bytes of memory for copies of the graphs, vectors and ids that searches read at random; half is half of \
              the machine's memory, or of what its control group allows; 0 leaves all of it to the page cache",
    },
    Setting {
        section: "storage",
        key: "filter_cache_bytes_max",
        flag: "filter-cache-bytes-max",
        kind: Kind::Number(|| 16 << 20, 0, 1 << 40),
        doc: "Bytes of memory in each collection for filters that come again and what payload indexes answered them; \
              0: none are kept",
    },
    Setting {
        section: "log",
        key: "level",
        flag: "log-level",
        kind: Kind::Word("info", LEVELS),
        doc: "Least severe messages that are logged to standard error: error, warn, info, debug or trace",
    },
    limit!(collections_max, "collections-max", U32, "Collections"),
    limit!(
        aliases_max,
        "aliases-max",
        U32,
        "Aliases of collections, and actions on them in one request"
    ),
    limit!(shards_max, "shards-max", 1024, "Shards of a collection"),
    limit!(
        vector_fields_max,
        "vector-fields-max",
        255,
        "Vector fields of a collection"
    ),
    limit!(vector_dim_max, "vector-dim-max", 65_536, "Dimensions of a vector"),
    limit!(
        sparse_values_max,
        "sparse-values-max",
        1 << 20,
        "Numbers of a sparse vector"
    ),
    limit!(
        multivector_rows_max,
        "multivector-rows-max",
        1 << 20,
        "Vectors of a multi-vector"
    ),
    limit!(
        multivector_numbers_max,
        "multivector-numbers-max",
        1 << 24,
        "Numbers of a multi-vector, all its vectors together"
    ),
    limit!(hnsw_m_max, "hnsw-m-max", 256, "Links of a graph node (m)"),
    limit!(
        hnsw_ef_construct_max,
        "hnsw-ef-construct-max",
        65_536,
        "Breadth of graph construction (ef_construct)"
    ),
    limit!(
        hnsw_ef_max,
        "hnsw-ef-max",
        1 << 20,
        "Breadth of a search (hnsw_ef)"
    ),
    limit!(
        batch_points_max,
        "batch-points-max",
        10_000_000,
        "Points of one write"
    ),
    limit!(
        batch_bytes_max,
        "batch-bytes-max",
        1 << 30,
        "Bytes of one write in the log"
    ),
    limit!(
        payload_bytes_max,
        "payload-bytes-max",
        1 << 28,
        "Encoded bytes of one payload"
    ),
    limit!(
        payload_depth_max,
        "payload-depth-max",
        64,
        "Levels of nesting of a payload"
    ),
    limit!(
        limit_max,
        "limit-max",
        10_000_000,
        "Results of one search, or points of one page of a scroll"
    ),
    limit!(
        offset_max,
        "offset-max",
        100_000_000,
        "Results skipped by one search"
    ),
    limit!(
        query_text_bytes_max,
        "query-text-bytes-max",
        1 << 20,
        "Bytes of the text of one search by words"
    ),
    limit!(
        query_depth_max,
        "query-depth-max",
        64,
        "Levels of stages of a query"
    ),
    limit!(
        query_stages_max,
        "query-stages-max",
        65_536,
        "Stages of a query, all levels together"
    ),
    limit!(
        query_examples_max,
        "query-examples-max",
        100_000,
        "Examples of one recommendation"
    ),
    limit!(
        query_diverse_max,
        "query-diverse-max",
        1_000_000,
        "Points among which one stage chooses those unlike each other"
    ),
    limit!(
        payload_indexes_max,
        "payload-indexes-max",
        4_096,
        "Payload indexes of a collection"
    ),
    limit!(
        stop_words_max,
        "stop-words-max",
        100_000,
        "Stop words that a text index lists itself, beside those of languages"
    ),
    limit!(
        stop_word_bytes_max,
        "stop-word-bytes-max",
        65_535,
        "Bytes of one such stop word"
    ),
    limit!(
        token_chars_max,
        "token-chars-max",
        65_536,
        "Characters that the lengths of a text index's words may name"
    ),
    limit!(
        filter_depth_max,
        "filter-depth-max",
        64,
        "Levels of nesting of a filter"
    ),
    limit!(
        filter_conditions_max,
        "filter-conditions-max",
        1_000_000,
        "Conditions of a filter, all levels together"
    ),
    limit!(
        filter_values_max,
        "filter-values-max",
        10_000_000,
        "Values listed in one condition"
    ),
    limit!(
        filter_text_bytes_max,
        "filter-text-bytes-max",
        1 << 20,
        "Bytes of the text of one condition"
    ),
    limit!(
        filter_polygon_points_max,
        "filter-polygon-points-max",
        1_000_000,
        "Points of one polygon, its holes included"
    ),
];
