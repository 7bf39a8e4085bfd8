//! Reads as the caller states them, and what they return.

use std::cmp::Ordering;

use crate::{Filter, Map, NamedVectors, PayloadPath, PointId, QuantizationSearch, Value, Vector};

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
    /// Breadth of the graph search; `None` is the least from 64 on at which a segment's graph, when written, found 95 % of the
    /// nearest, as far as it does, 128 where it was not measured; and never less than what is asked for.
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
    /// The query, of the field's kind and dimensions, finite.
    pub vector: Vector,
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
    pub fn nearest(vector: impl Into<Vector>, limit: usize) -> SearchRequest {
        SearchRequest {
            using: String::new(),
            vector: vector.into(),
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

/// The points whose text is the most relevant to some words, by BM25.
#[derive(Clone, Debug, PartialEq)]
pub struct TextSearchRequest {
    /// A field with a text index: how its words are cut is declared there.
    pub path: PayloadPath,
    /// The words, of which a point has at least one. A word that is given twice counts twice.
    pub text: String,
    /// Results wanted (k), at least 1.
    pub limit: usize,
    /// Results to skip.
    pub offset: usize,
    /// Only points that match.
    pub filter: Option<Filter>,
    /// Only points whose score is at least this.
    pub score_threshold: Option<f32>,
    /// Payload to return.
    pub with_payload: PayloadSelector,
    /// Vectors to return.
    pub with_vectors: VectorSelector,
}

/// A result of a search. Similarity (cosine, dot), distance (euclid, manhattan) or relevance (words), best first.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredPoint {
    /// The point.
    pub id: PointId,
    /// Its score: similarity for cosine and dot, positive distance for euclid and manhattan, BM25 for words.
    pub score: f32,
    /// Number of the operation that wrote it last.
    pub version: u64,
    /// Its payload, if asked for.
    pub payload: Option<Map>,
    /// Its vectors, if asked for.
    pub vectors: Option<NamedVectors>,
    /// What it was ordered by, if it was: its score is 1 then.
    pub order_value: Option<OrderValue>,
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
    /// What it was ordered by, if it was.
    pub order_value: Option<OrderValue>,
}

/// By which values a scroll is ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// A field with an integer, float or datetime index. Points without a value there are left out; one with several
    /// comes once for each.
    pub path: PayloadPath,
    /// The greatest first.
    pub descending: bool,
    /// The first value, inclusive. Where times order, an integer is one in microseconds since 1970.
    pub start_from: Option<OrderValue>,
}

/// A value that points are ordered by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OrderValue {
    /// A number equal to an `i64`.
    Int(i64),
    /// A number above `i64::MAX` equal to a `u64`.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A time: microseconds since 1970.
    Time(i64),
}

/// How many points have each value of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetRequest {
    /// A field with a keyword, uuid, integer or bool index.
    pub path: PayloadPath,
    /// Values wanted, the most frequent first, at least 1.
    pub limit: usize,
    /// Only points that match.
    pub filter: Option<Filter>,
    /// Deleted points are never counted; otherwise they may be, where there is no filter.
    pub exact: bool,
}

/// A value of a field and how many points have it.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetHit {
    /// The value: a string, an integer or a boolean.
    pub value: Value,
    /// Points.
    pub count: u64,
}

/// A page of points in id order, or in that of their values.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrollRequest {
    /// First id of the page; `None` starts at the smallest. Not with `order_by`.
    pub from: Option<PointId>,
    /// The order, if not that of ids; equal values are in the order of ids.
    pub order_by: Option<OrderBy>,
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
    /// Where the next page starts; `None` at the end, and where values order it: the last value says where to go on.
    pub next: Option<PointId>,
}

/// How many points match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountRequest {
    /// Only points that match.
    pub filter: Option<Filter>,
}

impl OrderValue {
    /// In exact order, without rounding; a number comes before a time.
    pub fn compare(&self, other: &OrderValue) -> Ordering {
        match (self, other) {
            (OrderValue::Time(a), OrderValue::Time(b)) => a.cmp(b),
            (OrderValue::Time(_), _) => Ordering::Greater,
            (_, OrderValue::Time(_)) => Ordering::Less,
            (OrderValue::Float(a), OrderValue::Float(b)) => a.total_cmp(b),
            (OrderValue::Float(a), _) => order_of_float(*a, other.whole()),
            (_, OrderValue::Float(b)) => order_of_float(*b, self.whole()).reverse(),
            _ => self.whole().cmp(&other.whole()),
        }
    }

    fn whole(&self) -> i128 {
        match self {
            OrderValue::Int(integer) | OrderValue::Time(integer) => (*integer).into(),
            OrderValue::UInt(integer) => (*integer).into(),
            OrderValue::Float(number) => *number as i128,
        }
    }
}

/// How `number` compares with `integer`, which fits 65 bits: its whole part is exact as `i128`.
fn order_of_float(number: f64, integer: i128) -> Ordering {
    let whole = number.trunc();
    let fraction = number - whole;
    (whole as i128)
        .cmp(&integer)
        .then(fraction.partial_cmp(&0.0).unwrap_or(Ordering::Equal))
}
