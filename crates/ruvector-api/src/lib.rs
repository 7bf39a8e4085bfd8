//! JSON wire types of the REST interface, messages of the gRPC interface, all conversions between them and the engine's types, and the
//! mapping from errors to status codes. Never speaks HTTP and never decides what the engine does.
//!
//! Shapes follow Qdrant's REST interface where it has the operation; the short native forms are spellings
//! of the same operations. Whatever is accepted is honoured: an option without effect here is refused.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod alias;
mod body;
mod collection;
mod collection_update;
mod collection_view;
mod document;
mod envelope;
mod error;
mod explain;
mod facet;
mod filter;
mod id;
mod index;
mod index_view;
mod memory;
mod operations;
mod order;
mod payload;
mod point;
#[cfg(feature = "proto")]
pub mod proto;
mod quantization;
mod quantization_config;
mod query_input;
mod query_kind;
mod query_stage;
mod read;
mod recommend;
mod schema;
mod search;
mod search_batch;
mod selector;
mod strict_mode;
mod text_index;
mod text_search;
mod tuning;
mod unique;
mod update;
mod vector;
mod vector_field;
mod vector_kinds;
mod vector_update;

pub use alias::{AliasesView, ChangeAliases};
pub use body::from_json;
pub use collection::{CreateCollection, CreateNamedCollection, VectorParams, VectorsParams};
pub use collection_update::{CollectionParamsDiff, UpdateCollection, VectorDiff};
pub use collection_view::{CollectionExists, CollectionNames, CollectionView, NamedCollection};
pub use document::{Bm25Options, Purpose, encode_text};
pub use envelope::{failure, success};
pub use error::ApiError;
pub use explain::ExplainView;
pub use facet::{FacetPoints, FacetView};
pub use filter::WireFilter;
pub use id::WireId;
pub use index::{CreateFieldIndex, WireIndexParams, WireIndexSchema, index_path};
pub use index_view::IndexView;
pub use memory::json_memory;
pub use operations::WriteBatch;
pub use payload::WirePayload;
pub use point::UpsertPoints;
pub use quantization::{WireQuantization, WireQuantizationSearch};
pub use read::{CountPoints, CountView, RecordView, RetrievePoints, ScrollPoints, ScrollView, retrieve_one};
pub use recommend::{RecommendPoints, RecommendPointsBatch};
pub use schema::{
    AnyVectorSchema, ErrorEnvelope, ErrorStatus, FacetHitSchema, FacetValueSchema, FilterSchema,
    IndexSchemaSchema, LookupSchema, OrderBySchema, PayloadSchema, PointIdSchema, PointSchema,
    PrefetchSchema, QuantizationChangeSchema, QueryKindSchema, QuerySchema, RecordSchema, ScoredPointSchema,
    SearchVectorSchema, StartFromSchema, StopWordsSchema, VectorInputSchema, VectorSchema, WithPayloadSchema,
    WithVectorSchema,
};
pub use search::{QueryPoints, QueryView, ScoredView, SearchPoints, WireSearchParams};
pub use search_batch::{QueryBatch, QueryPointsBatch, SearchPointsBatch};
pub use selector::{WirePayloadSelector, WireVectorSelector};
pub use text_search::SearchText;
pub use tuning::{HnswDiff, OptimizersDiff, WireMemory};
pub use update::{ClearPayload, DeletePayload, DeletePoints, OverwritePayload, SetPayload, UpdateView};
pub use vector::{BatchVectors, PointVectors, QueryVector, WireVector};
pub use vector_field::{CreateVectorField, NewSparseVector};
pub use vector_kinds::{MultiVectorParams, SparseVectorParams};
pub use vector_update::{DeleteVectors, UpdateVectors};
