//! Shapes that the OpenAPI document shows where the wire types read JSON by hand. Never holds data.

use std::collections::BTreeMap;

use utoipa::ToSchema;

use crate::{WireIndexParams, WireQuantization};

/// A point id: an unsigned 64-bit number, a UUID, or any other string of 1 to 512 bytes. `"1"` is 1.
#[derive(Debug, ToSchema)]
#[schema(as = PointId)]
#[serde(untagged)]
pub enum PointIdSchema {
    /// A number.
    Number(u64),
    /// A UUID or another string.
    Text(String),
}

/// A payload: any JSON object.
#[derive(Debug, ToSchema)]
#[schema(as = Payload, value_type = Object)]
pub struct PayloadSchema(pub BTreeMap<String, String>);

/// One vector of any kind.
#[derive(Debug, ToSchema)]
#[schema(as = Vector)]
#[serde(untagged)]
pub enum AnyVectorSchema {
    /// A dense one.
    Dense(Vec<f32>),
    /// Several of one length, where the field takes several.
    Several(Vec<Vec<f32>>),
    /// A sparse one.
    Sparse {
        /// Dimensions, each once.
        indices: Vec<u32>,
        /// A number for each.
        values: Vec<f32>,
    },
    /// A text that is made into a sparse one.
    Text {
        /// The text.
        text: String,
        /// `qdrant/bm25`.
        model: String,
        /// How it is cut into words and weighed.
        #[schema(value_type = Option<Object>)]
        options: Option<PayloadSchema>,
    },
}

/// A point's vectors: the unnamed one, or an object of vectors by name.
#[derive(Debug, ToSchema)]
#[schema(as = Vectors)]
#[serde(untagged)]
pub enum VectorSchema {
    /// The unnamed vector.
    Unnamed(Vec<f32>),
    /// The unnamed field's vectors, where it takes several.
    Several(Vec<Vec<f32>>),
    /// Named vectors.
    Named(BTreeMap<String, AnyVectorSchema>),
}

/// The vector of a search: of the unnamed field, or of a named one.
#[derive(Debug, ToSchema)]
#[schema(as = SearchVector)]
#[serde(untagged)]
pub enum SearchVectorSchema {
    /// Of the unnamed field.
    Unnamed(Vec<f32>),
    /// Several, of the unnamed field.
    Several(Vec<Vec<f32>>),
    /// Of a named field.
    Named {
        /// The field.
        name: String,
        /// The vector.
        vector: AnyVectorSchema,
    },
}

/// A vector, or the id of a point that has it.
#[derive(Debug, ToSchema)]
#[schema(as = VectorInput)]
#[serde(untagged)]
pub enum VectorInputSchema {
    /// The vector.
    Vector(AnyVectorSchema),
    /// That of this point.
    Id(PointIdSchema),
}

/// Words that a text index leaves out.
#[derive(Debug, ToSchema)]
#[schema(as = StopWords)]
#[serde(untagged)]
pub enum StopWordsSchema {
    /// Those of a language.
    Language(String),
    /// Those of languages, and others.
    Set {
        /// Languages.
        languages: Option<Vec<String>>,
        /// Words.
        custom: Option<Vec<String>>,
    },
}

/// Where a page starts that values order.
#[derive(Debug, ToSchema)]
#[schema(as = StartFrom)]
#[serde(untagged)]
pub enum StartFromSchema {
    /// At a number; of a time, microseconds since 1970.
    Number(f64),
    /// At an RFC 3339 time.
    Time(String),
}

/// A filter, in any of three spellings: Qdrant's `{"must": [..], "should": [..], "must_not": [..]}`, an
/// expression such as `{"And": [{"Eq": {"field": "pos", "value": "noun"}}, {"Gt": {"field": "n", "value": 3}}]}`,
/// or the shorthand `{"pos": "noun"}` (equality of every field named).
#[derive(Debug, ToSchema)]
#[schema(as = Filter, value_type = Object, example = json!({"must": [{"key": "pos", "match": {"value": "noun"}}]}))]
pub struct FilterSchema(pub BTreeMap<String, String>);

