//! What `query` may hold: a vector, an id, or one of the kinds by name. Never lets an option through that has no effect.

use std::fmt;

use ruvector_types::{Fusion, Query, RecommendStrategy, VectorInput};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::order::WireOrderBy;
use crate::query_input::{Bounded, InputEntries, WireInput};
use crate::unique;
use crate::vector::OBJECT_KEYS;
use crate::{ApiError, WireVector};

/// Examples that are read of one list, whatever the other limits.
const EXAMPLES_READ_MAX: usize = 100_000;
/// The constant of rank fusion where none is given.
pub(crate) const RRF_K: u32 = 2;
/// How much unlikeness counts where nothing is said.
pub(crate) const DIVERSITY: f32 = 0.5;

const EXPECTED: &str = "a vector, the id of a point, or an object with one of nearest, recommend, order_by, fusion, rrf, \
                        sample";
const KEYS: [&str; 19] = [
    "nearest",
    "mmr",
    "recommend",
    "order_by",
    "fusion",
    "rrf",
    "sample",
    "discover",
    "context",
    "formula",
    "defaults",
    "relevance_feedback",
    OBJECT_KEYS[0],
    OBJECT_KEYS[1],
    OBJECT_KEYS[2],
    OBJECT_KEYS[3],
    OBJECT_KEYS[4],
    OBJECT_KEYS[5],
    OBJECT_KEYS[6],
];

