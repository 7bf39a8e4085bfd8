//! Requests that create a collection, and the options refused there. Never writes a default of its own.

use std::collections::BTreeMap;

use ruvector_types::{
    CollectionConfig, CollectionSettings, Distance, HnswConfig, Limits, OptimizerConfig, QuantizationConfig,
    VectorConfig, VectorDatatype,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::body::unplaced;
use crate::quantization::WireQuantization;
use crate::selector::{Unserved, refuse};
use crate::strict_mode::{check_payload, check_strict_mode, refuse_unless};
use crate::tuning::{HnswDiff, OptimizersDiff, WireMemory};
use crate::unique::{self, Unique};
use crate::vector_kinds::{MultiVectorParams, SparseVectorParams};
use crate::{ApiError, WirePayload};

/// Body of `PUT /collections/{name}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCollection {
    /// The fields of dense vectors; none if absent.
    pub(crate) vectors: Option<VectorsParams>,
    /// The fields of sparse vectors by name; none if absent.
    #[serde(default, deserialize_with = "unique::optional")]
    pub(crate) sparse_vectors: Option<BTreeMap<String, SparseVectorParams>>,
    /// Shards; 1 if absent.
    pub(crate) shard_number: Option<u32>,
    /// The graphs' parameters where a vector has none of its own.
    pub(crate) hnsw_config: Option<HnswDiff>,
    /// The optimizer's thresholds.
    pub(crate) optimizers_config: Option<OptimizersDiff>,
    /// Sealed payloads are always read from mapped files: `true` says so, `false` is refused.
    pub(crate) on_disk_payload: Option<bool>,
    /// Copies of each shard; one node holds one, whatever is asked for.
    pub(crate) replication_factor: Option<u32>,
    /// Copies that must hold a write; on one node, the one there is.
    pub(crate) write_consistency_factor: Option<u32>,
    /// Placement of points: `auto`.
    pub(crate) sharding_method: Option<String>,
    /// Codes kept beside the vectors where a vector has none of its own; none if absent.
    pub(crate) quantization_config: Option<WireQuantization>,
    #[schema(ignore)]
    pub(crate) wal_config: Unserved,
    /// Limits of the collection's own: only `{"enabled": false}`.
    #[schema(value_type = Option<Object>)]
    pub(crate) strict_mode_config: Option<serde_json::Map<String, serde_json::Value>>,
    #[schema(ignore)]
    pub(crate) payload: Unserved,
    #[schema(ignore)]
    pub(crate) id_tracker: Unserved,
    #[schema(ignore)]
    pub(crate) init_from: Unserved,
    /// What the collection's owner notes about it.
    #[schema(value_type = Option<Object>)]
    pub(crate) metadata: Option<WirePayload>,
}

/// Body of `POST /collections`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateNamedCollection {
    /// The collection's name.
    pub name: String,
    /// Dimensions of its one, unnamed vector. Either this and `distance`, or `vectors`.
    dimensions: Option<u32>,
    /// `cosine`, `dot`, `euclid` or `manhattan`.
    distance: Option<String>,
    /// The vector fields, where there are several or the one has a name.
    vectors: Option<VectorsParams>,
    /// The fields of sparse vectors by name; none if absent.
    #[serde(default, deserialize_with = "unique::optional")]
    sparse_vectors: Option<BTreeMap<String, SparseVectorParams>>,
    /// Shards; 1 if absent.
    shard_number: Option<u32>,
    /// The graphs' parameters where a vector has none of its own.
    hnsw_config: Option<HnswDiff>,
    /// The optimizer's thresholds.
    optimizers_config: Option<OptimizersDiff>,
    /// Codes kept beside the vectors where a vector has none of its own; none if absent.
    quantization_config: Option<WireQuantization>,
}

/// One vector field, or several by name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object, example = json!({"size": 384, "distance": "Cosine"}))]
pub struct VectorsParams(pub(crate) Fields);

#[derive(Debug)]
pub(crate) enum Fields {
    One(VectorParams),
    Named(BTreeMap<String, VectorParams>),
}

