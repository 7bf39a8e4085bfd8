//! Parameters of sparse vectors and multi-vectors, both ways. Never writes a default of its own.

use ruvector_types::{Modifier, MultiVectorComparator, SparseDatatype, SparseVectorConfig};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ApiError;
use crate::tuning::WireMemory;

/// Several vectors for each point.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MultiVectorParams {
    /// How the vectors of two points are compared as wholes.
    pub(crate) comparator: Comparator,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MultiVectorComparator)]
pub(crate) enum Comparator {
    /// Each vector of the query with the nearest one of the point, summed.
    MaxSim,
}

impl MultiVectorParams {
    pub(crate) fn into_comparator(self) -> MultiVectorComparator {
        match self.comparator {
            Comparator::MaxSim => MultiVectorComparator::MaxSim,
        }
    }
}

impl From<MultiVectorComparator> for MultiVectorParams {
    fn from(comparator: MultiVectorComparator) -> MultiVectorParams {
        let MultiVectorComparator::MaxSim = comparator;
        let comparator = Comparator::MaxSim;
        MultiVectorParams { comparator }
    }
}

/// One field of sparse vectors.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SparseVectorParams {
    /// The inverted index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index: Option<SparseIndexParams>,
    /// What the numbers of a query are multiplied with; nothing if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) modifier: Option<WireModifier>,
}

#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SparseIndexParams {
    /// Fewer points than this left by a filter are compared one by one; as is cheaper if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full_scan_threshold: Option<u32>,
    /// Whether sealed vectors and lists stay in their files instead of being copied into resident memory; false if absent.
    pub(crate) on_disk: Option<bool>,
    /// How the numbers are kept, rounded when they are written: `float32` or `float16`; `float32` if absent.
    pub(crate) datatype: Option<WireDatatype>,
    /// The same as `on_disk`, and before it: `cold` or `cached`.
    #[serde(skip_serializing)]
    pub(crate) memory: Option<WireMemory>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SparseDatatype)]
pub(crate) enum WireDatatype {
    Float32,
    Float16,
    /// Refused.
    Uint8,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SparseModifier)]
pub(crate) enum WireModifier {
    /// Nothing.
    None,
    /// The rarity of each dimension in the collection.
    Idf,
}

impl SparseVectorParams {
    /// The engine's configuration; `field` is its place in the request.
    pub(crate) fn into_config(self, field: &str) -> Result<SparseVectorConfig, ApiError> {
        let index = self.index.unwrap_or_default();
        let place = |name: &str| format!("{field}.index.{name}");
        let on_disk = WireMemory::on_disk(index.memory, index.on_disk, &format!("{field}.index"))?;
        Ok(SparseVectorConfig {
            full_scan_threshold: index.full_scan_threshold,
            on_disk: on_disk.unwrap_or(false),
            datatype: match index.datatype {
                None | Some(WireDatatype::Float32) => SparseDatatype::Float32,
                Some(WireDatatype::Float16) => SparseDatatype::Float16,
                Some(WireDatatype::Uint8) => {
                    let (field, what) = (place("datatype"), "float32 and float16 are served");
                    return Err(ApiError::NotSupported { field, what });
                }
            },
            modifier: match self.modifier {
                None | Some(WireModifier::None) => Modifier::None,
                Some(WireModifier::Idf) => Modifier::Idf,
            },
        })
    }
}

impl From<&SparseVectorConfig> for SparseVectorParams {
    fn from(config: &SparseVectorConfig) -> SparseVectorParams {
        SparseVectorParams {
            index: Some(SparseIndexParams {
                full_scan_threshold: config.full_scan_threshold,
                on_disk: Some(config.on_disk),
                datatype: Some(match config.datatype {
                    SparseDatatype::Float32 => WireDatatype::Float32,
                    SparseDatatype::Float16 => WireDatatype::Float16,
                }),
                memory: None,
            }),
            modifier: match config.modifier {
                Modifier::None => None,
                Modifier::Idf => Some(WireModifier::Idf),
            },
        }
    }
}