/// `query`.
#[derive(Debug)]
pub(crate) enum WireQuery {
    Nearest(WireInput, Option<WireMmr>),
    Recommend(WireRecommend),
    OrderBy(WireOrderBy),
    Fusion(Fusion),
    Sample,
    /// A kind that is not served: its name, and what is said of it.
    Unserved(&'static str, &'static str),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireMmr {
    diversity: Option<f32>,
    candidates_limit: Option<usize>,
}

pub(crate) type WireExamples = Bounded<WireInput, EXAMPLES_READ_MAX>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireRecommend {
    pub(crate) positive: Option<WireExamples>,
    pub(crate) negative: Option<WireExamples>,
    pub(crate) strategy: Option<WireStrategy>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WireStrategy {
    AverageVector,
    BestScore,
    SumScores,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireFusion {
    Rrf,
    Dbsf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRrf {
    k: Option<u32>,
    weights: Option<Vec<f32>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireSample {
    Random,
}

impl WireQuery {
    /// The engine's query; `place` is its name in the request.
    pub(crate) fn into_query(self, place: &str) -> Result<Query, ApiError> {
        match self {
            WireQuery::Nearest(input, None) => Ok(Query::Nearest(input.into_input())),
            WireQuery::Nearest(input, Some(mmr)) => Ok(Query::Diverse {
                nearest: input.into_input(),
                diversity: mmr.diversity.unwrap_or(DIVERSITY),
                candidates: mmr.candidates_limit,
            }),
            WireQuery::Recommend(recommend) => Ok(recommend.into_query()),
            WireQuery::OrderBy(order) => {
                let order = order.into_order().map_err(|error| error.within(place))?;
                Ok(Query::OrderBy(order))
            }
            WireQuery::Fusion(fusion) => Ok(Query::Fusion(fusion)),
            WireQuery::Sample => Ok(Query::Sample),
            WireQuery::Unserved(name, what) => Err(ApiError::NotSupported {
                field: format!("{place}.{name}"),
                what,
            }),
        }
    }
}

impl WireRecommend {
    /// The engine's query.
    fn into_query(self) -> Query {
        let examples = |given: Option<WireExamples>| -> Vec<VectorInput> {
            let given = given.map_or_else(Vec::new, |list| list.0).into_iter();
            given.map(WireInput::into_input).collect()
        };
        Query::Recommend {
            positive: examples(self.positive),
            negative: examples(self.negative),
            strategy: match self.strategy {
                None | Some(WireStrategy::AverageVector) => RecommendStrategy::AverageVector,
                Some(WireStrategy::BestScore) => RecommendStrategy::BestScore,
                Some(WireStrategy::SumScores) => RecommendStrategy::SumScores,
            },
        }
    }
}

impl<'de> Deserialize<'de> for WireQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QueryVisitor)
    }
}

struct QueryVisitor;

impl<'de> Visitor<'de> for QueryVisitor {
    type Value = WireQuery;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<WireQuery, E> {
        let id = ruvector_types::PointId::Num(number);
        Ok(WireQuery::Nearest(WireInput::Id(id), None))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WireQuery, E> {
        let id = ruvector_types::PointId::parse(text).map_err(E::custom)?;
        Ok(WireQuery::Nearest(WireInput::Id(id), None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<WireQuery, A::Error> {
        let vector = WireVector::deserialize(SeqAccessDeserializer::new(items))?;
        Ok(WireQuery::Nearest(WireInput::Vector(vector.0), None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<WireQuery, A::Error> {
        let mut kinds = Kinds {
            found: None,
            mmr: None,
            has_defaults: false,
            input: InputEntries::new(),
        };
        while let Some(key) = entries.next_key::<String>()? {
            match KEYS.iter().find(|known| **known == key) {
                Some(known) => kinds.read(known, &mut entries)?,
                None => return Err(A::Error::unknown_field(&key, &KEYS)),
            }
        }
        kinds.finish()
    }
}

/// The entries of the object, as far as they were read.
struct Kinds {
    found: Option<WireQuery>,
    mmr: Option<WireMmr>,
    /// Of a formula.
    has_defaults: bool,
    input: InputEntries,
}

impl Kinds {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &'static str, entries: &mut A) -> Result<(), A::Error> {
        let found = match key {
            "nearest" => WireQuery::Nearest(entries.next_value()?, None),
            "mmr" if self.mmr.is_some() => return Err(unique::twice(key)),
            "mmr" => {
                self.mmr = entries.next_value()?;
                return Ok(());
            }
            "recommend" => WireQuery::Recommend(entries.next_value()?),
            "order_by" => WireQuery::OrderBy(entries.next_value()?),
            "fusion" => WireQuery::Fusion(match entries.next_value()? {
                WireFusion::Rrf => rrf(None, None),
                WireFusion::Dbsf => Fusion::Dbsf,
            }),
            "rrf" => {
                let WireRrf { k, weights } = entries.next_value()?;
                WireQuery::Fusion(rrf(k, weights))
            }
            "sample" => match entries.next_value()? {
                WireSample::Random => WireQuery::Sample,
            },
            "defaults" => {
                self.has_defaults |= entries.next_value::<Option<IgnoredAny>>()?.is_some();
                return Ok(());
            }
            "discover" | "context" | "formula" | "relevance_feedback" => {
                let _: IgnoredAny = entries.next_value()?;
                WireQuery::Unserved(key, unserved(key))
            }
            _ => return self.input.read(key, entries),
        };
        if self.found.is_some() {
            return Err(A::Error::custom("a query is of one kind"));
        }
        self.found = Some(found);
        Ok(())
    }

    fn finish<E: Error>(self) -> Result<WireQuery, E> {
        let input = self.input.finish()?;
        if self.has_defaults && !matches!(self.found, Some(WireQuery::Unserved(..))) {
            return Ok(WireQuery::Unserved("defaults", unserved("formula")));
        }
        match (self.found, self.mmr, input) {
            (Some(WireQuery::Nearest(input, _)), mmr, None) => Ok(WireQuery::Nearest(input, mmr)),
            (Some(found), None, None) => Ok(found),
            (None, None, Some(input)) => Ok(WireQuery::Nearest(input, None)),
            (None, None, None) => Err(E::custom(format_args!("expected {EXPECTED}"))),
            (_, Some(_), _) => Err(E::custom("mmr goes with nearest")),
            (Some(_), None, Some(_)) => Err(E::custom("a query is of one kind")),
        }
    }
}

fn rrf(k: Option<u32>, weights: Option<Vec<f32>>) -> Fusion {
    let k = k.unwrap_or(RRF_K);
    Fusion::Rrf { k, weights }
}

fn unserved(kind: &str) -> &'static str {
    match kind {
        "discover" | "context" => "queries by pairs of examples are not served; recommend takes examples",
        "formula" => "scores are not computed by formulas",
        _ => "feedback on results is not served; recommend takes examples",
    }
}
