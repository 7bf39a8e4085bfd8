//! Stages of a query: `prefetch`, at any depth. Never reads more of them than it says.

use std::fmt;

use ruvector_types::{Limits, LookupFrom, QueryStage};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::query_kind::WireQuery;
use crate::search::filter;
use crate::selector::{NO_SHARD_KEYS, Unserved, at_most, refuse};
use crate::{ApiError, WireFilter, WireSearchParams};

/// Stages that are read of one list with all below it, whatever the other limits: one takes about half a KiB before it is
/// checked.
const STAGES_READ_MAX: usize = 1_000;

/// One stage or a list of them.
#[derive(Debug, Default)]
pub(crate) struct WirePrefetch {
    stages: Vec<WireStage>,
    /// With all below.
    count: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireStage {
    pub(crate) prefetch: Option<WirePrefetch>,
    pub(crate) query: Option<WireQuery>,
    pub(crate) using: Option<String>,
    pub(crate) filter: Option<WireFilter>,
    pub(crate) params: Option<WireSearchParams>,
    pub(crate) score_threshold: Option<f32>,
    pub(crate) limit: Option<usize>,
    pub(crate) lookup_from: Option<WireLookup>,
}

/// `lookup_from`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireLookup {
    collection: String,
    vector: Option<String>,
    shard_key: Unserved,
}

impl WirePrefetch {
    /// Stages, with all below.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    fn into_stages(self, limits: &Limits) -> Result<Vec<QueryStage>, ApiError> {
        at_most(
            self.count,
            limits.query_stages_max,
            "prefetch",
            "query_stages_max",
        )?;
        let stages = self.stages.into_iter().enumerate();
        stages
            .map(|(at, stage)| {
                let stage = stage.into_stage(limits);
                stage.map_err(|error| error.within(format_args!("prefetch[{at}]")))
            })
            .collect()
    }
}

impl WireStage {
    /// The engine's stage. Recursion is bounded by the JSON reader's limit of 128 levels.
    pub(crate) fn into_stage(self, limits: &Limits) -> Result<QueryStage, ApiError> {
        Ok(QueryStage {
            prefetch: self.prefetch.unwrap_or_default().into_stages(limits)?,
            query: self.query.map(|query| query.into_query("query")).transpose()?,
            using: self.using.unwrap_or_default(),
            filter: filter(self.filter, limits)?,
            score_threshold: self.score_threshold,
            params: self.params.unwrap_or_default().into_params(limits)?,
            limit: self.limit.unwrap_or(10),
            lookup_from: self.lookup_from.map(WireLookup::into_lookup).transpose()?,
        })
    }
}

impl WireLookup {
    fn into_lookup(self) -> Result<LookupFrom, ApiError> {
        refuse("lookup_from.shard_key", &self.shard_key, NO_SHARD_KEYS)?;
        Ok(LookupFrom {
            collection: self.collection,
            vector: self.vector,
        })
    }
}

impl WireStage {
    fn count(&self) -> usize {
        1 + self.prefetch.as_ref().map_or(0, WirePrefetch::count)
    }
}

impl<'de> Deserialize<'de> for WirePrefetch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Stages;
        impl<'de> Visitor<'de> for Stages {
            type Value = WirePrefetch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a query, or a list of queries")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<WirePrefetch, A::Error> {
                let mut prefetch = WirePrefetch::default();
                while let Some(stage) = items.next_element::<WireStage>()? {
                    prefetch.count += stage.count();
                    if prefetch.count > STAGES_READ_MAX {
                        return Err(A::Error::custom(format_args!(
                            "more than {STAGES_READ_MAX} queries in one prefetch"
                        )));
                    }
                    prefetch.stages.push(stage);
                }
                Ok(prefetch)
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<WirePrefetch, A::Error> {
                let stage = WireStage::deserialize(MapAccessDeserializer::new(entries))?;
                let count = stage.count();
                let stages = vec![stage];
                Ok(WirePrefetch { stages, count })
            }
        }
        deserializer.deserialize_any(Stages)
    }
}
