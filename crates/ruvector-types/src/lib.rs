//! Point ids, payload values, vectors, filters, queries, write operations, configurations and limits:
//! the engine's vocabulary. Never does I/O and never knows a wire format.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod config;
mod datatype;
pub mod datetime;
mod expression;
mod field_index;
mod filter;
mod filter_hash;
mod filter_rules;
mod id;
mod invalid;
mod limits;
mod operation;
mod path;
mod quantization;
mod query;
mod query_tree;
mod settings;
mod value;
mod vector;

pub use config::{
    CollectionConfig, Distance, GraphProfile, HnswConfig, Modifier, MultiVectorComparator, OptimizerConfig,
    SparseDatatype, SparseVectorConfig, VectorConfig, VectorField,
};
pub use datatype::VectorDatatype;
pub use expression::{AnyRange, Bound, FilterExpression, Scalar};
pub use field_index::{FieldIndex, IndexKind, Language, TextOptions, Tokenizer};
pub use filter::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, GeoPolygon, Match, MinShould, Number,
    Range, Text,
};
pub use filter_rules::{check_radius, check_ring};
pub use id::{PointId, PointIdError};
pub use invalid::{Invalid, Problem};
pub use limits::Limits;
pub use operation::{NamedVectors, Point, PointSelector, PointVectors, UpdateMode, Upsert, WriteOp};
pub use path::{PathError, PayloadPath, Step, WrittenSteps};
pub use quantization::{
    CodeWidth, Codes, HASH_BITS_MAX, QuantizationConfig, QuantizationSearch, QueryPrecision,
};
pub use query::{
    CountRequest, FacetHit, FacetRequest, OrderBy, OrderValue, PayloadSelector, PointRecord, ScoredPoint,
    ScrollPage, ScrollRequest, SearchParams, SearchRequest, TextSearchRequest, VectorSelector,
};
pub use query_tree::{Fusion, LookupFrom, Query, QueryRequest, QueryStage, RecommendStrategy, VectorInput};
pub use settings::{AliasAction, CollectionSettings};
pub use value::{Map, Value};
pub use vector::{MultiVector, SparseVector, Vector};
