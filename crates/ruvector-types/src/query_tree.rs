//! Queries of several stages: each finds points by itself or among those that stages before it found.
//! Never holds what a search by one given vector needs alone: that is a `SearchRequest`.

use crate::{Filter, OrderBy, PayloadSelector, PointId, SearchParams, Vector, VectorSelector};

/// A query as it is asked: its last stage, and what comes back.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryRequest {
    /// The last stage; its `limit` is what comes back at most.
    pub stage: QueryStage,
    /// Results to skip.
    pub offset: usize,
    /// Payload to return.
    pub with_payload: PayloadSelector,
    /// Vectors to return.
    pub with_vectors: VectorSelector,
}

/// One stage: points of the collection, or only of those that `prefetch` found, in the order that `query` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryStage {
    /// Stages before this one.
    pub prefetch: Vec<QueryStage>,
    /// How points are found and ordered; `None`: by id, all of them.
    pub query: Option<Query>,
    /// The vector field; the unnamed one is `""`.
    pub using: String,
    /// Only points that match; applies to every stage below, too.
    pub filter: Option<Filter>,
    /// Only points whose score is at least (similarity) or at most (distance) this.
    pub score_threshold: Option<f32>,
    /// How hard to try.
    pub params: SearchParams,
    /// Results wanted, at least 1.
    pub limit: usize,
    /// Where vectors given by id are looked up; `None`: in this collection, field `using`.
    pub lookup_from: Option<LookupFrom>,
}

/// Another collection that lends its vectors to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupFrom {
    /// The collection, or an alias.
    pub collection: String,
    /// Its vector field; `None`: the one named as `using`.
    pub vector: Option<String>,
}

/// How a stage finds and orders points.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// Nearest to a vector.
    Nearest(VectorInput),
    /// Near a vector and unlike each other (maximal marginal relevance, Carbonell and Goldstein 1998).
    Diverse {
        /// The vector.
        nearest: VectorInput,
        /// 0: only nearness counts, 1: only unlikeness.
        diversity: f32,
        /// Nearest points among which is chosen; `None`: as many as wanted.
        candidates: Option<usize>,
    },
    /// Like these and unlike those.
    Recommend {
        /// Like these.
        positive: Vec<VectorInput>,
        /// Unlike those.
        negative: Vec<VectorInput>,
        /// How several are weighed.
        strategy: RecommendStrategy,
    },
    /// By a payload value.
    OrderBy(OrderBy),
    /// The results of several stages as one.
    Fusion(Fusion),
    /// Points by chance, each as likely as any other.
    Sample,
}

/// A vector as it is given: itself, or by the id of a point that has it. Such points are left out of the results.
#[derive(Clone, Debug, PartialEq)]
pub enum VectorInput {
    /// The vector.
    Vector(Vector),
    /// That of this point.
    Id(PointId),
}

/// How several examples are weighed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecommendStrategy {
    /// One search: by the mean of the positive ones, moved away from the mean of the negative ones.
    #[default]
    AverageVector,
    /// Each point by its nearest example; those nearer a negative one come last.
    BestScore,
    /// Each point by its similarities to the positive ones less those to the negative ones.
    SumScores,
}

/// How results of several stages become one.
#[derive(Clone, Debug, PartialEq)]
pub enum Fusion {
    /// By their ranks (reciprocal rank fusion, Cormack and others 2009): the sum of weight / (k + rank), ranks from 0.
    Rrf {
        /// Dampens the first ranks, at least 1.
        k: u32,
        /// One for each stage; `None`: all 1.
        weights: Option<Vec<f32>>,
    },
    /// By their scores, each stage's scaled by its mean and deviation.
    Dbsf,
}