/// Codes, or the word `Disabled`.
#[derive(Debug, ToSchema)]
#[schema(as = QuantizationChange)]
#[serde(untagged)]
pub enum QuantizationChangeSchema {
    /// These from now on.
    Codes(WireQuantization),
    /// `Disabled`: none from now on.
    Word(String),
}

/// true, false, a list of payload paths, or `{"include": […]}` or `{"exclude": […]}`.
#[derive(Debug, ToSchema)]
#[schema(as = WithPayload)]
#[serde(untagged)]
pub enum WithPayloadSchema {
    /// All or nothing.
    Flag(bool),
    /// Only these paths.
    Paths(Vec<String>),
    /// Only these paths.
    Include {
        /// Paths.
        include: Vec<String>,
    },
    /// All but these paths.
    Exclude {
        /// Paths.
        exclude: Vec<String>,
    },
}

/// true, false or a list of vector names.
#[derive(Debug, ToSchema)]
#[schema(as = WithVector)]
#[serde(untagged)]
pub enum WithVectorSchema {
    /// All or nothing.
    Flag(bool),
    /// These vectors.
    Names(Vec<String>),
}

/// A point to write.
#[derive(Debug, ToSchema)]
#[schema(as = Point)]
pub struct PointSchema {
    /// Its id.
    pub id: PointIdSchema,
    /// Its vectors; `{}` for none.
    pub vector: VectorSchema,
    /// Its payload.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<PayloadSchema>,
}

/// A point read back.
#[derive(Debug, ToSchema)]
#[schema(as = Record)]
pub struct RecordSchema {
    /// Its id.
    pub id: PointIdSchema,
    /// Its payload, if asked for.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<PayloadSchema>,
    /// Its vectors, if asked for. Cosine vectors come back normalised.
    pub vector: Option<VectorSchema>,
    /// What it was ordered by, if it was: a number; of a time, the microseconds since 1970.
    pub order_value: Option<f64>,
}

/// The type of a payload index, or an object with `type` and its options.
#[derive(Debug, ToSchema)]
#[schema(as = IndexSchema, example = json!({"type": "text", "tokenizer": "word", "stopwords": "english"}))]
#[serde(untagged)]
pub enum IndexSchemaSchema {
    /// `keyword`, `integer`, `float`, `geo`, `text`, `bool`, `datetime`, `uuid` or `null`.
    Type(String),
    /// With options.
    Params(Box<WireIndexParams>),
}

/// A field, or `{"key", "direction", "start_from"}`.
#[derive(Debug, ToSchema)]
#[schema(as = OrderBy, example = json!({"key": "year", "direction": "desc", "start_from": 1999}))]
#[serde(untagged)]
pub enum OrderBySchema {
    /// A field with an integer (with range), float or datetime index, ascending.
    Key(String),
    /// With direction and start.
    Params {
        /// The field.
        key: String,
        /// `asc` (if absent) or `desc`.
        direction: Option<String>,
        /// The first value: a number, or an RFC 3339 time.
        start_from: Option<StartFromSchema>,
    },
}

/// A value and how many points have it.
#[derive(Debug, ToSchema)]
#[schema(as = FacetHit)]
pub struct FacetHitSchema {
    /// The value.
    pub value: FacetValueSchema,
    /// Points.
    pub count: u64,
}

/// A value that facets count.
#[derive(Debug, ToSchema)]
#[schema(as = FacetValue)]
#[serde(untagged)]
pub enum FacetValueSchema {
    /// Of a keyword or uuid index.
    Text(String),
    /// Of an integer index.
    Integer(i64),
    /// Of a bool index.
    Flag(bool),
}