impl<'de> Deserialize<'de> for Fields {
    /// An object with a number at `size` is one field, any other is a map of fields by name.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let tree = serde_json::from_str::<Unique<Box<RawValue>>>(text.get());
        let Unique(tree) = tree.map_err(|error| D::Error::custom(unplaced(&error)))?;
        let one = ["size", "distance"]
            .iter()
            .any(|key| tree.get(*key).is_some_and(|value| !value.get().starts_with('{')));
        if one {
            return params(text.get()).map(Fields::One).map_err(D::Error::custom);
        }
        let mut named = BTreeMap::new();
        for (name, value) in tree {
            let one =
                params(value.get()).map_err(|error| D::Error::custom(format_args!("{name}.{error}")))?;
            named.insert(name, one);
        }
        Ok(Fields::Named(named))
    }
}

/// One field's parameters; the error names the parameter.
fn params(text: &str) -> Result<VectorParams, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| unplaced(&error))
}

/// One vector field.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VectorParams {
    /// Dimensions.
    pub(crate) size: u32,
    /// `Cosine`, `Dot`, `Euclid` or `Manhattan`.
    pub(crate) distance: String,
    /// The graph's parameters.
    pub(crate) hnsw_config: Option<HnswDiff>,
    /// What the numbers are kept as: `float32`, `float16` (rounded) or `uint8` (whole numbers from 0 to 255, fractions cut
    /// off); `float32` if absent.
    pub(crate) datatype: Option<String>,
    /// Codes kept beside its vectors; the collection's if absent.
    pub(crate) quantization_config: Option<WireQuantization>,
    /// Whether sealed vectors stay in their files instead of being copied into resident memory; false if absent.
    pub(crate) on_disk: Option<bool>,
    /// Several vectors for each point, and how they are compared; one if absent.
    pub(crate) multivector_config: Option<MultiVectorParams>,
    /// The same as `on_disk` in other words; it goes before.
    pub(crate) memory: Option<WireMemory>,
}

impl CreateCollection {
    /// The engine's configuration, checked against `limits`.
    pub fn into_config(self, limits: &Limits) -> Result<CollectionConfig, ApiError> {
        let auto = self
            .sharding_method
            .as_deref()
            .is_none_or(|method| method == "auto");
        refuse_unless("sharding_method", auto, "only auto is served")?;
        check_payload("on_disk_payload", self.on_disk_payload)?;
        refuse("wal_config", &self.wal_config, "the log has no settings")?;
        check_strict_mode(self.strict_mode_config.as_ref())?;
        refuse(
            "payload",
            &self.payload,
            "sealed payloads are always read from memory-mapped files",
        )?;
        refuse("id_tracker", &self.id_tracker, "the id table has no settings")?;
        let what = "copy the points with scroll and upsert";
        refuse("init_from", &self.init_from, what)?;
        let metadata = self.metadata.unwrap_or_default();
        let settings = Settings {
            shard_number: self.shard_number,
            hnsw: self.hnsw_config,
            optimizer: self.optimizers_config,
            quantization: self.quantization_config,
            whole: CollectionSettings {
                replication_factor: self.replication_factor.unwrap_or(1),
                write_consistency_factor: self.write_consistency_factor.unwrap_or(1),
                metadata: metadata.into_map("metadata", limits)?,
                ..CollectionSettings::default()
            },
        };
        let vectors = self
            .vectors
            .unwrap_or(VectorsParams(Fields::Named(BTreeMap::new())));
        settings.into_config(vectors, self.sparse_vectors, limits)
    }
}

impl CreateNamedCollection {
    /// The engine's configuration, checked against `limits`.
    pub fn into_config(self, limits: &Limits) -> Result<CollectionConfig, ApiError> {
        let vectors = match (self.vectors, self.dimensions, self.distance) {
            (Some(vectors), None, None) => vectors,
            (None, Some(size), Some(distance)) => VectorsParams(Fields::One(VectorParams {
                size,
                distance,
                hnsw_config: None,
                datatype: None,
                quantization_config: None,
                on_disk: None,
                memory: None,
                multivector_config: None,
            })),
            (None, None, None) if self.sparse_vectors.is_some() => {
                VectorsParams(Fields::Named(BTreeMap::new()))
            }
            (None, _, _) => {
                let field = "dimensions, distance".to_owned();
                let what = "both are needed, or vectors instead";
                return Err(ApiError::Missing { field, what });
            }
            (Some(_), _, _) => {
                let rule = "give either vectors, or dimensions and distance";
                return Err(ApiError::rule("vectors", rule));
            }
        };
        let settings = Settings {
            shard_number: self.shard_number,
            hnsw: self.hnsw_config,
            optimizer: self.optimizers_config,
            quantization: self.quantization_config,
            whole: CollectionSettings::default(),
        };
        settings.into_config(vectors, self.sparse_vectors, limits)
    }
}

