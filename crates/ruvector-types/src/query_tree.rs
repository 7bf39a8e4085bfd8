//! Queries of several stages: each finds points by itself or among those that stages before it found.
//! Never holds what a search by one given vector needs alone: that is a `SearchRequest`.

use crate::{Filter, OrderBy, PayloadSelector, PointId, SearchParams, SearchRequest, Vector, VectorSelector};

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

impl QueryRequest {
    /// Whether it asks for no more than the points nearest to one given vector.
    pub fn is_search(&self) -> bool {
        let stage = &self.stage;
        let is_nearest = matches!(stage.query, Some(Query::Nearest(VectorInput::Vector(_))));
        is_nearest && stage.prefetch.is_empty() && stage.lookup_from.is_none()
    }

    /// The search that it is, if it asks for no more than the points nearest to one given vector.
    pub fn into_search(self) -> Result<SearchRequest, Box<QueryRequest>> {
        let is_plain = self.stage.prefetch.is_empty() && self.stage.lookup_from.is_none();
        match self.stage.query {
            Some(Query::Nearest(VectorInput::Vector(vector))) if is_plain => Ok(SearchRequest {
                using: self.stage.using,
                vector,
                limit: self.stage.limit,
                offset: self.offset,
                filter: self.stage.filter,
                score_threshold: self.stage.score_threshold,
                params: self.stage.params,
                with_payload: self.with_payload,
                with_vectors: self.with_vectors,
            }),
            _ => Err(Box::new(self)),
        }
    }
}

/// One stage: points of the collection, or only of those that `prefetch` found, in the order that `query` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryStage {
    /// Stages before this one.
    pub prefetch: Vec<QueryStage>,
    /// How points are found and ordered; `None`: by id, all of them. Needed where there is a `prefetch`.
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
    /// One search: by the mean of the positive ones, as far again from the mean of the negative ones. Needs a positive one.
    #[default]
    AverageVector,
    /// Each point by its most similar example, the similarity squeezed into 0 to 1 and negated if that is a negative one.
    BestScore,
    /// Each point by its similarities to the positive ones less those to the negative ones.
    SumScores,
}

/// How results of several stages become one.
#[derive(Clone, Debug, PartialEq)]
pub enum Fusion {
    /// By their ranks (reciprocal rank fusion, Cormack and others 2009): the sum of 1 / ((rank + 1) / weight + k - 1),
    /// ranks from 0; where weights are 1 that is 1 / (rank + k).
    Rrf {
        /// Dampens the first ranks, at least 1.
        k: u32,
        /// One for each stage, at least 0, which leaves it out; `None`: all 1.
        weights: Option<Vec<f32>>,
    },
    /// By the sum of their scores, each stage's scaled so that its mean less three deviations is 0 and its mean plus three is
    /// 1; where all are equal, one half. Distances are taken as they are, as Qdrant does: greater ones count more.
    Dbsf,
}
