//! Every limit of the engine, its unit last in the name. Crossing one is refused with the limit named.

/// Bytes of a string point id.
pub(crate) const POINT_ID_BYTES_MAX: usize = 512;
/// Bytes of a payload path.
pub(crate) const PATH_BYTES_MAX: usize = 1024;
/// Steps of a payload path.
pub(crate) const PATH_STEPS_MAX: usize = 32;

/// The limits a database enforces. `Limits::default()` is what a server starts with; each can be lowered or raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a collection name.
    pub collection_name_bytes_max: usize,
    /// Collections of a database.
    pub collections_max: usize,
    /// Aliases of a database, and actions on them of one request.
    pub aliases_max: usize,
    /// Shards of a collection.
    pub shards_max: u32,
    /// Named vectors of a collection.
    pub vector_fields_max: usize,
    /// Bytes of a vector's name.
    pub vector_name_bytes_max: usize,
    /// Dimensions of a vector.
    pub vector_dim_max: u32,
    /// Numbers of a sparse vector.
    pub sparse_values_max: usize,
    /// Vectors of a multi-vector.
    pub multivector_rows_max: usize,
    /// Numbers of a multi-vector, all its vectors together.
    pub multivector_numbers_max: usize,
    /// Links of a graph node (`m`).
    pub hnsw_m_max: u32,
    /// Breadth of graph construction (`ef_construct`).
    pub hnsw_ef_construct_max: u32,
    /// Breadth of a search (`hnsw_ef`).
    pub hnsw_ef_max: u32,
    /// Points of one write.
    pub batch_points_max: usize,
    /// Bytes of one write in the log.
    pub batch_bytes_max: usize,
    /// Encoded bytes of one payload.
    pub payload_bytes_max: usize,
    /// Levels of nesting of a payload.
    pub payload_depth_max: usize,
    /// Results of one search or page of a scroll.
    pub limit_max: usize,
    /// Results skipped by one search.
    pub offset_max: usize,
    /// Bytes of the text of one search by words.
    pub query_text_bytes_max: usize,
    /// Levels of stages of a query.
    pub query_depth_max: usize,
    /// Stages of a query, all levels together.
    pub query_stages_max: usize,
    /// Examples of one recommendation.
    pub query_examples_max: usize,
    /// Points among which one stage chooses those unlike each other.
    pub query_diverse_max: usize,
    /// Payload indexes of a collection.
    pub payload_indexes_max: usize,
    /// Stop words that a text index lists itself, beside those of languages.
    pub stop_words_max: usize,
    /// Bytes of one of them.
    pub stop_word_bytes_max: usize,
    /// Characters that the lengths of a text index's words may name.
    pub token_chars_max: u32,
    /// Levels of nesting of a filter.
    pub filter_depth_max: usize,
    /// Conditions of a filter, all levels together.
    pub filter_conditions_max: usize,
    /// Values listed in one match-any or has-id condition.
    pub filter_values_max: usize,
    /// Bytes of the text of one condition of a filter.
    pub filter_text_bytes_max: usize,
    /// Points of one polygon, its holes included.
    pub filter_polygon_points_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            collection_name_bytes_max: 255,
            collections_max: 100_000,
            aliases_max: 100_000,
            shards_max: 64,
            vector_fields_max: 64,
            vector_name_bytes_max: 255,
            vector_dim_max: 65_536,
            sparse_values_max: 32_768,
            multivector_rows_max: 8_192,
            multivector_numbers_max: 1 << 20,
            hnsw_m_max: 256,
            hnsw_ef_construct_max: 4_096,
            hnsw_ef_max: 16_384,
            batch_points_max: 100_000,
            batch_bytes_max: 256 << 20,
            payload_bytes_max: 8 << 20,
            payload_depth_max: 64,
            limit_max: 100_000,
            offset_max: 1_000_000,
            query_text_bytes_max: 16 << 10,
            query_depth_max: 16,
            query_stages_max: 256,
            query_examples_max: 1_024,
            query_diverse_max: 16_384,
            payload_indexes_max: 256,
            stop_words_max: 2_048,
            stop_word_bytes_max: 128,
            token_chars_max: 1_024,
            filter_depth_max: 32,
            filter_conditions_max: 4_096,
            filter_values_max: 100_000,
            filter_text_bytes_max: 16 << 10,
            filter_polygon_points_max: 10_000,
        }
    }
}