struct Settings {
    shard_number: Option<u32>,
    hnsw: Option<HnswDiff>,
    optimizer: Option<OptimizersDiff>,
    quantization: Option<WireQuantization>,
    whole: CollectionSettings,
}

/// What a vector takes where it says nothing itself.
#[derive(Clone, Copy)]
pub(crate) struct VectorBase {
    pub(crate) hnsw: HnswConfig,
    pub(crate) quantization: Option<QuantizationConfig>,
}

impl Settings {
    fn into_config(
        self,
        vectors: VectorsParams,
        sparse: Option<BTreeMap<String, SparseVectorParams>>,
        limits: &Limits,
    ) -> Result<CollectionConfig, ApiError> {
        let hnsw = self.hnsw.unwrap_or_default();
        let codes = self
            .quantization
            .map(|codes| codes.into_config("quantization_config"));
        let base = VectorBase {
            hnsw: hnsw.over(HnswConfig::default(), "hnsw_config")?,
            quantization: codes.transpose()?,
        };
        let vectors = match vectors.0 {
            Fields::One(one) => BTreeMap::from([(String::new(), one.into_config("vectors", base)?)]),
            Fields::Named(named) => {
                let mut fields = BTreeMap::new();
                for (name, one) in named {
                    let config = one.into_config(&format!("vectors.{name}"), base)?;
                    fields.insert(name, config);
                }
                fields
            }
        };
        let mut sparse_vectors = BTreeMap::new();
        for (name, one) in sparse.unwrap_or_default() {
            let config = one.into_config(&format!("sparse_vectors.{name}"))?;
            sparse_vectors.insert(name, config);
        }
        let config = CollectionConfig {
            vectors,
            sparse_vectors,
            shards: self.shard_number.unwrap_or(1),
            optimizer: self
                .optimizer
                .unwrap_or_default()
                .over(OptimizerConfig::default())?,
            settings: CollectionSettings {
                hnsw: base.hnsw,
                ..self.whole
            },
        };
        config.validate(limits)?;
        Ok(config)
    }
}

impl VectorParams {
    pub(crate) fn into_config(self, field: &str, base: VectorBase) -> Result<VectorConfig, ApiError> {
        let at = |name: &str| format!("{field}.{name}");
        let datatype = datatype(self.datatype.as_deref(), &at("datatype"))?;
        let on_disk = WireMemory::on_disk(self.memory, self.on_disk, field)?;
        let distance = distance(&self.distance, &at("distance"))?;
        let hnsw = self.hnsw_config.unwrap_or_default();
        let codes = self.quantization_config;
        let codes = codes.map(|codes| codes.into_config(&at("quantization_config")));
        Ok(VectorConfig {
            hnsw: hnsw.over(base.hnsw, &at("hnsw_config"))?,
            quantization: codes.transpose()?.or(base.quantization),
            on_disk: on_disk.unwrap_or(false),
            multivector: self.multivector_config.map(MultiVectorParams::into_comparator),
            datatype,
            ..VectorConfig::new(self.size, distance)
        })
    }
}

/// What numbers are kept as, by its name.
fn datatype(name: Option<&str>, field: &str) -> Result<VectorDatatype, ApiError> {
    let served = [
        VectorDatatype::Float32,
        VectorDatatype::Float16,
        VectorDatatype::Uint8,
    ];
    let Some(name) = name else {
        return Ok(VectorDatatype::Float32);
    };
    let named = served.into_iter().find(|datatype| datatype.name() == name);
    named.ok_or_else(|| ApiError::NotSupported {
        field: field.to_owned(),
        what: "float32, float16 and uint8 are served",
    })
}

fn distance(name: &str, field: &str) -> Result<Distance, ApiError> {
    match name.to_ascii_lowercase().as_str() {
        "cosine" => Ok(Distance::Cosine),
        "dot" => Ok(Distance::Dot),
        "euclid" => Ok(Distance::Euclid),
        "manhattan" => Ok(Distance::Manhattan),
        "hamming" => Err(ApiError::NotSupported {
            field: field.to_owned(),
            what: "Hamming is not served; Cosine, Dot, Euclid and Manhattan are",
        }),
        _ => Err(ApiError::Unknown {
            field: field.to_owned(),
            name: name.to_owned(),
            expected: "Cosine, Dot, Euclid or Manhattan",
        }),
    }
}