/// A result of a search.
#[derive(Debug, ToSchema)]
#[schema(as = ScoredPoint)]
pub struct ScoredPointSchema {
    /// Its id.
    pub id: PointIdSchema,
    /// Number of the operation that wrote it last.
    pub version: u64,
    /// Similarity (Cosine, Dot: higher is closer) or distance (Euclid, Manhattan: lower is closer).
    pub score: f32,
    /// Its payload, if asked for.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<PayloadSchema>,
    /// Its vectors, if asked for.
    pub vector: Option<VectorSchema>,
    /// The value it was ordered by, if it was.
    #[schema(value_type = Option<f64>)]
    pub order_value: Option<f64>,
}

/// What is looked for: a vector, the id of a point (its vector; the point itself is left out), or one of
/// `{"nearest": …, "mmr": {"diversity", "candidates_limit"}}`, `{"recommend": {"positive", "negative", "strategy"}}`,
/// `{"order_by": …}`, `{"fusion": "rrf" | "dbsf"}`, `{"rrf": {"k", "weights"}}`, `{"sample": "random"}`.
#[derive(Debug, ToSchema)]
#[schema(as = Query, example = json!({"recommend": {"positive": [1, 2], "negative": [3], "strategy": "best_score"}}))]
#[serde(untagged)]
pub enum QuerySchema {
    /// What is near to it.
    Nearest(VectorInputSchema),
    /// One of the kinds by name.
    Kind(Box<QueryKindSchema>),
}

/// A kind of query by name: exactly one, and `mmr` with `nearest` alone.
#[derive(Debug, ToSchema)]
#[schema(as = QueryKind)]
#[serde(deny_unknown_fields)]
pub struct QueryKindSchema {
    /// What is near to it.
    pub nearest: Option<VectorInputSchema>,
    /// Of what is near, what is unlike each other: `diversity`, `candidates_limit`.
    #[schema(value_type = Option<Object>)]
    pub mmr: Option<PayloadSchema>,
    /// Like some examples: `positive`, `negative`, `strategy`.
    #[schema(value_type = Option<Object>)]
    pub recommend: Option<PayloadSchema>,
    /// By a payload value.
    pub order_by: Option<OrderBySchema>,
    /// The results of several prefetches as one: `rrf` or `dbsf`.
    pub fusion: Option<String>,
    /// As `rrf`, with `k` and `weights`.
    #[schema(value_type = Option<Object>)]
    pub rrf: Option<PayloadSchema>,
    /// By chance: `random`.
    pub sample: Option<String>,
}

/// A query carried out before another one, with queries before it in turn.
#[derive(Debug, ToSchema)]
#[schema(as = Prefetch, example = json!({"query": [0.1, 0.2, 0.3], "using": "title", "filter": {"type": "doc"}, "limit": 100}))]
pub struct PrefetchSchema {
    /// Queries carried out before this one, in turn.
    #[schema(value_type = Option<Vec<Object>>)]
    pub prefetch: Option<Vec<String>>,
    /// What is looked for; absent: all points, by id.
    pub query: Option<QuerySchema>,
    /// The vector field; absent: the unnamed one.
    pub using: Option<String>,
    /// Only points that match; those of the queries after it apply, too.
    pub filter: Option<FilterSchema>,
    /// How hard to try.
    pub params: Option<crate::WireSearchParams>,
    /// Only scores at least (Cosine, Dot) or at most (Euclid, Manhattan) this.
    pub score_threshold: Option<f32>,
    /// Results wanted; 10 if absent.
    pub limit: Option<usize>,
    /// Where vectors given by id are looked up; absent: in this collection.
    pub lookup_from: Option<LookupSchema>,
}

/// Another collection that lends its vectors.
#[derive(Debug, ToSchema)]
#[schema(as = LookupLocation)]
pub struct LookupSchema {
    /// Its name.
    pub collection: String,
    /// Its vector field; absent: the one named as `using`.
    pub vector: Option<String>,
}

/// A refusal or failure.
#[derive(Debug, ToSchema)]
pub struct ErrorEnvelope {
    /// What went wrong.
    pub status: ErrorStatus,
    /// Seconds.
    pub time: f64,
}

/// What went wrong, in words: the field and, where there is one, the limit.
#[derive(Debug, ToSchema)]
pub struct ErrorStatus {
    /// The message.
    pub error: String,
}
