//! Reads as the caller states them, and what they return.

use crate::{Filter, Map, NamedVectors, PayloadPath, PointId, QuantizationSearch};

/// Which parts of the payload come back.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PayloadSelector {
    /// None.
    #[default]
    None,
    /// All of it.
    All,
    /// Only these paths.
    Include(Vec<PayloadPath>),
    /// All but these paths.
    Exclude(Vec<PayloadPath>),
}

/// Which vectors come back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VectorSelector {
    /// None.
    #[default]
    None,
    /// All of them.
    All,
    /// These fields.
    Names(Vec<String>),
}

/// How hard a search tries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SearchParams {
    /// Breadth of the graph search; `None` is 64, and never less than what is asked for.
    pub hnsw_ef: Option<u32>,
    /// Compare with every vector instead of using the graph.
    pub exact: bool,
    /// How to use the field's codes, where it has some.
    pub quantization: QuantizationSearch,
}

/// The k nearest points to a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    /// The vector field; the unnamed one is `""`.
    pub using: String,
    /// The query, of the field's dimensions, finite.
    pub vector: Vec<f32>,
    /// Results wanted (k), at least 1.
    pub limit: usize,
    /// Results to skip.
    pub offset: usize,
    /// Only points that match.
    pub filter: Option<Filter>,
    /// Only points whose score is at least (similarity) or at most (distance) this.
    pub score_threshold: Option<f32>,
    /// How hard to try.
    pub params: SearchParams,
    /// Payload to return.
    pub with_payload: PayloadSelector,
    /// Vectors to return.
    pub with_vectors: VectorSelector,
}

impl SearchRequest {
    /// The `limit` nearest to `vector` of the unnamed field, ids and scores only.
    pub fn nearest(vector: Vec<f32>, limit: usize) -> SearchRequest {
        SearchRequest {
            using: String::new(),
            vector,
            limit,
            offset: 0,
            filter: None,
            score_threshold: None,
            params: SearchParams::default(),
            with_payload: PayloadSelector::None,
            with_vectors: VectorSelector::None,
        }
    }
}

/// A result of a search. Similarity (cosine, dot) or distance (euclid, manhattan), best first.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredPoint {
    /// The point.
    pub id: PointId,
    /// Its score: similarity for cosine and dot, positive distance for euclid and manhattan.
    pub score: f32,
    /// Number of the operation that wrote it last.
    pub version: u64,
    /// Its payload, if asked for.
    pub payload: Option<Map>,
    /// Its vectors, if asked for.
    pub vectors: Option<NamedVectors>,
}

/// A point as it is read back.
#[derive(Clone, Debug, PartialEq)]
pub struct PointRecord {
    /// The point.
    pub id: PointId,
    /// Number of the operation that wrote it last.
    pub version: u64,
    /// Its payload, if asked for.
    pub payload: Option<Map>,
    /// Its vectors, if asked for. Cosine vectors come back normalised.
    pub vectors: Option<NamedVectors>,
}

/// A page of points in id order.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrollRequest {
    /// First id of the page; `None` starts at the smallest.
    pub from: Option<PointId>,
    /// Points of the page, at least 1.
    pub limit: usize,
    /// Only points that match.
    pub filter: Option<Filter>,
    /// Payload to return.
    pub with_payload: PayloadSelector,
    /// Vectors to return.
    pub with_vectors: VectorSelector,
}

/// What a scroll returns.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrollPage {
    /// The points, by id.
    pub points: Vec<PointRecord>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<PointId>,
}

/// How many points match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountRequest {
    /// Only points that match.
    pub filter: Option<Filter>,
}
